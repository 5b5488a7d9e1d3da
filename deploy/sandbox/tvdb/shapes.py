"""The pieces that several TheTVDB records share, in the form the API gives them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from deploy.sandbox.tvdb.facts import Person, Series
from deploy.sandbox.tvdb.reference import COMPANY_LISTS, COMPANY_TYPES, GENRES, PEOPLE_TYPES, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deploy.sandbox.tvdb.facts import Company, Credit, Movie, Record
    from deploy.sandbox.tvdb.library import Library

IMAGES = "https://artworks.thetvdb.com"
"""Where pictures live; real records hold both addresses with it and without."""

PLAIN = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ß": "ss", "ł": "l"})


def slug(text: str) -> str:
    """Return text as TheTVDB's addresses spell it; what has no Latin letters leaves nothing."""
    ascii_ = unicodedata.normalize("NFKD", text.translate(PLAIN)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_.lower()).strip("-")


def thumbnail(image: str) -> str:
    """Return the address of the small form of a picture."""
    stem, dot, ending = image.rpartition(".")
    return f"{stem}_t{dot}{ending}"


def aliases(pairs: Iterable[Sequence[str]]) -> list[Record]:
    """Return names in other languages, or other names in the same one."""
    return [{"language": language, "name": name} for language, name in pairs]


def genres(names: Iterable[str]) -> list[Record]:
    """Return genres; raises KeyError for one TheTVDB does not have."""
    return [{"id": GENRES[name], "name": name, "slug": slug(name)} for name in names]


def remote_ids(pairs: Iterable[Sequence[Any]]) -> list[Record]:
    """Return what other catalogues call it."""
    return [{"id": value, "type": source, "sourceName": SOURCES[source]} for source, value in pairs]


def company(one: Company, *, neglected: bool = False, tagged: bool = False) -> Record:
    """Return a company; movies hold it with null where series hold lists, and a series' own network is `tagged`."""
    tag = {"id": 494, "tag": 24, "tagName": "Company Type", "name": one.tag, "helpText": None}
    return {
        "id": one.id,
        "name": one.name,
        "slug": slug(one.name),
        "nameTranslations": None if neglected else ["eng"],
        "overviewTranslations": None if neglected else [],
        "aliases": None if neglected else aliases(one.aliases),
        "country": one.country,
        "primaryCompanyType": one.kind,
        "activeDate": None,
        "inactiveDate": None,
        "companyType": {"companyTypeId": one.kind, "companyTypeName": COMPANY_TYPES[one.kind]},
        "parentCompany": {"id": None, "name": None, "relation": {"id": None, "typeName": None}},
        "tagOptions": [tag] if tagged and one.tag else None,
    }


def companies_by_kind(them: Iterable[Company] | None) -> Record:
    """Return the object of five lists that movies and seasons have; without companies all five are null."""
    if them is None:
        return dict.fromkeys(COMPANY_LISTS.values())
    lists: dict[str, list[Record]] = {name: [] for name in COMPANY_LISTS.values()}
    for one in them:
        lists[COMPANY_LISTS[one.kind]].append(company(one, neglected=True))
    return dict(lists)


def artwork(number: int, image: str, kind: int, language: str | None, size: tuple[int, int]) -> Record:
    """Return one picture; `kind` is one of `reference.ARTWORK_TYPES`, `size` width and height in pixels."""
    return {
        "id": number,
        "image": image,
        "thumbnail": thumbnail(image),
        "language": language,
        "type": kind,
        "score": 100000,
        "width": size[0],
        "height": size[1],
        "includesText": language is not None,
    }


def character(credit: Credit, title: Series | Movie, person: Person | None, *, of_person: bool = False) -> Record:
    """Return a credit, as it stands in a series or movie or, `of_person`, in a person's filmography."""
    in_series = isinstance(title, Series)
    name = person.name if person else ""
    address = f"{credit.person}-{slug(person.names.get('eng', name) if person else '')}"
    about = {"name": title.names.get(title.language), "image": title.image, "year": year_of(title)}
    return {
        "id": credit.id,
        "name": credit.role,
        "peopleId": credit.person,
        "seriesId": title.id if in_series else None,
        "series": about if of_person and in_series else None,
        "movie": about if of_person and not in_series else None,
        "movieId": None if in_series else title.id,
        "episodeId": None,
        "type": PEOPLE_TYPES[credit.kind],
        "image": None if in_series else "",
        "sort": credit.sort,
        "isFeatured": credit.featured,
        "url": f"https://thetvdb.com/people/{address}" if in_series else address,
        "nameTranslations": None,
        "overviewTranslations": None,
        "aliases": None,
        "peopleType": credit.kind,
        "personName": name,
        "tagOptions": None,
        "personImgURL": (person.image if person else None) or "",
    }


def characters(title: Series | Movie, library: Library) -> list[Record]:
    """Return all credits of a title."""
    return [character(credit, title, library.person(credit.person)) for credit in title.credits]


def year_of(title: Series | Movie) -> str | None:
    """Return the year as text; a series has that of its first day, a neglected one has none."""
    return (title.first_aired or "")[:4] or None if isinstance(title, Series) else title.year


def translation(thing: Series | Movie | Person, texts: Mapping[str, str], language: str) -> Record | None:
    """Return the record of /translations/{language}; None when nothing is in that language."""
    if language not in thing.names and language not in texts:
        return None
    found: Record = {
        "name": thing.names.get(language),
        "overview": texts.get(language),
        "language": language,
        "aliases": [name for spoken, name in thing.aliases if spoken == language],
    }
    return found | ({"isPrimary": True} if language == getattr(thing, "language", "eng") else {})


def _of_person(one: Person) -> Record:
    """Return a person's translations, where each entry has both name and text, under both headings."""
    both = [
        {"name": one.names.get(language, one.name), "overview": one.biographies.get(language), "language": language}
        for language in dict.fromkeys([*one.names, *one.biographies])
    ]
    return {
        "nameTranslations": both,
        "overviewTranslations": both,
        "aliases": [name for _, name in one.aliases] or None,
    }


def translations(thing: Series | Movie | Person, texts: Mapping[str, str]) -> Record:
    """Return what `meta=translations` adds. An alias stands among the names, marked as one."""
    if isinstance(thing, Person):
        return _of_person(thing)
    original = thing.language
    names = [_marked({"name": name, "language": spoken}, spoken == original) for spoken, name in thing.names.items()]
    names += [{"name": name, "language": spoken, "isAlias": True} for spoken, name in thing.aliases]
    overviews = [_marked({"overview": text, "language": spoken}, spoken == original) for spoken, text in texts.items()]
    return {
        "nameTranslations": names,
        "overviewTranslations": overviews,
        "aliases": [name for _, name in thing.aliases] or None,
    }


def _marked(record: Record, primary: bool) -> Record:
    return record | ({"isPrimary": True} if primary else {})

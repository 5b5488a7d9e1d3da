"""The names and overviews of one of TheTVDB's records, which are spread over four places of it.

`name` and `overview` are in the original language; `translations` (only with `meta=translations`) or a translation
fetched by itself has the English ones; `aliases` has other names. Lists of languages may be one comma-joined text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from shared.catalog.screen.records import Alias
from shared.upstreams.fields import Fields
from shared.upstreams.tvdb import ignored

UPSTREAM: Final = "tvdb"
ENGLISH: Final = "eng"
UNDETERMINED: Final = "und"  # ISO 639-2's word for a language nobody states
LONGEST_NAME: Final = 500  # characters; TheTVDB's own limit for an alias is 100, PostgreSQL's for a key 2,700 bytes


@dataclass(frozen=True, slots=True)
class Words:
    """`name` and `overview` in English where there is any; every other name is among the aliases."""

    name: str
    original_name: str
    overview: str | None
    language: str | None
    aliases: tuple[Alias, ...]


def read_words(data: Fields, english: Fields | None = None) -> Words:
    """Read every name and overview of a record, and of its English translation where that came by itself.

    Raises UnreadableAnswer for a record without `name`, or with an empty one that no translation makes up for.
    """
    language = data.text_or_none("originalLanguage")
    own_name, own_overview = data.text_or_null("name"), data.text_or_none("overview")
    names, overviews, others = _translated(data, english)
    # A record without a language is a person's, whose name needs none.
    if language in {ENGLISH, None}:
        name, overview = own_name or names.get(ENGLISH), own_overview or overviews.get(ENGLISH)
    else:
        name, overview = names.get(ENGLISH) or own_name, overviews.get(ENGLISH) or own_overview
    name = name or next(iter(names.values()), None)
    if name is None:
        raise data.unreadable("name", "is empty in every language")
    original = own_name or (names.get(language) if language else None) or name
    others = [Alias(language or UNDETERMINED, original), *others, *_aliases(data)]
    # A bare alias is mostly one of those that stand elsewhere with their language.
    spelt = {alias.name for alias in others if alias.language != UNDETERMINED}
    return Words(
        name=name,
        original_name=original,
        overview=overview or (overviews.get(language) if language else None) or next(iter(overviews.values()), None),
        language=language,
        aliases=tuple(
            dict.fromkeys(
                alias
                for alias in others
                if alias.name != name and (alias.language != UNDETERMINED or alias.name not in spelt)
            )
        ),
    )


def _translated(data: Fields, english: Fields | None) -> tuple[dict[str, str], dict[str, str], list[Alias]]:
    """Return names by language, overviews by language, and every translated name as an alias.

    The first name in a language that is no alias of it is the name in that language.
    """
    listed = data.child_or_none("translations")
    texts = [*listed.children("nameTranslations"), *listed.children("overviewTranslations")] if listed else []
    names: dict[str, str] = {}
    overviews: dict[str, str] = {}
    aliases: list[Alias] = []
    for text in [*texts, *([english] if english else [])]:
        language = text.text_or_none("language") or UNDETERMINED
        name, overview = text.text_or_none("name"), text.text_or_none("overview")
        if name is not None:
            aliases.extend(_alias(text, language, name))
            if not text.flag_or_none("isAlias"):
                names.setdefault(language, name)
        if overview is not None:
            overviews.setdefault(language, overview)
        text.finish(ignored.TRANSLATION)
    if listed is not None:
        # Bare texts, as documented under the one name and as recorded under the other.
        for name in [*listed.texts("alias"), *listed.texts("aliases")]:
            aliases.extend(_alias(listed, UNDETERMINED, name))
        listed.finish()
    return names, overviews, aliases


def _aliases(data: Fields) -> list[Alias]:
    aliases: list[Alias] = []
    for alias in data.children("aliases"):
        name = alias.text_or_none("name")
        if name is not None:
            aliases.extend(_alias(alias, alias.text_or_none("language") or UNDETERMINED, name))
        alias.finish({"language"})
    return aliases


def _alias(where: Fields, language: str, name: str) -> list[Alias]:
    if len(name) > LONGEST_NAME:
        where.odd("name", name)
        return []
    return [Alias(language, name)]


def has_english(data: dict[str, Any]) -> bool:
    """Return whether a record says that there is English text beside what it brings along itself."""
    in_english = data.get("originalLanguage") == ENGLISH and bool(data.get("overview"))
    codes = languages(data.get("nameTranslations")) | languages(data.get("overviewTranslations"))
    return ENGLISH in codes and not in_english


def languages(codes: object) -> set[str]:
    """Return the codes of a list of languages, some of whose texts may be several joined by commas."""
    texts = [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []
    return {code.strip() for text in texts for code in text.split(",") if code.strip()}

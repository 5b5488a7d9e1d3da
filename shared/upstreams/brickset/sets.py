"""Reads the sets of Brickset's getSets. Pure; `client` does the fetching.

What is not known is left out of a record, is an empty object, or is the text {Not specified}. Numbers come as numbers
from the API v3 and as text from its forerunner, whose records (image a flag, imageURL beside it) are read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from shared.catalog.minifigures.records import Item
from shared.upstreams.brickset.envelope import UPSTREAM, Raw
from shared.upstreams.fields import EARLIEST_YEAR, INT4, LATEST_YEAR, Audit, Fields

NOT_SPECIFIED: Final = "{not specified}"
IGNORED: Final = frozenset(
    {
        "LEGOCom",
        "additionalImageCount",
        "ageRange",
        "availability",
        "barcode",
        "bricksetURL",
        "category",
        "collection",
        "collections",
        "dimensions",
        "exitDate",
        "extendedData",
        "instructionsCount",
        "lastUpdated",
        "launchDate",
        "packagingType",
        "rating",
        "released",
        "reviewCount",
        "setID",
        "themeGroup",
    }
)
IGNORED_V2: Final = frozenset(
    {
        "ACMDataCount",
        "CARetailPrice",
        "EAN",
        "EURetailPrice",
        "UKRetailPrice",
        "UPC",
        "USDateAddedToSAH",
        "USDateRemovedFromSAH",
        "USRetailPrice",
        "ageMax",
        "ageMin",
        "depth",
        "description",
        "height",
        "imageFilename",
        "largeThumbnailURL",
        "notes",
        "owned",
        "ownedByTotal",
        "qtyOwned",
        "tags",
        "thumbnailURL",
        "userNotes",
        "userRating",
        "wanted",
        "wantedByTotal",
        "weight",
        "width",
    }
)


def read_sets(raw: Iterable[Raw]) -> Iterator[Item]:
    """Read what `Brickset.fetch_sets` fetched; a set that moved between pages meanwhile counts once.

    Raises UnreadableAnswer, whose message has the path at fault, for a set without a number or a name.
    """
    audit = Audit(UPSTREAM)
    seen: set[str] = set()
    for index, record in enumerate(raw):
        item = _item(record, Fields(record, f"sets[{index}]", audit))
        if item.set_number not in seen:
            seen.add(item.set_number)
            yield item
    audit.report("sets")


def _item(record: Raw, fields: Fields) -> Item:
    item = Item(
        set_number=f"{fields.text('number')}-{fields.whole('numberVariant')}",
        item_type="set",
        name=fields.text("name"),
        theme=_specified(fields, "theme"),
        subtheme=_specified(fields, "subtheme"),
        year=_number(record, fields, "year", EARLIEST_YEAR, LATEST_YEAR),
        image=_image(record, fields),
        pieces=_number(record, fields, "pieces"),
        minifigs=_number(record, fields, "minifigs"),
    )
    fields.finish(IGNORED | IGNORED_V2)
    return item


def _specified(fields: Fields, name: str) -> str | None:
    text = fields.text_or_none(name)
    return None if text is None or text.casefold() == NOT_SPECIFIED else text


def _number(record: Raw, fields: Fields, name: str, least: int = 1, most: int = INT4) -> int | None:
    """Return a number, which may be written as text; 0 stands for unknown, and what is no such number is odd."""
    if isinstance(record.get(name), str):
        text = _specified(fields, name)
        if text is None:
            return None
        number = int(text) if text.isascii() and text.isdecimal() else -1
    else:
        number = fields.whole_or_none(name) or 0
    if least <= number <= most:
        return number
    if number:
        fields.odd(name, record[name])
    return None


def _image(record: Raw, fields: Fields) -> str | None:
    beside = fields.text_or_none("imageURL")
    if isinstance(record.get("image"), bool):
        fields.flag_or_none("image")
        return beside
    image = fields.child_or_none("image")
    if image is None:
        return beside
    address = image.text_or_none("imageURL") or image.text_or_none("thumbnailURL")
    image.finish({"thumbnailURL"})
    return address or beside

"""`GET /venue-listings` and `/sources`: what is on at the venues, and where that is known from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from producers.api import problems
from producers.api.database import Database
from producers.api.paging import READ, Cursor, IfNoneMatch, Next, cursor_of, fault, page, place_of
from shared import clock
from shared.catalog.venues import views
from shared.catalog.venues.records import Availability, Status
from shared.catalog.venues.sources import SourceKind

router = APIRouter(tags=["venues"])

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

_PLACE: Final = TypeAdapter(tuple[int, Annotated[int, Field(ge=0, lt=2**63)]])
_ID: Final = TypeAdapter(Annotated[int, Field(ge=0, lt=2**31)])


class VenueListing(BaseModel):
    """An evening at a venue, as its source tells it; times are in UTC."""

    id: int
    source_id: int
    source: Annotated[str, Field(description="Name of the source")]
    key: Annotated[str, Field(description="Its name within the source; stays when it is moved")]
    title: str
    starts_at: datetime
    ends_at: Annotated[datetime | None, Field(description="Of an all-day listing the first midnight after it")]
    all_day: Annotated[bool, Field(description="Only days are known; they are midnights in time_zone")]
    time_zone: str
    status: Status
    venue: str | None
    address: str | None
    description: str | None
    url: str | None
    image: str | None
    ticket_url: str | None
    availability: Availability | None
    price_text: Annotated[str | None, Field(description="In the source's own words")]
    price_low: float | None
    price_high: float | None
    currency: str | None
    organizer: str | None
    categories: list[str]
    first_seen_at: datetime
    changed_at: datetime
    withdrawn_at: Annotated[
        datetime | None, Field(description="When the source no longer named it; null while it does")
    ]


class VenueListings(BaseModel):
    """The soonest first."""

    listings: list[VenueListing]
    next: Next


class ListedSource(BaseModel):
    """Where listings are read from."""

    id: int
    name: str
    url: str
    kind: SourceKind
    time_zone: str
    enabled: bool
    parent_id: Annotated[int | None, Field(description="The source that found this one")]
    synced_at: Annotated[datetime | None, Field(description="When its listings were last read and stored")]
    checked_at: Annotated[datetime | None, Field(description="When it last answered, if only that nothing has changed")]
    suspected: Annotated[bool, Field(description="It yields suspiciously few listings; those of before are kept")]
    suspected_at: datetime | None
    retired_at: Annotated[datetime | None, Field(description="When the source that found it no longer named it")]
    last_yield: int | None
    last_broken: Annotated[int | None, Field(description="Entries that could not be read")]


class Sources(BaseModel):
    """In the order in which they were registered."""

    sources: list[ListedSource]
    next: Next


_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    **READ,
    **problems.documented(problems.INVALID_REQUEST, problems.DATABASE_AWAY),
}


@router.get("/venue-listings", summary="What is on at the venues", response_model=VenueListings, responses=_RESPONSES)
async def list_venue_listings(
    request: Request,
    since: Annotated[
        datetime | None,
        Query(alias="from", description="Not those that are over by then; a moment or a day, now when left out"),
    ] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Only those that begin before")] = None,
    venue: Annotated[
        str | None,
        Query(min_length=1, max_length=200, pattern="^[^\\x00]+$", description="Part of the venue's name, in any case"),
    ] = None,
    source: Annotated[int | None, Query(ge=1, le=2_147_483_647, description="Id of a source")] = None,
    withdrawn: Annotated[bool, Query(description="Also those that their source no longer names")] = False,
    limit: Annotated[int, Query(ge=1, le=500, description="Listings at most")] = 50,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List upcoming listings, or those of any other time, the soonest first."""
    begin, end = _aware(since) or clock.now(), _aware(until)
    if end is not None and end <= begin:
        raise fault("query.to", "is not later than from")
    after, after_id = (None, None) if cursor is None else place_of(cursor, _PLACE)
    started = None if after is None else _moment(after)
    values = (begin, end, venue, source, withdrawn, started, after_id, limit + 1)
    rows = await _database(request).rows(views.LISTINGS, values)
    following = None
    if len(rows) > limit:
        starts_at, last, _ = rows[limit - 1]
        following = cursor_of(((starts_at - EPOCH) // MICROSECOND, last))
    return page("listings", [body for *_, body in rows[:limit]], following, if_none_match)


@router.get("/sources", summary="Where listings are read from", response_model=Sources, responses=_RESPONSES)
async def list_sources(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500, description="Sources at most")] = 100,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List the sources, whether or not they are read."""
    after = 0 if cursor is None else place_of(cursor, _ID)
    rows = await _database(request).rows(views.SOURCES, (after, limit + 1))
    following = cursor_of(rows[limit - 1][0]) if len(rows) > limit else None
    return page("sources", [body for _, body in rows[:limit]], following, if_none_match)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _aware(moment: datetime | None) -> datetime | None:
    """Return a moment that PostgreSQL can compare; one without a zone is in UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(microseconds: int) -> datetime:
    try:
        return EPOCH + microseconds * MICROSECOND
    except OverflowError as error:
        raise fault("query.cursor", "is none that an earlier page gave as `next`") from error

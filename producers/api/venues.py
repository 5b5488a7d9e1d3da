"""`GET /venue-listings` and `/sources`: what is on at the venues, and where that is known from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from producers.api import problems
from producers.api.database import Database
from producers.api.problems import FieldProblem, Problem
from producers.api.screen import JSON, NOT_MODIFIED, tags
from shared import clock
from shared.catalog.venues import views
from shared.catalog.venues.records import Availability, Status
from shared.catalog.venues.sources import SourceKind

router = APIRouter(tags=["venues"])

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
IfNoneMatch = Annotated[str | None, Header(description="ETag of an answer you have; 304 if it is still the one")]
Next = Annotated[str | None, Field(description="`cursor` of the next page; null on the last")]


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


_ETAG: Final = {"ETag": {"description": "Changes exactly when the answer does", "schema": {"type": "string"}}}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": _ETAG},
    304: {"description": "What you have is still the one", "headers": _ETAG},
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
        raise _fault("query.to", "is not later than from")
    after, after_id = (None, None) if cursor is None else _place(cursor, 2)
    started = None if after is None else _moment(after)
    values = (begin, end, venue, source, withdrawn, started, after_id, limit + 1)
    rows = await _database(request).rows(views.LISTINGS, values)
    following = None
    if len(rows) > limit:
        starts_at, last, _ = rows[limit - 1]
        following = _cursor((starts_at - EPOCH) // MICROSECOND, last)
    return _answer("listings", [body for *_, body in rows[:limit]], following, if_none_match)


@router.get("/sources", summary="Where listings are read from", response_model=Sources, responses=_RESPONSES)
async def list_sources(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500, description="Sources at most")] = 100,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List the sources, whether or not they are read."""
    (after,) = (0,) if cursor is None else _place(cursor, 1)
    rows = await _database(request).rows(views.SOURCES, (min(after, 2**31 - 1), limit + 1))
    following = _cursor(rows[limit - 1][0]) if len(rows) > limit else None
    return _answer("sources", [body for _, body in rows[:limit]], following, if_none_match)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _answer(name: str, bodies: Sequence[str], following: str | None, if_none_match: str | None) -> Response:
    content = f'{{"{name}":[{",".join(bodies)}],"next":{json.dumps(following)}}}'.encode()
    tag = hashlib.blake2s(content, digest_size=16).hexdigest()
    headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}
    known = tags(if_none_match)
    if tag in known or "*" in known:
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(content, media_type=JSON, headers=headers)


def _aware(moment: datetime | None) -> datetime | None:
    """Return a moment that PostgreSQL can compare; one without a zone is in UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


_PLACE: Final = TypeAdapter(list[Annotated[int, Field(gt=-(2**63), lt=2**63)]])


def _cursor(*place: int) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _place(cursor: str, length: int) -> list[int]:
    """Return the numbers a cursor stands for; raises Problem for one that we have not made."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = _PLACE.validate_json(raw, strict=True)
    except (ValidationError, binascii.Error, ValueError) as error:
        raise _no_cursor() from error
    if len(place) != length:
        raise _no_cursor()
    return place


def _moment(microseconds: int) -> datetime:
    try:
        return EPOCH + microseconds * MICROSECOND
    except OverflowError as error:
        raise _no_cursor() from error


def _no_cursor() -> Problem:
    return _fault("query.cursor", "is none that an earlier page gave as `next`")


def _fault(field: str, problem: str) -> Problem:
    fault = FieldProblem(field=field, problem=problem)
    return Problem(problems.INVALID_REQUEST, f"{field}: {problem}", errors=[fault])

"""Venues, adaptations and minifigures: every source there is, read once and then again."""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.demo.story import Failed, Stack, Story, millrace

SOURCES = (
    ("/vanwezel/events", "--kind", "vanwezel", "--name", "Van Wezel"),
    ("/mote", "--kind", "mote", "--name", "Mote Marine"),
    ("/feeds/cinema.ics", "--name", "Cinema"),
    ("/feeds/venue.html", "--name", "Venue"),
)
"""A site read page by page, one whose calendars have to be found, a calendar, and a page with JSON-LD."""

EXPORT = "Number,Name,Category,Year\nsw0001a,Battle Droid,Star Wars,1999\nsw0509,Luke Skywalker,Star Wars,2013\n"
"""What an export of somebody's catalogue looks like."""

THEME, FIGURE = "Star Wars", "sw0001a"

LISTINGS = "SELECT count(*) AS n, count(DISTINCT source_id) AS sources FROM venue_listings WHERE withdrawn_at IS NULL"


def begin(stack: Stack, story: Story) -> None:
    """Register the sources: sites are read slowly, and meanwhile there is enough else to see."""
    story.step("venues: four sources registered, to be read", lambda: register_all(stack))


def tell(stack: Stack, story: Story) -> None:
    """Take every step in turn."""
    story.step("adaptations from Wikidata, posters from TMDb", lambda: adaptations(stack))
    story.step("minifigures: an exported catalogue, and Brickset's", lambda: catalogue(stack))
    story.step(f"what {FIGURE} is offered for on eBay", lambda: prices(stack))
    story.step("venues: what the four sources have", lambda: listings(stack))
    story.step("ask for the calendars once more", lambda: ask_again(stack))


def end(stack: Stack, story: Story) -> None:
    """Look at what takes longer."""
    story.step("the calendars have been read again: no listing is written", lambda: again(stack))
    story.step("read all of it over HTTP", lambda: read(stack))


def register_all(stack: Stack) -> str:
    """Register each source, as an operator would."""
    with ThreadPoolExecutor(2) as both:
        stack.venues = list(both.map(lambda source: register(stack, *source), SOURCES))
    return f"{len(stack.venues)} messages"


def listings(stack: Stack) -> str:
    """Wait until each source has been read, and the feeds found on the way."""
    for message in stack.venues:
        stack.chain(message)
    row = stack.wait(f"{LISTINGS} HAVING count(DISTINCT source_id) >= 4")
    return f"{row['n']} listings from {row['sources']} sources"


def register(stack: Stack, path: str, *options: str) -> str:
    """Register a source and return the message that reads it; one of an earlier demo is only read."""
    told = millrace("sources", "add", f"{stack.sandbox}{path}", "--yes", *options)
    if told["message_id"] is None:
        told = millrace("sources", "ingest", str(told["id"]))
    return str(told["message_id"])


def ask_again(stack: Stack) -> str:
    """Ask for every feed and page, by one message that asks for the others."""
    stack.before = fingerprint(stack)
    stack.venues = [millrace("publish", "scrape.source.ingest_all")["message_id"]]
    asked = stack.done(stack.venues[0])["result"]["asked"]
    return f"{asked} messages"


def again(stack: Stack) -> str:
    """Compare all rows."""
    for message in stack.venues:
        stack.chain(message)
    if fingerprint(stack) != stack.before:
        raise Failed("rows have changed")
    return "every row is what it was"


def fingerprint(stack: Stack) -> str:
    """Return a digest of every listing."""
    rows = stack.rows("SELECT row(venue_listings.*)::text AS row FROM venue_listings ORDER BY id")
    return hashlib.sha256("\n".join(row["row"] for row in rows).encode()).hexdigest()


def adaptations(stack: Stack) -> str:
    """Read Wikidata, then ask TMDb about twenty screen works."""
    wikidata = stack.done(millrace("publish", "scrape.adaptations.wikidata")["message_id"])["result"]
    tmdb = stack.done(millrace("publish", "scrape.adaptations.tmdb", "limit=20")["message_id"])["result"]
    held = wikidata["held"]
    return (
        f"{held['works']} works, {held['screen_works']} screen works, {held['edges']} adaptations; "
        f"{tmdb['refreshed']} refreshed"
    )


def catalogue(stack: Stack) -> str:
    """Import a file, then read Brickset's sets and figures of a theme."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "export.csv"
        file.write_text(EXPORT)
        imported = millrace("minifigures", "import", str(file))
    synced = stack.done(millrace("publish", "scrape.minifigures.catalog", f"theme={THEME}", "limit=40")["message_id"])
    row = stack.one("SELECT count(*) AS n FROM minifigures") or {}
    result = synced["result"]
    return (
        f"{imported['added']} of the file new, {result['minifigures']} figures and {result['sets']} sets at Brickset, "
        f"{row['n']} held"
    )


def prices(stack: Stack) -> str:
    """Fetch what a figure is offered for, used and new, then ask for those priced longest ago."""
    asked = [
        millrace("publish", "price.minifigure.fetch_by_number", f"set_number={FIGURE}", f"condition={condition}")
        for condition in ("USED", "NEW")
    ]
    for message in asked:
        stack.done(message["message_id"])
    everything = stack.done(millrace("publish", "price.minifigure.update_all", "batch_size=3")["message_id"])["result"]
    row = stack.one(
        "SELECT count(*) AS n, min(price) AS least, max(price) AS most FROM price_listings JOIN minifigures"
        " ON minifigures.id = minifigure_id WHERE set_number = %s AND currency = 'USD'",
        FIGURE,
    )
    if not row or not row["n"]:
        raise Failed("no listing")
    return f"{row['n']} listings, {row['least']} to {row['most']} USD; {everything['asked']} fetches more, spaced"


def read(stack: Stack) -> str:
    """Read each domain as anybody may, twice: the second time with the version of the first."""
    seen = []
    for path, what in (
        ("/venue-listings?limit=100", "listings"),
        ("/adaptations?limit=100", "adaptations"),
        ("/minifigures?limit=100", "minifigures"),
        (f"/minifigures/{FIGURE}/prices?limit=100", "listings"),
    ):
        answer = stack.api.get(path).raise_for_status()
        same = stack.api.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        if same.status_code != 304:  # noqa: PLR2004
            raise Failed(f"{path} with its own ETag: {same.status_code}")
        number = len(answer.json()[what])
        if not number:
            raise Failed(f"{path} is empty")
        seen.append(f"{path.partition('?')[0]} {number}")
    return ", ".join(seen) + "; 304 with their ETags"

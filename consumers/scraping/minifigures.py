"""Minifigures and sets: the catalogue from Brickset, and what its items are offered for from eBay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog.minifigures import rules, store
from shared.catalog.minifigures.records import Broken, Offer
from shared.contracts import minifigures
from shared.contracts.minifigures import Condition
from shared.errors import UnreadableAnswer, UpstreamAway, UpstreamRefused
from shared.upstreams import brickset, ebay

BRICKSET: Final = "brickset"
EBAY: Final = "ebay"

SHOWN: Final = 20
"""Entries of a catalogue that cannot be read which a result names."""

FIRST_LOOK: Final = timedelta(days=30)
"""How far back changes are read by a sync that is told neither theme nor year, and is the first."""

OVERLAP: Final = timedelta(days=1)
"""Changes are asked for by whole days: the day of the last sync is read again."""


@handles(minifigures.SYNC_CATALOG)
def sync_catalog_from_brickset(ask: minifigures.SyncCatalog, run: Run) -> None:
    """Bring sets and figures up to date: of a theme, of a year, or whatever has changed since the last time.

    Half of the limit is for figures, and what they leave of it for sets. The pages that figures come from need not
    be open to us; then the sets are stored all the same, and the result says so.
    """
    at = clock.now()
    client = run.upstream(brickset.open_brickset)
    changes = ask.theme is None and ask.year is None
    pages, away = _pages(client, ask.theme, at.year if changes else ask.year, ask.limit // 2)
    read = list(brickset.read_minifigs(pages))
    figures = [figure for figure in read if not isinstance(figure, Broken)][: ask.limit // 2]
    broken = [f"{figure.entry} {figure.problem}" for figure in read if isinstance(figure, Broken)]
    since = _since(run, at.date()) if changes else None
    room = ask.limit - len(figures)
    sets = list(brickset.read_sets(client.fetch_sets(ask.theme, ask.year, since, room)))
    with run.finish() as effect:
        stored = store.save_items(effect.connection, [*sets, *figures], at)
        if changes and len(sets) < room:
            store.mark_synced(effect.connection, BRICKSET, at)
        effect.announce(
            minifigures.CatalogSynced(theme=ask.theme, year=ask.year, added=stored.added, changed=stored.changed)
        )
        effect.result = {
            "sets": len(sets),
            "minifigures": away or len(figures),
            "broken": broken[:SHOWN],
            "updated_since": None if since is None else since.isoformat(),
            "added": stored.added,
            "changed": stored.changed,
            "unchanged": stored.unchanged,
        }


@handles(minifigures.FETCH_PRICES)
def fetch_prices_for_minifigure(ask: minifigures.FetchPrices, run: Run) -> None:
    """Store what an item, by our own id, is offered for in one condition."""
    _fetch_prices(run, lambda connection: store.item_by_id(connection, ask.minifigure_id), ask.condition)


@handles(minifigures.FETCH_PRICES_BY_NUMBER)
def fetch_prices_for_set_number(ask: minifigures.FetchPricesByNumber, run: Run) -> None:
    """Store what an item, by its number, is offered for in one condition."""
    _fetch_prices(run, lambda connection: store.item_by_number(connection, ask.set_number), ask.condition)


@handles(minifigures.UPDATE_ALL_PRICES)
def update_all_prices(ask: minifigures.UpdateAllPrices, run: Run) -> None:
    """Ask for the prices of the items priced longest ago, one fetch after the other over time."""
    at = clock.now()
    with run.finish() as effect:
        asked = store.ask_for_prices(
            effect.connection,
            rules.CONDITIONS,
            ask.batch_size,
            at,
            rest=rules.REST,
            spacing=rules.spacing(run.wiring.settings.ebay_calls_per_day),
        )
        for item, condition, due in asked:
            fetch = minifigures.FetchPrices(minifigure_id=item, condition=condition)
            effect.ask(fetch, after=(due - at).total_seconds())
        effect.result = {
            "items": len({item for item, _, _ in asked}),
            "asked": len(asked),
            "last_due_at": asked[-1][2].isoformat() if asked else None,
        }


def _pages(client: brickset.Brickset, theme: str | None, year: int | None, limit: int) -> tuple[list[str], str]:
    """Return the pages with figures, and why there are none if they are not to be had."""
    try:
        return client.fetch_minifigs(theme, year, limit) if limit else [], ""
    except UpstreamRefused as error:
        return [], f"refused: {error}"
    except UpstreamAway as error:
        # Cloudflare challenges by this status, too. The next sync tries again, and the sets need not wait for it.
        return [], f"away: {error}"
    except UnreadableAnswer as error:
        return [], f"unreadable: {error}"


def _since(run: Run, today: date) -> date:
    with run.wiring.engine.connect() as connection:
        until = store.synced_until(connection, BRICKSET)
    return today - FIRST_LOOK if until is None else until.date() - OVERLAP


def _fetch_prices(run: Run, find: Callable[[Connection], store.Held], condition: Condition) -> None:
    with run.wiring.engine.connect() as connection:
        held = find(connection)
    at = clock.now()
    raw = run.upstream(ebay.open_ebay).fetch_offers(rules.search_query(held.item), condition, rules.MOST_OFFERS)
    offers, unreadable = _read(raw, condition)
    found = rules.sort_offers(held.item, condition, offers)
    whole = len(raw) < rules.MOST_OFFERS and not unreadable
    with run.finish() as effect:
        priced = store.save_offers(effect.connection, held.id, condition, EBAY, found.offers, at, whole=whole)
        effect.result = {
            "set_number": held.item.set_number,
            "condition": condition,
            "found": len(raw),
            "listings": len(found.offers),
            "excluded": {**found.excluded, **({"unreadable": unreadable} if unreadable else {})},
            **_told(priced),
        }
        if priced is not None:
            effect.announce(
                minifigures.MinifigurePriced(
                    minifigure_id=held.id,
                    set_number=held.item.set_number,
                    condition=condition,
                    listings=len(found.offers),
                )
            )


def _read(raw: list[dict[str, Any]], condition: Condition) -> tuple[list[Offer], int]:
    """Return the offers, and how many cannot be read; raises UnreadableAnswer if none can."""
    offers: list[Offer] = []
    error: UnreadableAnswer | None = None
    for one in raw:
        try:
            offers.append(ebay.read_offer(one, condition))
        except UnreadableAnswer as caught:
            error = caught
    if error is not None and not offers:
        raise error
    return offers, len(raw) - len(offers)


def _told(priced: store.Priced | None) -> dict[str, Any]:
    if priced is None:
        return {"superseded": "these prices were fetched again, and stored, in the meantime"}
    listings = priced.listings
    return {
        "added": listings.added,
        "changed": listings.changed,
        "unchanged": listings.unchanged,
        "ended": priced.ended,
    }

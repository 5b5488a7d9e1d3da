"""The handlers of minifigures on a real PostgreSQL, with the stand-in Brickset and eBay in the same process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from consumers.app import create_app
from deploy.sandbox import options
from deploy.sandbox.app import create_app as create_sandbox
from deploy.sandbox.in_process import InProcess
from shared import clock
from shared.catalog.minifigures.store import NotInCatalogue
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.contracts.minifigures import Condition, FetchPrices, FetchPricesByNumber, SyncCatalog, UpdateAllPrices
from shared.errors import Permanent, UnreadableAnswer, UpstreamAway, UpstreamRefused
from shared.settings import Settings
from shared.upstreams import ebay
from tests.integration import pool as process
from tests.integration.pool import Wired

STAR_WARS = SyncCatalog(theme="Star Wars", limit=1000)
API, PAGES, SEARCH = "/brickset/api/v3.asmx/getSets", "/brickset/minifigs/*", "/ebay/buy/browse/v1/item_summary/search"


@dataclass
class Market:
    """An eBay that offers what it is told."""

    items: list[dict[str, Any]] = field(default_factory=list)

    def fetch_offers(self, _query: str, _condition: str, most: int) -> list[dict[str, Any]]:
        return self.items[:most]


@dataclass
class Pool(process.Pool):
    """A pool process, its stand-ins and what it left behind."""

    sandbox: httpx.Client

    def versions(self, table: str) -> list[dict[str, Any]]:
        return self.sql(f"SELECT ctid::text FROM {table} ORDER BY ctid")  # noqa: S608

    def outbox(self, kind: str) -> list[dict[str, Any]]:
        """Return the payloads that wait under a kind, and when each is to be sent."""
        rows = self.sql(
            "SELECT convert_from(body, 'UTF8') AS body, not_before FROM outbox WHERE routing_key = %s ORDER BY id", kind
        )
        return [{**json.loads(row["body"]), "not_before": row["not_before"]} for row in rows]

    def fault(self, **fault: Any) -> None:
        self.sandbox.post("/control/faults", json=fault).raise_for_status()

    def asked(self, path: str) -> list[dict[str, Any]]:
        report = self.sandbox.get("/control/requests", params={"path": path}).json()
        return list(report["requests"])

    def minifigure(self, number: str) -> int:
        (row,) = self.sql("SELECT id FROM minifigures WHERE set_number = %s", number)
        return int(row["id"])


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    settings = Settings(
        database_url=SecretStr(database_url),
        brickset_url="http://sandbox/brickset",
        brickset_api_key=SecretStr(options.BRICKSET_API_KEY),
        ebay_url="http://sandbox/ebay",
        ebay_client_id=SecretStr(options.EBAY_CLIENT_ID),
        ebay_client_secret=SecretStr(options.EBAY_CLIENT_SECRET),
    )
    app = create_app(settings, CONTRACTS, {"scraping": ("consumers.scraping.minifigures",)})
    app.loader.import_default_modules()
    now = clock.now()  # a market that stands still: what is put up or ends in between is none of these tests' business
    with httpx.Client(transport=InProcess(create_sandbox(clock=lambda: now)), base_url="http://sandbox") as client:
        wired = Wired(settings, client)
        yield Pool(app, wired, database_url, client)
        wired.close()
    app.close()


def item(number: int, title: str = "LEGO sw0002 Boba Fett", **more: Any) -> dict[str, Any]:
    return {
        "itemId": f"v1|{number}|0",
        "title": title,
        "price": {"value": "20.00", "currency": "USD"},
        "buyingOptions": ["FIXED_PRICE"],
        "condition": "New",
        "conditionId": "1000",
        **more,
    }


# The catalogue


def test_sets_and_figures_of_a_theme_are_catalogued_and_the_second_time_nothing_changes(pool: Pool) -> None:
    first = pool.handle(STAR_WARS)
    assert first["sets"] > 0
    assert first["minifigures"] > 0
    assert (first["added"], first["changed"]) == (first["sets"] + first["minifigures"], 0)
    before = pool.versions("minifigures")
    again = pool.handle(STAR_WARS)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, first["added"])
    assert pool.versions("minifigures") == before
    (falcon,) = pool.sql("SELECT * FROM minifigures WHERE set_number = '75192-1'")
    assert (falcon["item_type"], falcon["name"], falcon["year"]) == ("set", "Millennium Falcon", 2017)
    (boba,) = pool.sql("SELECT * FROM minifigures WHERE set_number = 'sw0002'")
    assert (boba["item_type"], boba["theme"], boba["year"]) == ("minifigure", "Star Wars", 2000)
    facts = pool.outbox("facts.minifigures.synced")
    assert [(fact["theme"], fact["added"]) for fact in facts] == [("Star Wars", first["added"]), ("Star Wars", 0)]


@pytest.mark.parametrize(
    ("fault", "word"),
    [({"status": 403}, "refused"), ({"thin": True}, "refused"), ({"status": 503}, "away")],
)
def test_behind_a_challenge_of_whatever_status_sets_are_stored_all_the_same(
    pool: Pool, fault: dict[str, Any], word: str
) -> None:
    pool.fault(path=PAGES, **fault)
    result = pool.handle(STAR_WARS)
    assert result["minifigures"].startswith(f"{word}: ")
    assert "millrace minifigures import" in result["minifigures"]
    types = pool.sql("SELECT DISTINCT item_type FROM minifigures")
    assert (result["sets"], types) == (result["added"], [{"item_type": "set"}])
    assert result["sets"] > 0


def test_a_wrong_key_fails_the_whole(pool: Pool) -> None:
    pool.fault(path=API, status=200, body='{"status":"error","message":"Invalid API key"}')
    with pytest.raises(UpstreamRefused):
        pool.handle(STAR_WARS)
    assert pool.versions("minifigures") == []


def test_a_limit_holds_for_sets_and_figures_together(pool: Pool) -> None:
    result = pool.handle(SyncCatalog(theme="Star Wars", limit=7))
    assert (result["minifigures"], result["sets"]) == (3, 4)


def test_told_nothing_a_sync_reads_what_changed_since_the_last_that_read_all(pool: Pool) -> None:
    today = clock.now().date()
    assert pool.handle(SyncCatalog(limit=1))["updated_since"] == (today - timedelta(days=30)).isoformat()
    assert pool.sql("SELECT * FROM catalogue_syncs") == []  # there may have been more
    pool.handle(SyncCatalog(limit=1000))
    pool.sql("UPDATE catalogue_syncs SET synced_until = synced_until - interval '5 days'")
    assert pool.handle(SyncCatalog(limit=1000))["updated_since"] == (today - timedelta(days=6)).isoformat()
    (params,) = parse_qs(pool.asked(API)[-1]["query"])["params"]
    assert json.loads(params)["updatedSince"] == (today - timedelta(days=6)).isoformat()


# Prices


def test_offers_that_count_are_stored_and_the_others_counted_and_twice_changes_nothing(pool: Pool) -> None:
    pool.handle(STAR_WARS)
    boba = pool.minifigure("sw0002")
    result = pool.handle(FetchPrices(minifigure_id=boba, condition="NEW"))
    assert result["listings"] == result["added"] > 0
    assert result["listings"] + sum(result["excluded"].values()) == result["found"]
    assert result["excluded"]
    before = pool.versions("price_listings")
    again = pool.handle(FetchPricesByNumber(set_number="SW0002", condition="NEW"))
    assert (again["added"], again["changed"], again["ended"]) == (0, 0, 0)
    assert again["unchanged"] == result["listings"]
    assert pool.versions("price_listings") == before
    (row,) = pool.sql("SELECT DISTINCT minifigure_id, source, condition, currency FROM price_listings")
    assert row == {"minifigure_id": boba, "source": "ebay", "condition": "NEW", "currency": "USD"}
    fact = pool.outbox("facts.minifigure.priced")[0]
    assert (fact["set_number"], fact["condition"], fact["listings"]) == ("sw0002", "NEW", result["listings"])
    assert {parse_qs(request["query"])["q"][0] for request in pool.asked(SEARCH)} == {"LEGO sw0002"}


def test_a_set_in_its_box_is_priced_by_itself(pool: Pool) -> None:
    pool.wiring.standing_in[ebay.open_ebay] = Market([item(1, "LEGO 75192 NEW SEALED"), item(2, "LEGO 75192")])
    pool.handle(STAR_WARS)
    titles: dict[Condition, str] = {"SEALED": "LEGO 75192 NEW SEALED", "NEW": "LEGO 75192"}
    for condition, title in titles.items():
        result = pool.handle(FetchPricesByNumber(set_number="75192-1", condition=condition))
        assert (result["listings"], result["excluded"]) == (1, {"other_condition": 1})
        (row,) = pool.sql("SELECT title FROM price_listings WHERE condition = %s", condition)
        assert row["title"] == title


@pytest.mark.parametrize(
    "payload",
    [FetchPrices(minifigure_id=4711, condition="NEW"), FetchPricesByNumber(set_number="sw9999", condition="NEW")],
)
def test_prices_of_what_is_not_catalogued_are_refused_for_good_and_ebay_is_not_asked(
    pool: Pool, payload: Payload
) -> None:
    with pytest.raises(NotInCatalogue, match="millrace minifigures import") as caught:
        pool.handle(payload)
    assert isinstance(caught.value, Permanent)
    assert pool.asked("/ebay/*") == []


def test_an_offer_that_cannot_be_read_is_counted_and_ends_nothing(pool: Pool) -> None:
    market = pool.wiring.standing_in[ebay.open_ebay] = Market([item(1), item(2), item(3)])
    pool.handle(STAR_WARS)
    ask = FetchPricesByNumber(set_number="sw0002", condition="NEW")
    pool.handle(ask)
    market.items = [item(1), item(2, buyingOptions=["LOTTERY"])]
    result = pool.handle(ask)
    assert (result["excluded"], result["unchanged"], result["ended"]) == ({"unreadable": 1}, 1, 0)
    market.items = [item(1)]
    assert pool.handle(ask)["ended"] == 2


def test_an_answer_of_which_nothing_can_be_read_is_an_error(pool: Pool) -> None:
    pool.wiring.standing_in[ebay.open_ebay] = Market([item(1, buyingOptions=["LOTTERY"])])
    pool.handle(STAR_WARS)
    with pytest.raises(UnreadableAnswer):
        pool.handle(FetchPricesByNumber(set_number="sw0002", condition="NEW"))


def test_of_more_offers_than_are_looked_at_those_not_seen_have_not_ended(pool: Pool) -> None:
    market = pool.wiring.standing_in[ebay.open_ebay] = Market([item(number) for number in range(1, 200)])
    pool.handle(STAR_WARS)
    ask = FetchPricesByNumber(set_number="sw0002", condition="NEW")
    assert pool.handle(ask)["added"] == 199
    market.items = [item(number) for number in range(100, 400)]
    result = pool.handle(ask)
    assert (result["found"], result["ended"]) == (200, 0)


def test_an_ebay_that_is_away_changes_nothing(pool: Pool) -> None:
    pool.handle(STAR_WARS)
    pool.fault(path=SEARCH, status=503)
    with pytest.raises(UpstreamAway):
        pool.handle(FetchPricesByNumber(set_number="sw0002", condition="NEW"))
    assert pool.versions("price_fetches") == []


# Sweeps


def test_a_sweep_asks_over_time_and_the_next_for_others(pool: Pool) -> None:
    pool.handle(STAR_WARS)
    began = clock.now()
    first = pool.handle(UpdateAllPrices(batch_size=2))
    asked = pool.outbox("price.minifigure.fetch")
    assert (first["items"], first["asked"]) == (2, len(asked))
    starts = [one["not_before"] for one in asked]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(starts)]
    assert gaps == pytest.approx([21.6] * len(gaps), abs=0.5)
    assert abs((starts[0] - began).total_seconds()) < 5
    pool.handle(UpdateAllPrices(batch_size=2))
    more = pool.outbox("price.minifigure.fetch")[len(asked) :]
    assert {one["minifigure_id"] for one in more} & {one["minifigure_id"] for one in asked} == set()
    assert (more[0]["not_before"] - starts[-1]).total_seconds() == pytest.approx(21.6, abs=0.5)


def test_a_sweep_of_an_empty_catalogue_asks_for_nothing(pool: Pool) -> None:
    assert pool.handle(UpdateAllPrices()) == {"items": 0, "asked": 0, "last_due_at": None}

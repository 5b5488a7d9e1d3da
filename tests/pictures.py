"""`. .millrace/env && python -m tests.pictures`: the pictures of the README, taken of the stack that runs, at work.

Gives it something to do (messages that succeed, wait, and die), looks at the console and at Flower in a browser, and
writes `docs/pictures/console.png` and `docs/pictures/flower.png`.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import psycopg
from playwright.sync_api import Browser, Page, ViewportSize, expect

from shared.accounts import passwords, users
from shared.broker.publisher import Publisher
from shared.broker.wire import Message, compose
from shared.contracts import aggregation, minifigures, prices, screen
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import open_engine
from shared.settings import Settings
from tests.browser import a_browser
from tests.eventually import eventually

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
NAME: Final = "operator@example.org"
LOOKS: Final = 7000
"""Milliseconds in which the overview has looked twice."""

CONSOLE: Final[ViewportSize] = {"width": 1280, "height": 860}
FLOWER: Final[ViewportSize] = {"width": 1480, "height": 760}


def main() -> None:
    """Take both pictures."""
    settings = Settings()
    FOLDER.mkdir(exist_ok=True)
    password = secrets.token_urlsafe(18)
    with_account(settings, password)
    flower, api = os.environ["FLOWER_URL"], os.environ["MILLRACE_API_URL"]
    eventually(lambda: httpx.get(f"{flower}/workers?json=true").json()["data"], within=60, what="workers in Flower")
    give_work(settings, os.environ["SANDBOX_URL"])
    with a_browser() as browser:
        picture_of_flower(browser, flower)
        picture_of_console(browser, api, password, settings)


def with_account(settings: Settings, password: str) -> None:
    """Let somebody sign in, for these pictures."""
    engine = open_engine(settings.database_url.get_secret_value(), pool=1, name="pictures")
    hashed = passwords.hashed(password)
    with engine.begin() as connection:
        try:
            users.add(connection, NAME, "operator", hashed)
        except users.NameTaken:
            users.set_password(connection, NAME, hashed)
            users.set_role(connection, NAME, "operator")
    engine.dispose()


def give_work(settings: Settings, sandbox: str) -> None:
    """Ask for one thing and another, for what cannot be done, and for what an upstream refuses."""
    refused = {"path": "/tvdb/v4/movies/90000*", "status": 400, "times": 3}
    httpx.post(f"{sandbox}/control/faults", json=refused, timeout=5).raise_for_status()
    broken = (b'{"tvdb_id": "Breaking Bad"}', b"<series>81189</series>")
    waves: tuple[list[Message], ...] = (
        [ask(screen.SaveSeries(tvdb_id=tvdb_id)) for tvdb_id in (81189, 71998, *range(900_000, 900_008))],
        [replace(ask(screen.SaveSeries(tvdb_id=1)), body=body) for body in broken],
        [ask(screen.SaveMovie(tvdb_id=tvdb_id), priority=9) for tvdb_id in (290, 900_001, 900_002, 900_003)],
        [ask(screen.SavePerson(tvdb_id=tvdb_id)) for tvdb_id in (312388, 500_901, 500_902)],
        [ask(aggregation.UpdateStatistics()), ask(prices.RecomputeDiscounts()), ask(minifigures.SyncCatalog())],
    )
    with Publisher(settings.rabbitmq_url.get_secret_value(), name="pictures") as publisher:
        for wave in waves:
            assert publisher.publish_many(wave) == []


def give_crowd(settings: Settings, item: str) -> None:
    """Ask for people by the hundred, and for prices of an item by the thousand."""
    people = (screen.SavePerson(tvdb_id=tvdb_id) for tvdb_id in range(500_000, 500_900))
    seen = (
        prices.Observation(
            set_number=item,
            condition="SEALED",
            source="example",
            item_id=secrets.token_hex(8),
            price=Decimal("799.99"),
            currency="USD",
        )
        for _ in range(20_000)
    )
    with Publisher(settings.rabbitmq_url.get_secret_value(), name="pictures") as publisher:
        assert publisher.publish_many(map(ask, people)) == []
        assert publisher.publish_many(ask(prices.PricesObserved(observations=[one])) for one in seen) == []


def item_of_the_catalogue(settings: Settings) -> str:
    """Return the number of an item that prices can be of."""
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as connection:
        found = eventually(
            lambda: connection.execute("SELECT set_number FROM minifigures LIMIT 1").fetchone(),
            within=60,
            what="an item of the catalogue",
        )
    assert found is not None
    return str(found[0])


def ask(payload: Payload, **options: Any) -> Message:
    """Return a message; `options` are those of `compose`."""
    return compose(CONTRACTS, payload, app_id="pictures", **options)


def picture_of_console(browser: Browser, api: str, password: str, settings: Settings) -> None:
    """Look at the overview while much is under way."""
    page = browser.new_page(viewport=CONSOLE)
    page.goto(f"{api}/console/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Pools").wait_for()
    give_crowd(settings, item_of_the_catalogue(settings))
    # Rates are known from the second look on, and the broker's numbers are some seconds old.
    page.wait_for_timeout(LOOKS)
    # An instance of a machine that is very busy may not answer in time; the next look finds it.
    expect(page.get_by_text("none answered in time")).to_have_count(0, timeout=60_000)
    take(page, "console")


def picture_of_flower(browser: Browser, url: str) -> None:
    """Look at the tasks, the newest first."""
    told = urlsplit(url)
    assert told.username
    assert told.password
    context = browser.new_context(
        viewport=FLOWER, http_credentials={"username": told.username, "password": told.password}
    )
    page = context.new_page()
    # Among the newest there shall be some that failed.
    failed = {"state": "FAILURE"}
    eventually(lambda: len(httpx.get(f"{url}/api/tasks", params=failed).json()) > 2, within=60, what="failures")
    page.goto(f"http://{told.hostname}:{told.port}/tasks")
    page.locator("#tasks-table tbody tr").nth(9).wait_for()
    take(page, "flower")


def take(page: Page, name: str) -> None:
    """Write a picture."""
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()

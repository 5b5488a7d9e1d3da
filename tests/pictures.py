"""`. .millrace/env && python -m tests.pictures`: the pictures of the README, taken of the stack that runs, at work.

Gives it something to do (messages that succeed, wait, and die), looks at the console and at Flower in a browser, and
writes `docs/pictures/console.png` and `docs/pictures/flower.png`.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Browser, Page

from shared.accounts import passwords, users
from shared.broker.publisher import Publisher
from shared.broker.wire import Message, compose
from shared.contracts import prices, screen
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import open_engine
from shared.settings import Settings
from tests.browser import a_browser
from tests.eventually import eventually

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
NAME: Final = "operator@example.org"
SIZE: Final = {"width": 1280, "height": 860}


def main() -> None:
    """Take both pictures."""
    settings = Settings()
    FOLDER.mkdir(exist_ok=True)
    password = secrets.token_urlsafe(18)
    with_account(settings, password)
    flower, api = os.environ["FLOWER_URL"], os.environ["MILLRACE_API_URL"]
    eventually(lambda: httpx.get(f"{flower}/workers?json=true").json()["data"], within=60, what="workers in Flower")
    give_work(settings)
    with a_browser() as browser:
        picture_of_flower(browser, flower)
        picture_of_console(browser, api, password)


def with_account(settings: Settings, password: str) -> None:
    """Let somebody sign in, for these pictures."""
    engine = open_engine(settings.database_url.get_secret_value(), pool=1, name="pictures")
    hashed = passwords.hashed(password)
    with engine.begin() as connection:
        try:
            users.add(connection, NAME, "operator", hashed)
        except users.NameTaken:
            users.set_password(connection, NAME, hashed)
    engine.dispose()


def give_work(settings: Settings) -> None:
    """Ask for series and people by the hundred, for prices by the thousand, and for what cannot be done."""
    with Publisher(settings.rabbitmq_url.get_secret_value(), name="pictures") as publisher:
        asks: list[Message] = [
            *(ask(screen.SaveSeries(tvdb_id=tvdb_id)) for tvdb_id in (81189, 71998, *range(900_000, 900_012))),
            *(ask(screen.SavePerson(tvdb_id=tvdb_id)) for tvdb_id in range(500_000, 500_600)),
        ]
        assert publisher.publish_many(asks) == []
    _ = prices


def ask(payload: object, **options: object) -> Message:
    """Return a message."""
    return compose(CONTRACTS, payload, app_id="pictures", **options)  # type: ignore[arg-type]


def picture_of_console(browser: Browser, api: str, password: str) -> None:
    """Look at the overview while much is under way."""
    page = browser.new_page(viewport=SIZE, device_scale_factor=1)
    page.goto(f"{api}/console/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Pools").wait_for()
    # Rates are known from the second look on.
    page.wait_for_timeout(7000)
    take(page, "console")


def picture_of_flower(browser: Browser, url: str) -> None:
    """Look at the tasks, the newest first."""
    told = urlsplit(url)
    assert told.username
    assert told.password
    context = browser.new_context(
        viewport=SIZE, http_credentials={"username": told.username, "password": told.password}
    )
    page = context.new_page()
    page.goto(f"http://{told.hostname}:{told.port}/tasks")
    page.locator("#tasks-table tbody tr").nth(5).wait_for()
    page.wait_for_timeout(1500)
    take(page, "flower")


def take(page: Page, name: str) -> None:
    """Write a picture."""
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()

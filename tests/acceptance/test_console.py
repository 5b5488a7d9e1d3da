"""The console in a real browser, as an operator uses it: one browser for all of this, since starting it is dear."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deploy.local.ports import free_port
from shared.accounts import passwords, users
from shared.accounts.roles import ROLES
from shared.database.engine import open_engine
from tests.acceptance.stack import Running, Stack
from tests.browser import a_browser
from tests.eventually import eventually
from tests.probe.kinds import Fail

PASSWORD = "correct horse battery"
PAGES = {
    "Overview": "Pools",
    "Dead letters": "Dead letters",
    "Schedules": "Schedules",
    "Upstreams": "Upstreams",
    "Run log": "Run log",
}
"""What the navigation leads to, and a heading there."""


@pytest.fixture(scope="module")
def console(stack: Stack, maintenance: Running) -> Iterator[str]:  # noqa: ARG001 - who keeps the dead letters
    """Start the API, with a user for each role; return the console's address."""
    engine = open_engine(stack.database_url, pool=1)
    hashed = passwords.hashed(PASSWORD)
    with engine.begin() as connection:
        for role in ROLES:
            users.add(connection, f"a-{role}", role, hashed)
    engine.dispose()
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def answers(_: Running) -> bool:
        try:
            return httpx.get(f"{url}/ready", timeout=5).is_success
        except httpx.HTTPError:
            return False

    api = ("-m", "uvicorn", "--factory", "producers.api.app:create_app", "--host", "127.0.0.1", "--port", str(port))
    running = stack.start("api", sys.executable, *api, ready=answers)
    yield f"{url}/console"
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a browser that nobody has used, and that must find nothing to complain about."""
    opened = browser.new_context()
    complaints: list[str] = []
    asked: set[str] = set()
    opened.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    opened.on("weberror", lambda error: complaints.append(str(error.error)))
    opened.on("request", lambda request: asked.add(urlsplit(request.url).hostname or ""))
    yield opened
    opened.close()
    assert complaints == []
    assert asked <= {"127.0.0.1"}


def sign_in(context: BrowserContext, console: str, role: str) -> Page:
    """Sign in by keyboard alone."""
    page = context.new_page()
    page.goto(f"{console}/")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(f"a-{role}")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pools")).to_be_visible()
    return page


def dead(stack: Stack) -> tuple[int, str]:
    """Let a message die; return its letter and its id."""
    (message,) = stack.ask(Fail(error="UpstreamGone"))
    return int(stack.letter(message)["id"]), message


def test_every_page_can_be_looked_at_on_a_large_and_on_a_small_screen(context: BrowserContext, console: str) -> None:
    page = sign_in(context, console, "viewer")
    for width, scheme in ((1280, "light"), (400, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for link, heading in PAGES.items():
            page.get_by_role("navigation", name="Console").get_by_role("link", name=link, exact=True).click()
            expect(page.get_by_role("heading", name=heading, exact=True).first).to_be_visible()
            expect(page.get_by_role("link", name=link, exact=True).first).to_have_attribute("aria-current", "page")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{link} is {wide} pixels too wide for {width}"


def test_the_overview_knows_the_running_pools_and_looks_again_by_itself(context: BrowserContext, console: str) -> None:
    page = sign_in(context, console, "viewer")
    row = page.get_by_role("row", name="maintenance")
    expect(row.get_by_text("of 2 busy")).to_be_visible(timeout=20_000)
    shown = page.locator(".asof").inner_text()
    expect(page.locator(".asof")).not_to_have_text(shown, timeout=20_000)


def test_an_operator_replays_a_dead_letter(stack: Stack, context: BrowserContext, console: str) -> None:
    letter, message = dead(stack)
    page = sign_in(context, console, "operator")
    page.get_by_role("navigation", name="Console").get_by_role("link", name="Dead letters").click()
    page.get_by_label("Kind").fill("maintenance.probe.fail")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=str(letter), exact=True).click()
    expect(page.get_by_text("UpstreamGone").first).to_be_visible()
    assert json.loads(page.locator("#message ~ pre").first.inner_text())["error"] == "UpstreamGone"
    page.get_by_role("button", name="Replay to maintenance").click()
    expect(page.get_by_role("status")).to_contain_text("On its way back")
    actions = stack.rows("SELECT actor, action FROM dead_letter_actions WHERE dead_letter_id = %s", letter)
    assert actions == [{"actor": "a-operator", "action": "replay"}]
    # It fails as before, and is the same letter, once more dead.
    eventually(lambda: stack.letters(message)[0]["deaths"] == 2, what="its second death")
    page.get_by_role("link", name=message).click()
    expect(page.get_by_text("failed", exact=True)).to_be_visible()


def test_a_viewer_cannot(stack: Stack, context: BrowserContext, console: str) -> None:
    letter, _ = dead(stack)
    page = sign_in(context, console, "viewer")
    page.goto(f"{console}/dead-letters/{letter}")
    expect(page.get_by_text("To replay it needs the role operator.")).to_be_visible()
    assert page.get_by_role("button").all_inner_texts() == ["Sign out"]


def test_who_has_signed_out_sees_nothing_more(context: BrowserContext, console: str) -> None:
    page = sign_in(context, console, "admin")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

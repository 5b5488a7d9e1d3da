"""A feed from the command that registers it to the rows that others read, by real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared import clock
from tests.acceptance.stack import ROOT, Running, Stack


@pytest.fixture(scope="module")
def scraping(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - what dies must be kept
    worker = stack.worker("scraping", concurrency=2)
    yield worker
    worker.stop()


def feed(*days: int) -> bytes:
    today = clock.now().replace(microsecond=0)
    entries = (
        f"BEGIN:VEVENT\r\nUID:{day}@hall\r\nDTSTART:{today + timedelta(days=day):%Y%m%dT%H%M%SZ}\r\n"
        f"SUMMARY:Evening {day}\r\nEND:VEVENT\r\n"
        for day in days
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//hall//EN\r\n{''.join(entries)}END:VCALENDAR\r\n".encode()


def millrace(stack: Stack, *words: str) -> dict[str, Any]:
    """Run a command that prints JSON."""
    command = [sys.executable, "-m", "producers.cli", *words, "--json"]
    environment = stack.environment()
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def listings(stack: Stack, source: int) -> dict[str, bool]:
    rows = stack.rows(
        "SELECT title, withdrawn_at IS NULL AS listed FROM venue_listings WHERE source_id = %s ORDER BY starts_at",
        source,
    )
    return {row["title"]: row["listed"] for row in rows}


@pytest.mark.usefixtures("scraping")
def test_a_feed_is_registered_read_and_read_again(stack: Stack) -> None:
    url = f"{stack.sandbox_url}/feeds/mine.ics"
    httpx.put(url, content=feed(1, 2, 3), headers={"Content-Type": "text/calendar"}, timeout=10).raise_for_status()

    added = millrace(stack, "sources", "add", url, "--yes")
    run = stack.ended(added["message_id"], within=60)

    assert (run["status"], run["result"]["added"]) == ("succeeded", 3)
    assert listings(stack, added["id"]) == {"Evening 1": True, "Evening 2": True, "Evening 3": True}

    asked = millrace(stack, "sources", "ingest", str(added["id"]))
    assert stack.ended(asked["message_id"], within=60)["result"]["outcome"] == "unchanged"

    httpx.put(url, content=feed(1, 3, 4), headers={"Content-Type": "text/calendar"}, timeout=10).raise_for_status()
    asked = millrace(stack, "sources", "ingest", str(added["id"]))
    result = stack.ended(asked["message_id"], within=60)["result"]
    assert (result["added"], result["withdrawn"]) == (1, 1)
    assert listings(stack, added["id"])["Evening 2"] is False


@pytest.mark.usefixtures("scraping")
def test_a_source_that_nobody_knows_is_a_dead_letter_that_says_so(stack: Stack) -> None:
    asked = millrace(stack, "publish", "scrape.source.ingest", "source_id=999999")

    assert "there is no source 999999" in str(stack.letter(asked["message_id"], within=60)["error"])

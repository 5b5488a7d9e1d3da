"""Every Python and `millrace` example of docs/publishing.md runs as it stands there, and does what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.integration.cli.places import Place

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "publishing.md").read_text("utf-8")

MILLRACE = 'set -e -o pipefail\nmillrace() { "$PYTHON" -m producers.cli "$@"; }\n'

PUBLISHING = [
    ("Publishing from any language", {"content": 1}),
    ("Heard, and exactly once", {"content": 1}),
    ("In Python, with the contracts", {"content": 101}),
    ("In any other language", {"content": 2, "person": 3}),
    ("Urgent", {"content.urgent": 1, "content": 0}),
    ("Later, and not too late", {"content": 1, "retry.2m": 1}),
]


def examples(heading: str) -> str:
    """Return what stands in the Python and shell examples below a heading, as one shell script."""
    section = re.split(r"^##? ", PAGE, flags=re.MULTILINE)
    (found,) = (part for part in section if part.startswith(f"{heading}\n"))
    blocks = re.findall(r"```(python|sh)\n(.*?)```", found, re.DOTALL)
    assert blocks, f"nothing to run below {heading}"
    python = (f"\"$PYTHON\" - <<'END'\n{text}END\n" for language, text in blocks if language == "python")
    shell = (text for language, text in blocks if language == "sh" and text.startswith("millrace"))
    return MILLRACE + "".join((*python, *shell))


def run(place: Place, heading: str) -> str:
    done = subprocess.run(
        ["bash", "-c", examples(heading)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHON": sys.executable, "RABBITMQ_URL": place.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("heading", "depths"), PUBLISHING, ids=[heading for heading, _ in PUBLISHING])
def test_the_examples_below_a_heading_leave_their_messages_in_the_queues(
    place: Place, heading: str, depths: dict[str, int]
) -> None:
    run(place, heading)

    eventually(lambda: {queue: place.depth(queue) for queue in depths} == depths, what=f"{depths} after {heading}")


def test_the_example_of_a_listener_hears_what_happened(place: Place) -> None:
    assert run(place, "Listening to facts") == ""

    fact = ("facts.series.saved", "tvdb_id=81189", "name=Breaking Bad", "episodes=62", "--id", "told")
    assert place.run("publish", *fact).exit_code == 0

    assert run(place, "Listening to facts") == "told facts.series.saved 81189\n"
    assert place.depth("listeners.shop.series") == 0

"""Every `millrace …` that a page shows is one that the command line knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploying.words import UsageError, commands, parse

ROOT = Path(__file__).parents[3]

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "deploy").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_one_that_there_is(page: Path) -> None:
    unknown = []
    for words, whole in commands(page.read_text("utf-8")):
        try:
            parse(words, whole=whole)
        except UsageError as error:
            unknown.append(f"millrace {' '.join(words)}: {error.format_message()}")

    assert unknown == []


def test_a_page_with_a_command_that_there_is_not_is_found_out() -> None:
    page = "Say `millrace pool begin`, then:\n\n```console\n$ FOO=1 millrace replay --slowly 1 | tee log\n```\n"

    found = list(commands(page))

    assert found == [(("replay", "--slowly", "1"), True), (("pool", "begin"), False)]
    for words, whole in found:
        with pytest.raises(UsageError):
            parse(words, whole=whole)


def test_a_sentence_may_name_a_command_without_what_it_needs() -> None:
    parse(("pool", "start"), whole=False)

    with pytest.raises(UsageError):
        parse(("pool", "start"))

"""The committed contracts are what the code says, and the code honours them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.broker import asyncapi
from shared.contracts import documents, released
from shared.contracts.kind import Kind, Payload
from shared.contracts.kinds import CONTRACTS
from shared.contracts.registry import Contracts

RECORD = Path(__file__).parents[3] / "docs" / "contracts"
REFRESH = "run `millrace contracts export` and commit what it wrote"


class Ask(Payload):
    number: int


class AskInWords(Payload):
    number: str


ASK = Kind("scrape.test.ask", Ask, "A test.", example={"number": 1})
RECORDED = {("scrape.test.ask", 1): documents.schema_of(ASK)}


@pytest.mark.parametrize("kind", list(CONTRACTS), ids=lambda kind: kind.name)
def test_the_committed_schema_of_a_kind_is_what_the_code_says(kind: Kind) -> None:
    path = RECORD / documents.file_name(kind.name, kind.schema)

    assert path.is_file(), f"{path.name} was never written: {REFRESH}"
    assert path.read_text("utf-8") == documents.rendered(documents.schema_of(kind)), f"{path.name}: {REFRESH}"


def test_the_committed_asyncapi_document_is_what_the_code_says() -> None:
    committed = (RECORD / "asyncapi.json").read_text("utf-8")

    assert committed == documents.rendered(asyncapi.document(CONTRACTS)), f"asyncapi.json: {REFRESH}"


def test_todays_contracts_honour_every_released_one() -> None:
    assert released.broken_promises(released.read(RECORD), CONTRACTS) == []


def test_a_changed_payload_under_the_same_number_is_named() -> None:
    changed = Kind(ASK.name, AskInWords, ASK.summary, example={"number": "1"})

    assert released.broken_promises(RECORDED, Contracts([changed])) == [
        "scrape.test.ask v1: field number became string"
    ]


def test_a_changed_payload_under_a_new_number_is_the_upcasters_business() -> None:
    grown = Kind(
        ASK.name,
        AskInWords,
        ASK.summary,
        example={"number": "1"},
        schema=2,
        upcasters={1: lambda fields: {"number": str(fields["number"])}},
    )

    assert released.broken_promises(RECORDED, Contracts([grown])) == []


def test_a_released_kind_that_vanished_is_a_broken_promise() -> None:
    (problem,) = released.broken_promises(RECORDED, Contracts([]))

    assert problem.startswith("scrape.test.ask v1: the kind vanished")


def test_a_version_that_went_back_is_a_broken_promise() -> None:
    record = {("scrape.test.ask", 2): documents.schema_of(ASK)}

    assert released.broken_promises(record, Contracts([ASK])) == [
        "scrape.test.ask v2: was released, but the code is back at v1"
    ]


def test_only_schemas_are_read_from_the_record(tmp_path: Path) -> None:
    (tmp_path / "scrape.a.b.v12.json").write_text("{}")
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / "README.md").write_text("words")

    assert released.read(tmp_path) == {("scrape.a.b", 12): {}}


def test_a_record_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "scrape.a.b.v1.json").write_text("<<<<<<< ours")

    with pytest.raises(ValueError, match=r"scrape\.a\.b\.v1\.json is not JSON"):
        released.read(tmp_path)


def test_what_is_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "scrape.test.ask.v1.json").write_text(documents.rendered(documents.schema_of(ASK)), "utf-8")

    assert released.read(tmp_path) == RECORDED

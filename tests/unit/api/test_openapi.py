"""The document that /docs shows is good to read, and says the truth."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from producers.api import problems
from producers.api.answers import Movie, Person, Series
from shared.contracts.kinds import CONTRACTS

pytestmark = pytest.mark.anyio


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_has_a_tag_a_summary_and_a_description(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["tags"], name
        assert operation["summary"], name
        assert operation["description"], name


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], f"{name} {parameter['name']}"


def test_operations_have_names_that_a_generated_client_can_use(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert all(name.isidentifier() for name in names)
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    wanted = {piece.split('"')[0] for piece in text.split('"$ref": "#/components/schemas/')[1:]}
    assert "ProblemDocument" in wanted
    assert wanted <= document["components"]["schemas"].keys()


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], f"{name} {status}"


def test_every_operation_that_takes_something_says_what_happens_to_nonsense(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if operation.get("parameters"):
            assert "422" in operation["responses"], name


@pytest.mark.parametrize("path", ["/series/{tvdb_id}", "/movie/{tvdb_id}", "/person/{tvdb_id}"])
def test_reads_document_their_headers(document: dict[str, Any], path: str) -> None:
    responses = document["paths"][path]["get"]["responses"]
    assert {"ETag", "Age", "Warning", "X-Millrace-Source", "X-Millrace-Synced-At", "X-Millrace-Stale"} <= responses[
        "200"
    ]["headers"].keys()
    assert {"200", "304", "404", "410", "422", "503"} == responses.keys()
    assert "Retry-After" in responses["503"]["headers"]


def test_every_sort_of_problem_is_explained(document: dict[str, Any]) -> None:
    for sort in problems.SORTS:
        assert sort.type in document["info"]["description"]


def test_models_of_answers_require_all_their_fields(document: dict[str, Any]) -> None:
    for model in (Series, Movie, Person):
        assert set(document["components"]["schemas"][model.__name__]["required"]) == set(model.model_fields)


async def test_the_document_and_its_page_are_served(client: httpx.AsyncClient) -> None:
    assert (await client.get("/openapi.json")).json()["info"]["title"] == "Millrace"
    assert (await client.get("/docs")).status_code == 200


async def test_every_contract_is_listed_with_its_schema(client: httpx.AsyncClient) -> None:
    listed = {one["kind"]: one for one in (await client.get("/v1/contracts")).json()}
    assert listed.keys() == {kind.name for kind in CONTRACTS}
    save = listed["scrape.series.save"]
    assert (save["queue"], save["exchange"], save["example"]) == ("content", "scrape", {"tvdb_id": 81189})
    assert save["json_schema"]["required"] == ["tvdb_id"]
    assert listed["facts.series.saved"]["queue"] is None


async def test_the_line_is_described_as_asyncapi(client: httpx.AsyncClient) -> None:
    document = (await client.get("/asyncapi.json")).json()
    assert document["asyncapi"] == "3.0.0"
    assert "scrape.series.save" in document["channels"]

"""`millrace contracts`: the words on the wire, as code has them and as they were released."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from producers.cli.failures import FAILED, USAGE, Failure
from producers.cli.output import AsJson, print_json, print_table
from shared.broker import asyncapi, topology
from shared.contracts import documents, released
from shared.contracts.kind import Kind
from shared.contracts.kinds import CONTRACTS

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The kinds of messages: list, show, export, check.")

ASYNCAPI = "asyncapi.json"

Directory = Annotated[Path, typer.Option(help="Where the released contracts are kept.")]
_RECORD = Path("docs/contracts")


@app.command("list")
def list_kinds(*, as_json: AsJson = False) -> None:
    """List every kind, its version, and the queue it goes to."""
    rows = [(kind.name, kind.schema, _queue(kind), kind.summary) for kind in CONTRACTS]
    if as_json:
        print_json([dict(zip(("kind", "schema", "queue", "summary"), row, strict=True)) for row in rows])
    else:
        print_table(("kind", "schema", "queue", "summary"), rows)


@app.command()
def show(kind: Annotated[str, typer.Argument(help="e.g. scrape.series.save")], *, as_json: AsJson = False) -> None:
    """Show what a kind's payload may hold, with an example; --json prints its JSON Schema."""
    found = CONTRACTS.kind(kind)
    schema = documents.schema_of(found)
    if as_json:
        print_json(schema)
        return
    example = dict(found.example)
    typer.echo(f"{found.name}, schema {found.schema}, queue {_queue(found)}\n{schema['description']}\n")
    flat = documents.without_references(schema)
    required = set(flat.get("required", ()))
    print_table(
        ("field", "takes", "default", "about"),
        [
            (name, _takes(field), "required" if name in required else json.dumps(field.get("default")), _about(field))
            for name, field in flat.get("properties", {}).items()
        ],
    )
    typer.echo(f"\nmillrace publish {found.name} '{json.dumps(example)}'")


@app.command()
def export(
    directory: Directory = _RECORD,
    *,
    unreleased: Annotated[
        bool, typer.Option("--unreleased", help="Overwrite although it breaks: nobody has used these contracts yet.")
    ] = False,
) -> None:
    """Write the JSON Schema of every kind and the AsyncAPI document.

    The files are the record of what was released, so a change that would break a publisher or a subscriber is
    refused: raise the kind's `schema` and add an upcaster instead.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if not unreleased and (broken := _broken(directory)):
        raise Failure("; ".join(broken), "raise the kind's schema number and add an upcaster, then export", FAILED)
    written = 0
    for name, text in exported().items():
        path = directory / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            written += 1
    typer.echo(f"{written} of {len(exported())} documents in {directory} changed")


@app.command()
def check(directory: Directory = _RECORD, *, as_json: AsJson = False) -> None:
    """Compare today's contracts with the released ones; fails on every change that breaks somebody."""
    if not directory.is_dir():
        raise Failure(f"{directory} is no directory", "run it in the checkout, or give --directory", USAGE)
    broken, stale = _broken(directory), outdated(directory)
    if as_json:
        print_json({"breaking": broken, "outdated": stale})
    else:
        for line in broken:
            typer.echo(f"BREAKING  {line}")
        for name in stale:
            typer.echo(f"outdated  {directory / name}: millrace contracts export writes it anew")
        if not broken and not stale:
            typer.echo(f"{len(list(CONTRACTS))} contracts are as released")
    if broken or stale:
        raise typer.Exit(FAILED)


def exported() -> dict[str, str]:
    """Return every generated document, by file name."""
    schemas = {name: documents.rendered(schema) for name, schema in documents.schemas(CONTRACTS).items()}
    return schemas | {ASYNCAPI: documents.rendered(asyncapi.document(CONTRACTS))}


def outdated(directory: Path) -> list[str]:
    """Return the names of the documents in a directory that are not what the code would write."""
    return [
        name
        for name, text in exported().items()
        if not (directory / name).is_file() or (directory / name).read_text("utf-8") != text
    ]


def _broken(directory: Path) -> list[str]:
    try:
        return released.broken_promises(released.read(directory), CONTRACTS)
    except ValueError as error:
        raise Failure(str(error), "restore the file from version control", FAILED) from error


def _queue(kind: Kind) -> str:
    pool = topology.pool_of(kind.name)
    return "whoever subscribes" if pool is None else pool.name


def _takes(field: dict[str, Any]) -> str:
    if "enum" in field or "const" in field:
        return " or ".join(json.dumps(value) for value in field.get("enum", [field.get("const")]))
    if choice := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(_takes(option) for option in choice)
    sort = str(field.get("format") or field.get("type", "anything"))
    if sort == "array":
        return f"list of {_takes(field.get('items', {}))}"
    return sort


def _about(field: dict[str, Any]) -> str:
    limits = (
        ("minimum", "at least"),
        ("exclusiveMinimum", "more than"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "less than"),
        ("maxLength", "characters at most"),
        ("maxItems", "items at most"),
        ("pattern", "matches"),
    )
    said = [f"{word} {field[name]}" for name, word in limits if name in field]
    return ". ".join(part for part in (field.get("description", ""), ", ".join(said)) if part)

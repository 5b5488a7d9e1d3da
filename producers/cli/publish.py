"""`millrace publish`: ask for work, or announce a fact, from the command line."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Annotated

import typer

from producers.cli.bulk import Outcome, progress, publish_lines
from producers.cli.failures import FAILED, USAGE, Failure
from producers.cli.output import AsJson, print_json
from producers.cli.payload import from_json, payload_of
from producers.cli.terms import APP_ID, Terms
from shared import clock
from shared.broker import topology
from shared.broker.publisher import Publisher
from shared.broker.wire import LEAST, MOST, NORMAL, Message
from shared.contracts.kinds import CONTRACTS
from shared.settings import Settings
from shared.telemetry import traces

app = typer.Typer(add_completion=False)

SUCCEEDED = "succeeded"
SHOWN = 20
"""Lines at fault that are printed; the rest is counted."""

_MOMENTS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M"]


@app.command()
def publish(
    kind: Annotated[str, typer.Argument(help="What to ask for, e.g. scrape.series.save.")],
    payload: Annotated[
        list[str] | None,
        typer.Argument(help="Words name=value, or one JSON object, or - for JSON lines on standard input."),
    ] = None,
    *,
    priority: Annotated[
        int, typer.Option(min=LEAST, max=MOST, help="9 a person is waiting, 5 normal, 1 background.")
    ] = NORMAL,
    message_id: Annotated[
        str | None,
        typer.Option("--id", help="Message id: published twice under the same one, it has one effect. Default: fresh."),
    ] = None,
    delay: Annotated[float | None, typer.Option(min=0.0, help="Do not start for this many seconds.")] = None,
    not_before: Annotated[
        datetime | None,
        typer.Option(formats=_MOMENTS, metavar="2026-12-01T06:00:00Z", help="Do not start before this moment."),
    ] = None,
    expires: Annotated[
        float | None, typer.Option(min=0.0, help="Dead-letter it if it has not started in this many seconds.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the broker's confirm.")] = 10.0,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done, and tell what came of it.")] = False,
    patience: Annotated[float, typer.Option(min=0.1, help="Seconds to --wait at most.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Publish a message; returns when the broker has confirmed it, or with --wait when it has been done.

    millrace publish scrape.series.save tvdb_id=81189

    millrace publish scrape.series.save '{"tvdb_id": 81189}' --priority 9

    millrace publish scrape.person.save - < people.jsonl
    """
    traces.configure(Settings().sentry_traces_sample_rate)
    words = payload or []
    terms = Terms.from_options(clock.now(), priority, delay, not_before, expires)
    if words == ["-"]:
        if message_id is not None:
            raise Failure("--id names one message, and standard input holds many", "leave --id out", USAGE)
        if wait:
            raise Failure("--wait is for one message, and standard input holds many", "leave --wait out", USAGE)
        CONTRACTS.kind(kind)
        _many(kind, terms, timeout, as_json)
        return
    message = terms.message(payload_of(CONTRACTS, kind, words), message_id)
    if wait:
        _publish_and_wait(message, timeout, patience, as_json)
        return
    _publish(message, timeout)
    if as_json:
        print_json(_told(message))
    else:
        typer.echo(f"{message.message_id} {message.kind} published to {message.exchange} ({message.routing_key})")


def _publisher(timeout: float) -> Publisher:
    return Publisher(Settings().rabbitmq_url.get_secret_value(), name=APP_ID, timeout=timeout)


def _publish(message: Message, timeout: float) -> None:
    with _publisher(timeout) as publisher:
        publisher.publish(message)


def _told(message: Message) -> dict[str, object]:
    names = ("message_id", "kind", "exchange", "routing_key", "priority", "not_before", "expires_at", "traceparent")
    return {name: getattr(message, name) for name in names}


def _publish_and_wait(message: Message, timeout: float, patience: float, as_json: bool) -> None:
    from producers.cli.waiting import RunLog  # noqa: PLC0415 - a database takes longer to import than all the rest

    if topology.pool_of(message.kind) is None:
        raise Failure(f"{message.kind} is a fact: nobody works on it", "leave --wait out", USAGE)
    with RunLog(Settings().database_url.get_secret_value(), message.message_id) as log:
        _publish(message, timeout)
        run = log.wait(patience)
    if as_json:
        print_json({**_told(message), **{name: run[name] for name in ("status", "result", "attempts", "finished_at")}})
    elif run["status"] == SUCCEEDED:
        typer.echo(f"{message.message_id} {message.kind} succeeded: {json.dumps(run['result'])}")
    else:
        last = run["attempts"][-1]
        typer.echo(f"{message.message_id} {message.kind} failed: {last.get('error')}: {last.get('message')}")
    if run["status"] != SUCCEEDED:
        raise typer.Exit(FAILED)


def _many(kind: str, terms: Terms, timeout: float, as_json: bool) -> None:
    with _publisher(timeout) as publisher, progress(kind) as show:
        outcome = publish_lines(
            publisher,
            sys.stdin.buffer,
            lambda line: terms.message(from_json(CONTRACTS, kind, line)),
            show,
        )
    if as_json:
        errors = [{"line": line, "error": error} for line, error in outcome.errors]
        print_json({"kind": kind, "published": outcome.published, "failed": len(errors), "errors": errors})
    else:
        _tell(kind, outcome)
    if outcome.errors:
        raise typer.Exit(FAILED)


def _tell(kind: str, outcome: Outcome) -> None:
    for line, error in outcome.errors[:SHOWN]:
        typer.echo(f"line {line}: {error}", err=True)
    if len(outcome.errors) > SHOWN:
        typer.echo(f"and {len(outcome.errors) - SHOWN} more", err=True)
    if outcome.broker_away:
        typer.echo("the broker stopped answering; lines after these were not read", err=True)
    typer.echo(f"{outcome.published} {kind} published, {len(outcome.errors)} failed")

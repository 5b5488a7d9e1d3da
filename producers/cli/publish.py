"""`millrace publish`: ask for work, or announce a fact, from the command line."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from producers.cli.bulk import Outcome, progress, publish_lines
from producers.cli.failures import FAILED, USAGE, Failure
from producers.cli.output import AsJson, print_json
from producers.cli.payload import from_json, payload_of
from shared import clock
from shared.broker import topology
from shared.broker.publisher import Publisher
from shared.broker.wire import LEAST, MOST, NORMAL, Message, compose, later
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.settings import Settings

app = typer.Typer(add_completion=False)

APP_ID = "millrace-cli"
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
    as_json: AsJson = False,
) -> None:
    """Publish a message; returns when the broker has confirmed it.

    millrace publish scrape.series.save tvdb_id=81189

    millrace publish scrape.series.save '{"tvdb_id": 81189}' --priority 9

    millrace publish scrape.person.save - < people.jsonl
    """
    words = payload or []
    terms = Terms.from_options(clock.now(), priority, delay, not_before, expires)
    if words == ["-"]:
        if message_id is not None:
            raise Failure("--id names one message, and standard input holds many", "leave --id out", USAGE)
        CONTRACTS.kind(kind)
        _many(kind, terms, timeout, as_json)
        return
    message = terms.message(payload_of(CONTRACTS, kind, words), message_id)
    with _publisher(timeout) as publisher:
        publisher.publish(message)
    _report(message, as_json)


@dataclass(frozen=True, slots=True)
class Terms:
    """How urgent, how early and how late: the same for every message of one command. Times in ms since the epoch."""

    now: datetime
    priority: int = NORMAL
    not_before: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def from_options(
        cls, now: datetime, priority: int, delay: float | None, not_before: datetime | None, expires: float | None
    ) -> Terms:
        """Return the terms that the options of a command mean; raises Failure when they contradict each other."""
        if delay is not None and not_before is not None:
            raise Failure("--delay and --not-before say the same thing twice", "give one of them", USAGE)
        start = None if delay is None else now + timedelta(seconds=delay)
        if not_before is not None:
            start = not_before if not_before.tzinfo else not_before.replace(tzinfo=UTC)
        end = None if expires is None else now + timedelta(seconds=expires)
        if start is not None and end is not None and end <= start:
            raise Failure("it would expire before it may start", "give --expires more seconds than the delay", USAGE)
        return cls(now, priority, start, end)

    def message(self, payload: Payload, message_id: str | None = None) -> Message:
        """Return the message to publish: by way of a delay tier when it must not start yet."""
        message = compose(
            CONTRACTS,
            payload,
            app_id=APP_ID,
            message_id=message_id,
            priority=self.priority,
            not_before=None if self.not_before is None else clock.milliseconds(self.not_before),
            expires_at=None if self.expires_at is None else clock.milliseconds(self.expires_at),
        )
        wait = 0.0 if self.not_before is None else (self.not_before - self.now).total_seconds()
        if wait <= 0:
            return message
        pool = topology.pool_of(message.kind)
        if pool is None:
            raise Failure(f"{message.kind} is a fact: it happened, and cannot wait", "leave the delay out", USAGE)
        # The moment that was asked for, to the millisecond, and not the one that the wait leads to.
        return replace(later(message, _queue(pool, self.priority), wait), not_before=message.not_before)


def _queue(pool: topology.Pool, priority: int) -> str:
    return pool.urgent if pool.urgent is not None and priority >= topology.URGENT_FROM else pool.name


def _publisher(timeout: float) -> Publisher:
    return Publisher(Settings().rabbitmq_url.get_secret_value(), name=APP_ID, timeout=timeout)


def _report(message: Message, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "message_id": message.message_id,
                "kind": message.kind,
                "exchange": message.exchange,
                "routing_key": message.routing_key,
                "priority": message.priority,
                "not_before": message.not_before,
                "expires_at": message.expires_at,
            }
        )
    else:
        typer.echo(f"{message.message_id} {message.kind} published to {message.exchange} ({message.routing_key})")


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

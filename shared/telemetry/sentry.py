"""Everything that Sentry is told, and nothing else: unexpected errors, and spans that are sampled.

Imported by `shared.telemetry.start` where `SENTRY_DSN` is set, and nowhere else: it costs a quarter of a second.

Of Sentry's integrations those are used that tell nothing of what people sent. Its Celery integration reports whatever a
task raises, which here is every message that died, expected or not, and knows a bundle as one task; FastAPI's reads
every request's body; httpx's records whole addresses, keys included. `consumers.task`, `producers.api.edge` and
`shared.upstreams.http` are edges around the same places and tell what belongs here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import sentry_sdk
from pydantic import SecretStr
from sentry_sdk.integrations import Integration
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.sqlalchemy import SqlalchemyIntegration
from sentry_sdk.tracing import NoOpSpan, Transaction
from sentry_sdk.utils import capture_internal_exceptions, event_from_exception

from shared.broker.traceparent import Span
from shared.settings import Settings
from shared.upstreams.secrets import MASK, masked
from shared.version import VERSION

LONGEST_GOODBYE = 2.0
"""Seconds a process that ends waits for Sentry to take what is left; what is not taken then is lost."""

TEXT_KEPT = 300
"""Characters of an error's text that are sent: its first line, for what databases and pydantic say below it quotes
whatever was to be stored."""

SHORTEST = 3
"""Characters of a secret, or of a message's word, from which on it is masked: shorter ones stand everywhere."""


def begin(settings: Settings) -> None:
    """Connect nothing yet, but know where to: reports go out in a thread that nobody waits for."""
    if settings.sentry_dsn is None:
        return
    rate = settings.sentry_traces_sample_rate
    integrations: list[Integration] = [AtexitIntegration(callback=_in_silence), ExcepthookIntegration()]
    if rate:
        # Statements with placeholders, no values: those that go through SQLAlchemy.
        integrations.append(SqlalchemyIntegration())
    clean = _Cleaner(_secrets(settings))
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        release=f"millrace@{VERSION}",
        environment=settings.sentry_environment,
        server_name=settings.host,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=integrations,
        send_default_pii=False,
        # A hash or a key may stand in a variable of any frame.
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        enable_backpressure_handling=False,
        shutdown_timeout=LONGEST_GOODBYE,
        # Upstreams are strangers: no header of ours goes out with a request.
        trace_propagation_targets=[],
        traces_sample_rate=rate or None,
        before_send=clean,
        before_send_transaction=clean,
    )


def report(
    error: BaseException,
    *,
    tags: Mapping[str, str],
    fingerprint: str | None,
    span: Span | None,
    body: bytes,
    headers: Mapping[str, Any],
) -> None:
    """Report an error that nobody expected, with a message's `body` and `headers`, of which nothing is sent.

    Whatever goes wrong here is Sentry's own affair: the message's fate does not depend on it.
    """
    with capture_internal_exceptions():
        options = sentry_sdk.get_client().options
        event, hint = event_from_exception(
            error, client_options=options, mechanism={"type": "millrace", "handled": fingerprint is not None}
        )
        event["tags"] = dict(tags)
        if fingerprint is not None:
            event["fingerprint"] = [fingerprint]
        if span is not None:
            event["contexts"] = {"trace": _context(span)}
        sentry_sdk.capture_event(event, hint={**hint, "hidden": words(body, headers)})


@contextmanager
def transaction(
    span: Span,
    op: str,
    name: str,
    tags: Mapping[str, str],
    *,
    began: datetime | None = None,
    links: Iterable[Span] = (),
) -> Iterator[SentryRecording]:
    """Record a span as a transaction: its ids are ours, so that Sentry shows one trace for the whole line."""
    # A scope of its own: many requests of one process are under way at once.
    with sentry_sdk.new_scope() as scope:
        told = [_context(link) for link in links]

        def link(event: Any, _hint: Any) -> Any:
            event["contexts"]["trace"]["links"] = told
            return event

        if told:
            scope.add_event_processor(link)
        started = sentry_sdk.start_transaction(
            scope=scope,
            op=op,
            name=name,
            source="task" if op.startswith("queue") else "route",
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_span_id=span.parent_id,  # type: ignore[arg-type]  # None is what it is without
            sampled=True,
            start_timestamp=began,
        )
        for tag, value in tags.items():
            started.set_tag(tag, value)
        started.__enter__()
        try:
            yield SentryRecording(started)
        finally:
            # Without the error: how it ended says `ended`, and what nobody expected is reported by itself.
            with capture_internal_exceptions():
                started.__exit__(None, None, None)


def step(op: str, name: str) -> AbstractContextManager[object]:
    """Record a part of the transaction under way."""
    return sentry_sdk.start_span(op=op, name=name)


def flush() -> None:
    """Wait for what is left to be taken, LONGEST_GOODBYE at most: for processes that end without Python's own end."""
    sentry_sdk.flush(timeout=LONGEST_GOODBYE)


def words(body: bytes, headers: Mapping[str, Any]) -> set[str]:
    """Return every text in a message's body and headers: what an error's text may quote of it."""
    found: set[str] = set()

    def look(value: Any) -> None:
        match value:
            case str():
                found.add(value)
            case dict():
                look([*value.values()])
            case list():
                for inner in value:
                    look(inner)

    look([str(value) if isinstance(value, bytes) else value for value in headers.values()])
    with suppress(ValueError, RecursionError):
        look(json.loads(body))
    return found


class SentryRecording:
    """A transaction under way."""

    def __init__(self, started: Transaction | NoOpSpan) -> None:
        self._started = started

    def called(self, name: str) -> None:
        """Give it another name."""
        if isinstance(self._started, Transaction):
            self._started.name = name

    def ended(self, outcome: str, *, well: bool = True) -> None:
        """Say how it ended."""
        self._started.set_tag("outcome", outcome)
        self._started.set_status("ok" if well else "internal_error")

    def answered(self, status: int) -> None:
        """Say with which HTTP status it ended."""
        self._started.set_http_status(status)

    def forget(self) -> None:
        """Record nothing of it."""
        self._started.sampled = False


class _Cleaner:
    """Takes secrets out of whatever is about to be sent."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = _any_of(secrets)

    def __call__(self, event: Any, hint: Mapping[str, Any]) -> Any:
        """Return the event without them."""
        strange = _any_of(hint.get("hidden", ()))
        for one in (event.get("exception") or {}).get("values") or ():
            # The whole first line is masked before it is cut: half a secret is one, too.
            line = masked(str(one.get("value") or "").partition("\n")[0])
            one["value"] = self._cleaned(strange.sub(MASK, line) if strange else line)[:TEXT_KEPT]
        return self._cleaned(event)

    def _cleaned(self, value: Any) -> Any:
        match value:
            case str():
                return self._secrets.sub(MASK, value) if self._secrets else value
            case dict():
                return {key: self._cleaned(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self._cleaned(inner) for inner in value]
        return value


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    known = sorted({word for word in words if len(word) >= SHORTEST}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, known))) if known else None


def _secrets(settings: Settings) -> Iterator[str]:
    """Yield every secret of the settings, and what is secret in an address by itself."""
    for _, secret in settings:
        if isinstance(secret, SecretStr):
            value = secret.get_secret_value()
            yield value
            password = urlsplit(value).password if "://" in value else None
            if password:
                yield from (password, unquote(password))


def _context(span: Span) -> dict[str, Any]:
    told = {"trace_id": span.trace_id, "span_id": span.span_id, "sampled": span.sampled}
    return told if span.parent_id is None else {**told, "parent_span_id": span.parent_id}


def _in_silence(_pending: int, _timeout: float) -> None:
    """Wait without telling the terminal about it, as Sentry would."""

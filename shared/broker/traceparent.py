"""W3C Trace Context on the line: the header `traceparent`, read strictly, and the span that is under way.

A trace is all that one request led to, whoever did it; each hop of it (a request, a publish, an attempt) is a span with
an id of its own. Nothing is recorded here: `shared.telemetry.traces` does that.
"""

from __future__ import annotations

import os
import re
from contextvars import ContextVar
from dataclasses import dataclass

LONGEST = 512
"""Characters beyond which a header is none, whatever its version may allow."""

SAMPLED = 0x01

# Version, trace id, parent span id, flags; nothing in lower case but hexadecimal digits, and no id of zeros. A version
# to come may say more behind a dash, and ff is none: https://www.w3.org/TR/trace-context/#traceparent-header
_FORM = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Span:
    """One hop of a trace; `sampled` says whether those who record traces shall record this one."""

    trace_id: str
    span_id: str
    sampled: bool = False
    parent_id: str | None = None

    @property
    def header(self) -> str:
        """The `traceparent` of whatever this span leads to."""
        return f"00-{self.trace_id}-{self.span_id}-{SAMPLED if self.sampled else 0:02x}"

    def child(self) -> Span:
        """Return a fresh span that this one led to."""
        return Span(self.trace_id, _identity(8), self.sampled, self.span_id)


CURRENT: ContextVar[Span | None] = ContextVar("span", default=None)
"""The span under way in this context: what is asked for now is part of its trace."""


def first(*, sampled: bool) -> Span:
    """Return the first span of a new trace."""
    return Span(_identity(16), _identity(8), sampled)


def read(header: object) -> Span | None:
    """Return the span that a `traceparent` names, or None when it names none: a stranger's mistake costs nothing."""
    if not isinstance(header, str) or len(header) > LONGEST:
        return None
    found = _FORM.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "00" and more is not None:
        return None
    return Span(trace_id, span_id, bool(int(flags, 16) & SAMPLED))


def _identity(size: int) -> str:
    identity = os.urandom(size).hex()
    return identity if identity.strip("0") else _identity(size)

"""A traceparent is believed when it is one, and otherwise costs nothing."""

from __future__ import annotations

import httpx
import pytest

from shared.broker.traceparent import CURRENT, Span, read
from shared.broker.wire import compose
from shared.telemetry import traces
from shared.upstreams.http import Upstream
from tests.probe.kinds import PROBE_CONTRACTS, Nothing

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{PARENT}-01"


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (GOOD, True),
        (f"00-{TRACE}-{PARENT}-00", False),
        (f"00-{TRACE}-{PARENT}-03", True),
        (f"00-{TRACE}-{PARENT}-fe", False),
        (f"cc-{TRACE}-{PARENT}-01", True),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like", True),
    ],
)
def test_a_good_header_names_trace_and_parent(header: str, sampled: bool) -> None:
    assert read(header) == Span(TRACE, PARENT, sampled)


@pytest.mark.parametrize(
    "header",
    [
        None,
        7,
        "",
        "garbage",
        GOOD + "-more",
        GOOD + "\n",
        " " + GOOD,
        GOOD.upper(),
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE[:-1]}g-{PARENT}-01",
        f"00-{chr(0x661) * 32}-{PARENT}-01",
        f"cc-{TRACE}-{PARENT}-01.more",
        f"cc-{TRACE}-{PARENT}-01-{'x' * 10_000}",
    ],
)
def test_a_bad_header_names_nothing_and_a_trace_begins(header: object) -> None:
    assert read(header) is None
    begun = traces.continued(header)
    assert begun.parent_id is None
    assert read(begun.header) == Span(begun.trace_id, begun.span_id)


def test_each_hop_has_an_id_of_its_own_and_the_trace_and_the_decision_of_its_parent() -> None:
    hop = traces.continued(GOOD)
    assert (hop.trace_id, hop.parent_id, hop.sampled) == (TRACE, PARENT, True)
    assert hop.span_id != PARENT
    assert traces.continued(hop.header).parent_id == hop.span_id


def test_what_is_composed_while_a_span_is_under_way_is_part_of_its_trace() -> None:
    hop = traces.continued(GOOD)
    with traces.under(hop):
        assert compose(PROBE_CONTRACTS, Nothing()).traceparent == hop.header
        assert compose(PROBE_CONTRACTS, Nothing(), traceparent="another").traceparent == "another"
    assert CURRENT.get() is None
    assert compose(PROBE_CONTRACTS, Nothing()).traceparent is None


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_who_begins_a_trace_decides_whether_it_is_recorded(rate: float) -> None:
    traces.configure(rate)
    try:
        assert traces.begun().sampled == (rate == 1.0)
        assert not traces.continued(f"00-{TRACE}-{PARENT}-00").sampled
    finally:
        traces.configure(0.0)


def test_an_upstream_is_told_nothing_of_our_traces() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client, traces.under(traces.continued(GOOD)):
        Upstream("probe", client).get("https://stranger.example/", "it")
    assert not {"traceparent", "tracestate", "baggage", "sentry-trace"} & sent[0].headers.keys()

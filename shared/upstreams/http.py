"""The border to every upstream: sends one request, measures it, and answers in our own words and errors.

Nothing is tried twice here. Whether a failure means later or never is `consumers.verdict`'s to decide,
from the errors this module translates every status and every exception of httpx into.

Redirects: a GET follows at most MOST_REDIRECTS of them, and httpx takes the Authorization header off when one
leads to another host; anything with a body follows none, since the body may hold a key. None leads inside
(`shared.upstreams.outside`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import httpx
from httpx._client import UseClientDefault

from shared.clock import now
from shared.errors import LimitReached, MillraceError, RateLimited, UnreadableAnswer, UpstreamAway, UpstreamRefused
from shared.settings import Settings
from shared.telemetry import metrics, traces
from shared.upstreams.answer import Answer, refusal
from shared.upstreams.limit import Turns
from shared.upstreams.outside import only_outside
from shared.upstreams.secrets import masked, request_line
from shared.version import VERSION

CONNECT_SECONDS: Final = 5.0  # an upstream that does not even accept in five seconds is away
READ_SECONDS: Final = 30.0  # between two pieces of an answer; big records take an upstream ten seconds to start
WRITE_SECONDS: Final = 10.0  # our requests are small
POOL_SECONDS: Final = 10.0  # for a free connection, when the API asks from many threads
ANSWER_SECONDS: Final = 120.0  # for the whole answer: a drip of bytes would satisfy READ_SECONDS for ever
MOST_CONNECTIONS: Final = 20
MOST_REDIRECTS: Final = 3  # http to https, a renamed path, one to spare
SILENCE: Final = 5.0  # seconds in which nobody asks an upstream that said 429 and not for how long
LARGEST_ANSWER: Final = 32 * 1024 * 1024  # bytes after decompression; the largest real records are near 5 MiB

Headers = Mapping[str, str]
Params = Mapping[str, str | int | float | None]


def open_client(settings: Settings) -> httpx.Client:
    """Return the client that a process's upstreams share; made after fork, closed by whoever opened it."""
    # httpx logs whole addresses at INFO and httpcore headers at DEBUG, and both may hold a key.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    client = httpx.Client(
        timeout=httpx.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS, write=WRITE_SECONDS, pool=POOL_SECONDS),
        limits=httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS),
        headers={"User-Agent": f"Millrace/{VERSION} (+{settings.contact})"},
        max_redirects=MOST_REDIRECTS,
    )
    return only_outside(client, settings)


class Upstream:
    """One upstream as seen through a client: `name` is its word in errors, metrics and logs.

    `secrets` are the values (keys, tokens) that no error may show; `largest` is the size limit of an answer.
    """

    def __init__(
        self,
        name: str,
        client: httpx.Client,
        *,
        turns: Turns | None = None,
        secrets: Iterable[str] = (),
        largest: int = LARGEST_ANSWER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._client = client
        self._turns = turns
        self._secrets = set(secrets)
        self._largest = largest
        self._clock = clock

    def keep_secret(self, value: str) -> None:
        """Show this value in no error from now on."""
        self._secrets.add(value)

    def rest(self, seconds: float) -> None:
        """Let nobody ask for so many seconds, of our own accord: what an answer says can be a reason, too."""
        if self._turns is not None:
            self._turns.hold(seconds)

    def get(
        self,
        url: str,
        what: str,
        *,
        params: Params | None = None,
        headers: Headers | None = None,
        unchanged: bool = False,
        patience: float | None = None,
    ) -> Answer:
        """Ask for `what` (in words, for errors) and return the answer, whose status is a success.

        With `unchanged` the answer may also be 304, to a request whose headers name a version. `patience` is how many
        seconds the upstream may take to begin, and between two pieces; the client's own when left out.
        Raises UpstreamAway, RateLimited, LimitReached, BreakerOpen, UpstreamGone, UpstreamRefused or UnreadableAnswer.
        """
        return self._send(
            what,
            lambda: self._client.build_request("GET", url, params=params, headers=headers, timeout=_timeout(patience)),
            unchanged=unchanged,
        )

    def post(
        self,
        url: str,
        what: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Headers | None = None,
        patience: float | None = None,
    ) -> Answer:
        """Send a JSON body or a form; else as `get`."""
        timeout = _timeout(patience)
        return self._send(
            what,
            lambda: self._client.build_request("POST", url, json=json, data=form, headers=headers, timeout=timeout),
        )

    def _send(self, what: str, build: Callable[[], httpx.Request], *, unchanged: bool = False) -> Answer:
        if self._turns is not None:
            metrics.upstream_wait_seconds.labels(self.name).observe(self._turns.take())
        try:
            with traces.step("http.client", self.name):
                answer = self._answer(what, build, unchanged=unchanged)
        except MillraceError as error:
            if self._turns is not None:
                self._note(self._turns, error)
            raise
        if self._turns is not None:
            self._turns.succeeded()
        return answer

    def _note(self, turns: Turns, error: MillraceError) -> None:
        """Let everybody who asks this upstream know what it said; a refusal is an answer, too."""
        if isinstance(error, UpstreamAway):
            if error.retry_after is not None:
                turns.hold(error.retry_after)
            turns.failed()
            return
        turns.succeeded()
        if isinstance(error, RateLimited):
            turns.hold(SILENCE if error.retry_after is None else error.retry_after)

    def _answer(self, what: str, build: Callable[[], httpx.Request], *, unchanged: bool) -> Answer:
        started = self._clock()
        status = "error"
        try:
            request = build()
            answer = self._exchange(request, what, started)
            status = str(answer.status)
        except tuple(TRANSLATION) as error:
            ours, status = translated(self.name, f"{what}: {masked(str(error), self._secrets)}", error)
            # Such a message can quote the header at fault, key and all, so that cause is not kept.
            raise ours from (None if isinstance(error, httpx.LocalProtocolError) else error)
        except UnreadableAnswer:
            status = "unreadable"
            raise
        finally:
            took = self._clock() - started
            if self._turns is not None and self._turns.limit.rest:
                self._turns.hold(self._turns.limit.rest * took)
            metrics.upstream_seconds.labels(self.name).observe(took)
            metrics.upstream_requests.labels(self.name, status).inc()
        if unchanged and answer.status == httpx.codes.NOT_MODIFIED:
            return answer
        refused = refusal(answer, what, request_line(request), self._secrets, now())
        if refused is not None:
            raise refused
        return answer

    def _exchange(self, request: httpx.Request, what: str, started: float) -> Answer:
        response = self._client.send(request, stream=True, follow_redirects=request.method == "GET")
        try:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > self._largest and response.is_success:
                    raise UnreadableAnswer(self.name, f"{what} is larger than {self._largest} bytes", bytes(body))
                if len(body) > self._largest:
                    break  # of a refusal its beginning says enough
                if self._clock() - started > ANSWER_SECONDS:
                    raise httpx.ReadTimeout(f"no whole answer within {ANSWER_SECONDS:g} s", request=request)
        finally:
            response.close()
        return Answer(self.name, what, response.status_code, response.headers, bytes(body))


def _timeout(patience: float | None) -> httpx.Timeout | UseClientDefault:
    if patience is None:
        return httpx.USE_CLIENT_DEFAULT
    return httpx.Timeout(connect=CONNECT_SECONDS, read=patience, write=WRITE_SECONDS, pool=POOL_SECONDS)


def _away(upstream: str, what: str) -> MillraceError:
    return UpstreamAway(upstream, what)


def _unsent(upstream: str, what: str) -> MillraceError:
    return UpstreamRefused(upstream, None, what)


def _unreadable(upstream: str, what: str) -> MillraceError:
    return UnreadableAnswer(upstream, what)


# Exception of httpx -> (our error, label of the request counter); a subclass falls to its nearest ancestor.
TRANSLATION: Final[dict[type[Exception], tuple[Callable[[str, str], MillraceError], str]]] = {
    httpx.TimeoutException: (_away, "timeout"),
    httpx.NetworkError: (_away, "network"),
    httpx.ProxyError: (_away, "network"),
    httpx.RemoteProtocolError: (_away, "network"),
    httpx.ProtocolError: (_away, "network"),
    httpx.TransportError: (_away, "network"),
    httpx.RequestError: (_away, "network"),
    httpx.HTTPError: (_away, "network"),
    httpx.DecodingError: (_unreadable, "unreadable"),
    httpx.TooManyRedirects: (_unreadable, "unreadable"),
    httpx.CookieConflict: (_unreadable, "unreadable"),
    httpx.LocalProtocolError: (_unsent, "refused"),
    httpx.UnsupportedProtocol: (_unsent, "refused"),
    httpx.InvalidURL: (_unsent, "refused"),
}


def translated(upstream: str, what: str, error: Exception) -> tuple[MillraceError, str]:
    """Return our error for one of httpx's, and the label its request is counted under."""
    make, label = next(TRANSLATION[kind] for kind in type(error).__mro__ if kind in TRANSLATION)
    return make(upstream, f"{what} ({type(error).__name__})"), label


__all__ = ["Answer", "LimitReached", "Upstream", "open_client", "translated"]

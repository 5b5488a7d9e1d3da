"""Nobody outside can have us ask for what is inside: not by an address, nor by a name, nor by a redirect."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest

from shared.errors import UpstreamRefused
from shared.settings import Settings
from shared.upstreams.http import Upstream, open_client
from shared.upstreams.outside import Inside, Outside, is_outside


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1"),  # noqa: S104
        *("169.254.169.254", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "2001:db8::1", "fd00:ec2::254"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_what_is_inside_is_known_in_every_spelling(address: str) -> None:
    assert not is_outside(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_what_is_outside_may_be_asked(address: str) -> None:
    assert is_outside(address)


@contextmanager
def a_server(location: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Serve on loopback, sending everybody on to `location`; give the port, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if location else 200)
            self.send_header("Location", location or "/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str, **settings: Any) -> None:
    with open_client(Settings(**settings)) as client:
        Upstream("site", client).get(url, "a feed")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_an_address_inside_is_not_asked_however_it_is_written(host: str) -> None:
    with a_server() as (port, asked), pytest.raises(UpstreamRefused, match="MILLRACE_INTERNAL_SITES"):
        ask(f"http://{host}:{port}/")
    assert asked == []


def test_a_redirect_leads_nowhere_inside() -> None:
    with (
        a_server() as (inner, asked),
        a_server(f"http://127.0.0.1:{inner}/latest/meta-data/") as (outer, _),
        pytest.raises(UpstreamRefused, match="is inside"),
    ):
        ask(f"http://127.0.0.1:{outer}/", MILLRACE_INTERNAL_SITES=f"127.0.0.1:{outer}")
    assert asked == []


def test_a_setting_names_what_may_be_asked_inside_by_port_or_altogether() -> None:
    for sites in ("127.0.0.1:{}", "other.test 127.0.0.1"):
        with a_server() as (port, asked):
            ask(f"http://127.0.0.1:{port}/feed", MILLRACE_INTERNAL_SITES=sites.format(port))
        assert asked == ["/feed"]


def test_the_address_of_an_upstream_may_be_inside_without_being_named_again() -> None:
    with a_server() as (port, asked):
        ask(f"http://127.0.0.1:{port}/feed", TVDB_URL=f"http://127.0.0.1:{port}/tvdb/v4")
    assert asked == ["/feed"]


def test_a_name_is_looked_up_once_and_that_answer_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    connected: list[str] = []

    def looked_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in next(answers)]

    def connect(_: object, host: str, *__: object) -> None:
        connected.append(host)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    Outside(()).connect_tcp("rebinding.test", 80)

    assert connected == ["93.184.216.34"]
    with pytest.raises(Inside):
        Outside(()).connect_tcp("rebinding.test", 80)


def test_of_several_addresses_only_those_outside_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ["10.0.0.1", "93.184.216.34", "93.184.216.35"]
    tried: list[str] = []

    def connect(_: object, host: str, *__: object) -> str:
        tried.append(host)
        if host == "93.184.216.34":
            raise httpcore.ConnectError
        return "connected"

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)

    Outside(()).connect_tcp("two.test", 80)

    assert tried == ["93.184.216.34", "93.184.216.35"]


def test_a_name_that_nobody_knows_is_a_failure_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(httpcore.ConnectError):
        Outside(()).connect_tcp("nobody.test", 80)

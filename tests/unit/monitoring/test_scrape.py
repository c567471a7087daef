"""Asking processes for their metrics, over HTTP in this process."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from touchline.monitoring import scrape
from touchline.monitoring.scrape import Scraper
from touchline.monitoring.server import serve
from touchline.protocol.errors import SettingError


class Figures(Collector):
    """One gauge."""

    def __init__(self, name: str) -> None:
        self._name = name

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self._name, "A gauge.")
        family.add_metric([], 4.0)
        yield family


def _place(url: str) -> str:
    return url.split("/")[2]


def test_a_broker_names_the_others() -> None:
    """Hosts that a broker lists are asked, with the kind and the name that it knows."""
    with serve("127.0.0.1:0", Figures("touchline_host_connections_open")) as host:
        labels = {"job": "touchline-host", "__meta_touchline_name": "pi"}
        targets = [{"targets": [_place(host.url)], "labels": labels}]
        figures = Figures("touchline_broker_hosted_events")
        with serve("127.0.0.1:0", figures, targets=lambda: targets) as broker:
            scraper = Scraper(broker.url, [])
            scraper.turn()
    rows = scraper.overview.processes()
    assert [(row.kind, row.name, row.state) for row in rows] == [
        ("broker", "", "up"),
        ("host", "pi", "up"),
    ]
    assert (rows[1].connections, scraper.reason) == (4, "")


def test_pages_alone() -> None:
    """Without a broker the pages that are named are asked; what does not answer is down."""
    with serve("127.0.0.1:0", Figures("touchline_host_connections_open")) as host:
        scraper = Scraper("", [host.url, "127.0.0.1:1"])
        scraper.turn()
    assert [row.state for row in scraper.overview.processes()] == ["up", "down"]


def test_a_broker_without_targets() -> None:
    """A broker that lists nothing is shown alone, with the reason."""
    with serve("127.0.0.1:0", Figures("touchline_broker_hosted_events")) as broker:
        scraper = Scraper(broker.url, [])
        scraper.turn()
    assert [row.state for row in scraper.overview.processes()] == ["up"]
    assert "/targets: answered 404" in scraper.reason


@contextmanager
def _answering(body: bytes) -> Iterator[str]:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("body", [b"", b"{", b'[{"targets": 7}]', b"\xff", b'{"a": 1}'])
def test_what_is_no_list_has_a_reason(body: bytes) -> None:
    """Whatever a port answers, the other processes are asked."""
    with _answering(body) as address:
        scraper = Scraper(address, [])
        scraper.turn()
    assert scraper.reason
    assert len(scraper.overview.processes()) == 1


def test_an_endless_page_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page over the bound is not read to its end."""
    monkeypatch.setattr(scrape, "MOST_BYTES", 100)
    with _answering(b"touchline_host_x 1\n" * 100) as address:
        scraper = Scraper("", [address])
        scraper.turn()
    (alert,) = scraper.overview.alerts()
    assert "more than the 100 bytes allowed" in alert.text


@pytest.mark.parametrize("head", [b"", b"HTTP/1.0 200 OK\r\n\r\n"], ids=["head", "page"])
def test_a_page_that_drips_ends(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """A process that sends a byte at a time, without end, holds up nobody for longer than one that
    is silent: anybody may be among those that a broker lists."""
    monkeypatch.setattr(scrape, "TIMEOUT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(head)
                while True:
                    connection.sendall(b"H")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        scraper = Scraper("", [f"127.0.0.1:{server.getsockname()[1]}"])
        scraper.turn()
        thread.join()
    (alert,) = scraper.overview.alerts()
    assert "127.0.0.1" in alert.text


@pytest.mark.parametrize("address", ["ftp://a", "https://a/metrics", "a:b", "http://", ":1"])
def test_an_address_that_is_not_valid(address: str) -> None:
    """An address that is not valid is refused before anything is asked."""
    with pytest.raises(SettingError, match="--metrics"):
        Scraper("", [address])

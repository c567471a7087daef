"""The metrics page: served, found taken, closed."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.error import HTTPError

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tests.patience import PATIENCE
from touchline.monitoring.server import serve
from touchline.protocol.errors import AddressTaken, SettingError, StorageFault


class Stub(Collector):
    """One figure that grows with each scrape."""

    def __init__(self) -> None:
        self.scrapes = 0

    def collect(self) -> Iterator[Metric]:
        self.scrapes += 1
        yield GaugeMetricFamily("touchline_scrapes", "Scrapes.", value=self.scrapes)


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
    return text


def test_page() -> None:
    """Each scrape reads the collector anew; the figures of the process are there too."""
    with serve("127.0.0.1:0", Stub()) as page:
        first, second = read(page.url), read(page.url)
    assert "touchline_scrapes 1.0" in first
    assert "touchline_scrapes 2.0" in second
    assert "process_open_fds" in first


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9670", 200),
        ("[::1]", 200),
        ("localhost:1", 200),
        ("broker:9670", 200),
        (socket.gethostname(), 200),
        ("evil.example:9670", 403),
        ("a.b", 403),
        ("", 200),
    ],
)
def test_only_under_its_own_names(host: str, status: int) -> None:
    """A page of another site, whose name is made to resolve to this machine, reads nothing."""
    with serve("127.0.0.1:0", Stub()) as page:
        asked = HTTPConnection(page.url.split("/")[2], timeout=PATIENCE)
        asked.request("GET", "/metrics", headers={"Host": host})
        answer = asked.getresponse()
        body = answer.read()
        asked.close()
    assert (answer.status, b"touchline_scrapes" in body) == (status, status == 200)


def test_nothing_read_before_asked() -> None:
    """Serving alone reads nothing of the process."""
    stub = Stub()
    with serve("127.0.0.1:0", stub):
        assert stub.scrapes == 0


def test_close_frees_thread_and_address() -> None:
    """After close there is no thread left, and the address can be taken again at once."""
    before = threading.active_count()
    page = serve("127.0.0.1:0", Stub())
    read(page.url)
    port = int(page.url.split(":")[2].split("/")[0])
    page.close()
    assert threading.active_count() == before
    with serve(f"127.0.0.1:{port}", Stub()) as again:
        assert "touchline_scrapes" in read(again.url)


def test_two_pages_in_one_process() -> None:
    """Pages have registries of their own and do not mix."""
    one, other = Stub(), Stub()
    with serve("127.0.0.1:0", one) as first, serve("127.0.0.1:0", other) as second:
        read(first.url)
        assert "touchline_scrapes 1.0" in read(second.url)


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_ipv6() -> None:
    """An IPv6 address is served, and named as it is written in a URL."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    with serve("[::1]:0", Stub()) as page:
        assert page.url.startswith("http://[::1]:")
        assert "touchline_scrapes" in read(page.url)


def test_address_taken() -> None:
    """An address in use is refused with a sentence that names the flag and the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(AddressTaken, match=rf"--metrics.*{address}.*in use"):
            serve(address, Stub())


def test_no_address() -> None:
    """What is no address is refused with a sentence that names the flag."""
    with pytest.raises(SettingError, match="--metrics"):
        serve("http://x/y", Stub())


@pytest.fixture
def parts() -> dict[str, str]:
    return {"journal": "", "broker": ""}


@pytest.fixture
def health(parts: dict[str, str]) -> Iterator[Callable[..., tuple[int, Any]]]:
    """Return a function that asks a server, whose parts are `parts`, for a path."""
    with serve("127.0.0.1:0", Stub(), lambda: parts) as page:

        def ask(path: str, method: str = "GET") -> tuple[int, Any]:
            asked = HTTPConnection(page.url.split("/")[2], timeout=PATIENCE)
            asked.request(method, path)
            answer = asked.getresponse()
            body = answer.read()
            asked.close()
            kind = answer.headers["Content-Type"]
            return answer.status, json.loads(body) if kind == "application/json" else body

        yield ask


def test_ready_says_which_part_is_not(
    health: Callable[..., tuple[int, Any]], parts: dict[str, str]
) -> None:
    """`/ready` is 200 while every part is; a part that is not makes it 503 and is named, while the
    process lives on."""
    good = {"ready": True, "reason": ""}
    assert health("/ready") == (200, {"ready": True, "parts": {"journal": good, "broker": good}})
    parts["journal"] = "disk full"
    ill = {"ready": False, "reason": "disk full"}
    assert health("/ready") == (503, {"ready": False, "parts": {"journal": ill, "broker": good}})
    assert health("/live") == (200, {"live": True})


@pytest.mark.parametrize("path", ["/", "/metrics/", "/favicon.ico", "/ready/x", "/%2e%2e/metrics"])
def test_nothing_else(health: Callable[..., tuple[int, Any]], path: str) -> None:
    """Every other path is 404 and reads nothing."""
    status, body = health(path)
    assert status == 404
    assert "/metrics" in body["reason"]


def test_only_get(health: Callable[..., tuple[int, Any]]) -> None:
    """Nothing is written here."""
    assert [health(path, "POST")[0] for path in ("/metrics", "/live", "/ready")] == [405] * 3


def test_targets_of_a_broker_alone(health: Callable[..., tuple[int, Any]]) -> None:
    """`/targets` is there where there are targets; while they can't be read it is 503, with which
    Prometheus keeps those that it has."""
    assert health("/targets")[0] == 404
    found: list[dict[str, object]] = [{"targets": ["h:1"], "labels": {"job": "touchline-host"}}]
    broken = False

    def targets() -> list[dict[str, object]]:
        if broken:
            raise StorageFault("the database refuses")
        return found

    with serve("127.0.0.1:0", Stub(), targets=targets) as page:
        url = page.url.replace("/metrics", "/targets")
        assert json.loads(read(url)) == found
        broken = True
        with pytest.raises(HTTPError) as refused:
            read(url)
        refused.value.close()
    assert refused.value.code == 503

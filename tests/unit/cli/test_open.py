"""`touchline open`: the address of a page, and the browser."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from touchline.cli import open as opening
from touchline.protocol.errors import SettingError, Unreachable


@pytest.fixture
def gateway() -> Iterator[str]:
    """Something that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("there_is_one", [True, False])
def test_a_browser_is_opened(
    gateway: str, there_is_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is opened; where there is no browser, its address is printed."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or there_is_one)
    done = CliRunner().invoke(opening.command, ["a-v-b", "--gateway", gateway])
    url = f"{gateway}/events/a-v-b"
    assert (opened, done.exit_code) == ([url], 0)
    assert done.stdout == (f"opened {url}\n" if there_is_one else f"{url}\n")


def test_an_address_is_printed() -> None:
    """--print needs neither browser nor gateway, and a page's address has no other parts."""
    arguments = ["../x?y", "--print", "--gateway", "https://club.example/"]
    done = CliRunner().invoke(opening.command, arguments)
    assert done.stdout == "https://club.example/events/..%2Fx%3Fy\n"


def test_without_a_gateway() -> None:
    """Where nothing listens the command says so, and opens nothing."""
    done = CliRunner().invoke(opening.command, ["a-v-b", "--gateway", "http://127.0.0.1:1"])
    assert isinstance(done.exception, Unreachable)


@pytest.mark.parametrize("gateway", ["ftp://x", "x:80", "", "http://", "http://x:y", "file:///x"])
def test_an_address_that_is_not_valid(gateway: str) -> None:
    """Only the address of a web server is one of a gateway."""
    done = CliRunner().invoke(opening.command, ["a-v-b", "--print", "--gateway", gateway])
    assert isinstance(done.exception, SettingError)

"""`touchline open`: the page of an event, in a browser."""

from __future__ import annotations

import socket
from urllib.parse import quote, urlsplit

import click

from ..protocol.errors import SettingError, Unreachable
from . import shared
from .shared import emit, json_option

TIMEOUT_SECONDS = 3.0
"""How long the gateway may take to accept a connection."""


@click.command("open", epilog="Example: touchline open world-cup-final-7k2m")
@shared.event_argument
@click.option(
    "--gateway",
    default="http://127.0.0.1:8080",
    show_default=True,
    metavar="URL",
    help="The gateway that has the page.",
)
@click.option("--print", "printed", is_flag=True, help="Print the address, and open nothing.")
@json_option
def command(event: str, gateway: str, printed: bool, as_json: bool) -> None:
    """Open the page of EVENT in a browser.

    A gateway has to run: touchline gateway. Where there is no browser, the address is printed.
    """
    url = page_url(gateway, event)
    if not printed:
        _reach(gateway)
        import webbrowser

        printed = not webbrowser.open(url)
    if as_json:
        emit({"type": "page", "url": url, "opened": not printed})
    else:
        click.echo(url if printed else f"opened {url}")


def page_url(gateway: str, event: str) -> str:
    """Return the address of an event's page.

    Args:
        gateway: the gateway's URL.
        event: its id.

    Raises:
        SettingError: the gateway's URL is not valid.
    """
    host, _ = _place(gateway)
    if not host:
        raise SettingError(f"--gateway: {gateway!r} is not http://HOST:PORT")
    return f"{gateway.rstrip('/')}/events/{quote(event, safe='')}"


def _place(gateway: str) -> tuple[str, int]:
    """Return the host and the port of a URL; an empty host where it is not valid."""
    try:
        parts = urlsplit(gateway)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0
    return (parts.hostname or "") if parts.scheme in ("http", "https") else "", port


def _reach(gateway: str) -> None:
    """Fail where no gateway listens, rather than leave it to the browser.

    Raises:
        Unreachable: nothing listens there.
    """
    try:
        socket.create_connection(_place(gateway), TIMEOUT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or error
        raise Unreachable(f"no gateway at {gateway}: {reason}; touchline gateway") from None

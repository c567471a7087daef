"""`touchline datagrams-client`: follow an event over UDP datagrams."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..datagrams.options import PORT
from ..datagrams.texts import LANGUAGES
from ..protocol import addresses, times
from ..runtime import clock
from ..runtime.folders import data_folder
from .datagrams import logs_format_option
from .shared import emit, json_option, metrics_option, metrics_page, stop_flag

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from ..datagrams.receiver import Received, Receiver
    from ..monitoring.health import Readiness

TURN_SECONDS = 0.25
"""The longest wait before the command looks for Ctrl+C."""

PATIENCE_SECONDS = 15.0
"""Seconds after which the client prints that no datagram has come yet."""


@click.command(
    "datagrams-client", epilog="Example: touchline datagrams-client 127.0.0.1 --language pt"
)
@click.argument("server", metavar="HOST[:PORT]")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="Print sentences in this language instead of the server's.",
)
@click.option(
    "--logs",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="a new one for each client, in the user's data folder",
    help="The folder of received.log, statistics.log and server.log.",
)
@logs_format_option
@metrics_option
@json_option
def command(
    server: str,
    language: str | None,
    logs: Path | None,
    logs_format: str,
    metrics: str,
    as_json: bool,
) -> None:
    """Follow the event that touchline datagrams serves at HOST, by default on port 12345.

    The client prints each action and the score, and both line-ups when they change: a `*` for each
    goal of a player, (red card) after a name. At the end of transmission, and on Ctrl+C, it prints
    how many datagrams it received, lost and got out of order.
    """
    from ..datagrams.client import DatagramClient, Logs
    from ..datagrams.receiver import Receiver

    host, port = addresses.parse(server, what="HOST", port=PORT)
    folder = logs or _own_folder()
    receiver = Receiver(language or "")
    with ExitStack() as stack:
        kept = Logs(folder, as_json=logs_format == "json")
        stack.callback(kept.close)
        client = stack.enter_context(DatagramClient(host.strip("[]"), port, receiver, kept))
        page = stack.enter_context(metrics_page(metrics, lambda: _monitored(receiver)))
        if page and as_json:
            emit({"type": "registered", "metrics": page})
        stopped = stack.enter_context(stop_flag())
        waited = 0.0
        while not (stopped.is_set() or client.ended):
            for shown in client.items(TURN_SECONDS):
                _show(shown, as_json=as_json)
                if stopped.is_set():
                    break
            waited += TURN_SECONDS
            if waited == PATIENCE_SECONDS and not receiver.statistics.received and not as_json:
                click.echo(f"registered at {host}:{port}; nothing has happened there yet")
    _sum_up(receiver, folder, ended=client.ended, as_json=as_json)


def _monitored(receiver: Receiver) -> tuple[Collector, Readiness]:
    from ..monitoring.datagrams import datagrams_client_collector

    def parts() -> dict[str, str]:
        come = receiver.statistics.received
        return {"server": "" if come else "no datagram has come from the server yet"}

    return datagrams_client_collector(receiver.statistics), parts


def _own_folder() -> Path:
    """Return a folder that no other client on this machine has."""
    began = times.to_rfc3339(clock.wall()).replace(":", "").replace("-", "")
    return data_folder() / "datagrams" / f"{began}-{os.getpid()}"


def _show(shown: Received, *, as_json: bool) -> None:
    if as_json:
        emit({"type": shown.log, "text": shown.text})
        return
    for line in shown.lines:
        click.echo(line)


def _sum_up(receiver: Receiver, folder: Path, *, ended: bool, as_json: bool) -> None:
    statistics = receiver.statistics
    if as_json:
        counts = {
            "received": statistics.received,
            "lost": statistics.lost,
            "out_of_order": statistics.out_of_order,
            "twice": statistics.twice,
            "unreadable": statistics.strange,
        }
        emit({"type": "summary", "ended": ended, **counts})
        return
    click.echo(f"datagrams: {statistics}")
    click.echo(f"logs in {folder}")

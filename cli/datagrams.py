"""`touchline datagrams`: an event as UDP datagrams."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
import msgspec

from ..datagrams.options import PORT, Options
from ..protocol import times
from ..protocol.errors import SettingError
from ..protocol.text import plain
from ..runtime import clock
from .settings import settings
from .shared import (
    broker_flags,
    card_of,
    emit,
    find_broker,
    json_option,
    link,
    log_to_stderr,
    name_option,
    stopping,
    verbose_option,
)

if TYPE_CHECKING:
    from ..datagrams.core import LogLine
    from ..datagrams.server import DatagramServer
    from ..sports.matchfile import Match


@click.command("datagrams", epilog="Example: touchline datagrams --simulate --seed 3 --interval 1")
@click.argument("event", required=False, default="")
@broker_flags
@name_option
@click.option("--simulate", is_flag=True, help="Serve a simulated football match; no broker.")
@click.option(
    "--seed", default=1, show_default=True, help="With --simulate: a seed always gives one match."
)
@settings(Options)
@click.option(
    "--from-start",
    is_flag=True,
    help="Begin with the past actions when the first client comes; a finished event always does.",
)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a log to this file: clients that came and left, and datagrams that were sent.",
)
@json_option
@verbose_option
def command(
    event: str,
    broker: str,
    insecure: bool,
    name: str,
    simulate: bool,
    seed: int,
    from_start: bool,
    log: Path | None,
    as_json: bool,
    verbose: bool,
    **values: Any,
) -> None:
    """Serve EVENT as UDP datagrams of JSON, one an action: line-ups, score and a sentence.

    A client sends `register`, and `unregister` when it leaves; touchline datagrams-client is one.
    The server stops when the event is over and all clients know it, and on Ctrl+C.
    """
    log_to_stderr(verbose=verbose)
    if bool(event) == simulate:
        raise SettingError("give either an EVENT or --simulate")
    options = Options(**values)
    # Imported here so that --help stays quick.
    from ..datagrams.server import DatagramServer
    from ..datagrams.snapshots import card_of as card_of_match
    from ..datagrams.snapshots import entries_of

    with ExitStack() as stack:
        said = _sayer(stack, log, as_json=as_json)
        if simulate:
            match = _made_up(seed)
            server = DatagramServer(options, waits=True, said=said)
            server.play(card_of_match(match), entries_of(match))
            title = f"{match.title} (simulated, seed {seed})"
        else:
            address, who = find_broker(broker, insecure=insecure)
            to_broker = stack.enter_context(link(address, who or name, ["viewer"]))
            card = card_of(to_broker, event)
            from_start = from_start or card.status == "finished"
            server = DatagramServer(options, waits=from_start, said=said)
            follower = threading.Thread(
                target=server.follow,
                args=(to_broker, card),
                kwargs={"from_start": from_start},
                name="feed",
            )
            stack.callback(follower.join)
            stack.callback(server.stop)
            follower.start()
            title = card.title
        _greet(server, title, as_json=as_json)
        with stopping(server.stop):
            server.run()
    _sum_up(server, as_json=as_json)


def _made_up(seed: int) -> Match:
    """Return a match of the first sport that has all a datagram shows: players and minutes."""
    from .. import sports
    from ..sports.capabilities import MinuteClock, Simulated, TeamSheet

    for name in sports.list():
        sport = sports.get(name)
        able = isinstance(sport, TeamSheet) and isinstance(sport, MinuteClock)
        if able and isinstance(sport, Simulated):
            make = sport.simulation.make
            return make(sport, random.Random(seed), origins=sport.simulation.origins)
    raise SettingError("--simulate: no sport is installed that can be shown so")


def _sayer(stack: ExitStack, log: Path | None, *, as_json: bool) -> Callable[[LogLine], None]:
    """Return a function that writes the server's log and prints it."""
    file: IO[bytes] | None = None
    if log is not None:
        try:
            file = stack.enter_context(log.open("wb", buffering=0))
        except OSError as error:
            raise SettingError(f"--log: {log}: {error}") from None

    def say(note: LogLine) -> None:
        where = "{}:{}".format(*note.address[:2]) if note.address is not None else None
        line: dict[str, object] = {
            "time": times.to_rfc3339(clock.wall()),
            "what": note.what,
            "client": where,
            "text": note.text or None,
        }
        if file is not None:
            file.write(msgspec.json.encode(line) + b"\n")
        message = msgspec.json.decode(note.text)["message"] if note.what == "sent" else None
        if as_json:
            emit({"type": "log", **line, "text": message["content"] if message else line["text"]})
        elif message is None:
            click.echo(f"{note.what} {where or ''} {plain(note.text)}".rstrip())
        else:
            click.echo(f"{message['count']:>4}  {message['score']}  {message['content']}")

    return say


def _greet(server: DatagramServer, title: str, *, as_json: bool) -> None:
    host, port = server.address
    if as_json:
        emit({"type": "listening", "host": host, "port": port, "title": title})
        return
    where = "" if port == PORT else f":{port}"
    shown = "THIS-MACHINE" if host in ("0.0.0.0", "::") else host
    click.echo(f"{plain(title)}: datagrams on UDP {host}:{port}")
    click.echo(f"next: touchline datagrams-client {shown}{where}")
    click.echo("Ctrl+C stops it.")


def _sum_up(server: DatagramServer, *, as_json: bool) -> None:
    counters = server.core.counters
    sent, clients = counters["sent"], counters["registered"]
    if as_json:
        emit({"type": "stopped", "sent": sent, "clients": clients})
    else:
        click.echo(f"datagrams stopped: {sent:,} sent to {clients:,} clients")

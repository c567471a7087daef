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
from ..runtime import clock, files
from . import completion
from .settings import settings
from .shared import (
    broker_flags,
    card_of,
    emit,
    find_broker,
    json_option,
    link,
    log_options,
    metrics_option,
    metrics_page,
    name_option,
    serving,
)

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from ..datagrams.core import LogLine
    from ..datagrams.server import DatagramServer
    from ..monitoring.health import Readiness
    from ..sports.matchfile import Match


logs_format_option = click.option(
    "--logs-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Write each line of a log as a time and words, or as a JSON object.",
)


@click.command("datagrams", epilog="Example: touchline datagrams --simulate --seed 3 --interval 1")
@click.argument("event", required=False, default="", shell_complete=completion.events)
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
@logs_format_option
@metrics_option
@json_option
@log_options("datagrams")
def command(
    event: str,
    broker: str,
    insecure: bool,
    name: str,
    simulate: bool,
    seed: int,
    from_start: bool,
    log: Path | None,
    logs_format: str,
    metrics: str,
    as_json: bool,
    **values: Any,
) -> None:
    """Serve EVENT as UDP datagrams of JSON, one for each action: line-ups, score and a sentence.

    A client sends `register`, and `unregister` when it leaves; touchline datagrams-client is one.
    The server stops when the event is over and all clients know it, and on Ctrl+C.
    """
    if bool(event) == simulate:
        raise SettingError("give either an EVENT or --simulate")
    options = Options(**values)
    # Imported here so that --help stays quick.
    from ..datagrams.server import DatagramServer
    from ..datagrams.snapshots import card_of as card_of_match
    from ..datagrams.snapshots import entries_of

    with ExitStack() as stack:
        file = _opened(stack, log)
        on_log = _log_printer(file, file_as_json=logs_format == "json", as_json=as_json)
        if simulate:
            match = _made_up(seed)
            server = DatagramServer(options, waits=True, on_log=on_log)
            server.play(card_of_match(match), entries_of(match))
            title = f"{match.title} (simulated, seed {seed})"
        else:
            address, who = find_broker(broker, insecure=insecure)
            to_broker = stack.enter_context(link(address, who or name, ["viewer"]))
            card = card_of(to_broker, event)
            from_start = from_start or card.status == "finished"
            server = DatagramServer(options, waits=from_start, on_log=on_log)
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
        page = stack.enter_context(metrics_page(metrics, lambda: _monitored(server)))
        _greet(server, title, page, as_json=as_json)
        if file is not None:
            _write_start(file, server, title, as_json=logs_format == "json")
        with serving(server.stop):
            server.run()
    _sum_up(server, as_json=as_json)


def _made_up(seed: int) -> Match:
    """Return a match of the first sport that has what a datagram shows: players and minutes."""
    from .. import sports
    from ..sports.capabilities import MinuteClock, Simulated, TeamSheet

    for name in sports.list():
        sport = sports.get(name)
        able = isinstance(sport, TeamSheet) and isinstance(sport, MinuteClock)
        if able and isinstance(sport, Simulated):
            make = sport.simulation.make
            return make(sport, random.Random(seed), origins=sport.simulation.origins)
    raise SettingError("--simulate: no installed sport has players and minutes to show")


def _opened(stack: ExitStack, log: Path | None) -> IO[bytes] | None:
    """Return the file of the server's log, opened."""
    if log is None:
        return None
    try:
        return stack.enter_context(files.open_new(log))
    except OSError as error:
        raise SettingError(f"--log: {log}: {error}") from None


def _write_start(file: IO[bytes], server: DatagramServer, title: str, *, as_json: bool) -> None:
    """Write what the server serves, and where."""
    host, port = server.address
    interval = server.core.options.interval
    started = f"{title}: one datagram every {interval:g} s"
    for what, text in (("listening", f"UDP {host}:{port}"), ("started", started)):
        _write(file, what, None, text, as_json=as_json)


def _write(
    file: IO[bytes], what: str, client: str | None, text: str | None, *, as_json: bool
) -> None:
    time = times.to_rfc3339(clock.wall())
    if as_json:
        line = {"time": time, "what": what, "client": client, "text": text}
        file.write(msgspec.json.encode(line) + b"\n")
    else:
        words = (time, what, client, plain(text) if text else None)
        file.write(" ".join(word for word in words if word).encode() + b"\n")


def _log_printer(
    file: IO[bytes] | None, *, file_as_json: bool, as_json: bool
) -> Callable[[LogLine], None]:
    """Return a function that writes the server's log and prints it."""

    def say(note: LogLine) -> None:
        where = "{}:{}".format(*note.address[:2]) if note.address is not None else None
        line: dict[str, object] = {
            "time": times.to_rfc3339(clock.wall()),
            "what": note.what,
            "client": where,
            "text": note.text or None,
        }
        if file is not None:
            _write(file, note.what, where, note.text or None, as_json=file_as_json)
        message = msgspec.json.decode(note.text)["message"] if note.what == "sent" else None
        if as_json:
            emit({"type": "log", **line, "text": message["content"] if message else line["text"]})
        elif message is None:
            click.echo(f"{note.what} {where or ''} {plain(note.text)}".rstrip())
        else:
            click.echo(f"{message['count']:>4}  {message['score']}  {message['content']}")

    return say


def _monitored(server: DatagramServer) -> tuple[Collector, Readiness]:
    from ..monitoring.datagrams import datagrams_collector
    from ..monitoring.health import datagrams_readiness

    return datagrams_collector(server), datagrams_readiness(server)


def _greet(server: DatagramServer, title: str, page: str, *, as_json: bool) -> None:
    host, port = server.address
    if as_json:
        emit(
            {
                "type": "listening",
                "host": host,
                "port": port,
                "title": title,
                "metrics": page or None,
            }
        )
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

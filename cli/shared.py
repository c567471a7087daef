"""What the commands have in common: who one is, where the broker is, JSON lines, stopping."""

from __future__ import annotations

import getpass
import logging
import os
import signal
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..protocol.errors import NotFound, SettingError
from ..protocol.messages import Card, Detail, Event, Role, Show

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from ..peer import Link
    from ..peer.session import Session
    from ..sports.matchfile import Match


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "someone"


broker_option = click.option(
    "--broker",
    default="127.0.0.1:5670",
    show_default=True,
    metavar="HOST:PORT",
    envvar="TOUCHLINE_BROKER",
    help="Where the broker is.",
)

name_option = click.option(
    "--name",
    default=_login,
    show_default="your login name",
    envvar="TOUCHLINE_NAME",
    help="Who you are: each name has an identity of its own.",
)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line, for programs."
)

metrics_option = click.option(
    "--metrics",
    default="",
    metavar="HOST:PORT",
    help="Serve metrics for Prometheus at http://HOST:PORT/metrics.",
)


verbose_option = click.option(
    "--verbose", is_flag=True, help="Log all that is done to standard error, not only trouble."
)


def home() -> Path:
    """Return the user's folder for outboxes and journals: TOUCHLINE_HOME, or the system's."""
    chosen = os.environ.get("TOUCHLINE_HOME")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("touchline"))


@contextmanager
def link(broker: str, name: str, roles: Sequence[Role] = ()) -> Iterator[Link]:
    """Give a link to the broker under a name's identity, and close it."""
    from ..peer import Link, identity

    with Link(broker, name, identity.load(name), roles) as open_link:
        yield open_link


def card_of(link: Link, event: str, timeout: float = 5.0) -> Card:
    """Return what the broker knows of an event.

    Args:
        link: to the broker.
        event: its id.
        timeout: seconds to wait.

    Raises:
        TouchlineError: there is no such event, or the broker does not answer.
    """
    reply = link.ask(Show(id=0, event=event), timeout)
    if not isinstance(reply, Event):
        raise AssertionError(f"the broker answered show with {type(reply).__name__}")
    return reply.card


def missing_host(session: Session, seconds: float) -> str:
    """Return in a sentence why an event's host was not reached within some seconds."""
    if session.hosted is False:
        return f"event {session.event} has no host now; start one: touchline host {session.event}"
    if session.away is not None:
        return session.away.sentence
    if session.hosted is None:
        return f"no answer from the broker within {seconds:g} s; is it running? touchline broker"
    return f"the host of {session.event} did not answer within {seconds:g} s"


def outbox_path(event: str, name: str) -> Path:
    """Return the file of a person's outbox for an event.

    Raises:
        NotFound: no event can have that id.
    """
    if not event.strip(".") or set(event) & set("/\\\0"):
        raise NotFound(f"no event {event!r}")
    return home() / "outbox" / name / f"{event}.db"


def emit(value: Mapping[str, object]) -> None:
    """Print one JSON object on a line of its own, at once."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


def plain(text: str) -> str:
    """Return text from the network with nothing in it that a terminal would obey."""
    return "".join(
        "�" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in text
    )


def details(pairs: Sequence[str]) -> dict[str, Detail]:
    """Return the details that `--detail key=value` flags give; numbers become numbers.

    Raises:
        SettingError: a flag without `=`.
    """
    return {name: _number(value) for name, value in (_split("--detail", pair) for pair in pairs)}


def rules(pairs: Sequence[str], definition: Path | None = None) -> dict[str, object]:
    """Return the rules of a sport that `--rule NAME=VALUE` and `--definition FILE` flags give.

    A value that is JSON (a number, true, false) is taken as such, any other as a text.

    Raises:
        SettingError: a flag without `=`, or a file that is no definition.
    """
    found: dict[str, object] = {}
    for name, value in (_split("--rule", pair) for pair in pairs):
        try:
            found[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            found[name] = value
    if definition is not None:
        from ..sports import custom

        try:
            found["definition"] = custom.read(read_text(definition, "--definition"))
        except SettingError as error:
            raise SettingError(f"--definition: {definition}: {error.sentence}") from None
    return found


def read_text(path: Path, flag: str) -> str:
    """Return what a file that a flag names holds.

    Raises:
        SettingError: it can't be read, or is no UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{flag}: {path}: {error}") from None


def _split(flag: str, pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals or not name:
        raise SettingError(f"{flag}: {pair!r} is not NAME=VALUE")
    return name, value


def _number(text: str) -> Detail:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def load_match(name: str) -> Match:
    """Return a match that ships with Touchline, or the one in a file.

    Raises:
        NotFound: it is neither.
        SettingError: the file is no match; the sentence names the line.
    """
    from ..sports import matches, matchfile

    path = Path(name)
    if name in matches.names() or not path.exists():
        return matches.load(name)
    try:
        return matchfile.read(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name}: {error}") from None


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the first Ctrl+C or SIGTERM; a second one ends the process."""

    def first(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop()

    before = {number: signal.signal(number, first) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_flag() -> Iterator[threading.Event]:
    """Give a flag that the first Ctrl+C or SIGTERM sets; a second one ends the process.

    The main thread looks at it with `is_set`: a signal that comes within its `wait` would wait for
    the flag's own lock.
    """
    flag = threading.Event()
    with stopping(flag.set):
        yield flag


@contextmanager
def metrics_page(address: str, collector: Callable[[], Collector]) -> Iterator[str]:
    """Serve metrics where `--metrics` asks for it; give the page's URL, empty where it does not.

    Raises:
        SettingError, AddressTaken: the address is none, or can't be listened on.
    """
    if not address:
        yield ""
        return
    from ..monitoring.server import serve

    with serve(address, collector()) as page:
        yield page.url


def log_to_stderr(*, verbose: bool = False) -> None:
    """Let a serving process say on standard error what goes wrong, or, `verbose`, all it does."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )

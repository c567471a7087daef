"""Code that commands share: the user's name, the broker, JSON lines, stopping."""

from __future__ import annotations

import functools
import getpass
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click
import msgspec
from click.core import ParameterSource

from ..protocol import addresses
from ..protocol.errors import NotFound, SettingError
from ..protocol.messages import Card, Detail, Event, EventList, Role, Search, Show
from ..protocol.text import json_line
from ..runtime.descriptors import raise_limit
from ..runtime.folders import data_folder
from ..runtime.languages import LANGUAGES, SOURCE, from_environment, speak
from ..runtime.logs import Form, JsonFormatter, TextFormatter, Throttle
from . import completion, output

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from ..monitoring.health import Readiness
    from ..monitoring.server import Targets
    from ..peer import Link, Subscriber
    from ..peer.reporter.counters import ReporterCounters
    from ..peer.session import Session
    from ..runtime.nats_client import NatsOptions
    from ..sports.capabilities import Definable
    from ..sports.matchfile import Match

T = TypeVar("T")


MOST_NAMES = 20
"""The most names that are tried where the login name is taken."""


def login_name() -> str:
    """Return the user's login name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "someone"


def names_to_try(name: str) -> Iterator[str]:
    """Yield a command's name and, where it is the login name that nobody typed, further ones."""
    yield name
    if click.get_current_context().get_parameter_source("name") is ParameterSource.DEFAULT:
        for number in range(2, MOST_NAMES + 1):
            yield f"{name}-{number}"


def speak_as(language: str | None, *, as_json: bool) -> None:
    """Speak the language that was given, or that of the terminal; JSON is English."""
    speak(SOURCE if as_json else language or from_environment(os.environ))


language_option = click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    help="The language of what people read; without it that of TOUCHLINE_LANGUAGE, LC_ALL,"
    " LC_MESSAGES or LANG. JSON is English.",
)

name_option = click.option(
    "--name",
    default=login_name,
    show_default="your login name",
    envvar="TOUCHLINE_NAME",
    shell_complete=completion.identities,
    help="Your name; each name has an identity of its own.",
)

event_argument = click.argument("event", shell_complete=completion.events)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs, one object a line."
)


class CommandGroup(click.Group):
    """A group whose help has the first paragraph of each command, where Click cuts it to a line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and what they do."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                rows.append((name, " ".join((command.help or "").split("\n\n")[0].split())))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


metrics_option = click.option(
    "--metrics",
    default="",
    metavar="HOST:PORT",
    help="Serve metrics for Prometheus at http://HOST:PORT/metrics, and /live and /ready; port 0"
    " takes a free port, and standard error says which.",
)

metrics_events_option = click.option(
    "--metrics-events",
    type=click.IntRange(0, 10_000),
    default=16,
    show_default=True,
    metavar="N",
    help="The most events with metrics of their own; the others are summed.",
)

insecure_option = click.option(
    "--insecure", is_flag=True, help="Encrypt nothing; only for a broker on this machine."
)


def log_options(process: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command `--log-format`, `--log-level` and `--verbose`, and let it log accordingly.

    Args:
        process: the kind of the process; each line of JSON names it.
    """

    def with_flags(command: Callable[..., T]) -> Callable[..., T]:
        @functools.wraps(command)
        def logging_command(
            *arguments: Any, log_format: Form, log_level: str | None, verbose: bool, **others: Any
        ) -> T:
            level = log_level or ("info" if verbose else "warning")
            log_to_stderr(process, log_format, level)
            return command(*arguments, **others)

        for flag in (_verbose_option, _log_level_option, _log_format_option):
            logging_command = flag(logging_command)
        return logging_command

    return with_flags


_verbose_option = click.option("--verbose", is_flag=True, help="The same as --log-level info.")

_log_level_option = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    show_default="warning",
    envvar="TOUCHLINE_LOG_LEVEL",
    help="What is logged to standard error: debug has a line for each request and report, info for"
    " connections and decisions.",
)

_log_format_option = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="TOUCHLINE_LOG_FORMAT",
    help="How lines of the log are written.",
)


def broker_option(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command `--broker` and `--insecure`; it is called with the whole address, `broker`.

    A command that takes a `name` gets the name kept with the broker unless the user gives one.
    """

    @functools.wraps(command)
    def found(*arguments: Any, broker: str, insecure: bool, **others: Any) -> T:
        address, who = find_broker(broker, insecure=insecure)
        if who:
            others["name"] = who
        return command(*arguments, broker=address, **others)

    return broker_flags(found)


def find_broker(broker: str, *, insecure: bool) -> tuple[str, str]:
    """Return the broker that the flags name; call it within a command.

    Returns:
        The broker's whole address, and the user's name that is kept with it; empty where the user
        gives a name.

    Raises:
        SettingError: no broker is known, or several; the sentence says what to do.
    """
    from . import brokers

    kept = brokers.find(broker, insecure=insecure)
    if kept.address.endswith("?insecure"):
        warn_insecure()
    source = click.get_current_context().get_parameter_source("name")
    return kept.address, kept.who if source is ParameterSource.DEFAULT else ""


def source_options(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command `--source`, and who this process is to it; see `nats_options`."""
    from ..runtime.nats_client import NatsOptions
    from .settings import settings

    flag = click.option(
        "--source",
        default="",
        show_default="the event's host",
        metavar="ADDRESS",
        envvar="TOUCHLINE_SOURCE",
        help="Read from NATS, where touchline relay puts feeds: nats://HOST:PORT or"
        " tls://HOST:PORT, several with commas between.",
    )
    return flag(settings(NatsOptions)(command))


def broker_flags(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the flags `--broker` and `--insecure` as they were typed."""
    flag = click.option(
        "--broker",
        default="",
        show_default="the one you logged in to or started",
        metavar="NAME|ADDRESS",
        envvar="TOUCHLINE_BROKER",
        shell_complete=completion.brokers,
        help="The broker: its name (touchline login lists them), its whole address, or HOST:PORT of"
        " one you know.",
    )
    return flag(insecure_option(command))


def warn_insecure() -> None:
    """Print in red that nothing is encrypted."""
    click.secho(
        "INSECURE: nothing is encrypted, and no peer proves who it is",
        fg="red",
        err=True,
    )


def place_of(broker: str) -> str:
    """Return HOST:PORT of a broker's whole address, for people."""
    return addresses.broker(broker).endpoint.removeprefix("tcp://")


def place_of_page(url: str) -> str:
    """Return HOST:PORT of the URL of a metrics page."""
    return urlsplit(url).netloc


def journal_of(name: str) -> str:
    """Return the default URL of a host's journal."""
    # SQLAlchemy takes the part after a question mark for parameters.
    path = data_folder() / "journal" / f"{name.replace('?', '%3F')}.db"
    return f"sqlite:///{path}"


@contextmanager
def link(broker: str, name: str, roles: Sequence[Role] = (), *, invite: str = "") -> Iterator[Link]:
    """Open a link to the broker under a name's identity, and close it at the end."""
    from ..peer import Link, identity

    with Link(broker, name, identity.load(name), roles, invite=invite) as open_link:
        yield open_link


def nats_options(values: dict[str, Any]) -> NatsOptions:
    """Return who this process is to NATS, and take those fields out of a command's values.

    Raises:
        SettingError: a value is not valid.
    """
    from ..runtime.nats_client import NatsOptions

    names = NatsOptions.__dataclass_fields__.keys() & values.keys()
    return NatsOptions(**{name: values.pop(name) for name in names})


def card_of(link: Link, event: str, timeout: float = 5.0) -> Card:
    """Return the broker's card of an event.

    Args:
        link: to the broker.
        event: its id.
        timeout: seconds to wait.

    Raises:
        TouchlineError: there is no such event (the sentence says which may have been meant), or
            the broker does not answer.
    """
    try:
        reply = link.ask(Show(id=0, event=event), timeout)
    except NotFound as error:
        like = link.ask(Search(id=0, text=event.replace("-", " ")), timeout)
        meant = completion.nearest(event, like.events) if isinstance(like, EventList) else ""
        if not meant:
            raise
        raise NotFound(f"{error.sentence}; did you mean {meant}?") from None
    if not isinstance(reply, Event):
        raise AssertionError(f"the broker answered show with {type(reply).__name__}")
    return reply.card


def missing_host(session: Session, seconds: float) -> str:
    """Return a sentence that says why an event's host did not answer within some seconds."""
    if session.hosted is False:
        return f"event {session.event} has no host now; start one: touchline host {session.event}"
    if session.away is not None:
        return session.away.sentence
    if session.hosted is None:
        return f"no answer from the broker within {seconds:g} s; is it running? touchline broker"
    return f"the host of {session.event} did not answer within {seconds:g} s"


def outbox_path(event: str, name: str) -> Path:
    """Return the file of a reporter's outbox for an event.

    Raises:
        NotFound: the id is not valid.
    """
    if not event.strip(".") or set(event) & set("/\\\0"):
        raise NotFound(f"no event {event!r}")
    return data_folder() / "outbox" / name / f"{event}.db"


def emit(value: Mapping[str, object]) -> None:
    """Print one JSON object on a line of its own, at once."""
    sys.stdout.buffer.write(json_line(msgspec.json.encode(value)) + b"\n")
    sys.stdout.buffer.flush()


def details(pairs: Sequence[str]) -> dict[str, Detail]:
    """Return the details that `--detail NAME=VALUE` flags give.

    Numbers become numbers, and true and false what they say; all else is a text.

    Raises:
        SettingError: a flag has no `=`.
    """
    return {name: _value(value) for name, value in (_split("--detail", pair) for pair in pairs)}


def details_of(card: Card, pairs: Sequence[str], title: str = "") -> dict[str, Detail]:
    """Return the details that `--detail NAME=VALUE` flags give, as the event's sport takes them: a
    number on the shirt and a time of 9.58 are texts.

    Args:
        card: the event.
        pairs: the flags.
        title: of the action whose details they are; empty: it is not known.
    """
    from ..sports import get

    found = details(pairs)
    try:
        kinds = get(card.sport).kinds(card.rules)
    except NotFound:
        return found
    known = [kind for kind in kinds if kind.title == title] or kinds
    numbers = {one.name for kind in known for one in kind.details if one.number}
    texts = {one.name for kind in known for one in kind.details} - numbers
    said = dict(_split("--detail", pair) for pair in pairs)
    return {name: said[name] if name in texts else value for name, value in found.items()}


def rules(pairs: Sequence[str], definition: Path | None = None) -> dict[str, object]:
    """Return the rules of a sport that `--rule NAME=VALUE` and `--definition FILE` flags give.

    A value that is JSON (a number, true, false) is read as JSON, any other is a text.

    Raises:
        SettingError: a flag has no `=`, or the file is not a definition.
    """
    found: dict[str, object] = {}
    for name, value in (_split("--rule", pair) for pair in pairs):
        try:
            found[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            found[name] = value
    if definition is not None:
        _, able = definable()
        try:
            text = read_text(definition, "--definition")
            found["definition"] = able.read_definition(text)
        except SettingError as error:
            raise SettingError(f"--definition: {definition}: {error.sentence}") from None
    return found


def definable() -> tuple[str, Definable]:
    """Return the sport that is played by definitions, and its name."""
    from ..sports import shipped

    return shipped.definable()


def read_text(path: Path, flag: str) -> str:
    """Return the text of a file that a flag names.

    Raises:
        SettingError: the file can't be read or is not UTF-8.
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


def _value(text: str) -> Detail:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def load_match(name: str) -> Match:
    """Return a match that comes with Touchline, or the one in a file.

    Raises:
        NotFound: there is neither a match nor a file of this name.
        SettingError: the file is not a match; the sentence names the line.
    """
    from ..sports import matches, matchfile

    path = Path(name)
    if name in matches.names() or not path.exists():
        return matches.load(name)
    try:
        return matchfile.read(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name}: {error}") from None


def stop_signals() -> list[int]:
    """Return the signals that ask a command to end: Ctrl+C, SIGTERM, and the terminal's end
    (SIGHUP), unless the caller has this process ignore that one, as `nohup` does."""
    found: list[int] = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        found.append(signal.SIGHUP)
    return found


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the first of `stop_signals`; the second ends the process."""

    def first(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop()

    before = {number: signal.signal(number, first) for number in stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def serving(stop: Callable[[], None]) -> Iterator[None]:
    """Do what `stopping` does, and let the command go on where its output can't be written: peers
    that it serves must not depend on the reader of its lines. It may open as many files as the
    system permits."""
    output.waive()
    raise_limit()
    with stopping(stop):
        yield


@contextmanager
def stop_flag() -> Iterator[threading.Event]:
    """Yield a flag that the first of `stop_signals` sets; the second ends the process.

    The main thread asks it by `is_set`: a signal that comes within its `wait` would wait for the
    flag's own lock.
    """
    flag = threading.Event()
    with stopping(flag.set):
        yield flag


@contextmanager
def metrics_page(
    address: str,
    monitored: Callable[[], tuple[Collector, Readiness] | tuple[Collector, Readiness, Targets]],
) -> Iterator[str]:
    """Serve metrics and health at the address of `--metrics`, and say at which URL; yield it, empty
    without an address.

    Args:
        address: HOST:PORT; empty: nothing is served.
        monitored: returns the metrics of this process, what tells whether it is ready and, of a
            broker, the processes to be scraped.

    Raises:
        SettingError: the address is not valid.
        AddressTaken: the process can't listen there.
    """
    if not address:
        yield ""
        return
    from ..monitoring.server import serve

    with serve(address, *monitored()) as page:
        tell_page(page.url)
        yield page.url


def emit_page(page: str, *, as_json: bool) -> None:
    """Say in a JSON line where the metrics are, for a command that begins with another."""
    if page and as_json:
        emit({"type": "metrics", "metrics": page})


def tell_page(page: str) -> None:
    """Say where the metrics are, on standard error: standard output may be JSON or a screen."""
    click.echo(f"metrics at {page}", err=True)


def reporters_monitored(
    counters: Sequence[ReporterCounters],
) -> tuple[Collector, Readiness]:
    """Return what `metrics_page` serves of a command that only reports.

    Args:
        counters: of each reporter; more may come.
    """
    from ..monitoring.reporter import reporter_collector

    return reporter_collector(lambda: list(counters)), dict


def feed_monitored(event: str, feed: Subscriber) -> tuple[Collector, Readiness]:
    """Return what `metrics_page` serves of a command that follows one event."""
    return feeds_monitored({event: feed})


def feeds_monitored(feeds: Mapping[str, Subscriber]) -> tuple[Collector, Readiness]:
    """Return what `metrics_page` serves of a command that follows events, by their ids."""
    from ..monitoring.health import subscriber_readiness
    from ..monitoring.subscriber import subscriber_collector

    collector = subscriber_collector({event: feed.core for event, feed in feeds.items()})
    ready = {event: subscriber_readiness(feed.core) for event, feed in feeds.items()}
    if len(ready) == 1:
        return collector, next(iter(ready.values()))

    def parts() -> dict[str, str]:
        return {f"feed of {event}": one()["feed"] for event, one in ready.items()}

    return collector, parts


def log_to_stderr(process: str, form: Form = "text", level: str = "warning") -> None:
    """Log to standard error.

    Args:
        process: the kind of this process.
        form: of the lines.
        level: the lowest that is written, by its name.
    """
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(TextFormatter() if form == "text" else JsonFormatter(process))
    if level != "debug":
        output.addFilter(Throttle())
    logging.basicConfig(level=level.upper(), handlers=[output])

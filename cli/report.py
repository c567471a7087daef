"""`touchline report`: report what happened."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click

from .. import peer
from ..protocol import times
from ..protocol.errors import Contradictory, PeerError, SettingError, Unreachable
from ..protocol.messages import Card, Detail, Fate, Setup
from ..protocol.text import plain
from ..runtime import clock
from . import completion, shared
from .ui.own_reports import event_time, fate_words, kept_card
from .ui.tables import on_screen

DECIDED = ("accepted", "expired", "refused")


@click.command(
    epilog="""
\b
Examples:
  touchline report EVENT                      the buttons, on a terminal
  touchline report EVENT goal --origin Argentina --detail player=Messi
  touchline report EVENT corner --origin France --ago 20
  touchline report EVENT --flush              send the reports that are kept
  touchline report EVENT --confirm-score 2-1  state the score, asked or not
  touchline report EVENT answer --claim 7 --no  whether something happened
\b
Corrections are votes too:
  touchline report EVENT undo --detail n=3           take your report 3 back
  touchline report EVENT delete --detail entry=17       it did not happen
  touchline report EVENT amend --detail entry=17 --detail player=Messi
  touchline report EVENT end                            the event is over
  touchline report EVENT end --detail over=false        it is not
  touchline report EVENT end --detail how=abandoned --detail reason=fog
\b
What holds besides is stated, and voted on:
  touchline report EVENT state --detail play=interrupted --detail reason=rain
  touchline report EVENT state --detail minute=62
  touchline report EVENT state --detail review=begun --detail reason=offside
\b
Exit codes: 0 stored (and not refused within --wait), 3 no such event,
4 refused, 5 not stored yet: the report is kept and sent the next time.
"""
)
@shared.event_argument
@click.argument("action", required=False, shell_complete=completion.actions)
@click.option(
    "--origin",
    default="",
    shell_complete=completion.origins,
    help="The side or player that did it.",
)
@click.option(
    "--detail",
    "details",
    multiple=True,
    metavar="NAME=VALUE",
    help="A detail, such as player=Messi; repeat the flag for more.",
)
@click.option(
    "--time",
    "moment",
    metavar="RFC3339|UNIX",
    show_default="now",
    help="When it happened, as a date or as a number since 1970.",
)
@click.option(
    "--ago",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long ago it happened, instead of --time.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the verdict on a stored report.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to try to reach the host.",
)
@click.option(
    "--confirm-score",
    "score",
    metavar="SCORE",
    help="State the score, instead of an ACTION.",
)
@click.option("--claim", type=click.IntRange(min=1), help="With `answer`: the question's claim.")
@click.option("--yes/--no", default=None, help="With `answer`: whether it happened.")
@click.option("--flush", is_flag=True, help="Send the reports that are kept, and nothing new.")
@shared.language_option
@shared.name_option
@shared.broker_option
@shared.json_option
@shared.metrics_option
@shared.log_options("report")
def command(
    event: str,
    action: str | None,
    origin: str,
    details: tuple[str, ...],
    moment: str | None,
    ago: float | None,
    wait: float,
    timeout: float,
    score: str | None,
    claim: int | None,
    yes: bool | None,
    flush: bool,
    language: str | None,
    name: str,
    broker: str,
    as_json: bool,
    metrics: str,
) -> int:
    """Report that ACTION happened in EVENT.

    The report is kept on disk until the host has stored it. Without ACTION, a terminal shows the
    event's buttons beside its feed, and serves --metrics meanwhile; elsewhere a list of its actions
    is printed.
    """
    if flush and (action or score is not None):
        raise click.UsageError("--flush takes no ACTION and no --confirm-score")
    if score is not None and (action or origin or details):
        raise click.UsageError("--confirm-score takes no ACTION, --origin or --detail")
    if (claim is None) != (yes is None) or (claim is not None and (action != "answer" or details)):
        raise click.UsageError("--claim and --yes or --no go together, with the ACTION answer")
    if moment and ago is not None:
        raise click.UsageError("--time and --ago mean the same; give one of them")
    shows_form = not (flush or action or score is not None or as_json)
    if metrics and not (shows_form and sys.stdin.isatty() and on_screen()):
        raise click.UsageError("--metrics is for the buttons on a terminal, which stay")
    shared.speak_as(language, as_json=as_json)
    where = Destination(event, name, broker, timeout, wait, as_json)
    if flush:
        return _flush(where)
    if score is not None:
        return _report(where, Statement("confirm", "", {"score": score}, _moment(moment), ago or 0))
    if action is not None:
        known = shared.details(details) if claim is None else {"claim": claim, "yes": bool(yes)}
        statement = Statement(action, origin, known, _moment(moment), ago or 0.0, details)
        return _report(where, statement)
    if sys.stdin.isatty() and on_screen() and not as_json:
        from .ui import form

        return form.run(event, name, broker, metrics)
    return _list(where)


@dataclass(frozen=True, slots=True)
class Destination:
    """The event and host that a report goes to, and how long to wait for them."""

    event: str
    name: str
    broker: str
    timeout: float
    wait: float
    as_json: bool

    @property
    def outbox(self) -> Path:
        """The file of the reporter's outbox for the event."""
        return shared.outbox_path(self.event, self.name)


@dataclass(frozen=True, slots=True)
class Statement:
    """An action to report; where `time` is None, it happened `ago` seconds before now. `flags`: the
    details as they were typed."""

    action: str
    origin: str
    details: Mapping[str, Detail]
    time: int | None
    ago: float
    flags: tuple[str, ...] = ()


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
            return _unix(float(text) if "." in text else int(text))
        return times.from_rfc3339(text)
    except ValueError as error:
        raise SettingError(f"--time: {error}") from None


def _unix(number: float) -> int:
    time = times.from_unix(number, clock.wall())
    if not times.EARLIEST <= time <= times.LATEST:
        raise ValueError(f"{number} seconds, milliseconds or microseconds since 1970 is no time")
    return time


def _report(where: Destination, statement: Statement) -> int:
    """Store a report, send it, and wait for its fate."""
    outbox = where.outbox
    is_new = not outbox.exists()
    met = kept_card(outbox)
    until = clock.now() + where.timeout
    with shared.link(where.broker, where.name, ["reporter"]) as link:
        card = met or _asked(link, where)
        if card is not None:
            if statement.flags:
                typed = shared.details_of(card, statement.flags, statement.action)
                statement = replace(statement, details=typed)
            _check(card, statement)
        happened = statement.time
        if happened is None:
            wall = clock.wall() - round(statement.ago * times.SECOND)
            happened = event_time(card.timing if card else None, wall)
        with peer.Reporter(where.event, link, outbox, brief=True) as reporter:
            n = reporter.say(statement.action, statement.origin, happened, statement.details)
            place = reporter.pending
            try:
                setup = reporter.wait_open(max(0.1, until - clock.now()))
                if met is None and setup.n:
                    # The host has reports from another outbox of the reporter: the numbers go on.
                    n = setup.n + place
                fate = reporter.wait_fate(n, where.timeout)
                if fate is not None and fate.outcome == "stored":
                    fate = reporter.wait_fate(n, where.wait, DECIDED)
            except Unreachable:
                raise Unreachable(_kept(where, reporter, n)) from None
            except PeerError:
                if is_new:  # the host refuses all its reports
                    _remove(outbox)
                raise
            if fate is None:
                raise Unreachable(_kept(where, reporter, n))
    return _print_fate(where, n, fate)


def _check(card: Card, statement: Statement) -> None:
    """Refuse a report that contradicts itself, before it is kept.

    Raises:
        Contradictory: the line-ups speak against it.
    """
    if not statement.details or not card.lineups:
        return
    from ..sports import Action
    from ..sports.contradictions import check_of

    found = check_of(card)(Action(statement.action, statement.origin, 0, statement.details))
    if found is not None:
        raise Contradictory(f"{found.question} {found.sentence}; it was not sent")


def _asked(link: peer.Link, where: Destination) -> Card | None:
    """Return the broker's card of the event; None where the broker does not answer."""
    try:
        return shared.card_of(link, where.event, where.timeout)
    except Unreachable:
        return None


def _kept(where: Destination, reporter: peer.Reporter, n: int) -> str:
    why = shared.missing_host(reporter.session, where.timeout)
    return f"{why}\nYour report {n} is kept; send it later: touchline report {where.event} --flush"


def _remove(outbox: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{outbox}{end}").unlink(missing_ok=True)


def _print_fate(where: Destination, n: int, fate: Fate) -> int:
    """Print the fate of a report; return the exit code."""
    if where.as_json:
        shared.emit(
            {
                "type": "report",
                "event": where.event,
                "n": n,
                "outcome": fate.outcome,
                "seq": fate.seq,
                "entry_id": fate.entry_id,
                "code": fate.code,
                "reason": fate.reason,
            }
        )
    else:
        sentence = fate_words(fate)
        click.secho(
            f"Stored as your report {n}: {sentence}."
            if fate.outcome != "refused"
            else f"error: your report {n} was {sentence}",
            fg={"accepted": "green", "refused": "red"}.get(fate.outcome),
            err=fate.outcome == "refused",
        )
    return PeerError.exit_code if fate.outcome == "refused" else 0


def _flush(where: Destination) -> int:
    """Send the reports that are kept."""
    if not where.outbox.exists():
        return _flushed(where, 0, [])
    with (
        shared.link(where.broker, where.name, ["reporter"]) as link,
        peer.Reporter(where.event, link, where.outbox, brief=True) as reporter,
    ):
        waiting = reporter.pending
        if waiting:
            setup = reporter.wait_open(where.timeout)
            until = clock.now() + where.timeout
            while reporter.pending and clock.now() < until:
                reporter.pump(0.1)
            if reporter.pending:
                raise Unreachable(
                    f"{waiting - reporter.pending} of {waiting} reports were stored within"
                    f" {where.timeout:g} s; the others are kept"
                )
            reporter.pump(min(where.wait, 0.1))
            fates = [fate for n, fate in sorted(reporter.core.fates.items()) if n > setup.n]
            return _flushed(where, waiting, fates)
    return _flushed(where, 0, [])


def _flushed(where: Destination, sent: int, fates: list[Fate]) -> int:
    refused = [fate for fate in fates if fate.outcome == "refused"]
    if where.as_json:
        shared.emit(
            {"type": "flushed", "event": where.event, "sent": sent, "refused": len(refused)}
        )
    else:
        plural = "" if sent == 1 else "s"
        click.echo(f"{sent} report{plural} sent and stored." if sent else "Nothing is kept.")
        for fate in refused:
            click.secho(f"error: your report {fate.n} was {fate_words(fate)}", fg="red", err=True)
    return PeerError.exit_code if refused else 0


def _list(where: Destination) -> int:
    """Print the event's actions and origins."""
    with (
        shared.link(where.broker, where.name, ["viewer"]) as link,
        peer.Subscriber(where.event, link, withholds=True) as feed,  # shows none of it
    ):
        until = clock.now() + where.timeout
        while feed.setup is None:
            if clock.now() >= until:
                raise Unreachable(shared.missing_host(feed.session, where.timeout))
            feed.next(0.2)
        setup = feed.setup
    if where.as_json:
        actions = [
            {"title": spec.title, "text": spec.text, "details": spec.details}
            for spec in setup.actions
        ]
        about = {"event": where.event, "origins": setup.card.origins, "actions": actions}
        shared.emit({"type": "setup", **about})
        return 0
    for line in _listed(setup):
        click.echo(line)
    return 0


def _listed(setup: Setup) -> list[str]:
    lines = [f"{plain(setup.card.title)}: what can be reported", ""]
    width = max((len(spec.title) for spec in setup.actions), default=0)
    for spec in setup.actions:
        takes = f"  ({', '.join(spec.details)})" if spec.details else ""
        lines.append(plain(f"  {spec.title:<{width}}  {spec.text}{takes}"))
    lines += ["", f"Origins: {plain(', '.join(setup.card.origins))}"]
    return lines

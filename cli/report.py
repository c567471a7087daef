"""`touchline report`: say what happened."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from .. import peer
from ..protocol import times
from ..protocol.errors import PeerError, SettingError, Unreachable
from ..protocol.messages import Card, Detail, Fate, Setup
from ..protocol.text import plain
from ..runtime import clock
from . import shared
from .ui.own_reports import event_time, fate_words, kept_card

DECIDED = ("accepted", "expired", "refused")


@click.command(
    epilog="""
\b
Examples:
  touchline report EVENT                      the buttons, on a terminal
  touchline report EVENT goal --origin Argentina --detail player="Lionel Messi"
  touchline report EVENT corner --origin France --ago 20
  touchline report EVENT --flush              send what could not be sent
  touchline report EVENT --confirm-score 2-1  the score, as the host asks after an outage
\b
Corrections are votes too:
  touchline report EVENT undo --detail n=3              take your report 3 back
  touchline report EVENT delete --detail entry=17       it did not happen
  touchline report EVENT amend --detail entry=17 --detail player="Di María"
  touchline report EVENT end                            the event is over
\b
Exit codes: 0 stored (and not refused while it waited), 3 no such event,
4 refused, 5 not stored yet: it is kept and sent the next time.
"""
)
@click.argument("event")
@click.argument("action", required=False)
@click.option("--origin", default="", help="What made it: a side, a player.")
@click.option(
    "--detail", "details", multiple=True, metavar="NAME=VALUE", help="What else is known of it."
)
@click.option("--time", "moment", metavar="RFC3339", help="When it happened; now unless given.")
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
    help="How long to wait, once it is stored, for what becomes of it.",
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
    help="Instead of an action: the score that you see, after contact was lost.",
)
@click.option("--flush", is_flag=True, help="Send what is kept from earlier, and nothing new.")
@shared.name_option
@shared.broker_option
@shared.json_option
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
    flush: bool,
    name: str,
    broker: str,
    as_json: bool,
) -> int:
    """Report that ACTION happened in EVENT.

    The report is kept on disk until the host has confirmed it. Without ACTION: the buttons of the
    event, with its feed beside them; where there is no terminal, a list of its actions.
    """
    if flush and (action or score is not None):
        raise click.UsageError("--flush sends what is kept; leave ACTION and --confirm-score out")
    if score is not None and (action or origin or details):
        raise click.UsageError("--confirm-score is all that is said; leave ACTION and the rest out")
    if moment and ago is not None:
        raise click.UsageError("--time and --ago say the same; give one of them")
    errand = Errand(event, name, broker, timeout, wait, as_json)
    if flush:
        return _flush(errand)
    if score is not None:
        return _report(
            errand, Statement("confirm", "", {"score": score}, _moment(moment), ago or 0)
        )
    if action is not None:
        statement = Statement(action, origin, shared.details(details), _moment(moment), ago or 0.0)
        return _report(errand, statement)
    if sys.stdin.isatty() and sys.stdout.isatty() and not as_json:
        from .ui import form

        return form.run(event, name, broker)
    return _list(errand)


@dataclass(frozen=True, slots=True)
class Errand:
    """Where to go, and for how long to wait there."""

    event: str
    name: str
    broker: str
    timeout: float
    wait: float
    as_json: bool

    @property
    def outbox(self) -> Path:
        """The file of this person's outbox for the event."""
        return shared.outbox_path(self.event, self.name)


@dataclass(frozen=True, slots=True)
class Statement:
    """What is to be reported; `time` None: `ago` seconds before now."""

    action: str
    origin: str
    details: Mapping[str, Detail]
    time: int | None
    ago: float


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return times.from_rfc3339(text)
    except ValueError as error:
        raise SettingError(f"--time: {error}") from None


def _report(errand: Errand, statement: Statement) -> int:
    """Keep, send and follow one report."""
    outbox = errand.outbox
    is_new = not outbox.exists()
    met = kept_card(outbox)
    until = clock.now() + errand.timeout
    with shared.link(errand.broker, errand.name, ["reporter"]) as link:
        card = met or _asked(link, errand)
        happened = statement.time
        if happened is None:
            wall = clock.wall() - round(statement.ago * times.SECOND)
            happened = event_time(card.timing if card else None, wall)
        with peer.Reporter(errand.event, link, outbox, brief=True) as reporter:
            n = reporter.say(statement.action, statement.origin, happened, statement.details)
            place = reporter.pending
            try:
                setup = reporter.wait_open(max(0.1, until - clock.now()))
                if met is None and setup.n:
                    # A new outbox of somebody whom the host knows: numbered on from there.
                    n = setup.n + place
                fate = reporter.wait_fate(n, errand.timeout)
                if fate is not None and fate.outcome == "stored":
                    fate = reporter.wait_fate(n, errand.wait, DECIDED)
            except Unreachable:
                raise Unreachable(_kept(errand, reporter, n)) from None
            except PeerError:
                if is_new:  # nothing will ever come of it
                    _remove(outbox)
                raise
            if fate is None:
                raise Unreachable(_kept(errand, reporter, n))
    return _tell(errand, n, fate)


def _asked(link: peer.Link, errand: Errand) -> Card | None:
    """Ask the broker about the event; None where it can't be reached now."""
    try:
        return shared.card_of(link, errand.event, errand.timeout)
    except Unreachable:
        return None


def _kept(errand: Errand, reporter: peer.Reporter, n: int) -> str:
    why = shared.missing_host(reporter.session, errand.timeout)
    return f"{why}\nYour report {n} is kept; send it later: touchline report {errand.event} --flush"


def _remove(outbox: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{outbox}{end}").unlink(missing_ok=True)


def _tell(errand: Errand, n: int, fate: Fate) -> int:
    """Print what became of a report; return the exit code."""
    if errand.as_json:
        shared.emit(
            {
                "type": "report",
                "event": errand.event,
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


def _flush(errand: Errand) -> int:
    """Send what is kept."""
    if not errand.outbox.exists():
        return _flushed(errand, 0, [])
    with (
        shared.link(errand.broker, errand.name, ["reporter"]) as link,
        peer.Reporter(errand.event, link, errand.outbox, brief=True) as reporter,
    ):
        waiting = reporter.pending
        if waiting:
            setup = reporter.wait_open(errand.timeout)
            until = clock.now() + errand.timeout
            while reporter.pending and clock.now() < until:
                reporter.pump(0.1)
            if reporter.pending:
                raise Unreachable(
                    f"{waiting - reporter.pending} of {waiting} reports were stored within"
                    f" {errand.timeout:g} s; the others are kept"
                )
            reporter.pump(min(errand.wait, 0.1))
            fates = [fate for n, fate in sorted(reporter.core.fates.items()) if n > setup.n]
            return _flushed(errand, waiting, fates)
    return _flushed(errand, 0, [])


def _flushed(errand: Errand, sent: int, fates: list[Fate]) -> int:
    refused = [fate for fate in fates if fate.outcome == "refused"]
    if errand.as_json:
        shared.emit(
            {"type": "flushed", "event": errand.event, "sent": sent, "refused": len(refused)}
        )
    else:
        plural = "" if sent == 1 else "s"
        click.echo(f"{sent} report{plural} sent and stored." if sent else "Nothing is kept.")
        for fate in refused:
            click.secho(f"error: your report {fate.n} was {fate_words(fate)}", fg="red", err=True)
    return PeerError.exit_code if refused else 0


def _list(errand: Errand) -> int:
    """Print the event's actions and origins."""
    with (
        shared.link(errand.broker, errand.name, ["viewer"]) as link,
        peer.Subscriber(errand.event, link) as feed,  # only looks: nobody is counted as a reporter
    ):
        until = clock.now() + errand.timeout
        while feed.setup is None:
            if clock.now() >= until:
                raise Unreachable(shared.missing_host(feed.session, errand.timeout))
            feed.next(0.2)
        setup = feed.setup
    if errand.as_json:
        actions = [
            {"title": spec.title, "text": spec.text, "details": spec.details}
            for spec in setup.actions
        ]
        about = {"event": errand.event, "origins": setup.card.origins, "actions": actions}
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

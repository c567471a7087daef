"""The settings of a host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from ...protocol import addresses, limits
from ...protocol.errors import SettingError
from ...runtime import settings
from ...runtime.settings import Setting
from .event.verdict import Verdict
from .event.verdict import parse as parse_verdict

DAY = 86_400
"""Seconds."""


def _check_bind(flag: str, text: str) -> None:
    _, port = addresses.parse(text, what=flag, port=0)
    if port:
        raise SettingError(
            f"{flag}: {text!r} names a port, but there are three: give them by --router, --pull"
            " and --pub"
        )


def _read_label(flag: str, text: str) -> str:
    if not 0 < len(text) <= limits.NAME_CHARS or not text.isprintable():
        raise SettingError(
            f"{flag}: a label has 1 to {limits.NAME_CHARS} characters that can be printed"
        )
    return text


def _check_verdict(_flag: str, text: str) -> None:
    parse_verdict(text)


def _check_publish(flag: str, text: str) -> None:
    if text not in ("provisional", "confirmed"):
        raise SettingError(f"{flag}: {text!r} is neither provisional nor confirmed")


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one host.

    Args:
        name: the host's name at the broker.
        broker: the broker's whole address; where it is insecure, so is the host.
        policy: the verdict, made from `verdict` and `alone`.

    Raises:
        SettingError: a value is not valid; the sentence names the flag.
    """

    name: str = "host"
    broker: str = "127.0.0.1:5670"

    bind: Annotated[
        str,
        Setting(
            "--bind",
            metavar="HOST",
            help="The address on which the three sockets listen; * for every interface.",
            further=_check_bind,
        ),
    ] = "127.0.0.1"

    router: Annotated[
        int,
        Setting(
            "--router",
            "",
            0,
            65_535,
            "The port for joins, replays and receipts.",
            otherwise="as in the last run, or a free one",
        ),
    ] = 0

    pull: Annotated[
        int,
        Setting(
            "--pull",
            "",
            0,
            65_535,
            "The port for reports.",
            otherwise="as in the last run, or a free one",
        ),
    ] = 0

    pub: Annotated[
        int,
        Setting(
            "--pub",
            "",
            0,
            65_535,
            "The port of the feed.",
            otherwise="as in the last run, or a free one",
        ),
    ] = 0

    advertise: Annotated[
        str,
        Setting(
            "--advertise",
            metavar="HOST",
            help="The name or address under which others reach this machine.",
            otherwise="as --bind",
        ),
    ] = ""

    journal: Annotated[
        str,
        Setting(
            "--journal",
            metavar="URL",
            help="Where the journal is: sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE.",
            otherwise="a SQLite file in the user's data folder, by --name",
        ),
    ] = ""

    heartbeat: Annotated[
        float,
        Setting(
            "--heartbeat",
            "seconds",
            0.1,
            30,
            "How long a feed may be idle before the next heartbeat.",
        ),
    ] = 10.0

    claim_ttl: Annotated[
        float,
        Setting(
            "--claim-ttl",
            "seconds",
            0,
            DAY,
            "How long a claim waits for a further report before it expires, on the event's clock.",
        ),
    ] = 120.0

    presence: Annotated[
        float,
        Setting(
            "--presence",
            "seconds",
            0,
            DAY,
            "How long a reporter may be silent and still count as present.",
            otherwise="two heartbeats",
        ),
    ] = 0.0

    finish_after: Annotated[
        float,
        Setting(
            "--finish-after",
            "seconds",
            0,
            DAY,
            "Time from the action that ends an event to its end, on the event's clock.",
        ),
    ] = 120.0

    verdict: Annotated[
        str,
        Setting(
            "--verdict",
            metavar="POLICY",
            help="How reports become entries: evidence, or a count: quorum, majority or fixed:K.",
            further=_check_verdict,
        ),
    ] = "evidence"

    publish: Annotated[
        str,
        Setting(
            "--publish",
            metavar="STAGE",
            help="When an entry is first published: provisional, as soon as a quorum says so and"
            " marked as such, or confirmed.",
            further=_check_publish,
        ),
    ] = "provisional"

    show_open_claims: Annotated[
        bool,
        Setting(
            "--show-open-claims",
            help="Let heartbeats say what others have reported before it is decided. Reporters then"
            " repeat what they are shown.",
        ),
    ] = False

    book: Annotated[
        str,
        Setting(
            "--book",
            metavar="FILE",
            help="The book of records by which reporters are weighed; see touchline book.",
            otherwise="no book: no reporter has a record",
        ),
    ] = ""

    alone: Annotated[
        bool,
        Setting(
            "--alone/--not-alone", help="Let one reporter be enough where only one is present."
        ),
    ] = False

    require_signatures: Annotated[
        bool,
        Setting("--require-signatures", help="Refuse reports that their reporter did not sign."),
    ] = False

    fence: Annotated[
        Literal["shared", "always"],
        Setting(
            "--fence",
            metavar="WHEN",
            help="When the host pauses an event whose lease is over, as while the broker is away:"
            " shared, where another key may host it, or always.",
        ),
    ] = "shared"

    standby: Annotated[
        bool,
        Setting(
            "--standby",
            help="Wait for an event that another host has, and take it over when that one is gone."
            " The hosts share their journal in PostgreSQL.",
        ),
    ] = False

    follow: Annotated[
        str,
        Setting(
            "--follow",
            metavar="HOST",
            help="Keep a copy of the journal of another host, by its name, id or key, on this"
            " machine. Its owner must have named this host: touchline events grant EVENT --host.",
        ),
    ] = ""

    takeover: Annotated[
        bool,
        Setting(
            "--takeover",
            help="Go on with an event from a copy of its journal (--follow) once its host is gone.",
        ),
    ] = False

    sync: Annotated[
        bool,
        Setting(
            "--sync",
            help="Confirm and publish nothing before a host that follows (--follow) has it on its"
            " disk, too.",
        ),
    ] = False

    sync_wait: Annotated[
        float,
        Setting(
            "--sync-wait",
            "seconds",
            0,
            DAY,
            "With --sync: how long the host waits for a copy before it goes on without one.",
            otherwise="for ever",
        ),
    ] = 0.0

    capacity: Annotated[
        int,
        Setting(
            "--capacity",
            "events",
            0,
            100_000,
            "How many events the broker may give to this host, besides those that people give it.",
            otherwise="100 for a host that is started without an EVENT, else 0",
        ),
    ] = 0

    labels: Annotated[
        tuple[str, ...],
        Setting(
            "--label",
            metavar="TEXT",
            help="What touchline hosts list shows beside the host; repeat the flag for more.",
            read=_read_label,
        ),
    ] = ()

    alarm_every: Annotated[
        float,
        Setting(
            "--alarm-every",
            "seconds",
            0.1,
            3_600,
            "Time between two alarms while contact with the venue is lost.",
        ),
    ] = 25.0

    late_after: Annotated[
        float,
        Setting(
            "--late-after",
            "seconds",
            0,
            DAY,
            "Time from an action to its entry after which the entry is marked as late, on the"
            " event's clock.",
        ),
    ] = 30.0

    confirm_wait: Annotated[
        float,
        Setting(
            "--confirm-wait",
            "seconds",
            0,
            DAY,
            "How long the host waits after an outage for reporters to confirm the score.",
        ),
    ] = 30.0

    # A reporter may send twenty times as many at once, 500 at the least.
    report_rate: Annotated[
        float,
        Setting(
            "--report-rate",
            "reports/s",
            0.1,
            1_000_000_000,
            "How many reports a second one reporter may keep up, and twenty times as many at once;"
            " the host does not store more, and they have to be sent again.",
        ),
    ] = 100.0

    probation: Annotated[
        float,
        Setting(
            "--probation",
            "seconds",
            0,
            366 * DAY,
            "How long the votes of a newly enrolled reporter are shown but do not count.",
        ),
    ] = 0.0

    key_connections: Annotated[
        int,
        Setting(
            "--key-connections",
            "connections",
            4,
            1_000_000,
            "How many connections of one key may be open at one time, a quarter of the files that"
            " the system permits at most; those beyond try again.",
        ),
    ] = 1_024

    address_connections: Annotated[
        int,
        Setting(
            "--address-connections",
            "connections",
            4,
            1_000_000,
            "How many connections from one address may be open at one time, half of the files that"
            " the system permits at most; those beyond are ended.",
        ),
    ] = 4_096

    subscriptions: Annotated[
        int,
        Setting(
            "--subscriptions",
            "subscriptions",
            1,
            1_000_000,
            "How many subscriptions one connection to the feed may have; a connection that goes"
            " beyond this, or makes the two sums below go beyond theirs, is ended.",
        ),
    ] = 16

    key_subscriptions: Annotated[
        int,
        Setting(
            "--key-subscriptions",
            "subscriptions",
            1,
            1_000_000,
            "How many the connections of one key may have together.",
        ),
    ] = 1_024

    address_subscriptions: Annotated[
        int,
        Setting(
            "--address-subscriptions",
            "subscriptions",
            1,
            10_000_000,
            "How many the connections from one address may have together.",
        ),
    ] = 4_096

    drain_seconds: Annotated[
        float,
        Setting(
            "--drain-seconds",
            "seconds",
            0,
            60,
            "How long a host that stops goes on sending to peers that read slowly; the journal"
            " keeps what it has not sent.",
        ),
    ] = 2.0

    policy: Verdict = field(init=False)

    def __post_init__(self) -> None:
        settings.check(self)
        object.__setattr__(self, "policy", parse_verdict(self.verdict, alone=self.alone))
        if self.standby and not self.journal.startswith("postgresql"):
            raise SettingError(
                "--standby: hosts that stand by for each other share a journal:"
                " --journal postgresql+psycopg://USER@HOST/DATABASE"
            )
        if self.journal.startswith("postgresql") and (self.sync or self.follow):
            raise SettingError(
                f"--{'sync' if self.sync else 'follow'}: hosts that share a journal in PostgreSQL"
                " take over from each other without copies: --standby"
            )
        if self.sync_wait and not self.sync:
            raise SettingError("--sync-wait says how long --sync waits: give both")
        host, _ = addresses.parse(self.bind, port=0)
        if addresses.broker(self.broker).plain and not addresses.is_loopback(host):
            raise SettingError(
                f"--bind: {host} can be reached from elsewhere, but an insecure broker's hosts are"
                " for this machine alone"
            )

    @property
    def patience(self) -> float:
        """Seconds after which a silent reporter no longer counts as present."""
        return self.presence or 2 * self.heartbeat

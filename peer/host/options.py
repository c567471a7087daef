"""Every setting of a host, with its default, unit and check."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...protocol import addresses
from ...protocol.addresses import parse as parse_address
from ...protocol.errors import SettingError
from .event.verdict import Verdict
from .event.verdict import parse as parse_verdict


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a hosting peer.

    Args:
        name: the host's name at the broker.
        broker: the broker's address, in full; where that is insecure, so is the host.
        bind: the address on which the three sockets listen; ports are free ones unless given.
        router, pull, pub: ports, 0 for a free one.
        advertise: the name or address under which others reach this machine; empty: `bind`.
        journal: where the journal is, as an SQLAlchemy URL; empty: a file in the user's data
            folder.
        heartbeat: seconds of idle feed between heartbeats, 0.1 to 30.
        claim_ttl: seconds of event time without a further report after which a claim expires.
        presence: seconds after which a reporter who says nothing is no longer counted as
            present; 0: two heartbeats.
        finish_after: seconds of event time between the action that ends the event and `finished`.
        verdict: quorum, majority or fixed:K.
        alone: one reporter is enough where only one is present.
        require_signatures: reports that are not signed are refused.
        alarm_every: seconds between the alarms of one outage.
        late_after: seconds of event time from an action to its entry after which it is late.
        confirm_wait: seconds for which reporters are waited for to confirm the score after an
            outage.
        report_rate: reports a second that one reporter may go on with, and twenty times as many
            (500 at the least) at once; more are not stored and have to be sent again.
        probation: seconds after a reporter's enrolment for which its votes do not count.
    """

    name: str = "host"
    broker: str = "127.0.0.1:5670"
    bind: str = "127.0.0.1"
    router: int = 0
    pull: int = 0
    pub: int = 0
    advertise: str = ""
    journal: str = ""
    heartbeat: float = 10.0
    claim_ttl: float = 120.0
    presence: float = 0.0
    finish_after: float = 120.0
    verdict: str = "quorum"
    alone: bool = False
    require_signatures: bool = False
    alarm_every: float = 25.0
    late_after: float = 30.0
    confirm_wait: float = 30.0
    report_rate: float = 100.0
    probation: float = 0.0
    policy: Verdict = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "policy", parse_verdict(self.verdict, alone=self.alone))
        host, port = parse_address(self.bind, what="--bind", port=0)
        if addresses.broker(self.broker).plain and not addresses.is_loopback(host):
            raise SettingError(
                f"--bind: {host} can be reached from elsewhere, but an insecure broker's hosts are"
                " for this machine alone"
            )
        if port:
            raise SettingError(
                f"--bind: {self.bind!r} names a port, but there are three: give them by --router,"
                " --pull and --pub"
            )
        if not 0.1 <= self.heartbeat <= 30:
            raise SettingError(f"--heartbeat: {self.heartbeat} s is not within 0.1 to 30 s")
        for flag, value in (
            ("--claim-ttl", self.claim_ttl),
            ("--presence", self.presence),
            ("--finish-after", self.finish_after),
            ("--late-after", self.late_after),
            ("--confirm-wait", self.confirm_wait),
        ):
            if not 0 <= value <= 86_400:
                raise SettingError(f"{flag}: {value} s is not within 0 to 86400 s")
        if not 0 <= self.probation <= 366 * 86_400:
            raise SettingError(
                f"--probation: {self.probation} s is not within 0 to {366 * 86_400} s"
            )
        if not 0.1 <= self.report_rate <= 1e9:
            raise SettingError(f"--report-rate: {self.report_rate} is not within 0.1 to 1e9")
        if not 0.1 <= self.alarm_every <= 3_600:
            raise SettingError(f"--alarm-every: {self.alarm_every} s is not within 0.1 to 3600 s")
        for flag, port in (("--router", self.router), ("--pull", self.pull), ("--pub", self.pub)):
            if not 0 <= port <= 65_535:
                raise SettingError(f"{flag}: port {port} is not within 0 to 65535")

    @property
    def patience(self) -> float:
        """Seconds after which a silent reporter no longer counts as present."""
        return self.presence or 2 * self.heartbeat

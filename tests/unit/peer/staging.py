"""A session with its broker and host played by hand."""

from __future__ import annotations

from touchline.peer.session import AskBroker, ConnectToHost, SendToHost, Session
from touchline.protocol import codec
from touchline.protocol.messages import Attach, Card, Endpoints, Error, HostPing, Invitation, Setup

SECOND = 1_000_000
CARD = Card(event="e", title="E", sport="football", origins=["A", "B"])
HERE = Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")
THERE = Endpoints(router="tcp://b:1", pull="tcp://b:2", pub="tcp://b:3")


KEY = bytes(range(32))


def invitation(
    endpoints: Endpoints | None = HERE, token: str = "t", key: bytes = KEY
) -> Invitation:
    return Invitation(id=1, card=CARD, token=token, expires=9, endpoints=endpoints, key=key)


class Stage:
    """A session, its clock, and what its connection has to do."""

    def __init__(self) -> None:
        self.session = Session("e", "reporter", lambda: (3, 4, 5, 2, 6))
        self.now = 50.0
        self.behind = 0  # microseconds that our wall clock is behind the host's

    @property
    def wall(self) -> int:
        return round(self.now * SECOND)

    def commands(self) -> list[object]:
        """What the connection has to do, frames decoded."""
        return [
            codec.decode_host_request(command.frame) if isinstance(command, SendToHost) else command
            for command in self.session.commands()
        ]

    def tick(self) -> list[object]:
        """Let time pass to the next timer."""
        due = self.session.next_timer()
        assert due is not None, "nothing is due"
        self.now = max(self.now, due)
        self.session.handle_timer(self.now, self.wall)
        return self.commands()

    def invited(self, reply: object) -> list[object]:
        self.session.invited(reply, self.now, self.wall)
        return self.commands()

    def hear(self, reply: object, after: float = 0.0) -> list[object]:
        self.now += after
        self.session.received(reply, self.now, self.wall)
        return self.commands()

    def setup(self, **fields: object) -> Setup:
        usual = {
            "id": 9,
            "card": CARD,
            "actions": [],
            "peer": "p",
            "role": "reporter",
            "epoch": 1,
            "seq": 0,
            "digest": b"",
            "time": 0,
            "heartbeat": 10.0,
            "badge": "b",
        }
        return Setup(**{**usual, **fields})

    def greeted(self) -> HostPing:
        """Go on to where the greeting has been sent."""
        assert isinstance(self.tick()[0], AskBroker)
        connect, ping = self.invited(invitation())
        assert connect == ConnectToHost(HERE, KEY)
        assert isinstance(ping, HostPing)
        return ping

    def attached(self) -> Attach:
        """Go on to where the token has been presented."""
        ping = self.greeted()
        commands = self.hear(Error(id=ping.id, code="UNKNOWN_PEER", reason="who?"), after=0.1)
        (attach,) = commands
        assert isinstance(attach, Attach)
        return attach

    def opened(self) -> None:
        """Go on to where the event is open."""
        self.attached()
        assert self.hear(self.setup(), after=0.1) == []
        assert self.session.open

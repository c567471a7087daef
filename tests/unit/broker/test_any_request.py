"""Whatever is asked by whomever: an answer, and a refusal changes nothing on record."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from touchline.broker.database import SqlRegistry
from touchline.broker.options import Options
from touchline.broker.tables import ALL
from touchline.protocol import messages
from touchline.protocol.errors import PeerError, from_wire
from touchline.protocol.messages import Endpoints

from .conftest import Bench, identity

STEPS = 400

NAMES = ("ann", "bob", "eve", "zoe", "kim")
ROLES: tuple[messages.Role, ...] = ("viewer", "reporter", "host", "operator")
ENDPOINTS = Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")


class Crowd:
    """People who ask for anything in any order, of what there is and of what there is not.

    Args:
        rng: where they take it from.
    """

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.events, self.codes, self.tokens = ["x"], ["aaaa-bbbb-cccc"], ["x"]

    def name(self) -> str:
        return self.rng.choice(NAMES)

    def one_of(self, things: list[str]) -> str:
        return self.rng.choice(things[-4:])

    def request(self, who: str) -> Any:
        """Return something that somebody may ask for, sensible or not."""
        rng, event = self.rng, self.one_of(self.events)
        number, instance, other = rng.randrange(9), rng.choice("ij"), identity(self.name())
        match rng.choice(list(messages.BrokerRequest.__args__)).__name__:  # type: ignore[attr-defined]  # a union
            case "Hello":
                mine = rng.random() < 0.8
                code = rng.choice(["", self.one_of(self.codes)])
                key = (identity(who) if mine else other).public
                name = who if mine else self.name()
                return messages.Hello(id=number, name=name, key=key, invite=code)
            case "Search":
                return messages.Search(id=number, text="duel", cursor=rng.choice(["", event]))
            case "Show":
                return messages.Show(id=number, event=event)
            case "Create":
                origins = ["A", "B"] if rng.random() < 0.8 else ["A"]
                fields: Any = {"title": "Duel", "sport": "duel", "origins": origins}
                return messages.Create(id=number, key=str(number), **fields)
            case "Permit":
                named = rng.choice([other.peer, self.name(), "any"])
                role: Any = rng.choice(["owner", "host"])
                allowed = rng.random() < 0.7
                fields = {"role": role, "peer": named, "allowed": allowed}
                return messages.Permit(id=number, event=event, **fields)
            case "Join":
                return messages.Join(id=number, event=event, role=rng.choice(ROLES))
            case "Lease":
                fields = {"endpoints": ENDPOINTS, "epoch": rng.choice([0, 1, 2**60]), "seq": 0}
                return messages.Lease(id=number, event=event, instance=instance, **fields)
            case "HoldEvents":
                joins, leases = [event][: rng.randint(0, 1)], []
                if rng.random() < 0.7:
                    epoch = rng.choice([0, 1, 2**60])
                    fields = {"event": event, "instance": instance, "epoch": epoch, "seq": 0}
                    leases.append(messages.LeaseAsked(**fields))
                fields = {"endpoints": ENDPOINTS, "joins": joins, "leases": leases}
                return messages.HoldEvents(id=number, **fields)
            case "ChangePool":
                fields = {"pool": rng.choice(["", "p"]), "peer": self.name()}
                fields["change"] = rng.choice(["", "add", "remove"])
                return messages.ChangePool(id=number, **fields)
            case "PlaceEvent":
                fields = {"event": event, "peer": rng.choice(["", other.peer])}
                return messages.PlaceEvent(id=number, drop=rng.random() < 0.3, **fields)
            case "DrainHost":
                return messages.DrainHost(id=number, peer=rng.choice(["", other.peer]))
            case "ShowHeld":
                return messages.ShowHeld(id=number, peer=rng.choice([other.peer, self.name()]))
            case "Verify":
                return messages.Verify(id=number, token=self.one_of(self.tokens))
            case "Vouch":
                return messages.Vouch(id=number, curve=other.curve_public)
            case "Finish":
                return messages.Finish(id=number, event=event)
            case "ReleaseLease":
                return messages.ReleaseLease(id=number, event=event, instance=instance)
            case "Invite":
                return messages.Invite(id=number, role=rng.choice(ROLES), uses=2, seconds=60.0)
            case "Members":
                return messages.Members(id=number, limit=2, cursor=rng.choice(["", other.peer]))
            case "Revoke":
                return messages.Revoke(id=number, peer=rng.choice(["x", identity("kim").peer]))
        raise AssertionError("a request that nobody here makes")

    def learn(self, reply: messages.BrokerReply) -> None:
        """Remember what may be asked for from now on."""
        match reply:
            case messages.Event():
                self.events.append(reply.card.event)
            case messages.Invited():
                self.codes.append(reply.code)
            case messages.Invitation():
                self.tokens.append(reply.token)


def records(engine: sa.Engine) -> list[object]:
    """Return everything on record."""
    with engine.connect() as connection:
        return [connection.execute(sa.select(table)).all() for table in ALL.sorted_tables]


@pytest.mark.parametrize("seed", range(4))
def test_any_requests(tmp_path: Path, seed: int) -> None:
    """Each request has a reply with its id, a refused one leaves all records as they were, and
    nobody is answered under another's routing id."""
    registry = SqlRegistry(f"sqlite:///{tmp_path / 'broker.sqlite3'}")
    options = Options(
        open_role="host" if seed % 2 else "viewer",
        operators=(identity("ann").public,),
        token_seconds=60,
        lease_seconds=9,
    )
    bench, crowd = Bench(registry, options), Crowd(Random(seed))
    rng, answered = crowd.rng, Counter[str]()
    for step in range(STEPS):
        bench.wait(rng.random() * 2)
        who = crowd.name()
        request = crowd.request(who)
        hello = isinstance(request, messages.Hello)  # on another's line the gate refuses it
        line = who if hello or rng.random() < 0.9 else crowd.name()
        before = records(registry._engine)
        reply = bench.ask(who, request, bench.line(line))
        where = f"seed {seed}, step {step}: {who} on {line}: {request} → {reply}"
        assert reply.id == request.id, where
        if isinstance(reply, messages.Error):
            assert isinstance(from_wire(reply.code, reply.reason), PeerError), where
            assert records(registry._engine) == before, where
            continue
        crowd.learn(reply)
        answered[type(request).__name__] += 1
        assert who == line, where
    registry.close()
    kinds = messages.BrokerRequest.__args__  # type: ignore[attr-defined]  # a union
    assert len(answered) >= len(kinds) - 6, f"too few kinds were answered: {answered}"

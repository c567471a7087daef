"""What release 0.1 wrote is read as it was: see `tests/fixtures/release-0.1`."""

from __future__ import annotations

import itertools
import json
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.releases import FOLDER, load, load_postgresql
from touchline.broker.core import Core
from touchline.broker.database import SqlRegistry
from touchline.broker.options import Options as BrokerOptions
from touchline.gateway.reporting.outbox import IdempotentOutbox
from touchline.gateway.reporting.schema import Asked, KeptReport
from touchline.gateway.reporting.web_sessions import WebSessions
from touchline.gateway.webhooks.routes import WebhookRegistry
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.journal import Journal
from touchline.peer.host.options import Options as HostOptions
from touchline.peer.reporter.outbox import Outbox
from touchline.protocol import codec, keys, messages, tokens
from touchline.protocol.keys import Identity
from touchline.runtime import clock

BEGIN = 1_700_000_000 * 1_000_000


def database(folder: Path, name: str) -> str:
    """Make the database of a dump; return its URL."""
    return load(name, folder / f"{name}.sqlite3")


@pytest.fixture(params=["sqlite", "postgresql"])
def journal_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return database(request.getfixturevalue("tmp_path"), "journal")
    url: str = request.getfixturevalue("postgresql")
    load_postgresql("journal", url)
    return url


def noted(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def test_a_journal_restores_to_the_same_event(journal_url: str) -> None:
    """Digest, entries, what is held and who is there are those that the release had."""
    Journal(journal_url).close()  # migrates it
    journal = Journal(journal_url)
    card = journal.card("final")
    assert card is not None
    event = HostedEvent(card, HostOptions(claim_ttl=3600.0, alarm_every=25.0))
    event.restore(journal.turns("final"))
    assert journal.ports() == {"router": 40001, "pull": 40002, "pub": 40003}
    journal.close()
    seen = {
        "seq": event.feed.seq,
        "digest": event.feed.digest.hex(),
        "epoch": event.epoch,
        "headline": event.sport.headline(event.timeline.state),
        "standing": [
            [one.entry_id, one.title, one.origin, one.status, one.delay_status, dict(one.details)]
            for one in event.timeline.standing
        ],
        "held": {str(number): claim.held for number, claim in event.held.items()},
        "outages": [list(span) for span in event.outage.spans],
        "reporters": [[one.name, one.n, one.present, one.stays] for one in event.roster.reporters],
    }
    expected = noted("journal")
    assert seen == {name: expected[name] for name in seen}
    assert event.finished
    assert event.edition == 0
    assert expected["kinds"].count("Alarm") == 5


def identity(name: str) -> Identity:
    return Identity(sha256(name.encode()).digest())


class ReleaseBroker:
    """A broker of today on the records of the release."""

    def __init__(self, url: str) -> None:
        self.records = SqlRegistry(url)
        bits = itertools.count(1_000)
        options = BrokerOptions(
            enrolment="invited", operators=(identity("owner").public,), lease_seconds=600.0
        )
        self.core = Core(self.records, options, lambda size: next(bits).to_bytes(size, "little"))

    def ask(self, name: str, request: object) -> bytes:
        curve = identity(name).curve_public
        place = keys.routing_id(curve, name.encode().ljust(16))
        return self.core.receive(place, codec.encode(request), 0.0, BEGIN + 1, curve)

    def hello(self, name: str, code: str = "") -> Any:
        request = messages.Hello(id=1, name=name, key=identity(name).public, invite=code)
        return codec.decode_broker_reply(self.ask(name, request))


@pytest.fixture
def broker(tmp_path: Path) -> Any:
    # In SQLite: in PostgreSQL leases and invitations end by the clock of today.
    made = ReleaseBroker(database(tmp_path, "registry"))
    yield made
    made.records.close()


@pytest.mark.parametrize(
    ("name", "role"), [("ann", "reporter"), ("bob", "reporter"), ("host", "host")]
)
def test_a_registry_gives_the_same_way_into_an_event(
    broker: ReleaseBroker, name: str, role: messages.Role
) -> None:
    """Epoch, endpoints and key are what the release answered. The card says besides
    that the peer that created the event owns it. The token is a new one, since the registry no
    longer keeps those that it gave; the old one is good for as long as the release said."""
    told = noted("registry")
    assert isinstance(broker.hello(name), messages.Welcome)
    reply = codec.decode_broker_reply(
        broker.ask(name, messages.Join(id=1, event=told["event"], role=role))
    )
    assert isinstance(reply, messages.Invitation)
    assert reply.card.owner == identity("host").peer
    card = msgspec.structs.replace(reply.card, owner="")
    before = codec.decode_broker_reply(bytes.fromhex(told["invitations"][name]))
    assert isinstance(before, messages.Invitation)
    same = msgspec.structs.replace(reply, card=card, token=before.token, expires=before.expires)
    assert same == before
    with broker.records.begin(write=False) as repository:
        known = repository.token(tokens.digest(before.token))
    assert known is not None
    assert (known.peer, known.role, known.expires) == (identity(name).peer, role, before.expires)


def test_events_of_the_release_have_owners(tmp_path: Path) -> None:
    """The creator is the owner; the peer that holds the lease at the first start may host on, and
    none whose lease is long over; the second start grants nothing more."""
    url = database(tmp_path, "registry")
    told = noted("registry")
    now = clock.wall()
    put = "INSERT INTO leases SELECT event, ?, ?, epoch + ?, seq, endpoints, ? FROM leases"
    one = " WHERE instance = 'i'"
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.execute(put + one, ("old", identity("bob").peer, 1, now - 10))
    connection.execute(put + one, ("new", identity("ann").peer, 2, now - 10))
    connection.execute(
        "INSERT INTO events SELECT 'past', creator, 'past', status, 9, card FROM events"
    )
    connection.execute(
        "INSERT INTO leases SELECT 'past', 'i', ?, 1, 0, endpoints, ? FROM leases" + one,
        (identity("ann").peer, now - 2 * 86_400_000_000),
    )
    connection.commit()
    connection.close()

    def granted() -> list[tuple[str, str, str]]:
        SqlRegistry(url).close()
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        found = connection.execute("SELECT event, role, peer FROM grants").fetchall()
        connection.execute("DELETE FROM leases WHERE instance = 'later'")
        connection.execute(put + one, ("later", identity("bob").peer, 3, now + 10**9))
        connection.commit()
        connection.close()
        return found

    assert granted() == [(told["event"], "host", identity("ann").peer)]
    assert granted() == [(told["event"], "host", identity("ann").peer)]


def test_an_invitation_of_the_release_lets_in_as_many_as_it_should(broker: ReleaseBroker) -> None:
    """One use is left of three; an invitation that is used up stays so."""
    told = noted("registry")
    assert isinstance(broker.hello("cid", told["code"]), messages.Welcome)
    assert broker.hello("dan", told["code"]).code == "BAD_INVITE"
    assert broker.hello("eve", told["used_code"]).code == "BAD_INVITE"


def test_reports_that_wait_are_sent(tmp_path: Path) -> None:
    """An outbox of the release holds what its host had not confirmed, and counts on."""
    load("outbox", tmp_path / "outbox.db")
    outbox = Outbox(tmp_path / "outbox.db")
    assert [said.n for said in outbox.pending()] == noted("gateway")["pending"]
    assert outbox.add(messages.Happening(title="goal", origin="B", time=BEGIN), BEGIN).n == 4
    outbox.close()


def test_a_gateway_goes_on(tmp_path: Path) -> None:
    """Who had signed in is, each tap that was kept counts once, webhooks go on where they were."""
    told = noted("gateway")
    for name in ("people", "ledger", "webhooks"):
        load(name, tmp_path / f"{name}.db")
    people = WebSessions(tmp_path)
    session = people.find(told["secret"], BEGIN)
    assert session is not None
    assert [*session[:6]] == told["person"]
    assert session.key == ""
    people.close()
    box = IdempotentOutbox(tmp_path / "ledger.db")
    goal = messages.Happening(title="goal", origin="A", time=BEGIN)
    kept, new = box.keep([Asked("tap-2", BEGIN, goal, b"other")])
    assert [one.id for one in box.kept()] == told["kept"]
    assert [one.n for one in kept if isinstance(one, KeptReport)] == [2]
    assert new == []
    box.close()
    hooks = WebhookRegistry(tmp_path / "webhooks.db")
    assert [(one.id, one.seq) for one in hooks.all()] == [("h", 7)]
    hooks.close()

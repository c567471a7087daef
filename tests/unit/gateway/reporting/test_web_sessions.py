"""Sessions: for one person in one event, on disk, bounded, ending."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from touchline.gateway.reporting.routes import AddressLimiter
from touchline.gateway.reporting.web_sessions import DEVICES, WebSessions, check_name
from touchline.protocol.errors import BadMessage, Overloaded, StorageFault
from touchline.protocol.messages import Card, Timing
from touchline.protocol.times import SECOND

CARD = Card(event="e", title="E", sport="football", origins=["A", "B"], timing=Timing(speed=2.0))


@pytest.fixture
def people(tmp_path):
    made = WebSessions(tmp_path, most=3, seconds=100)
    yield made
    made.close()


def sign_in(people: WebSessions, name: str = "ann", wall: int = 0):
    return people.sign_in(people.new_id(), CARD, name, wall)


def test_found_by_secret(people):
    """The secret leads to the person; another one, or an empty one, to nobody."""
    secret, person = sign_in(people)
    other, _ = sign_in(people)
    assert people.find(secret, 1) == person
    assert (person.event, person.name, person.timing) == ("e", "ann", Timing(speed=2.0))
    assert secret != other
    assert len(secret) >= 43  # 32 bytes
    for wrong in ("", secret[:-1], secret + "x", "\ud800"):
        assert people.find(wrong, 1) is None


def test_after_a_restart(people, tmp_path):
    """A gateway that is started again knows who is signed in, and who has left."""
    stays, person = sign_in(people)
    goes, gone = sign_in(people)
    people.sign_out(gone)
    again = WebSessions(tmp_path)
    assert again.find(stays, 1) == person
    assert again.find(goes, 1) is None
    assert [one.id for one in again.left(1)] == [gone.id]
    again.close()


def test_the_secret_is_not_on_disk(people, tmp_path):
    """Who reads the files can speak in nobody's name."""
    secret, _ = sign_in(people)
    people.close()
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_the_end(people):
    """A session ends with its time, or by signing out."""
    secret, person = sign_in(people)
    assert people.find(secret, 100 * SECOND - 1) == person
    assert people.find(secret, 100 * SECOND) is None
    assert people.left(1) == []
    assert people.left(100 * SECOND) == [person]
    people.sign_out(person)
    assert people.find(secret, 1) is None
    assert people.left(1) == [person]


def test_begun_anew(people):
    """A device's key has one session in an event: signed in again, it goes on where it was, with a
    new secret and the full time, and is not forgotten as one that has ended."""
    first, session = people.sign_in(people.new_id(), CARD, "ann", 0, key="k")
    assert people.resume("k", "other", 1) is None
    people.sign_out(session)
    second, again = people.resume("k", "e", 50 * SECOND)
    assert again == session._replace(expires=150 * SECOND)
    assert people.find(first, 51 * SECOND) is None
    assert people.find(second, 149 * SECOND) == again
    people.forget(session)
    assert people.get(session.id) == again
    people.forget(again)
    assert people.resume("k", "e", 1) is None


def test_a_file_of_before(people, tmp_path):
    """Sessions of the release before, which have keys of their own, go on."""
    secret, session = sign_in(people)
    people.close()
    with sqlite3.connect(tmp_path / "people.db") as base:
        base.execute("ALTER TABLE people DROP COLUMN key")
        base.execute("PRAGMA user_version = 0")
    again = WebSessions(tmp_path)
    assert again.find(secret, 1) == session._replace(key="")
    assert again.folder(session.id) == again.outbox(session).parent
    again.close()


def test_forgotten(people):
    """With a person goes their folder, and there is room for another one."""
    secret, person = sign_in(people)
    sign_in(people)
    sign_in(people)
    with pytest.raises(Overloaded, match="3 people, at most 3 at one time"):
        people.new_id()
    people.outbox(person).parent.mkdir(parents=True)
    people.outbox(person).touch()
    people.forget(person)
    assert not people.folder(person.id).exists()
    assert people.find(secret, 1) is None
    assert people.get(person.id) is None
    sign_in(people)


def test_no_folder(tmp_path: Path):
    """A folder that can't be used is a storage fault."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault):
        WebSessions(tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "used"), [("ann", "ann"), ("  Ann \t B ", "Ann B"), ("Åsa-Ødegård", "Åsa-Ødegård")]
)
def test_names(name, used):
    """Space around and between words means nothing."""
    assert check_name(name) == used


@pytest.mark.parametrize("name", ["", " ", "x" * 61, ".ann", "a/b", "a\\b", "a\0b", "a\u202eb"])
def test_names_that_nobody_has(name):
    """Nothing that is no file's name, or would draw over others, is a name."""
    with pytest.raises(BadMessage):
        check_name(name)


def test_brake():
    """So many at once, then one each so often; addresses do not wait for each other; a crowd of
    addresses is held to one account."""
    brake = AddressLimiter(most=2, every=10.0, addresses=2)
    brake.take("a", 0.0)
    brake.take("a", 0.0)
    with pytest.raises(Overloaded, match="wait 10 s"):
        brake.take("a", 0.0)
    brake.take("b", 0.0)
    for address in ("c", "d"):
        brake.take(address, 5.0)
    with pytest.raises(Overloaded):
        brake.take("e", 5.0)
    brake.take("a", 10.0)
    brake.take("e", 100.0)


def test_a_person_has_several_devices(people, tmp_path):
    """Each device has a secret of its own, all of one session, and signs out by itself; the session
    ends with the last."""
    first, session = people.sign_in(people.new_id(), CARD, "ann", 0, key="k", device="phone")
    second = people.pair(session, "tablet")
    assert first != second
    assert people.find(first, 1) == people.find(second, 1) == session
    again = WebSessions(tmp_path, seconds=100)
    assert again.find(second, 1) == session
    again.close()
    people.sign_out(session, first)
    assert people.find(first, 1) is None
    assert people.find(second, 1) == session
    assert people.left(1) == []
    people.sign_out(session, second)
    assert people.left(1) == [session]


def test_a_device_has_one_secret(people):
    """A device that signs in or is paired once more has a new secret instead of its old one; those
    of other devices stay."""
    first, session = people.sign_in(people.new_id(), CARD, "ann", 0, key="k", device="phone")
    second = people.pair(session, "tablet")
    third = people.pair(session, "tablet")
    assert people.find(second, 1) is None
    fourth, _ = people.resume("k", "e", 0, device="phone")
    assert people.find(first, 1) is None
    assert people.find(third, 1) == people.find(fourth, 1) == session


def test_a_person_has_not_any_number_of_devices(people):
    """A further device than the bound is refused; one of these may be paired anew."""
    _, session = people.sign_in(people.new_id(), CARD, "ann", 0, key="k", device="0")
    for number in range(1, DEVICES):
        people.pair(session, str(number))
    with pytest.raises(Overloaded, match=f"at most {DEVICES}"):
        people.pair(session, "one more")
    people.pair(session, "1")
    people.sign_out(session)
    assert people.left(1) == [session]


def test_sessions_of_before_devices_were_told_apart(people, tmp_path):
    """Who was signed in at a gateway of before stays signed in, and that device's secret goes once
    it signs in anew."""
    secret, session = people.sign_in(people.new_id(), CARD, "ann", 0, key="k")
    people.close()
    with sqlite3.connect(tmp_path / "people.db") as base:
        base.execute("UPDATE people SET secret = (SELECT secret FROM secrets)")
        base.execute("DROP TABLE secrets")
        base.execute("PRAGMA user_version = 2")
    base.close()
    again = WebSessions(tmp_path, seconds=100)
    assert again.find(secret, 1) == session
    new, _ = again.resume("k", "e", 1, device="phone")
    assert again.find(secret, 1) is None
    assert again.find(new, 1).id == session.id
    again.close()

from __future__ import annotations

from typing import Any

import pytest

from touchline.broker import enrolment
from touchline.broker.repository import PeerRecord
from touchline.protocol import keys, messages
from touchline.protocol.errors import Revoked, UnknownPeer, WrongKey

from .conftest import SECOND, identity
from .test_core import create, join, lease, refusal

CODE = "aaaa-bbbb-cccc"


@pytest.fixture
def club(bench: Any) -> Any:
    """A broker that asks for invitations; the settings name ann as operator, bob and eve are
    hosts."""
    bench.set(operators=(identity("ann").public,), enrolment="invited")
    return bench


def invite(bench: Any, role: str = "reporter", uses: int = 1, seconds: float = 60.0) -> Any:
    return bench.ann(messages.Invite(id=4, role=role, uses=uses, seconds=seconds))  # type: ignore[arg-type]  # any text


def person(bench: Any, name: str) -> messages.EnrolledPeer:
    (found,) = [one for one in bench.ann(messages.Members(id=1)).members if one.name == name]
    return found


# ── who comes in ─────────────────────────────────────────────────────────────────────────────


def test_a_name_belongs_to_its_first_key(bench: Any) -> None:
    """Another key is refused under a name that is taken, however it is written."""
    for name in ("ann", "Ann", "ＡＮＮ", " ann "):
        assert refusal(bench.hello("mallory", name=name)) == "NAME_TAKEN"
    assert bench.hello("mallory", name="anna").peer == identity("mallory").peer


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ann", "ann\u3164"),
        ("ann", "an\u034fn"),
        ("ann", "ann\ufe0f"),
        ("ann", "ann\u2800"),
        ("ann", "ann\u200b"),
        ("Coco", "Сосо"),
        ("AHH", "АНН"),
        ("Iris", "lris"),
        ("modern", "rnodern"),
        ("O’Neill", "O'Neill"),
    ],
)
def test_no_second_name_looks_like_a_first(bench: Any, first: str, second: str) -> None:
    """Another key is refused under a name that people can't tell from one that is taken."""
    bench.hello("zoe", name=first)
    assert refusal(bench.hello("mallory", name=second)) == "NAME_TAKEN"


def test_names_that_people_tell_apart(bench: Any) -> None:
    """Names are free that a hasty look tells apart."""
    for key, name in enumerate(("Elia", "Ella", "Muller", "Müller", "Ian", "Lan", "Ann Smith")):
        assert bench.hello(f"key {key}", name=name).peer == identity(f"key {key}").peer


@pytest.mark.parametrize("name", ["Аnna", "Αlpha", "\u3164", "\u2800 \u034f", "ﷺ" * 20])
def test_names_that_are_not_valid(bench: Any, name: str) -> None:
    """A name of two scripts, one without anything to see and one that grows too long is refused."""
    assert refusal(bench.hello("zoe", name=name)) == "BAD_MESSAGE"


def test_an_enrolled_key_keeps_a_name_of_before(bench: Any) -> None:
    """A key that was enrolled under a name that is not valid now goes on under it."""
    ann = identity("old")
    old = PeerRecord(ann.peer, ann.public, ann.curve_public, "Аnna\u3164", "host", 1)
    with bench.registry.begin(write=True) as repository:
        repository.put_member(old)
    for name in (old.name, "Аnna"):
        assert bench.hello("old", name=name).peer == ann.peer
    assert refusal(bench.hello("mallory", name="Anna")) == "NAME_TAKEN"


def test_a_name_stays_with_its_key(bench: Any) -> None:
    """A key that is enrolled can't become somebody else; the way its name is written does not
    matter."""
    reply = bench.hello("bob", name="robert")
    assert refusal(reply) == "NOT_ALLOWED"
    assert "enrolled as 'bob'" in reply.reason
    assert bench.hello("bob", name="BOB").peer == identity("bob").peer


def test_the_key_of_the_connection(bench: Any) -> None:
    """Who holds one key says hello with no other."""
    reply = bench.hello("eve", key=identity("ann").public)
    assert refusal(reply) == "WRONG_KEY"


def test_any_key_is_believed_in_plain_text(bench: Any) -> None:
    """Where nothing is encrypted nothing is proved."""
    bench.set(insecure=True)
    reply = bench.hello("eve", bench.line("eve") + b"2", name="ann", key=identity("ann").public)
    assert reply.peer == identity("ann").peer


def test_the_other_key_of_a_connection(bench: Any) -> None:
    """Of the two public keys that have one CURVE form the second does not come in."""
    public = identity("ann").public
    other = public[:31] + bytes([public[31] ^ 0x80])
    assert keys.curve_key(other) == keys.curve_key(public)
    reply = bench.hello("ann", bench.line("ann") + b"2", key=other, name="twin")
    assert refusal(reply) == "WRONG_KEY"


def test_open_role(bench: Any) -> None:
    """Who comes in without an invitation is what the settings say, and stays that."""
    bench.set(open_role="viewer")
    assert bench.hello("zoe").role == "viewer"
    bench.set(open_role="host")
    assert bench.hello("zoe").role == "viewer"


def test_unknown_key(club: Any) -> None:
    """A broker that asks for invitations takes in no new key without one, and keeps the old."""
    assert refusal(club.hello("zoe")) == "UNKNOWN_KEY"
    assert refusal(club.ask("zoe", messages.Search(id=1))) == "UNKNOWN_PEER"
    assert club.hello("bob").role == "host"


def test_most_peers(bench: Any) -> None:
    """A registry that is full takes no further key, naming both numbers."""
    bench.set(max_peers=3)
    reply = bench.hello("zoe")
    assert (refusal(reply), reply.reason) == ("OVERLOADED", "3 keys, at most 3 allowed")
    assert bench.hello("bob").peer == identity("bob").peer


def test_a_rush_of_keys(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """New keys come in at a bounded rate; those that are enrolled are not kept waiting."""
    monkeypatch.setattr(enrolment, "NEW_BURST", 2)
    bench.start()
    replies = [bench.hello(name) for name in ("f", "g", "h")]
    assert [getattr(reply, "code", "") for reply in replies] == ["", "", "OVERLOADED"]
    assert bench.hello("bob").peer
    assert bench.core.counters.enrolled == 2
    bench.wait(1)
    assert bench.hello("h").peer == identity("h").peer


# ── by invitation ────────────────────────────────────────────────────────────────────────────


def test_invited(club: Any) -> None:
    """A code lets a key in, in its role; hosts and operators learn by which invitation."""
    invited = invite(club, "host")
    assert len(invited.code.split("-")) == 3
    assert invited.expires == club.wall + 60 * SECOND
    assert club.hello("zoe", invite=invited.code.upper().replace("-", " ")).role == "host"
    assert person(club, "zoe") == messages.EnrolledPeer(
        peer=identity("zoe").peer,
        name="zoe",
        role="host",
        enrolled=club.wall,
        invite=invited.invite,
    )
    event = club.bob(create()).card.event
    club.bob(lease(event))
    grant = club.bob(messages.Verify(id=8, token=club.ask("zoe", join(event)).token))
    assert (grant.invite, grant.enrolled) == (invited.invite, club.wall)


def test_used_up(club: Any) -> None:
    """A code lets in as many as it says; asking again because an answer was lost takes none."""
    code = invite(club, uses=2).code
    for name in ("f", "f", "g", "f", "g"):
        assert club.hello(name, invite=code).role == "reporter"
    reply = club.hello("h", invite=code)
    assert refusal(reply) == "BAD_INVITE"
    assert "used up" in reply.reason


def test_expired(club: Any) -> None:
    """A code that is expired lets nobody in, and tells nothing to those who are in."""
    code = invite(club).code
    assert club.hello("f", invite=code).role == "reporter"
    club.wait(60)
    reply = club.hello("g", invite=code)
    assert refusal(reply) == "BAD_INVITE"
    assert "expired at" in reply.reason
    assert club.hello("f", invite=code).role == "reporter"


@pytest.mark.parametrize("open_", [False, True])
def test_no_such_code(club: Any, open_: bool) -> None:
    """A code that nobody made is refused, also where none is needed and of who is enrolled."""
    club.set(enrolment="open" if open_ else "invited")
    for name in ("zoe", "bob"):
        assert refusal(club.hello(name, invite=CODE)) == "BAD_INVITE"


def test_a_taken_name_costs_no_use(club: Any) -> None:
    """A hello that is refused takes nothing of the invitation."""
    code = invite(club).code
    assert refusal(club.hello("zoe", name="bob", invite=code)) == "NAME_TAKEN"
    assert club.hello("zoe", invite=code).role == "reporter"


def test_raised(club: Any) -> None:
    """A code of a higher role raises one who is enrolled, from then on; a lower one does not."""
    club.hello("zoe", invite=invite(club, "viewer").code)
    club.wait(5)
    higher = invite(club, "host")
    assert club.hello("zoe", invite=higher.code).role == "host"
    lower = invite(club, "reporter")
    assert club.hello("zoe", invite=lower.code).role == "host"
    found = person(club, "zoe")
    assert (found.role, found.invite, found.enrolled) == ("host", higher.invite, club.wall)
    assert club.hello("f", invite=lower.code).role == "reporter"
    assert refusal(club.hello("g", invite=higher.code)) == "BAD_INVITE"


def test_the_higher_role_counts(club: Any) -> None:
    """Where the broker is open a code makes nobody less than they would be without it."""
    club.set(enrolment="open", open_role="reporter")
    assert club.hello("f", invite=invite(club, "viewer").code).role == "reporter"
    assert club.hello("g", invite=invite(club, "host").code).role == "host"


def test_codes_are_not_tried_out(club: Any) -> None:
    """Who tries many wrong codes has to wait, with the right one too; the others do not."""
    code = invite(club, uses=9).code
    tried = [refusal(club.hello("mallory", invite=f"{n}")) for n in range(7)]
    assert tried == ["BAD_INVITE"] * 5 + ["OVERLOADED"] * 2
    assert refusal(club.hello("mallory", invite=code)) == "OVERLOADED"
    assert club.hello("zoe", invite=code).role == "reporter"
    club.wait(11)
    assert club.hello("mallory", invite=code).role == "reporter"


def test_codes_are_not_tried_out_by_many(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All together try wrong codes at a bounded rate; right ones take nothing of it."""
    monkeypatch.setattr(enrolment, "ALL_CODES_BURST", 3)
    monkeypatch.setattr(enrolment, "ALL_CODES_RATE", 1.0)
    club.start()
    code = invite(club, uses=9).code
    for name in "abcde":
        assert club.hello(name, invite=code).role == "reporter"
    tried = [refusal(club.hello(f"m{n}", invite=f"{n}")) for n in range(4)]
    assert tried == ["BAD_INVITE"] * 3 + ["OVERLOADED"]
    club.wait(1)
    assert club.hello("f", invite=code).role == "reporter"


def test_codes_are_kept_as_hashes(club: Any) -> None:
    """No record holds the code, nor is it the hash of the code alone."""
    code = invite(club).code
    with club.registry.begin(write=False) as repository:
        found = repository.invite(enrolment.digest(code))
    assert found is not None
    assert code.replace("-", "") not in repr(found).replace("-", "")
    assert enrolment.digest("k3vq-7m2p-xw9d") == enrolment.digest("K3VQ 7m2p xw9d")
    assert enrolment.digest("k3vq-7m2p-xw9d") != enrolment.digest("k3vq-7m2p-xw9e")


def test_most_invitations(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are so many invitations that may be used; used up and expired ones make room."""
    monkeypatch.setattr(enrolment, "MOST_INVITES", 2)
    first = invite(club)
    invite(club, seconds=10.0)
    reply = invite(club)
    assert refusal(reply) == "OVERLOADED"
    assert reply.reason.startswith("2 invitations are open, at most 2")
    club.hello("zoe", invite=first.code)
    invite(club)
    assert refusal(invite(club)) == "OVERLOADED"
    club.wait(10)
    assert invite(club).code


# ── operators ────────────────────────────────────────────────────────────────────────────────


def test_only_operators(bench: Any) -> None:
    """To invite, to see who is enrolled and to revoke is for operators; the sentence says so."""
    for request in (
        messages.Invite(id=4, role="viewer"),
        messages.Members(id=4),
        messages.Revoke(id=4, peer=identity("bob").peer),
    ):
        reply = bench.eve(request)
        assert (refusal(reply), reply.id) == ("NOT_ALLOWED", 4)
        assert "needs the role operator, this peer is enrolled as host" in reply.reason


def test_operators_by_right(bench: Any) -> None:
    """Who the settings name is an operator as long as they do, and comes in uninvited."""
    bench.set(operators=(identity("zoe").public,), enrolment="invited")
    assert bench.hello("zoe").role == "operator"
    bench.set(operators=())
    assert bench.hello("zoe").role == "viewer"
    assert refusal(bench.ask("zoe", messages.Members(id=1))) == "NOT_ALLOWED"


def test_an_operator_by_invitation(club: Any) -> None:
    """An operator may make others."""
    club.hello("zoe", invite=invite(club, "operator").code)
    assert isinstance(club.ask("zoe", messages.Members(id=1)), messages.Roll)


def test_members_in_pages(club: Any) -> None:
    """Following the cursor gives everybody once, in the order of their ids."""
    code = invite(club, uses=4).code
    for name in "wxyz":
        club.hello(name, invite=code)
    found: list[str] = []
    cursor = ""
    for _ in range(4):
        roll = club.ann(messages.Members(id=6, limit=2, cursor=cursor))
        found += [one.peer for one in roll.members]
        cursor = roll.cursor
    assert cursor == ""
    assert found == sorted(identity(name).peer for name in ("ann", "bob", "eve", *"wxyz"))


# ── revoked ──────────────────────────────────────────────────────────────────────────────────


def revoke(bench: Any, name: str) -> Any:
    return bench.ann(messages.Revoke(id=9, peer=identity(name).peer))


def test_whose_a_connection_is(club: Any) -> None:
    """A connection is an enrolled peer's once that has said hello on it with the key that the
    connection proves, and until it is revoked."""
    bob, eve = identity("bob").curve_public, identity("eve").curve_public
    club.core.check_peer(club.line("bob"), bob)
    with pytest.raises(UnknownPeer):
        club.core.check_peer(club.line("bob") + b"x", bob)
    with pytest.raises(WrongKey):
        club.core.check_peer(club.line("bob"), eve)
    revoke(club, "bob")
    with pytest.raises(Revoked):
        club.core.check_peer(club.line("bob"), bob)


def test_revoked(club: Any) -> None:
    """A revoked peer is refused whatever it asks, on any connection, by the authenticator too."""
    assert club.core.admits(identity("bob").curve_public)
    assert revoke(club, "bob") == messages.Done(id=9) == revoke(club, "bob")
    for request in (messages.Search(id=1), create(), messages.Members(id=1)):
        assert refusal(club.bob(request)) == "REVOKED"
    assert refusal(club.hello("bob")) == "REVOKED"
    assert refusal(club.hello("bob", invite=invite(club, "host").code)) == "REVOKED"
    assert not club.core.admits(identity("bob").curve_public)
    assert club.core.admits(identity("eve").curve_public)
    assert club.core.admits(identity("a stranger").curve_public)
    assert person(club, "bob").revoked
    assert refusal(club.hello("zoe", name="bob")) == "UNKNOWN_KEY"
    club.set(enrolment="open")
    assert refusal(club.hello("zoe", name="bob")) == "NAME_TAKEN"


def test_what_the_revoked_held(club: Any) -> None:
    """Its leases end, its tokens are nothing, its invitations let nobody in."""
    club.hello("zoe", invite=invite(club, "operator").code)
    code = club.ask("zoe", messages.Invite(id=1, role="viewer")).code
    event = club.ask("zoe", create(hosts=["bob"])).card.event
    club.ask("zoe", lease(event, "z"))
    assert club.bob(join(event, "host")).endpoints is not None
    zoes = club.ask("zoe", join(event)).token
    revoke(club, "zoe")
    assert club.bob(join(event)).endpoints is None
    assert club.bob(lease(event, "b")).revoked == [identity("zoe").peer]
    reply = club.bob(messages.Verify(id=8, token=zoes))
    assert refusal(reply) == "REVOKED"
    assert identity("zoe").peer in reply.reason
    assert refusal(club.hello("f", invite=code)) == "BAD_INVITE"


def test_hosts_are_told(club: Any) -> None:
    """Each lease lists the revoked peers with a token for that event, the last first, also if the
    token is expired, and no others."""
    event, other = club.bob(create()).card.event, club.bob(create(key="other")).card.event
    code = invite(club, uses=9).code
    for name, of in (("f", event), ("g", other), ("h", event), ("i", event)):
        club.hello(name, invite=code)
        club.ask(name, join(of))
    assert club.bob(lease(event, "b")).revoked == []
    for name in "fgh":
        revoke(club, name)
        club.wait(1_800)
    assert club.bob(lease(event, "b")).revoked == [identity("h").peer, identity("f").peer]
    club.wait(club.options.session_seconds - 3_000)
    club.hello("bob")
    assert club.bob(lease(event, "b")).revoked == [identity("h").peer, identity("f").peer]


def test_who_cannot_be_revoked(club: Any) -> None:
    """An operator of the settings stays; an unknown peer is not found."""
    club.hello("zoe", invite=invite(club, "operator").code)
    reply = club.ask("zoe", messages.Revoke(id=9, peer=identity("ann").peer))
    assert refusal(reply) == "NOT_ALLOWED"
    assert "--operator" in reply.reason
    assert refusal(revoke(club, "nobody")) == "NOT_FOUND"

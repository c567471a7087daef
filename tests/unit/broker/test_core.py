from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from touchline.protocol import codec, limits, messages
from touchline.protocol.errors import Overloaded
from touchline.protocol.tokens import digest

from .conftest import identity

SECOND = 1_000_000
ENDPOINTS = messages.Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")


def lease(event: str, instance: str = "i", epoch: int = 0, seq: int = 0) -> messages.Lease:
    return messages.Lease(
        id=7, event=event, instance=instance, endpoints=ENDPOINTS, epoch=epoch, seq=seq
    )


def join(event: str, role: messages.Role = "viewer") -> messages.Join:
    return messages.Join(id=3, event=event, role=role)


def create(**fields: Any) -> messages.Create:
    usual = {"id": 5, "title": "Final", "sport": "duel", "key": "k", "origins": ["A", "B"]}
    return messages.Create(**{**usual, **fields})


def refusal(reply: Any) -> str:
    assert isinstance(reply, messages.Error), reply
    return reply.code


# ── who is there ─────────────────────────────────────────────────────────────────────────────


def test_welcome(bench: Any) -> None:
    """Hello is answered with the fingerprint of the key, the role, the time and the heartbeat."""
    assert bench.hello("ann") == messages.Welcome(
        id=1,
        peer=identity("ann").peer,
        role="host",
        time=bench.wall,
        heartbeat=bench.options.heartbeat,
    )
    assert bench.hello("ann", bench.line("ann") + b"2").peer == identity("ann").peer
    assert bench.hello("bob").peer == identity("bob").peer != identity("ann").peer


def test_unknown_peer(bench: Any) -> None:
    """Whatever is asked before hello is refused with UNKNOWN_PEER and the request's id."""
    for request in (
        messages.Search(id=9),
        messages.Show(id=9, event="x"),
        create(id=9),
        messages.Verify(id=9, token="x"),
    ):
        reply = bench.ask("a stranger", request)
        assert (refusal(reply), reply.id) == ("UNKNOWN_PEER", request.id)


def test_session_survives_restart(bench: Any) -> None:
    """A connection that said hello is known to a broker started anew on the same records."""
    bench.start()
    assert isinstance(bench.ann(messages.Search(id=1)), messages.EventList)


def test_what_outlasts_a_loss_of_power(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that enrols, takes another name or uses a code; a known one that says hello again, or
    is given a token, does by itself again what a loss of power took."""
    event, told = bench.event(), []
    begin = bench.registry.begin

    def noted(*, write: bool, lasting: bool = True) -> Any:
        told.append(lasting if write else None)
        return begin(write=write, lasting=lasting)

    monkeypatch.setattr(bench.registry, "begin", noted)
    bench.hello("dan")
    bench.hello("dan", bench.line("dan")[:-1] + b"x")
    bench.hello("dan", name="daniel")
    bench.hello("dan", name="daniel", invite="abcd-efgh-jkmn")
    bench.ask("dan", join(event))
    bench.ask("dan", messages.Show(id=1, event=event))
    bench.ann(lease(event))
    assert told == [True, False, True, True, False, None, True]


def test_wrong_version(bench: Any) -> None:
    """Another version of the protocol is refused, naming both."""
    assert bench.hello("x", id=4, version=2) == messages.Error(
        id=4, code="WRONG_VERSION", reason="protocol version 2 is not supported, only 1"
    )


@pytest.mark.parametrize(
    ("routing_id", "fields", "sentence"),
    [
        (b"", {"key": b"\0" * 32}, "key: not a public key"),
        (b"", {"name": ""}, "name is empty"),
        (b"", {"name": "\x1b[31m"}, "name holds"),
        (b"\0" + b"x" * 30, {}, "ROUTING_ID of at least 21 bytes"),
        (b"x" * 20, {}, "ROUTING_ID of at least 21 bytes"),
    ],
)
def test_bad_hello(bench: Any, routing_id: bytes, fields: dict[str, Any], sentence: str) -> None:
    """What is no key, an unprintable name, a routing id that can be guessed are refused."""
    reply = bench.hello("x", routing_id, **fields)
    assert refusal(reply) == "BAD_MESSAGE"
    assert sentence in reply.reason


def test_plain_routing_id(bench: Any) -> None:
    """Where nothing is encrypted a routing id needs no more than to be random."""
    bench.set(insecure=True)
    assert "at least 8 bytes" in bench.hello("x", b"x" * 7).reason
    assert bench.hello("x", b"x" * 8).peer == identity("x").peer


def test_connection_of_another_peer(bench: Any) -> None:
    """A connection that is one peer's does not become another's, nor do its requests."""
    assert refusal(bench.hello("eve", bench.line("ann"))) == "CONFLICT"
    event = bench.event()
    frame = codec.encode(join(event, "host"))
    assert refusal(bench.send("eve", frame, bench.line("ann"))) == "WRONG_KEY"
    assert bench.ann(messages.Show(id=1, event=event)).card.event == event


def test_old_sessions_are_forgotten(bench: Any) -> None:
    """Connections unseen for long are dropped; their peers say hello again and are the same."""
    event = bench.event()
    bench.wait(bench.options.session_seconds + 61)
    bench.hello("bob")
    assert refusal(bench.ann(messages.Search(id=1))) == "UNKNOWN_PEER"
    bench.hello("ann")
    assert bench.event() == event


# ── what can't be read ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("frame", "code", "number"),
    [
        (b"", "BAD_MESSAGE", 0),
        (b"\xc1", "BAD_MESSAGE", 0),
        (b"GET / HTTP/1.1\r\n", "BAD_MESSAGE", 0),
        (msgspec.msgpack.encode({"type": "dance", "id": 12}), "UNKNOWN_TYPE", 12),
        (msgspec.msgpack.encode({"type": "show", "id": 12}), "BAD_MESSAGE", 12),
        (msgspec.msgpack.encode({"type": "show", "id": -1}), "BAD_MESSAGE", 0),
        (msgspec.msgpack.encode({"type": "show", "id": 12, "event": "\0"}), "BAD_MESSAGE", 12),
        (msgspec.msgpack.encode([1, 2]), "BAD_MESSAGE", 0),
        (b"x" * (limits.FRAME_BYTES + 1), "TOO_LARGE", 0),
        (codec.encode(messages.Done(id=3)), "UNKNOWN_TYPE", 3),
        (b"\x91" * 60_000, "BAD_MESSAGE", 0),
    ],
)
def test_garbage(bench: Any, frame: bytes, code: str, number: int) -> None:
    """A frame that is no request gets an error with the id that it holds, and is counted."""
    reply = bench.send("ann", frame)
    assert (refusal(reply), reply.id) == (code, number)
    assert bench.core.counters.refusals == {code: 1}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.binary(max_size=60))
def test_any_bytes(bench: Any, frame: bytes) -> None:
    """Whatever the bytes, there is a reply and nothing escapes."""
    assert isinstance(bench.send("ann", frame), messages.Error)


def test_cut_and_trailing(bench: Any) -> None:
    """A request cut short anywhere, or with bytes after it, is refused."""
    frame = codec.encode(create())
    for end in range(len(frame)):
        assert refusal(bench.send("ann", frame[:end])) == "BAD_MESSAGE"
    assert refusal(bench.send("ann", frame + b"\x01")) == "BAD_MESSAGE"
    assert bench.ann(messages.Search(id=1)).events == []


def test_counters(bench: Any) -> None:
    """Requests are counted by type, refusals by code."""
    bench.event()
    bench.ann(messages.Show(id=1, event="nowhere"))
    bench.core.refuse(b"", Overloaded("full"))
    bench.core.record_fault()
    assert bench.core.counters.requests == {"hello": 3, "create": 1, "show": 1}
    assert bench.core.counters.refusals == {"NOT_FOUND": 1, "OVERLOADED": 1}
    assert bench.core.counters.faults == 1


# ── which events there are ───────────────────────────────────────────────────────────────────


def test_create(bench: Any) -> None:
    """A created event is shown to everybody with all that it was created with, and its owner."""
    request = create(
        title="Ann – Bob",
        origins=["Ann", "Bob"],
        lineups={"Ann": ["Ann A."]},
        rules={"to": 3},
        starts=5,
        competition="Open\u200b",
        round="Final",
        venue="Centre Court",
        timing=messages.Timing(starts=1, speed=2.0),
    )
    card = bench.ann(request).card
    assert card == messages.Card(
        event=card.event,
        title="Ann – Bob",
        sport="duel",
        origins=["Ann", "Bob"],
        lineups={"Ann": ["Ann A."]},
        rules={"to": 3},
        starts=5,
        competition="Open",
        round="Final",
        venue="Centre Court",
        timing=messages.Timing(starts=1, speed=2.0),
        created=bench.wall,
        owner=identity("ann").peer,
    )
    assert card.event.startswith("ann-bob-")
    assert bench.bob(messages.Show(id=8, event=card.event)) == messages.Event(id=8, card=card)


def test_create_again(bench: Any) -> None:
    """The same key of the same peer gives the same event, also when it is live by then."""
    first = bench.ann(create()).card
    bench.wait(60)
    bench.ann(lease(first.event))
    again = bench.ann(create()).card
    assert again == msgspec.structs.replace(first, status="live", hosted=True)
    assert len(bench.ann(messages.Search(id=1)).events) == 1
    assert bench.bob(create()).card.event != first.event


def test_create_other_with_same_key(bench: Any) -> None:
    """A key that was used for something else is refused, naming the event."""
    event = bench.ann(create()).card.event
    for change in (
        {"title": "Else"},
        {"venue": "Else"},
        {"origins": ["B", "A"]},
        {"rules": {"to": 2}},
    ):
        reply = bench.ann(create(**change))
        assert refusal(reply) == "CONFLICT"
        assert event in reply.reason


@pytest.mark.parametrize(
    ("fields", "code", "sentence"),
    [
        ({"sport": "chess"}, "NOT_FOUND", "no sport 'chess'; there are duel"),
        ({"origins": ["A"]}, "BAD_MESSAGE", "a duel has 2 origins, not 1"),
        ({"rules": {"to": "three"}}, "BAD_MESSAGE", "line-ups are not valid in duel"),
        ({"title": ""}, "BAD_MESSAGE", "title is empty"),
        ({"key": ""}, "BAD_MESSAGE", "key is empty"),
        ({"competition": "\u200b"}, "BAD_MESSAGE", "competition is empty"),
    ],
)
def test_bad_event(bench: Any, fields: dict[str, Any], code: str, sentence: str) -> None:
    """An event that its sport does not accept is refused in the sport's words, and not stored."""
    reply = bench.ann(create(**fields))
    assert (refusal(reply), reply.id) == (code, 5)
    assert sentence in reply.reason
    assert bench.ann(messages.Search(id=1)).events == []


def test_unique_ids(bench: Any) -> None:
    """An event id that is taken is drawn again; when none is free the peer is told to retry."""
    draws = iter([b"\1\1\1\1", b"\1\1\1\1", b"\2\2\2\2"])
    bench.core._entropy = lambda _: next(draws)
    ids = [bench.ann(create(key=key)).card.event for key in "ab"]
    assert ids == ["final-bbbb", "final-cccc"]
    bench.core._entropy = lambda _: b"\1\1\1\1"
    assert refusal(bench.ann(create(key="c"))) == "OVERLOADED"


def test_most_events(bench: Any) -> None:
    """A registry that is full refuses further events, naming both numbers."""
    bench.set(max_events=1)
    bench.event("One")
    reply = bench.ann(create())
    assert (refusal(reply), reply.reason) == ("OVERLOADED", "1 events, at most 1 allowed")
    assert bench.event("One")


def test_search(bench: Any) -> None:
    """Events are found by misspelt words of title and origins, hosted or not, live or not."""
    final = bench.event("World Cup final", origins=["Argentina", "France"])
    bench.event("Third place", origins=["Croatia", "Morocco"])
    bench.ann(lease(final))
    found = bench.bob(messages.Search(id=2, text="argentna")).events
    assert [(card.event, card.hosted, card.status) for card in found] == [(final, True, "live")]
    bench.wait(16)
    assert not bench.bob(messages.Search(id=2, text="argentna")).events[0].hosted
    assert len(bench.bob(messages.Search(id=2, status="scheduled")).events) == 1
    assert bench.bob(messages.Search(id=2, sport="tennis")).events == []


def test_search_pages(bench: Any) -> None:
    """A page names a cursor while there is more, and following it gives every event once."""
    made = []
    for number in range(7):
        made.append(bench.event(f"Event {number}"))
        bench.wait(1)
    found = []
    cursor = ""
    sizes = []
    while True:
        page = bench.bob(messages.Search(id=1, limit=3, cursor=cursor))
        found += [card.event for card in page.events]
        sizes.append(len(page.events))
        cursor = page.cursor
        if not cursor:
            break
    assert found == made[::-1]
    assert sizes == [3, 3, 1]
    assert refusal(bench.bob(messages.Search(id=1, cursor="nowhere"))) == "NOT_FOUND"


def test_exact_page(bench: Any) -> None:
    """A page that is full and the last has no cursor."""
    bench.event("One")
    bench.event("Two")
    assert bench.ann(messages.Search(id=1, limit=2)).cursor == ""
    assert bench.ann(messages.Search(id=1, limit=1)).cursor != ""


def test_page_bytes(bench: Any) -> None:
    """Large cards end a page early, so that no reply is over its limit, and none is lost."""
    names = {side: [f"{side}{'x' * 190} {n}" for n in range(60)] for side in ("Ann", "Bob")}
    made = {bench.event(f"Event {number}", lineups=names) for number in range(30)}
    first = bench.ann(messages.Search(id=1, limit=100))
    assert len(codec.encode(first)) < limits.BLOCK_BYTES
    assert first.cursor
    rest = bench.ann(messages.Search(id=1, limit=100, cursor=first.cursor))
    assert {card.event for card in first.events + rest.events} == made


def test_show_unknown(bench: Any) -> None:
    """An event that is not there is NOT_FOUND, whatever one wants of it."""
    for request in (
        messages.Show(id=1, event="x"),
        join("x"),
        lease("x"),
        messages.Finish(id=1, event="x"),
        messages.ReleaseLease(id=1, event="x", instance="i"),
    ):
        assert refusal(bench.ann(request)) == "NOT_FOUND"


# ── who may come in, who hosts ───────────────────────────────────────────────────────────────


def test_join_without_host(bench: Any) -> None:
    """Without a host the invitation has a token and no endpoints."""
    event = bench.event()
    reply = bench.bob(join(event))
    assert (reply.id, reply.endpoints, reply.epoch, reply.card.hosted) == (3, None, 0, False)
    assert len(reply.token) == 36
    assert reply.expires == bench.wall + 3_600 * SECOND


def test_join_with_host(bench: Any) -> None:
    """With a host the invitation has its endpoints, epoch and key, until the lease expires."""
    event = bench.event()
    bench.ann(lease(event, epoch=6))
    reply = bench.bob(join(event))
    assert (reply.endpoints, reply.epoch, reply.card.hosted) == (ENDPOINTS, 6, True)
    assert reply.key == identity("ann").public
    bench.wait(15)
    reply = bench.bob(join(event))
    assert (reply.endpoints, reply.epoch, reply.card.hosted) == (None, 0, False)
    assert reply.key == b""


def test_same_token(bench: Any) -> None:
    """Peer, event and role have one token while it is valid, and a new one afterwards."""
    event = bench.event()
    token = bench.bob(join(event)).token
    bench.wait(3_599)
    assert bench.bob(join(event)).token == token
    others = {
        bench.bob(join(event, "reporter")).token,
        bench.eve(join(event)).token,
        bench.bob(join(bench.event("Else"))).token,
    }
    bench.wait(1)
    others.add(bench.bob(join(event)).token)
    assert len(others - {token}) == 4


def test_verify(bench: Any) -> None:
    """The host learns whose token it is and what it permits."""
    event = bench.event()
    bench.ann(lease(event))
    invitation = bench.bob(join(event, "reporter"))
    grant = bench.ann(messages.Verify(id=8, token=invitation.token))
    assert grant == messages.Grant(
        id=8,
        token=invitation.token,
        peer=identity("bob").peer,
        name="bob",
        role="reporter",
        event=event,
        expires=invitation.expires,
        key=identity("bob").public,
        enrolled=1_000 * SECOND,
    )
    hashed = digest(invitation.token)
    again = bench.ann(messages.Verify(id=8, token=hashed, hashed=True))
    assert again == msgspec.structs.replace(grant, token=hashed)
    assert refusal(bench.ann(messages.Verify(id=8, token=hashed))) == "BAD_TOKEN"


def test_verify_refused(bench: Any) -> None:
    """A token is shown to nobody but the peer that holds the lease, and only while it does."""
    event = bench.event()
    token = bench.bob(join(event)).token
    ask = messages.Verify(id=8, token=token)
    assert refusal(bench.ann(ask)) == "NOT_ALLOWED"
    bench.ann(lease(event))
    assert isinstance(bench.ann(ask), messages.Grant)
    assert refusal(bench.bob(ask)) == "NOT_ALLOWED"
    assert refusal(bench.ann(messages.Verify(id=8, token="nonsense"))) == "BAD_TOKEN"
    bench.wait(15)
    assert refusal(bench.ann(ask)) == "NOT_ALLOWED"


def test_verify_expired(bench: Any) -> None:
    """An expired token is BAD_TOKEN."""
    event = bench.event()
    token = bench.bob(join(event)).token
    bench.wait(3_600)
    bench.ann(lease(event))
    reply = bench.ann(messages.Verify(id=8, token=token))
    assert refusal(reply) == "BAD_TOKEN"
    assert "expired at" in reply.reason


def test_lease(bench: Any) -> None:
    """A lease makes the event live and says for how long it is held."""
    event = bench.event()
    reply = bench.ann(lease(event))
    assert reply == messages.Leased(id=7, event=event, epoch=1, seconds=15, hosts=[])
    card = bench.bob(messages.Show(id=1, event=event)).card
    assert (card.status, card.hosted) == ("live", True)


def test_renewal(bench: Any) -> None:
    """A renewed lease keeps its epoch and is held on; what it serves may have moved."""
    event = bench.event()
    bench.ann(lease(event))
    bench.wait(14)
    moved = msgspec.structs.replace(ENDPOINTS, pub="tcp://b:3")
    again = msgspec.structs.replace(lease(event, epoch=1, seq=9), endpoints=moved)
    assert bench.ann(again).epoch == 1
    bench.wait(14)
    assert bench.bob(join(event)).endpoints == moved


def test_restarted_host(bench: Any) -> None:
    """A host that was killed and started again takes over from itself at once, for good."""
    event = bench.event()
    bench.ann(lease(event, "old"))
    assert bench.ann(lease(event, "new")).epoch == 2
    assert refusal(bench.ann(lease(event, "old"))) == "CONFLICT"
    assert bench.ann(lease(event, "new")).epoch == 2
    bench.wait(60)
    assert refusal(bench.ann(lease(event, "old"))) == "CONFLICT"


def test_replaced_host_is_gone(bench: Any) -> None:
    """When a host that replaced another leaves, the event is hosted by neither."""
    event = bench.event()
    bench.ann(lease(event, "old"))
    bench.ann(lease(event, "new"))
    bench.ann(messages.ReleaseLease(id=2, event=event, instance="new"))
    assert not bench.bob(messages.Search(id=1)).events[0].hosted


def test_takeover(bench: Any) -> None:
    """Another peer that may host the event takes over when the lease expires, not before."""
    event = bench.event(hosts=["bob"])
    bench.ann(lease(event, "a"))
    assert refusal(bench.bob(lease(event, "b"))) == "CONFLICT"
    bench.wait(15)
    assert bench.bob(lease(event, "b")).epoch == 2
    assert refusal(bench.ann(lease(event, "a"))) == "CONFLICT"
    assert refusal(bench.ann(lease(event, "a2"))) == "CONFLICT"


def test_long_event(bench: Any) -> None:
    """A host that joined as such renews beyond the life of its token."""
    event = bench.event(hosts=["bob"])
    bench.bob(join(event, "host"))
    for _ in range(300):
        assert bench.bob(lease(event, "b")).epoch == 1
        bench.wait(14)


def test_leave(bench: Any) -> None:
    """A host that leaves makes room at once; to leave twice is no error."""
    event = bench.event(hosts=["bob"])
    bench.ann(lease(event, "a"))
    leave = messages.ReleaseLease(id=2, event=event, instance="a")
    assert refusal(bench.bob(leave)) == "NOT_ALLOWED"
    assert bench.ann(leave) == messages.Done(id=2)
    assert bench.ann(leave) == messages.Done(id=2)
    assert bench.bob(join(event)).endpoints is None
    assert bench.bob(lease(event, "b")).epoch == 2
    assert bench.ann(leave) == messages.Done(id=2)
    assert bench.eve(join(event)).endpoints == ENDPOINTS


def test_finish(bench: Any) -> None:
    """The host finishes the event, once or twice; nobody else does."""
    event = bench.event()
    finish = messages.Finish(id=2, event=event)
    assert refusal(bench.ann(finish)) == "NOT_ALLOWED"
    bench.ann(lease(event))
    assert refusal(bench.bob(finish)) == "NOT_GRANTED"
    assert bench.ann(finish) == messages.Done(id=2)
    assert bench.ann(finish) == messages.Done(id=2)
    assert bench.bob(messages.Show(id=1, event=event)).card.status == "finished"


def test_after_the_end(bench: Any) -> None:
    """A finished event stays so, may be leased to serve its feed, and lets nobody in but its host
    where none serves it; whether it still takes reports is for the host to say."""
    event = bench.event(hosts=["bob"])
    bench.ann(lease(event))
    bench.ann(messages.Finish(id=2, event=event))
    assert bench.bob(join(event)).endpoints == ENDPOINTS
    assert bench.bob(join(event, "reporter")).endpoints == ENDPOINTS
    bench.wait(20)
    assert refusal(bench.bob(join(event, "reporter"))) == "EVENT_OVER"
    assert refusal(bench.bob(join(event))) == "EVENT_OVER"
    assert bench.bob(join(event, "host")).endpoints is None
    assert bench.bob(lease(event, "b")).epoch == 2
    assert bench.eve(join(event)).card.status == "finished"


def test_an_event_that_goes_on(bench: Any) -> None:
    """Where its host says that it is not over after all, it is live again."""
    event = bench.event()
    bench.ann(lease(event))
    bench.ann(messages.Finish(id=2, event=event))
    bench.ann(messages.Finish(id=3, event=event, over=False))
    assert bench.bob(join(event)).card.status == "live"

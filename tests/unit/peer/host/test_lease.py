"""How a host comes to hold events, and keeps them; the broker is played by the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace

import msgspec
import pytest

from touchline.peer.host.lease import (
    ABSTAIN_SECONDS,
    HAND_OVER_SECONDS,
    JOINS,
    OFFER_SECONDS,
    RETRY_SECONDS,
    LeaseHolder,
)
from touchline.peer.host.service import Host
from touchline.peer.link.core import Then
from touchline.protocol import messages
from touchline.protocol.errors import (
    Conflict,
    NotAllowed,
    NotFound,
    Overloaded,
    PeerError,
    Slow,
    StorageFault,
    TouchlineError,
    UnknownType,
    Unreachable,
)
from touchline.protocol.messages import (
    Card,
    Endpoints,
    EventRefusal,
    EventsHeld,
    Finish,
    HoldEvents,
    Invitation,
    Join,
    Lease,
    LeaseGranted,
    ReleaseLease,
)

HERE = Endpoints(router="tcp://a:1", pull="tcp://a:2", pub="tcp://a:3")
SECONDS = 15.0
RELIED_ON = 0.9  # of them; PROTOCOL says so


ME = "a peer"
MOMENT = 1e-6


def card(event: str = "e", *hosts: str) -> Card:
    """An event of the host's own key; others may host it where they are named."""
    return Card(
        event=event,
        title="E",
        sport="football",
        origins=["A", "B"],
        owner=ME,
        hosts=list(hosts),
    )


@dataclass
class Feed:
    seq: int = 7


@dataclass
class FakeCore:
    """As much of a core as a tenure looks at."""

    card: Card
    epoch: int = 0
    finished: bool = False
    closed: bool = True
    feed: Feed = field(default_factory=Feed)

    def permit(self, owners: list[str], hosts: list[str] | None) -> bool:
        before = self.card
        self.card = msgspec.structs.replace(
            before, owners=owners, hosts=before.hosts if hosts is None else hosts
        )
        return before != self.card


def together(replies):
    """Return what a broker answers to `hold` that would answer so event by event."""
    held = EventsHeld(id=1, seconds=SECONDS)
    for event, reply in replies.items():
        match reply:
            case Invitation():
                held.cards.append(reply.card)
            case messages.Leased():
                held.leases.append(
                    LeaseGranted(
                        event=event,
                        epoch=reply.epoch,
                        revoked=reply.revoked,
                        owners=reply.owners,
                        hosts=reply.hosts or [],
                    )
                )
            case PeerError() if not isinstance(reply, Overloaded):
                held.refused.append(
                    EventRefusal(event=event, code=reply.code, reason=reply.sentence)
                )
            case _:
                return reply
    return held


class DemoRunner:
    """A tenure, the requests that it sends, and what it has done to cores."""

    together = True

    def __init__(
        self,
        *events: str,
        epoch: int = 0,
        always: bool = False,
        standby: bool = False,
        offer: messages.HostOffer | None = None,
    ) -> None:
        self.now = 10.0
        self.slept = 1_000.0  # what the clock that never stops is ahead
        self.asked: list[object] = []
        self.thens: list[Then] = []
        self.answered = 0  # how many were
        self.journal: dict[str, Card] = {}
        self.epoch = epoch
        self.fault: StorageFault | None = None
        self.refusal: TouchlineError | None = None  # why this host may not store the event
        self.stored: FakeCore | None = None  # the event as another host has stored it since
        self.begun: list[int] = []
        self.built: list[FakeCore] = []
        self.served: list[tuple[str, int]] = []
        self.dropped: list[str] = []
        self.handed_over: list[str] = []
        self.told: list[str] = []  # that the peers of an event learn that another has it
        self.revoked: list[tuple[str, list[str]]] = []
        self.tenure = LeaseHolder(
            "instance",
            lambda: HERE,
            self.ask,
            self.journal.get,
            self.build,
            lambda card: self.journal.update({card.event: card}),
            self.begin,
            self.serve,
            lambda core: self.dropped.append(core.card.event),
            lambda core, peers: self.revoked.append((core.card.event, peers)),
            lambda core: self.handed_over.append(core.card.event),
            ME,
            lambda: self.now + self.slept,
            always=always,
            standby=standby,
            offer=offer,
            let_go=lambda core: lambda: self.told.append(core.card.event),
        )
        for event in events or (() if offer else ("e",)):
            self.tenure.take_on(event)

    def ask(self, request, then):
        if not isinstance(request, HoldEvents):
            self.asked.append(request)
            self.thens.append(then)
        elif not self.together:
            then(UnknownType("unknown type"), self.now)
            self.tenure.handle_timer(self.now)
        else:
            self.split(request, then)

    def split(self, request, then):
        """Have what a `hold` asks for answered as if it were asked event by event."""
        parts = [Join(id=0, event=event, role="host") for event in request.joins]
        for one in request.leases:
            fields = {name: getattr(one, name) for name in one.__struct_fields__}
            parts.append(Lease(id=0, endpoints=request.endpoints, **fields))
        replies = {}

        def take(event, reply, now):
            if isinstance(reply, messages.Leased) and reply.hosts is None:
                (core,) = [core for core in self.built if core.card.event == event][-1:]
                reply = msgspec.structs.replace(reply, hosts=core.card.hosts)
            replies[event] = reply
            if len(replies) == len(parts):
                then(together(replies), now)

        for part in parts:
            self.asked.append(part)
            self.thens.append(partial(take, part.event))

    def build(self, made):
        if self.fault is not None:
            raise self.fault
        core = FakeCore(made, epoch=self.epoch)
        self.built.append(core)
        return core

    def begin(self, core, epoch):
        if self.refusal is not None:
            raise self.refusal
        self.begun.append(epoch)
        return self.stored or core

    def serve(self, core, epoch):
        core.epoch = epoch
        self.served.append((core.card.event, epoch))

    def tick(self):
        """Let time pass to the next timer; return what is asked."""
        before = len(self.asked)
        self.now = max(self.now, self.tenure.next_timer())
        self.tenure.handle_timer(self.now)
        return self.asked[before:]

    def answer(self, reply):
        """Answer the oldest request that is not answered yet."""
        self.thens[self.answered](reply, self.now)
        self.answered += 1

    def invite(self, event: str = "e", *hosts: str):
        self.answer(Invitation(id=1, card=card(event, *hosts), token="t", expires=9))

    def lease(self, epoch: int = 1, event: str = "e", hosts: list[str] | None = None):
        self.answer(messages.Leased(id=1, event=event, epoch=epoch, seconds=SECONDS, hosts=hosts))

    def served_one(self, *hosts: str):
        self.tick()
        self.invite("e", *hosts)
        self.tick()
        self.lease()
        return self.built[0]


@pytest.fixture(autouse=True, params=[True, False], ids=["together", "event by event"])
def _broker(request, monkeypatch):
    """Ask a broker that takes `hold`, and one of before."""
    monkeypatch.setattr(DemoRunner, "together", request.param)


@pytest.fixture
def stage():
    return DemoRunner()


def test_the_whole_way(stage):
    """Join, build, lease, serve; then the lease is renewed at a third of its time."""
    assert stage.tick() == [Join(id=0, event="e", role="host")]
    stage.invite()
    assert [core.card.event for core in stage.built] == ["e"]
    (lease,) = stage.tick()
    assert (lease.event, lease.instance, lease.endpoints) == ("e", "instance", HERE)
    assert (lease.epoch, lease.seq) == (1, 7)
    assert not stage.tenure.serving
    stage.lease(epoch=4)
    assert stage.served == [("e", 4)]
    assert stage.tenure.serving
    (lease,) = stage.tick()
    assert stage.now == 10.0 + SECONDS / 3
    assert lease.epoch == 4
    stage.lease(epoch=4)
    assert stage.served == [("e", 4)], "begun once"


def test_waits_for_the_answer(stage):
    """While an answer is awaited nothing is asked again."""
    stage.tick()
    assert stage.tenure.next_timer() == float("inf")
    stage.tenure.handle_timer(stage.now + 1_000)
    assert len(stage.asked) == 1


@pytest.mark.parametrize("error", [NotFound("no event"), Conflict("another host")])
def test_refused(stage, error):
    """An event that the broker refuses is lost, with the reason, and never asked for again."""
    stage.tick()
    stage.answer(error)
    lost = stage.tenure.lost["e"]
    assert (type(lost), lost.sentence) == (type(error), error.sentence)
    assert not stage.tenure.holds_any
    assert stage.dropped == [], "it was not served yet"


@pytest.mark.parametrize("error", [Unreachable("away"), Overloaded("busy")])
def test_not_answered(stage, error):
    """A broker that is away or too busy is asked again, for as long as it takes."""
    for _ in range(5):
        assert isinstance(stage.tick()[0], Join)
        before = stage.now
        stage.answer(error)
        assert stage.tenure.next_timer() == before + RETRY_SECONDS
    assert stage.tenure.lost == {}


def test_taken_over(stage):
    """When another host has taken over, the event is no longer served here."""
    stage.served_one()
    stage.tick()
    stage.answer(Conflict("another host has taken over"))
    assert stage.dropped == ["e"]
    assert isinstance(stage.tenure.lost["e"], Conflict)
    assert stage.handed_over == ["e"]


def test_goes_on_without_the_broker(stage):
    """What is served goes on being served while the broker is away, under its epoch."""
    core = stage.served_one()
    for _ in range(3):
        stage.tick()
        stage.answer(Unreachable("away"))
    assert stage.served == [("e", 1)]
    (lease,) = stage.tick()
    assert lease.epoch == core.epoch == 1


def test_starts_without_the_broker():
    """A host that starts while the broker is away serves what its journal holds, under a new
    epoch; when the broker is back it joins before it asks for the lease."""
    stage = DemoRunner(epoch=3)
    stage.journal["e"] = card()
    stage.tick()
    stage.answer(Unreachable("away"))
    assert stage.served == [("e", 4)]
    assert isinstance(stage.tick()[0], Join)
    stage.answer(Unreachable("still away"))
    assert isinstance(stage.tick()[0], Join)
    stage.invite()
    assert len(stage.built) == 1, "it is not built anew"
    (lease,) = stage.tick()
    assert lease.epoch == 4
    stage.lease(epoch=4)
    assert stage.served == [("e", 4)]
    stage.tick()
    stage.lease(epoch=6)
    assert stage.served == [("e", 4), ("e", 6)], "the broker knew of a later one"


def test_nothing_in_the_journal(stage):
    """An event that is not in the journal waits for the broker."""
    stage.tick()
    stage.answer(Unreachable("away"))
    assert stage.served == []
    assert isinstance(stage.tick()[0], Join)


def test_unreadable_journal(stage):
    """An event whose journal can't be read is lost, not served half."""
    stage.fault = StorageFault("torn")
    stage.tick()
    stage.invite()
    assert stage.tenure.lost == {"e": stage.fault}
    assert stage.served == []


def test_finish(stage):
    """The broker is told of the end at once, once; the lease is kept, for those who read on."""
    core = stage.served_one()
    core.finished = True
    stage.tenure.note_end("e")
    assert stage.tick() == [Finish(id=0, event="e")]
    assert not stage.tenure.finished
    stage.answer(messages.Done(id=1))
    assert stage.tenure.finished
    assert isinstance(stage.tick()[0], Lease)
    stage.tenure.note_end("e")
    stage.lease()
    assert isinstance(stage.tick()[0], Lease)


def test_reopened(stage):
    """An event that goes on after all is told of as its end was; it is over for good only when no
    report of it counts any more."""
    core = stage.served_one()
    core.finished, core.closed = True, False
    stage.tenure.note_end("e")
    stage.tick()
    stage.answer(messages.Done(id=1))
    assert not stage.tenure.finished
    stage.tick()
    core.finished = False
    stage.lease()
    assert stage.tick() == [Finish(id=0, event="e", over=False)]
    stage.answer(messages.Done(id=2))
    stage.tick()
    core.finished = core.closed = True
    stage.lease()
    assert stage.tick() == [Finish(id=0, event="e")]
    stage.answer(messages.Done(id=3))
    assert stage.tenure.finished


def test_finish_after_the_lease_lapsed(stage):
    """When the lease has lapsed by the end, it is asked for again first; the event is not lost."""
    core = stage.served_one()
    core.finished = True
    stage.tenure.note_end("e")
    stage.tick()
    stage.answer(NotAllowed("only the host that holds the lease"))
    assert stage.tenure.lost == {}
    assert isinstance(stage.tick()[0], Lease)
    stage.lease()
    assert stage.tick() == [Finish(id=0, event="e")]


def test_lease_after_the_token_expired(stage):
    """Where what let the host in expired before it asked for the lease, it joins again."""
    stage.tick()
    stage.invite()
    assert isinstance(stage.tick()[0], Lease)
    stage.answer(NotAllowed("join e as host before leasing it"))
    assert stage.tenure.lost == {}
    assert stage.tick() == [Join(id=0, event="e", role="host")]
    stage.invite()
    assert len(stage.built) == 1, "what was restored from the journal is kept"
    assert isinstance(stage.tick()[0], Lease)


def test_finish_while_the_broker_is_away(stage):
    """An end that the broker could not be told is told when it is back."""
    core = stage.served_one()
    core.finished = True
    stage.tenure.note_end("e")
    stage.tick()
    stage.answer(Unreachable("away"))
    assert isinstance(stage.tick()[0], Lease)
    stage.lease()
    assert stage.tick() == [Finish(id=0, event="e")]


def test_several():
    """Each event goes its own way; one that is lost does not hold up the others."""
    stage = DemoRunner("e", "f")
    assert len(stage.tick()) == 2
    stage.invite("e")
    stage.answer(Conflict("another host"))
    stage.tick()
    assert not stage.tenure.serving
    stage.lease(event="e")
    assert stage.tenure.serving
    assert stage.tenure.holds_any
    assert list(stage.tenure.lost) == ["f"]


def test_leave(stage):
    """Leaving gives up what is served, and only that."""
    stage.tenure.leave()
    assert stage.asked == []
    stage.served_one()
    stage.tenure.leave()
    assert stage.asked[-1] == ReleaseLease(id=0, event="e", instance="instance")


def test_revoked():
    """Whom a lease says to be revoked is put out, of an event that is served by then."""
    stage = DemoRunner()
    stage.tick()
    stage.invite()
    stage.tick()
    stage.answer(messages.Leased(id=1, event="e", epoch=1, seconds=SECONDS, revoked=["ann", "bob"]))
    assert (stage.served, stage.revoked) == ([("e", 1)], [("e", ["ann", "bob"])])
    stage.tick()
    stage.lease()
    assert len(stage.revoked) == 1


@pytest.mark.parametrize("other", ["any", "another peer"])
def test_fenced(stage, other):
    """An event that another key may host is fenced when most of the lease is over, as long as the
    broker does not renew it."""
    stage.served_one(other)
    asked = stage.now
    for _ in range(2):
        assert not stage.tenure.fenced("e")
        stage.now = asked + RELIED_ON * SECONDS - MOMENT
        assert not stage.tenure.fenced("e")
        stage.now += 2 * MOMENT
        assert stage.tenure.fenced("e")
        asked = stage.now
        stage.tenure.handle_timer(stage.now)
        stage.lease()


def test_fenced_from_the_sending():
    """A lease is counted from the sending of its request, however late the answer comes."""
    stage = DemoRunner()
    stage.served_one("any")
    stage.tick()
    sent = stage.now
    stage.now += 4.0
    stage.lease()
    stage.now = sent + RELIED_ON * SECONDS - MOMENT
    assert not stage.tenure.fenced("e")
    stage.now += 2 * MOMENT
    assert stage.tenure.fenced("e")


def test_fenced_by_the_clock_that_never_stops(stage):
    """What a machine sleeps counts, although its timers stand still meanwhile."""
    stage.served_one("any")
    stage.slept += SECONDS
    assert stage.tenure.fenced("e")
    assert stage.tenure.next_timer() > stage.now
    stage.tenure.hasten("e", stage.now)
    assert stage.tenure.next_timer() == stage.now
    (lease,) = stage.tick()
    assert isinstance(lease, Lease)
    stage.lease()
    assert not stage.tenure.fenced("e")


def test_wakes_for_the_fence(stage):
    """While nothing comes from the broker, the host is woken when the lease is over, once."""
    stage.served_one("any")
    over = stage.now + RELIED_ON * SECONDS
    stage.tick()
    assert stage.tenure.next_timer() == pytest.approx(over)
    stage.now = over + MOMENT
    stage.tenure.handle_timer(stage.now)
    assert stage.tenure.next_timer() == float("inf")


def test_alone_is_not_fenced(stage):
    """An event that its key alone may host goes on, until the broker names others."""
    core = stage.served_one()
    stage.now += 100 * SECONDS
    assert not stage.tenure.fenced("e")
    stage.tick()
    stage.lease(hosts=["another peer"])
    assert stage.journal["e"] == core.card == card("e", "another peer"), "kept for the next start"
    assert not stage.tenure.fenced("e")
    stage.now += SECONDS
    assert stage.tenure.fenced("e")
    stage.tick()
    stage.lease(hosts=[])
    stage.now += SECONDS
    assert not stage.tenure.fenced("e")


def test_always_fenced():
    """Where the operator wants it, an event is fenced although its key alone may host it."""
    stage = DemoRunner(always=True)
    stage.served_one()
    stage.now += SECONDS
    assert stage.tenure.fenced("e")


def test_shared_waits_for_the_broker():
    """A host that starts while the broker is away begins no epoch of an event that another key may
    host: that one may have it."""
    stage = DemoRunner(epoch=3)
    stage.journal["e"] = card("e", "another peer")
    for _ in range(2):
        stage.tick()
        stage.answer(Unreachable("away"))
    assert stage.served == []
    stage.tick()
    stage.invite("e", "another peer")
    stage.tick()
    stage.lease(epoch=4)
    assert stage.served == [("e", 4)]


class Unwalked(dict):
    """A mapping that nobody goes through."""

    def _walked(self, *_):
        raise AssertionError("every event is looked at")

    __iter__ = keys = values = items = _walked


def test_a_turn_in_which_nothing_is_due_looks_at_no_event():
    """What a turn costs does not grow with the events, and it looks at the clock once."""
    events = [f"e{number}" for number in range(300)]
    stage = DemoRunner(*events)
    while len(stage.served) < len(events):
        for asked in stage.tick():
            if isinstance(asked, Join):
                stage.invite(asked.event)
            else:
                stage.lease(event=asked.event, hosts=["any"])
    looks = []
    elapsed = stage.tenure._elapsed
    stage.tenure._elapsed = lambda: looks.append(1) or elapsed()
    stage.tenure._leases = Unwalked(stage.tenure._leases)
    due = stage.tenure.next_timer()
    assert due == stage.now + 5.0
    stage.now += 4.0
    stage.tenure.handle_timer(stage.now)
    assert stage.tenure.over() == []
    assert len(looks) == 1
    stage.now += 10.0
    assert sorted(stage.tenure.over()) == sorted(events)
    assert stage.tenure.over() == []


def test_a_host_in_a_turn_in_which_nothing_is_due_looks_at_no_event():
    """Neither at those that it serves nor, while the broker is silent, at those that are fenced."""
    leases = SimpleNamespace(over=list, answers=1)
    host = SimpleNamespace(events=Unwalked(), _fenced=Unwalked(), leases=leases)
    host._seen_answers = leases.answers
    host._fence_where_over = lambda: Host._fence_where_over(host)
    Host._look_at_leases(host)


def test_standing_by():
    """A host that stands by asks again and again for an event that another has, serves all else
    meanwhile, and takes it over as that one has stored it by then, under a higher epoch."""
    stage = DemoRunner("e", "f", epoch=1, standby=True)
    stage.tick()
    stage.invite("e")
    stage.invite("f")
    stage.tick()
    stage.answer(Conflict("another host holds e for 9.0 s more"))
    stage.lease(epoch=2, event="f")
    assert stage.tenure.serving
    assert stage.tenure.standing_by == {"e": "another host holds e for 9.0 s more"}
    stage.tick()
    stage.answer(Conflict("another host holds e for 7.0 s more"))
    assert stage.tenure.lost == {}
    stage.tick()
    stage.stored = FakeCore(card(), epoch=3)  # the other began one of which the broker knew nothing
    stage.lease(epoch=3)
    assert stage.served == [("f", 2)]
    lease, *others = stage.tick()
    assert (lease.event, lease.epoch) == ("e", 4)
    stage.lease(epoch=4)
    for other in others:
        stage.lease(epoch=2, event=other.event)
    assert stage.served == [("f", 2), ("e", 4)]
    assert stage.tenure.standing_by == {}


def test_a_lease_of_which_a_host_never_learned():
    """A host that stands by was granted the lease, and the answer was lost; it lapsed, and another
    host has the event. The broker refuses the first instance for good: it asks as another."""
    stage = DemoRunner(epoch=1, standby=True)
    stage.tick()
    stage.invite()
    (granted,) = stage.tick()
    stage.answer(Slow("the broker is slow"))
    (again,) = stage.tick()
    assert again.instance == granted.instance, "which is renewed, where it holds the lease"
    stage.answer(Conflict("another host has taken over e since this host's epoch 2"))
    (after,) = stage.tick()
    assert after.instance != granted.instance
    stage.lease(epoch=4)
    assert stage.served == [("e", 4)]


def test_taken_over_by_another():
    """A host whose event another stores now drops it, and stands by for it where it is to."""
    for standby in (False, True):
        stage = DemoRunner(standby=standby)
        stage.served_one()
        stage.tick()
        stage.tenure.take_away("e", Conflict("another host has taken over e"), stage.now)
        stage.lease(epoch=2)  # the answer to what was asked before
        assert stage.dropped == ["e"]
        assert ("e" in stage.tenure.lost, "e" in stage.tenure.standing_by) == (not standby, standby)
        assert stage.tenure.holds_any == standby
        if standby:  # the broker refuses an instance that was replaced for good
            assert stage.served == [("e", 1)]
            stage.tick()
            stage.invite()
            (lease,) = stage.tick()
            assert lease.instance not in {"instance", ""}


def test_an_event_that_cannot_be_stored_is_left_to_others():
    """A host that stands by gives the lease of an event back that it can't store, whether it is
    about to serve it or does, and asks for it again a while later."""
    stage = DemoRunner(epoch=1, standby=True)
    stage.tick()
    stage.invite()
    stage.tick()
    stage.refusal = StorageFault("the database is away")
    stage.lease(epoch=2)
    release = stage.asked[-1]
    assert isinstance(release, ReleaseLease)
    assert release.instance == "instance"
    assert stage.tenure.next_timer() == stage.now + ABSTAIN_SECONDS
    assert stage.tenure.standing_by == {"e": "the database is away"}
    stage.answer(messages.Done(id=1))
    stage.refusal = None
    assert stage.tick() == [Join(id=0, event="e", role="host")]
    stage.invite()
    stage.tick()
    stage.lease(epoch=3)
    assert stage.served == [("e", 3)]
    stage.tenure.give_back("e", "the database is away", stage.now)
    assert stage.dropped == ["e"]
    assert isinstance(stage.asked[-1], ReleaseLease)


def test_a_database_that_does_not_answer_at_the_start():
    """A host that stands by tries again where it can't read the event; any other has lost it."""
    for standby in (False, True):
        stage = DemoRunner(epoch=1, standby=standby)
        stage.fault = StorageFault("the database is away")
        stage.tick()
        stage.invite()
        assert ("e" in stage.tenure.lost) != standby
        if standby:
            assert stage.tenure.next_timer() == stage.now + RETRY_SECONDS
            stage.fault = None
            assert stage.tick() == [Join(id=0, event="e", role="host")]
            stage.invite()
            assert len(stage.built) == 1


def test_a_database_that_does_not_answer():
    """An event is not served before the journal says that this host alone stores it."""
    stage = DemoRunner(epoch=1)
    stage.tick()
    stage.invite()
    stage.tick()
    stage.refusal = StorageFault("the database is away")
    stage.lease(epoch=2)
    assert (stage.served, stage.tenure.lost) == ([], {})
    assert stage.tenure.next_timer() == stage.now + RETRY_SECONDS
    stage.refusal = None
    stage.tick()
    stage.lease(epoch=2)
    assert (stage.served, stage.begun) == ([("e", 2)], [2])
    stage.tenure.take_away("e", Conflict("taken"), stage.now)
    stage = DemoRunner(epoch=1)
    stage.tick()
    stage.invite()
    stage.tick()
    stage.refusal = Conflict("another host has begun epoch 5 of e")
    stage.lease(epoch=2)
    assert stage.tenure.lost["e"] is stage.refusal


def test_a_slow_broker_is_not_away(stage):
    """A request that was not answered in time is made again, and nobody is told of it."""
    stage.tick()
    stage.answer(Slow("the broker is slow"))
    assert stage.tenure.away == ""
    assert stage.tick() == [Join(id=0, event="e", role="host")]
    stage.invite()
    stage.tick()
    stage.answer(Slow("the broker is slow"))
    assert stage.served == [], "nothing is served from the journal alone"
    stage.tick()
    stage.lease()
    assert stage.served == [("e", 1)]


def many(count: int) -> DemoRunner:
    """Return a tenure of many events whose broker takes `hold`, with the requests as they are."""
    stage = DemoRunner(*(f"e{n}" for n in range(count)))
    stage.tenure._ask = lambda request, then: (
        stage.asked.append(request),
        stage.thens.append(then),
    )
    return stage


def grant_all(stage: DemoRunner) -> None:
    """Answer all requests."""
    while stage.answered < len(stage.asked):
        request = stage.asked[stage.answered]
        replies = {
            event: Invitation(id=1, card=card(event), token="t", expires=9)
            for event in request.joins
        }
        for one in request.leases:
            replies[one.event] = messages.Leased(id=1, event=one.event, epoch=1, seconds=SECONDS)
        stage.answer(together(replies))


def test_many_events_are_asked_for_in_few_requests():
    """Some events at a time are asked for and restored; then all are renewed together."""
    stage = many(250)
    while len(stage.served) < 250:
        requests = stage.tick()
        assert sum(len(request.joins) for request in requests) <= JOINS
        grant_all(stage)
    assert len(stage.asked) <= 30
    renewals = stage.tick()
    assert [len(request.leases) for request in renewals] == [200, 50]
    grant_all(stage)
    assert stage.tenure.next_timer() > stage.now + 4


def test_what_does_not_fit_into_the_answer_is_asked_for_again():
    """A broker answers as many as its frame holds."""
    stage = many(2)
    (request,) = stage.tick()
    assert request.joins == ["e0", "e1"]
    stage.answer(together({"e0": Invitation(id=1, card=card("e0"), token="t", expires=9)}))
    requests = stage.tick()
    assert sorted(e for one in requests for e in one.joins) == ["e1"]
    assert [one.event for request in requests for one in request.leases] == ["e0"]


def test_all_are_served_alone_where_the_broker_is_away():
    """Events whose turn to be asked for has not come are served from the journal, too."""
    stage = many(50)
    stage.journal.update({f"e{n}": card(f"e{n}") for n in range(50)})
    stage.tick()
    stage.answer(Unreachable("no answer"))
    assert len(stage.served) == 50


def offering() -> DemoRunner:
    """Return the tenure of a host that offers itself, with the requests as they are."""
    stage = DemoRunner(offer=messages.HostOffer(instance="instance", capacity=3))
    stage.tenure._ask = lambda request, then: (
        stage.asked.append(request),
        stage.thens.append(then),
    )
    return stage


def orders(stage: DemoRunner, **fields) -> None:
    """Have the broker answer the newest offer; let time pass to it first."""
    while not (stage.asked and getattr(stage.asked[-1], "offer", None)):
        stage.tick()
    stage.asked[-1] = None
    stage.answered = len(stage.asked)
    stage.thens[-1](EventsHeld(id=1, seconds=SECONDS, **fields), stage.now)


def test_a_host_takes_what_it_is_given_and_hands_it_over():
    """It asks for the event until the host before lets it go; told to let go, it tells the peers,
    gives the lease back, and has nothing of it any more."""
    stage = offering()
    orders(stage, assigned=["e"])
    (join,) = stage.tick()
    assert join.joins == ["e"]
    grant_all(stage)
    (asked,) = stage.tick()
    stage.answer(together({"e": Conflict("another host holds e")}))
    assert stage.tenure.lost == {}
    before = stage.now
    (again,) = stage.tick()
    assert stage.now == before + HAND_OVER_SECONDS
    assert [one.event for one in again.leases] == [one.event for one in asked.leases]
    grant_all(stage)
    assert stage.served == [("e", 1)]
    orders(stage, released=["e"])
    assert (stage.told, stage.dropped, stage.handed_over) == ([], ["e"], ["e"])
    assert stage.tenure.handed_over == {"e": 7}
    assert isinstance(stage.asked[-1], ReleaseLease)
    assert stage.tenure.busy, "it may not end before the broker knows"
    stage.answer(messages.Done(id=1))
    assert stage.told == ["e"], "who asks the broker is not led back here"
    assert not stage.tenure.busy
    assert not stage.tenure.holds_any


def test_a_grant_of_which_a_host_that_waits_never_learned():
    """A host that was given an event waits for the one that has it. A grant may be lost with its
    answer, and the event go back: the broker refuses that instance for good. So it asks as another
    after each refusal, and keeps the instance under which it is granted the lease."""
    stage = offering()
    orders(stage, assigned=["e"])
    stage.tick()
    grant_all(stage)
    instances = []
    for _ in range(3):
        (asked,) = stage.tick()
        instances += [one.instance for one in asked.leases]
        stage.answer(together({"e": Conflict("another host has taken over e since epoch 1")}))
    assert len(set(instances)) == 3
    (granted,) = stage.tick()
    assert granted.leases[0].instance not in instances
    grant_all(stage)
    assert stage.served == [("e", 1)]
    renewed = next(one for one in iter(lambda: stage.tick()[-1], None) if one.leases)
    assert renewed.leases[0].instance == granted.leases[0].instance


def test_a_broker_of_before_gives_no_events():
    """It does not know the request; the host asks it for events one by one as before."""
    stage = offering()
    (request,) = stage.tick()
    assert request.offer is not None
    stage.answer(UnknownType("unknown type"))
    assert stage.tenure.next_timer() == float("inf")
    stage.tenure.take_on("e")
    assert stage.tick() == [Join(id=0, event="e", role="host")]


def test_a_host_without_an_event_notes_that_the_broker_is_away():
    """It asks for nothing but offers itself, and that tells."""
    stage = offering()
    stage.tick()
    stage.answer(Unreachable("no answer"))
    assert stage.tenure.away == "no answer"
    orders(stage)
    assert stage.tenure.away == ""


def test_a_host_learns_that_it_is_drained():
    """And offers itself again every other second meanwhile."""
    stage = offering()
    orders(stage)
    assert stage.tenure.offered
    assert not stage.tenure.draining
    before = stage.now
    orders(stage, draining=True)
    assert stage.now == before + OFFER_SECONDS
    assert stage.tenure.draining


def test_the_age_of_a_lease_and_the_time_that_it_took(stage):
    """The age counts from when the lease in force was asked for; how long the broker took is
    counted with each."""
    assert stage.tenure.age is None
    stage.served_one()
    before = stage.tenure.age
    assert before is not None
    stage.now += 3.0
    assert stage.tenure.age == pytest.approx(before + 3.0)
    assert sum(stage.tenure.seconds.buckets) == 1
    assert stage.tenure.seconds.total >= 0
    stage.tick()  # asked for again, at a third of its length
    stage.now += 0.4
    stage.lease()
    assert sum(stage.tenure.seconds.buckets) == 2
    assert stage.tenure.seconds.total >= 0.39
    assert stage.tenure.age == pytest.approx(0.4)


def test_taking_over_from_a_host_that_goes(stage):
    """A host that takes an event over asks until the lease of the other is over."""
    stage.tenure.take_away("e", Conflict("x"), 0.0)
    stage.tenure.take_over("e", stage.now + 60.0, named=True)
    stage.tick()
    stage.invite("e", "other")
    stage.tick()
    stage.answer(Conflict("another host holds it"))
    assert stage.tenure.standing_by == {"e": "another host holds it"}
    stage.tick()
    stage.lease(epoch=2)
    assert stage.served == [("e", 2)]


@pytest.mark.parametrize("named", [True, False])
def test_taking_over_from_a_host_that_goes_on(stage, named):
    """Where the other host goes on, the event is lost to who asked for it by its id, and let be by
    who did not."""
    stage.tenure.take_away("e", Conflict("x"), 0.0)
    stage.tenure.lost.clear()
    stage.tenure.take_over("e", stage.now, named=named)
    stage.tick()
    stage.invite("e", "other")
    stage.tick()
    stage.now += 0.1
    stage.answer(Conflict("another host holds it"))
    assert ("e" in stage.tenure.lost) == named
    assert list(stage.tenure.events) == []

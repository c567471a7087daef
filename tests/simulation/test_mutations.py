"""The simulation sees what it is for: each of these mistakes, made on purpose, is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as replaced
from hashlib import blake2b
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from touchline.peer import connection
from touchline.peer.follower.core import CopyState
from touchline.peer.follower.service import FollowedHost
from touchline.peer.host import attached
from touchline.peer.host.admission import PendingPeers
from touchline.peer.host.attached import AttachedPeers
from touchline.peer.host.event import cases, entries, feed, heartbeat, outage
from touchline.peer.host.event.claims import Claim, ClaimIndex
from touchline.peer.host.event.entries import Entries
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.exclusion import Exclusion
from touchline.peer.host.event.looks import Looks
from touchline.peer.host.event.outage import Outage
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.event.presence import Presence
from touchline.peer.host.event.questions import Questions
from touchline.peer.host.event.records import (
    Began,
    ContactRegained,
    PeerRevoked,
    PresenceChanged,
    QuestionsAsked,
)
from touchline.peer.host.event.recovery import Recovery
from touchline.peer.host.event.roster import Roster
from touchline.peer.host.event.signatures import Signatures
from touchline.peer.host.event.turn import Output
from touchline.peer.host.event.verdict import evidence
from touchline.peer.host.lease import HeldLease, LeaseHolder
from touchline.peer.host.service import Host, TurnOutput
from touchline.peer.host.sockets import Sockets
from touchline.peer.host.sync import SyncGate
from touchline.peer.liveness import Liveness
from touchline.peer.reporter.outbox import Outbox
from touchline.peer.session import Session
from touchline.peer.subscriber.tracker import Tracker
from touchline.protocol import codec, keys
from touchline.protocol.messages import Entry, Report, Ruling
from touchline.timeline.event_clock import EventClock
from touchline.timeline.states import States

from .network import Restless
from .violation import Violation
from .world import World

SEEDS = 300
"""Within how many seeds a mistake must be caught."""

RARE = (224, 85)
"""These are tried first: they have what is rare in others."""

Patch = Callable[[pytest.MonkeyPatch], None]


def no_dedup(patch: pytest.MonkeyPatch) -> None:
    """A report that comes again counts again."""
    count = Participant.count
    patch.setattr(Participant, "count", lambda self, n: count(self, n) or True)


def gap_counted(patch: pytest.MonkeyPatch) -> None:
    """A report beyond a missing one confirms the missing one."""

    def count(self: Participant, n: int) -> bool:
        new, self.n = n > self.n, max(n, self.n)
        return new

    patch.setattr(Participant, "count", count)


def _unrecorded(patch: pytest.MonkeyPatch, kind: type) -> None:
    restore = HostedEvent._restore

    def forgetful(self: HostedEvent, record: Any, raw: bytes) -> None:
        if not isinstance(record, kind):
            restore(self, record, raw)

    patch.setattr(HostedEvent, "_restore", forgetful)


def epoch_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The epoch is not brought back from the journal."""
    _unrecorded(patch, Began)


def contact_forgotten(patch: pytest.MonkeyPatch) -> None:
    """That contact is back is not brought back from the journal."""
    _unrecorded(patch, ContactRegained)


def presence_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Who is there is not brought back from the journal."""
    _unrecorded(patch, PresenceChanged)


def replay_off_by_one(patch: pytest.MonkeyPatch) -> None:
    """A replay lacks the message it begins with."""
    replay = feed.Feed.replay
    patch.setattr(
        feed.Feed, "replay", lambda self, n, first, last: replay(self, n, first + 1, last)
    )


def published_early(patch: pytest.MonkeyPatch) -> None:
    """A turn is published before it is committed."""
    commit = Host._commit

    def early(self: Host) -> None:
        for _, out in self._uncommitted:
            for frame in out.publish:
                self._sockets.publish(frame)
            out.publish = []
        commit(self)

    patch.setattr(Host, "_commit", early)


def receipted_early(patch: pytest.MonkeyPatch) -> None:
    """Receipts are sent before the turn is committed."""
    commit = Host._commit

    def early(self: Host) -> None:
        for _, out in self._uncommitted:
            for token, receipt in out.receipts:
                self._sockets.send(self.attached.routes.get(token, b""), receipt)
            out.receipts = []
        commit(self)

    patch.setattr(Host, "_commit", early)


def gaps_ignored(patch: pytest.MonkeyPatch) -> None:
    """A subscriber never asks for what it has missed."""
    patch.setattr(Tracker, "wanted", lambda *_: None)


def alarm_once(patch: pytest.MonkeyPatch) -> None:
    """An alarm is never repeated."""
    begin = Liveness.__init__
    patch.setattr(
        Liveness, "__init__", lambda self, interval, again=inf, missed=2: begin(self, interval)
    )


def alarm_early(patch: pytest.MonkeyPatch) -> None:
    """One missed heartbeat is an alarm."""
    begin = Liveness.__init__
    patch.setattr(
        Liveness,
        "__init__",
        lambda self, interval, again=inf, missed=2: begin(self, interval, again, 1),
    )


def contact_unheard(patch: pytest.MonkeyPatch) -> None:
    """Alarms go on although a reporter is back."""
    patch.setattr(Liveness, "heard", lambda self, now: setattr(self, "heard_at", now) or False)


def outbox_forgets(patch: pytest.MonkeyPatch) -> None:
    """A report is forgotten once it was sent, whether a receipt has come or not."""
    patch.setattr(Outbox, "pending", lambda self: [])


def two_votes(patch: pytest.MonkeyPatch) -> None:
    """One reporter may vote twice in a claim."""
    find = ClaimIndex.find
    patch.setattr(ClaimIndex, "find", lambda self, time, bit, *more: find(self, time, 0, *more))


def unchained(patch: pytest.MonkeyPatch) -> None:
    """The digest is that of the newest message alone."""
    patch.setattr(feed, "chain", lambda _, body: blake2b(body, digest_size=16).digest())


def beats_without_seq(patch: pytest.MonkeyPatch) -> None:
    """Heartbeats do not say where the feed stands."""
    build = heartbeat.heartbeat
    patch.setattr(
        heartbeat, "heartbeat", lambda *args, **kind: replace(build(*args, **kind), seq=0)
    )


def clocks_believed(patch: pytest.MonkeyPatch) -> None:
    """Reporters' clocks are taken for right."""
    patch.setattr(EventClock, "offset", lambda *_: 0)


def detach_unheard(patch: pytest.MonkeyPatch) -> None:
    """Whoever leaves in good order is missed all the same."""
    patch.setattr(HostedEvent, "detach", lambda *_: None)


def stale_greeting_measured(patch: pytest.MonkeyPatch) -> None:
    """A clock is measured by a greeting that had waited for a connection."""
    patch.setattr(Session, "_is_late", lambda *_: False)


def marks_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What happened in an outage is told as if it had been seen."""
    patch.setattr(Outage, "status", lambda *_: "")


def old_route_kept(patch: pytest.MonkeyPatch) -> None:
    """Whose connection broke comes back under the routing id that the host still holds for it."""
    patch.setattr(connection, "own_routing_id", lambda who: keys.routing_id(who.curve_public, b"1"))


def token_enough(patch: pytest.MonkeyPatch) -> None:
    """Whoever has a token is believed to be its holder."""
    attach = AttachedPeers._attach
    patch.setattr(
        AttachedPeers,
        "_attach",
        lambda self, asker, now, wall: attach(self, replaced(asker, curve=b""), now, wall),
    )


def token_is_report_token(patch: pytest.MonkeyPatch) -> None:
    """Reports are taken under the token, which others may have, over any connection."""
    add = AttachedPeers._add

    def careless(self: AttachedPeers, event: HostedEvent, peer: Participant) -> None:
        add(self, event, peer)
        self._by_digest[peer.token] = (event, peer)

    patch.setattr(AttachedPeers, "_add", careless)
    patch.setattr(attached, "is_signed", lambda _: True)


def report_token_forgotten(patch: pytest.MonkeyPatch) -> None:
    """After a restart no peer has the report token that it had."""
    open_ = AttachedPeers.open

    def forgetful(self: AttachedPeers, event: HostedEvent) -> None:
        for peer in event.roster.participants.values():
            peer.stored_as = "another"
        open_(self, event)

    patch.setattr(AttachedPeers, "open", forgetful)


def revoked_counted(patch: pytest.MonkeyPatch) -> None:
    """Whom an operator has put out goes on taking part."""
    patch.setattr(HostedEvent, "revoke", lambda *_: [])


def revoked_follow(patch: pytest.MonkeyPatch) -> None:
    """Whom an operator has put out goes on being published to."""
    patch.setattr(Sockets, "renew_pub", lambda _: None)


def revoked_admitted(patch: pytest.MonkeyPatch) -> None:
    """Peers that were revoked are admitted again."""
    revoke = PendingPeers.revoke

    def forgiving(self: PendingPeers, keys: Any, peers: Any) -> bool:
        keys = list(keys)
        inside = revoke(self, keys, peers)
        self._barred -= set(keys)
        self._known |= set(keys)
        return inside

    patch.setattr(PendingPeers, "revoke", forgiving)


def revoked_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Who is out is not brought back from the journal."""
    _unrecorded(patch, PeerRevoked)


def return_is_the_end_of_it(patch: pytest.MonkeyPatch) -> None:
    """An outage is over as soon as a reporter is heard, and nothing is put together."""
    _, effects = outage.TRANSITIONS["suspended", outage.ContactBack]
    changed = {**outage.TRANSITIONS, ("suspended", outage.ContactBack): ("live", effects)}
    patch.setattr(outage, "TRANSITIONS", changed)


def entry_restored_open(patch: pytest.MonkeyPatch) -> None:
    """The claim that became an entry is open again when the journal is read."""

    def restore(self: Entries, entry: Entry, raw: bytes) -> None:
        self._state.feed.append(raw)
        self._state.timeline.put(entry)

    patch.setattr(Entries, "restore", restore)


def presence_unrecorded(patch: pytest.MonkeyPatch) -> None:
    """A reporter that comes or goes is not put on record."""

    def change(self: Presence, reporter: Participant, *, present: bool, left: bool = False) -> None:
        self._mark(reporter, present=present, left=left)

    patch.setattr(Presence, "_change", change)


def silent_stay(patch: pytest.MonkeyPatch) -> None:
    """A reporter that is silent while others are heard goes on counting as present."""
    patch.setattr(Roster, "silent", lambda *_: [])


def present_counted_out(patch: pytest.MonkeyPatch) -> None:
    """A reporter is counted out that was heard a moment ago."""
    silent = Roster.silent
    patch.setattr(Roster, "silent", lambda self, since: silent(self, since + 3.0))


def rival_kept(patch: pytest.MonkeyPatch) -> None:
    """What excludes an entry stands beside it."""
    patch.setattr(Exclusion, "displaced", lambda *_: [])


def struck_counted(patch: pytest.MonkeyPatch) -> None:
    """A vote whose signature does not hold is put on record as taken out, and counts."""
    patch.setattr(Signatures, "_strike", lambda *_: None)


def withdrawn_counted(patch: pytest.MonkeyPatch) -> None:
    """A vote that was taken back counts on."""
    patch.setattr(Claim, "withdraw", lambda self, voter, _: dict(self.votes)[voter])


def answer_counted_twice(patch: pytest.MonkeyPatch) -> None:
    """A reporter that changes its answer said yes, and no as well."""
    answer = Questions.answer

    def twice(self: Questions, reporter: Participant, n: int, event: Any) -> Claim | None:
        claim = answer(self, reporter, n, event)
        if claim is not None and event.details["yes"]:
            claim.no |= reporter.bit if reporter.unanswered % 2 == 0 else 0
        return claim

    patch.setattr(Questions, "answer", twice)


def copies_counted(patch: pytest.MonkeyPatch) -> None:
    """What a reporter repeats that it was shown counts as if it had seen it."""
    patch.setattr(Claim, "independent", property(lambda self: self.voters))


def asked_again(patch: pytest.MonkeyPatch) -> None:
    """A reporter that does not answer is asked again."""
    choose = Questions._choose

    def forgetful(self: Questions, claim: Claim, *rest: Any) -> list[Participant]:
        asked, claim.asked = claim.asked, {}
        found = choose(self, claim, *rest)
        claim.asked = asked
        return found

    patch.setattr(Questions, "_choose", forgetful)


def asked_too_often(patch: pytest.MonkeyPatch) -> None:
    """Reporters are asked whenever a claim is looked at."""
    patch.setattr(evidence, "ASKED_FROM", 0)


def questions_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Who was asked is not brought back from the journal."""
    _unrecorded(patch, QuestionsAsked)


def answers_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Answers are not brought back from the journal."""
    restore = HostedEvent._restore

    def forgetful(self: HostedEvent, record: Any, raw: bytes) -> None:
        if not isinstance(record, Report) or record.event.title != "answer":
            restore(self, record, raw)

    patch.setattr(HostedEvent, "_restore", forgetful)


def looked_at_once(patch: pytest.MonkeyPatch) -> None:
    """A claim of which nothing more is said is looked at once, and never again."""
    patch.setattr(Looks, "go_on", lambda *_: None)


def another_id(patch: pytest.MonkeyPatch) -> None:
    """A version of an entry that is brought up to date goes out under an id of its own."""
    encode = codec.encode

    def renamed(message: Any) -> bytes:
        updated = isinstance(message, Entry) and message.status == "UPDATED"
        return encode(replace(message, entry_id=message.entry_id + "0") if updated else message)

    patch.setattr(entries, "codec", SimpleNamespace(encode=renamed))


def statement_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A stated score is not brought back from the journal."""
    restore = Entries.restore
    patch.setattr(
        Entries,
        "restore",
        lambda self, entry, raw: restore(self, replace(entry, stated={}), raw),
    )


def never_fenced(patch: pytest.MonkeyPatch) -> None:
    """A host goes on without its lease."""
    patch.setattr(LeaseHolder, "fenced", lambda *_: False)


def bursts_are_many_voices(patch: pytest.MonkeyPatch) -> None:
    """Keys that were made at once from one address are as many voices."""
    patch.setattr(cases, "together", lambda *_: 0)


def everybody_is_one_voice(patch: pytest.MonkeyPatch) -> None:
    """Who says a thing with others is one voice with them, whoever else is there."""
    patch.setattr(cases, "together", lambda _, speakers, __: speakers)
    patch.setattr(cases, "OTHERS", 0)


def recovery_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A host that comes back keeps to itself what it has confirmed."""
    patch.setattr(Host, "_hand_over", lambda *_: None)


def recovered_again(patch: pytest.MonkeyPatch) -> None:
    """A host takes what is handed over as often as it is offered."""
    is_here = Recovery._is_here
    nothing = SimpleNamespace(recovered=(), peer="")
    patch.setattr(Recovery, "_is_here", lambda self, _, said: is_here(self, nothing, said))


def recovered_votes_dropped(patch: pytest.MonkeyPatch) -> None:
    """Of what is handed over a host takes the actions, and not the votes on what is there."""
    patch.setattr(Recovery, "_is_possible", lambda *_: False)


def fenced_from_the_answer(patch: pytest.MonkeyPatch) -> None:
    """A lease is counted from when the broker's answer came in."""
    keep = LeaseHolder._keep_lease

    def late(self: LeaseHolder, held: HeldLease, lease: Any, now: float) -> None:
        held.sent = self._elapsed()
        keep(self, held, lease, now)

    patch.setattr(LeaseHolder, "_keep_lease", late)


def fence_unseen_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """A host that was stopped in its commit sends what the turn has led to."""
    commit = Host._commit

    def blind(self: Host) -> None:
        leases: Any = self.leases
        leases.fenced = self._fenced.__contains__
        commit(self)
        del leases.fenced

    patch.setattr(Host, "_commit", blind)


def taken_over_as_it_was(patch: pytest.MonkeyPatch) -> None:
    """A host that takes an event over serves it as it was when it began to stand by."""
    begin = Host._begin_storing

    def stale(self: Host, event: HostedEvent, epoch: int) -> HostedEvent:
        begin(self, event, epoch)
        return event

    patch.setattr(Host, "_begin_storing", stale)


def never_begun(patch: pytest.MonkeyPatch) -> None:
    """A host begins an epoch without a word to the journal."""
    patch.setattr(Host, "_begin_storing", lambda _host, event, _epoch: event)


def epoch_not_raised(patch: pytest.MonkeyPatch) -> None:
    """A host that takes an event over goes on under the epoch of the one before."""
    start = HostedEvent.start
    patch.setattr(
        HostedEvent,
        "start",
        lambda self, epoch, now, wall: start(self, self.epoch or epoch, now, wall),
    )


def handed_over_unsaid(patch: pytest.MonkeyPatch) -> None:
    """A host that hands an event over leaves it to its peers to find out."""
    patch.setattr(Host, "_peers_to_tell", lambda *_: lambda: None)


def votes_dropped(patch: pytest.MonkeyPatch) -> None:
    """A host that takes an event over knows the claims, and not who has voted for them."""
    restore = HostedEvent.restore

    def forgetful(self: HostedEvent, *given: Any) -> None:
        restore(self, *given)
        for claim in (*self.claims.open.values(), *self.by_entry.values()):
            claim.voters = 0

    patch.setattr(HostedEvent, "restore", forgetful)


def receipts_before_the_copy(patch: pytest.MonkeyPatch) -> None:
    """With `--sync` receipts are sent before a copy has the turn."""
    hold = SyncGate.hold

    def early(self: SyncGate[Any], needs: dict[str, int], turn: Any, now: float) -> list[Any]:
        told = TurnOutput(turn.replies, [])
        for event, out, position in turn.events:
            receipts = Output(receipts=out.receipts, finished=out.finished)
            told.events.append((event, receipts, position))
            out.receipts = []
        turn.replies = []
        return [told, *hold(self, needs, turn, now)]

    patch.setattr(SyncGate, "hold", early)


def published_before_the_copy(patch: pytest.MonkeyPatch) -> None:
    """With `--sync` receipts wait for a copy, and the feed does not."""
    hold = SyncGate.hold

    def early(self: SyncGate[Any], needs: dict[str, int], turn: Any, now: float) -> list[Any]:
        shown = TurnOutput([], [])
        for event, out, position in turn.events:
            shown.events.append((event, Output(publish=out.publish), position))
            out.publish = []
        return [shown, *hold(self, needs, turn, now)]

    patch.setattr(SyncGate, "hold", early)


def acknowledged_before_stored(patch: pytest.MonkeyPatch) -> None:
    """A follower acknowledges turns that it has not stored."""
    store = FollowedHost._store

    def early(self: FollowedHost, copy: Any, now: float, wall: int) -> None:
        turns = list(copy.turns)
        copy.stored(now, done=True)
        self._connections[copy.event]._carry_out(now)
        copy.turn, copy.turns = copy.turn - len(turns), turns
        copy.state = CopyState.STORING
        store(self, copy, now, wall)

    patch.setattr(FollowedHost, "_store", early)


def review_forgotten(patch: pytest.MonkeyPatch) -> None:
    """That an entry is under review is not brought back from the journal."""
    restore = Entries.restore
    patch.setattr(
        Entries,
        "restore",
        lambda self, entry, raw: restore(self, replace(entry, review=""), raw),
    )


def looks_forgotten(patch: pytest.MonkeyPatch) -> None:
    """After a restart the claims are not looked at any more of which nothing is said."""
    patch.setattr(Looks, "resume", lambda *_: None)


def deleted_scored(patch: pytest.MonkeyPatch) -> None:
    """What is taken back is off the timeline, and in the score still."""
    patch.setattr(States, "remove", lambda *_: None)


def ruling_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A ruling that was made is not brought back from the journal, and is made again."""
    _unrecorded(patch, Ruling)


MUTATIONS: tuple[Patch, ...] = (
    no_dedup,
    gap_counted,
    epoch_forgotten,
    contact_forgotten,
    presence_forgotten,
    replay_off_by_one,
    published_early,
    receipted_early,
    gaps_ignored,
    alarm_once,
    alarm_early,
    contact_unheard,
    outbox_forgets,
    two_votes,
    unchained,
    beats_without_seq,
    clocks_believed,
    detach_unheard,
    stale_greeting_measured,
    marks_forgotten,
    old_route_kept,
    token_enough,
    token_is_report_token,
    report_token_forgotten,
    revoked_counted,
    revoked_follow,
    revoked_admitted,
    revoked_forgotten,
    return_is_the_end_of_it,
    entry_restored_open,
    presence_unrecorded,
    silent_stay,
    present_counted_out,
    rival_kept,
    struck_counted,
    withdrawn_counted,
    answer_counted_twice,
    copies_counted,
    asked_again,
    asked_too_often,
    questions_forgotten,
    answers_forgotten,
    looked_at_once,
    another_id,
    statement_forgotten,
    never_fenced,
    fenced_from_the_answer,
    fence_unseen_after_the_commit,
    review_forgotten,
    looks_forgotten,
    deleted_scored,
    ruling_forgotten,
)


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_caught(mutate, monkeypatch):
    """A mistake in the cores violates what must hold within some seeds."""
    mutate(monkeypatch)
    for seed in (*RARE, *range(1, SEEDS + 1)):
        try:
            World(seed).run()
        except (Violation, Restless) as violation:
            print(f"seed {seed}: {violation}")
            return
    pytest.fail(f"{SEEDS} seeds ran without noticing: {mutate.__doc__}")

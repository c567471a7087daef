"""One event as viewers see it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.packets import packets
from touchline.gateway.feed import channel as module
from touchline.gateway.feed.channel import Channel, FeedTurn, Standing
from touchline.peer.subscriber.silence import Cause
from touchline.protocol.errors import NotFound
from touchline.protocol.messages import ActionSpec, Card, Finished, Pending, Recount, Restored
from touchline.protocol.times import SECOND, to_rfc3339
from touchline.timeline import json as timeline_json

from ..conftest import CARD, SETUP, WALL, Source, alarm, entry


def snapshot(channel: Channel, now: float = 0.0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(channel.snapshot(now).payload())
    return found


def test_nothing_yet(channel: Channel) -> None:
    """Before the host is heard the score is nil, and the silence says that it is waited for."""
    assert not channel.joined
    assert not channel.known
    found = snapshot(channel)
    assert found["seq"] == 0
    assert found["ready"] is False
    assert found["headline"] == "A 0–0 B"
    assert found["silence"]["kind"] == "waiting"


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        ({"hosted": False}, "the event has no host yet"),
        ({"away": "no answer from the broker"}, "no answer from the broker"),
    ],
)
def test_known_without_a_host(channel: Channel, standing: dict[str, Any], text: str) -> None:
    """That there is no host, or no broker, is something to tell."""
    channel.take(FeedTurn(Standing(**standing)))
    assert channel.known
    assert not channel.joined
    assert snapshot(channel)["silence"] == {"kind": "waiting", "text": text}


def test_messages_are_as_published(channel: Channel, source: Source) -> None:
    """What viewers get of a message is its form in JSON, byte for byte."""
    said = [entry(1), alarm(2)]
    source.give(*said)
    assert channel.feed.payloads(0, 10) == [
        msgspec.json.encode(timeline_json.to_json(m)) for m in said
    ]


def test_news_and_status(channel: Channel, source: Source) -> None:
    """A turn tells whether there are new messages, and whether anything else has changed."""
    assert source.give() == (False, True)
    assert source.give() == (False, False)
    assert source.give(entry(1)) == (True, False)
    assert source.give(claims=3) == (False, True)
    assert source.give(cause=Cause("host_lost", "gone")) == (False, True)


def test_entries_stand_in_match_order(channel: Channel, source: Source) -> None:
    """A late entry comes before those that happened after it, and places follow."""
    source.give(entry(1, at=60), entry(2, at=30), entry(3, at=90))
    assert [one["entry_id"] for one in snapshot(channel)["entries"]] == ["2", "1", "3"]
    assert [(one.entry_id, one.place) for one in channel.entries] == [("2", 1), ("1", 2), ("3", 3)]
    assert [one.entry_id for one in channel.page(2, 1)] == ["1"]
    assert channel.page(4, 10) == []


def test_how_it_ended_and_why_play_is_interrupted(channel: Channel, source: Source) -> None:
    """The summary and the snapshot say so as long as it holds; an end before the end, and one that
    was none, are among the interruptions."""
    said = {"title": "state", "origin": "", "details": {"play": "interrupted", "reason": "storm"}}
    source.give(entry(1, review="offside"), entry(2, at=30, **said))
    assert channel.summary()["ending"] is None
    assert channel.summary()["interrupted"] == {"reason": "storm"}
    end = Finished(event="a-v-b", epoch=1, seq=3, sent=WALL, how="abandoned", reason="storm")
    until = WALL + 60 * SECOND
    source.give(replace(end, until=until), replace(entry(1), seq=4, status="UPDATED"))
    found = snapshot(channel)
    assert found["finished"] is True
    assert found["ending"] == {
        "how": "abandoned", "winner": "", "reason": "storm", "until": to_rfc3339(until)
    }  # fmt: skip
    assert (found["interrupted"], found["upheld"]) == (None, ["1"])
    assert (channel.closed(until), channel.closed(until + 1)) == (False, True)
    source.give(Finished(event="a-v-b", epoch=1, seq=5, sent=WALL, over=False, reason="no"))
    found = snapshot(channel, 10.0)
    assert (found["finished"], found["ending"]) == (False, None)
    assert [one["over"] for one in found["interruptions"]] == [True, False]
    source.give(Finished(event="a-v-b", epoch=1, seq=6, sent=WALL))
    assert len(snapshot(channel, 20.0)["interruptions"]) == 2


def test_a_new_version_replaces(channel: Channel, source: Source) -> None:
    """Of an entry that is published again the newest version stands, where its time says."""
    source.give(entry(1, at=60), entry(2, at=90))
    source.give(entry(3, at=120, entry_id="1", status="UPDATED"))
    assert [one.entry_id for one in channel.entries] == ["2", "1"]
    assert channel.entries[1].status == "UPDATED"


def test_a_deleted_entry_is_gone(channel: Channel, source: Source) -> None:
    """A deleted entry stands no longer, and the score is the newest one."""
    source.give(entry(1), entry(2))
    source.give(entry(3, entry_id="1", status="DELETED", headline="A 1–0 B"))
    assert [one.entry_id for one in channel.entries] == ["2"]
    assert channel.headline == "A 1–0 B"


def test_interruptions_and_end(channel: Channel, source: Source) -> None:
    """Alarms, what ended them, and the end of the event are in the snapshot."""
    source.give(
        entry(1),
        alarm(2),
        Restored(
            event="a-v-b", epoch=1, seq=3, sent=WALL, since=WALL, until=WALL, headline="A 2–0 B"
        ),
        Finished(event="a-v-b", epoch=1, seq=4, sent=WALL, headline="A 2–0 B"),
        state="finished",
    )
    found = snapshot(channel)
    assert [one["type"] for one in found["interruptions"]] == ["alarm", "restored"]
    assert found["finished"] is True
    assert found["state"] == "finished"
    assert found["headline"] == "A 2–0 B"


def test_interruptions_are_bounded(channel: Channel, source: Source) -> None:
    """Of very many alarms the newest are kept."""
    source.give(*[alarm(seq) for seq in range(1, module.INTERRUPTIONS + 11)])
    kept = snapshot(channel)["interruptions"]
    assert len(kept) == module.INTERRUPTIONS
    assert kept[0]["seq"] == 11


def test_a_snapshot_is_bounded(
    channel: Channel, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of very many entries the last stand in the snapshot, which says how many came earlier."""
    monkeypatch.setattr(module, "SNAPSHOT_SIZES", (2, 3))
    monkeypatch.setattr(module, "SNAPSHOT_ENTRIES", 3)
    source.goals(5)
    found = snapshot(channel)
    assert [one["entry_id"] for one in found["entries"]] == ["3", "4", "5"]
    assert found["earlier"] == 2
    fewer = json.loads(channel.snapshot(0.0, 1).payload())
    assert ([one["entry_id"] for one in fewer["entries"]], fewer["earlier"]) == (["4", "5"], 3)


def test_the_versions_of_an_entry_are_kept(channel: Channel, source: Source) -> None:
    """What became of an entry is told by its versions, the first first."""
    source.give(entry(1, status="PROVISIONAL"), entry(2), entry(3, entry_id="1", text="Own goal"))
    found = [json.loads(version) for version in channel.versions("1")]
    assert [(one["seq"], one["status"]) for one in found] == [(1, "PROVISIONAL"), (3, "CONFIRMED")]
    assert channel.versions("9") == []


def test_a_page_begins_with_what_a_viewer_goes_on_from(channel: Channel, source: Source) -> None:
    """A setup and a snapshot of the last entries; a viewer goes on from its position."""
    source.goals(4)
    setup, found = (json.loads(msgspec.json.encode(one)) for one in channel.opening(0.0, 20))
    assert (setup["seq"], found["seq"], len(found["entries"])) == (4, 4, 4)
    assert setup["presentation"]["text"] == "Football"
    assert "time" not in setup
    assert channel.continues(found["seq"], found["epoch"], bytes.fromhex(found["digest"]))
    brief = json.loads(channel.setup(heartbeat=1.0, recovered=True, wall=WALL, brief=True))
    assert not {"kinds", "presentation"} & set(brief)


def test_a_page_begins_with_what_is_known_before_the_host_is_heard(channel: Channel) -> None:
    """How the sport is shown comes with it, and no snapshot: nothing is said of a score."""
    (setup,) = (json.loads(msgspec.json.encode(one)) for one in channel.opening(0.0, 20))
    assert setup["presentation"]["text"] == "Football"
    assert not setup["ready"]


def test_a_snapshot_serves_for_a_second(channel: Channel, source: Source) -> None:
    """Those who join at nearly the same time share a snapshot while nothing came."""
    source.give(entry(1))
    first = channel.snapshot(10.0)
    assert channel.snapshot(10.9) is first
    assert channel.snapshot(11.5) is not first


def test_what_could_not_be_read_has_a_place(channel: Channel, source: Source) -> None:
    """A message of a kind that is not known here leaves no hole in the numbers."""
    source.give(entry(1), upto=3)
    source.give(entry(4))
    kinds = [json.loads(payload)["type"] for payload in channel.feed.payloads(0, 10)]
    assert kinds == ["entry", "unknown", "unknown", "entry"]


# ── coming back ──────────────────────────────────────────────────────────────────────────────


def test_continues(channel: Channel, source: Source) -> None:
    """Who has a position of this feed goes on from there, and proves it by epoch and digest."""
    source.goals(3)
    digest = channel.digest(2)
    assert channel.continues(2)
    assert channel.continues(2, 1, digest)
    assert channel.continues(3)
    assert channel.continues(0, 1, bytes(16))
    assert not channel.continues(4)
    assert not channel.continues(2, 2)
    assert not channel.continues(2, 1, channel.digest(1))


def test_the_digest_is_the_hosts(channel: Channel, source: Source) -> None:
    """The digest that viewers are told is that over the bodies as published."""
    source.goals(3)
    assert channel.digest(3) == source.digest
    assert snapshot(channel)["digest"] == source.digest.hex()


def test_another_feed(channel: Channel, source: Source) -> None:
    """Where the host has another feed everything begins anew, and old positions fit no more."""
    source.goals(3)
    digest = channel.digest(2)
    source.restart([entry(1, epoch=2, entry_id="9"), entry(2, epoch=2, entry_id="10")])
    assert channel.generation == 1
    assert [one.entry_id for one in channel.entries] == ["9", "10"]
    assert not channel.continues(2, 1, digest)
    assert channel.digest(2) == source.digest


# ── what is told ─────────────────────────────────────────────────────────────────────────────


def test_setup(channel: Channel, source: Source) -> None:
    """The first message names the origins and actions as they were always named, and more."""
    source.goals(1)
    found = json.loads(channel.setup(heartbeat=2.5, recovered=True, wall=WALL))
    assert found["type"] == "setup"
    assert found["origins"] == ["A", "B"]
    assert found["actions"][:2] == ["goal", "goal_disallowed"]
    assert found["event"]["event"] == "a-v-b"
    assert (found["epoch"], found["seq"], found["heartbeat"]) == (1, 1, 2.5)
    assert found["recovered"] is True
    assert found["time"] == "2023-11-14T22:13:20.000Z"
    (goal, *_) = found["kinds"]
    assert found["presentation"]["text"] == "Football"
    assert found["presentation"]["looks"]["goal"][-1]["weight"] == "big"
    assert goal["title"] == "goal"
    assert {"name", "text", "choices", "number", "required"} == set(goal["details"][0])
    stopped = next(one for one in found["statements"] if one["says"] == {"play": "interrupted"})
    assert (stopped["text"], stopped["of"]) == ("Play interrupted", [])
    assert [detail["name"] for detail in stopped["details"]] == ["reason"]


def test_setup_without_a_host(channel: Channel) -> None:
    """Before there is a host the actions are those of the sport."""
    found = json.loads(channel.setup(heartbeat=10.0, recovered=False, wall=WALL))
    assert found["actions"] == [kind["title"] for kind in found["kinds"]]
    assert found["actions"][:2] == ["goal", "goal_disallowed"]
    assert found["ready"] is False


def test_heartbeat_and_status(channel: Channel, source: Source) -> None:
    """A heartbeat echoes the interval and says where the feed stands; a status has no seq."""
    source.goals(2)
    source.give(present=5, claims=3, disputed=1)
    beat = json.loads(channel.heartbeat(0.5, WALL))
    assert (beat["type"], beat["interval"], beat["seq"]) == ("heartbeat", 0.5, 2)
    assert (beat["present"], beat["claims"], beat["disputed"]) == (5, 3, 1)
    assert beat["digest"] == source.digest.hex()
    status = json.loads(channel.status(WALL))
    assert status["type"] == "status"
    assert "seq" not in status
    assert status["claims"] == 3


def test_open_claims(channel: Channel, source: Source) -> None:
    """Snapshot, heartbeat and status tell how open claims stand; any change of one is told."""
    claim = Pending(title="goal", origin="A", time=WALL, for_=1, against=0, needed=3)
    source.give(entry(1))
    assert source.give(pending=(claim,)) == (False, True)
    assert source.give(pending=(claim,)) == (False, False)
    assert source.give(pending=(msgspec.structs.replace(claim, for_=2),)) == (False, True)
    told = [
        {
            "title": "goal",
            "origin": "A",
            "time": "2023-11-14T22:13:20.000Z",
            "for": 2,
            "against": 0,
            "needed": 3,
            "claim": 0,
        }
    ]
    assert json.loads(channel.heartbeat(1.0, WALL))["pending"] == told
    assert json.loads(channel.status(WALL))["pending"] == told
    assert snapshot(channel)["pending"] == told
    assert channel.summary()["pending"] == told
    assert source.give() == (False, True)
    assert json.loads(channel.status(WALL))["pending"] == []


@pytest.mark.parametrize(
    ("cause", "kind"),
    [("venue_lost", "venue_lost"), ("host_lost", "host_lost"), ("link_lost", "link_lost")],
)
def test_why_it_is_silent(channel: Channel, source: Source, cause: str, kind: str) -> None:
    """The cause of silence is told; a lost link is the gateway's, not the viewer's."""
    source.give(cause=Cause(cause, "look at your own link"), last_received=WALL)
    silence = json.loads(channel.status(WALL))["silence"]
    assert silence["kind"] == kind
    assert ("gateway" in silence["text"]) is (kind == "link_lost")


def test_a_failure_is_told(channel: Channel) -> None:
    """An event that can be followed no longer says why."""
    channel.failure = NotFound("no event 'a-v-b'")
    assert channel.known
    assert snapshot(channel)["silence"] == {"kind": "failed", "text": "no event 'a-v-b'"}


def test_packets_are_those_of_the_function() -> None:
    """The packets of a tennis feed are, one for one, what the pure function makes of it."""
    card = Card(event="t", title="A v B", sport="tennis", origins=["A", "B"])
    channel = Channel(card, 1 << 20)
    said = [
        entry(seq, at=seq, title="point", origin="AB"[seq % 2], score={}, headline="")
        for seq in range(1, 20)
    ]
    said.insert(7, alarm(0))
    said = [msgspec.structs.replace(one, seq=seq) for seq, one in enumerate(said, 1)]
    for message in said:
        channel.take(FeedTurn(Standing(seq=message.seq), [message], bytes(16)))
    assert channel.packets is not None
    made = [msgspec.json.decode(one) for one in channel.packets.payloads(0, 100)]
    assert made == packets(card, said)
    assert len(made) == 20


def test_an_unknown_sport(source: Source) -> None:
    """An event of a sport that is not installed here is shown without its rules."""
    channel = Channel(msgspec.structs.replace(CARD, sport="curling"), 1 << 20)
    assert channel.headline == ""
    assert json.loads(channel.setup(heartbeat=10.0, recovered=False, wall=WALL))["kinds"] == []
    assert json.loads(channel.setup(heartbeat=10.0, recovered=False, wall=WALL))["statements"] == []
    actions = [ActionSpec(title="stone", text="Stone", details=["who"])]
    known = msgspec.structs.replace(SETUP, card=channel.card, actions=actions)
    channel.take(FeedTurn(Standing(), setup=known))
    found = json.loads(channel.setup(heartbeat=10.0, recovered=False, wall=WALL))
    assert found["actions"] == ["stone"]
    who = {"name": "who", "text": "who", "choices": [], "number": False, "required": False}
    assert found["kinds"] == [
        {
            "title": "stone",
            "text": "Stone",
            "needs_origin": True,
            "in_play": False,
            "details": [who],
        }
    ]


def test_votes_that_came_later(channel: Channel, source: Source) -> None:
    """The votes of an entry are brought up to date by a status, and are so in a snapshot; those of
    another version of it are not."""
    first = entry(1)
    source.give(first)
    later = msgspec.structs.replace(first.evidence, for_=first.evidence.for_ + 4, present=9)
    counted = Recount(entry_id=first.entry_id, seq=1, evidence=later)
    of_another = Recount(entry_id=first.entry_id, seq=7, evidence=first.evidence)
    assert source.give(recounts=(counted,)) == (False, True)
    (told,) = json.loads(channel.status(WALL))["recounts"]
    assert (told["entry_id"], told["seq"], told["evidence"]["for"]) == ("1", 1, later.for_)
    assert source.give(recounts=(of_another,)) == (False, True)
    assert channel.entries[0].evidence == later
    shown = snapshot(channel)["entries"][0]
    assert shown["evidence"]["present"] == 9

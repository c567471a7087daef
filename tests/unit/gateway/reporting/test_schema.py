"""What a browser reports, as it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.gateway.reporting.schema import (
    TRAVEL,
    Asked,
    KeptReport,
    ReportFate,
    Unfit,
    consistent,
    fate_of,
    read,
    skew,
    token_of,
)
from touchline.protocol.errors import BadMessage, PeerError, TooLarge
from touchline.protocol.messages import Card, Fate, Happening, Timing
from touchline.protocol.times import LATEST, SECOND, from_rfc3339, to_rfc3339
from touchline.sports.contradictions import check_of

NOON = from_rfc3339("2026-05-01T12:00:00Z")

GOAL = {"type": "event", "title": "goal", "origin": "A", "time": "2026-05-01T11:59:30Z"}


def report(**fields: Any) -> dict[str, Any]:
    return {"type": "event", "id": "x", "time": "2026-05-01T11:59:40Z", "event": GOAL} | fields


def one(content: Any, timing: Timing | None = None) -> Asked | Unfit:
    (found,) = read(json.dumps(content).encode(), NOON, timing)
    return found


def asked(content: Any, timing: Timing | None = None) -> Asked:
    found = one(content, timing)
    assert isinstance(found, Asked), found
    return found


def test_peer_json():
    """A report of DESIGN section 8 is read as it is, with a token that means nothing here."""
    found = asked([report(token="t", event=GOAL | {"details": {"player": "Ito"}})])
    assert found.id == "x"
    assert found.said == NOON - 20 * SECOND
    assert found.event == Happening("goal", "A", NOON - 30 * SECOND, {"player": "Ito"})


@pytest.mark.parametrize("content", [[report()], report(), {"reports": [report()]}])
def test_forms(content):
    """A list, one alone, and a bundle mean the same."""
    assert asked(content) == asked([report()])


def test_what_is_left_out():
    """Without times it is now; without an id it has none; without an origin it has none."""
    found = asked([{"event": {"title": "end"}}])
    assert found[:3] == ("", NOON, Happening("end", "", NOON))


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        (Timing(starts=5, began=NOON - 10 * SECOND, speed=60.0), 5 + 600 * SECOND),
        (Timing(speed=0.0), NOON),
    ],
)
def test_now_is_event_time(timing, expected):
    """What happened now is at that time of the event's own clock, unless that does not run."""
    assert asked([{"event": {"title": "goal"}}], timing).event.time == expected


@pytest.mark.parametrize(
    ("behind", "expected"),
    [(0, 0), (TRAVEL, 0), (TRAVEL + 1, TRAVEL + 1), (-1, -1), (-3_600 * SECOND, -3_600 * SECOND)],
)
def test_skew(behind, expected):
    """A clock that is ahead is off; one that is behind may only have had a slow link."""
    assert skew(NOON - behind, NOON) == expected


@pytest.mark.parametrize("unit", [1, 1_000, SECOND])
def test_numbers_since_1970(unit):
    """Whether a program counts microseconds, milliseconds or seconds, it is the same time; also
    its own clock's, and on an event that is a replay of another year."""
    seconds = 20 * SECOND // unit
    said, happened = NOON // unit - seconds, NOON // unit - 2 * seconds
    given = report(time=said, event=GOAL | {"time": happened})
    found = asked({"sent": NOON // unit, "reports": [given]})
    assert (found.said, found.event.time) == (NOON - 20 * SECOND, NOON - 40 * SECOND)
    starts = from_rfc3339("2022-12-18T15:00:00Z")
    for timing in (Timing(starts=starts, began=NOON), Timing(starts=starts, speed=0.0)):
        replayed = asked([report(event=GOAL | {"time": starts // unit})], timing)
        assert replayed.event.time == starts


def test_a_clock_that_is_off_is_corrected():
    """Times are moved by as much as the browser's clock is off, event time by the event's speed."""
    hour = 3_600 * SECOND
    sent = to_rfc3339(NOON + hour)
    found = asked({"sent": sent, "reports": [report()]})
    assert found.said == NOON - 20 * SECOND - hour
    assert found.event.time == NOON - 30 * SECOND - hour
    fast = asked({"sent": sent, "reports": [report()]}, Timing(speed=2.0))
    assert fast.event.time == NOON - 30 * SECOND - 2 * hour


def test_the_mark_is_of_what_was_said():
    """The mark is the same whenever and however often it is sent, and another one of another
    report."""
    bundle = {"sent": "2026-05-01T13:00:00Z", "reports": [report()]}
    assert asked([report()]).mark == asked(bundle).mark
    others = [
        report(event=GOAL | {"title": "own_goal"}),
        report(event=GOAL | {"details": {"a": 1}}),
        report(event=GOAL | {"time": "2026-05-01T11:59:31Z"}),
        report(time="2026-05-01T11:59:41Z"),
    ]
    assert len({asked([each]).mark for each in [report(), *others]}) == 5


@pytest.mark.parametrize(
    "bad",
    [
        report(event={"origin": "A"}),
        report(event=None),
        report(event=GOAL | {"title": "g" * 201}),
        report(event=GOAL | {"details": {"x": []}}),
        report(event=GOAL | {"details": {str(i): i for i in range(25)}}),
        report(time="noon"),
        report(time="2026-05-01T11:59:40"),
        report(time=2**63),
        report(time=True),
        report(type="point"),
    ],
)
def test_one_that_cannot_be_harms_no_other(bad):
    """It is refused under its own id; what stands beside it is read."""
    found = read(json.dumps([bad, report(id="y")]).encode(), NOON, None)
    assert isinstance(found[0], Unfit)
    assert (found[0].id, found[0].code) == ("x", "BAD_MESSAGE")
    assert isinstance(found[1], Asked)


def test_a_name_that_cannot_be_seen():
    """A detail whose text shows nothing is refused, with its name; an empty one says nothing."""
    for hidden in ("\u3164", "\u2800\u200b", " "):
        bad = report(event=GOAL | {"details": {"player": hidden}})
        (found,) = read(json.dumps([bad]).encode(), NOON, None)
        assert isinstance(found, Unfit)
        assert (found.id, found.code) == ("x", "BAD_REPORT")
        assert found.reason == "player: nothing in the text can be seen"
    fine = report(event=GOAL | {"details": {"player": ""}})
    assert isinstance(read(json.dumps([fine]).encode(), NOON, None)[0], Asked)


@pytest.mark.parametrize("content", [b"", b"[", b"null", b'"x"', b"7", b"[1]", b"\xff", b"[null]"])
def test_no_reports(content):
    """What is no list of reports is refused, whole or each of it."""
    try:
        found = read(content, NOON, None)
    except BadMessage:
        return
    assert all(isinstance(each, Unfit) for each in found)


@pytest.mark.parametrize("before", [b"", b"[", b'{"reports":[{"event":', b'{"token":', b'{"id":'])
def test_brackets_without_end(before):
    """So are brackets within brackets without end, wherever they are, and no fault of ours."""
    content = before + b"[" * 20_000
    for one in (lambda: read(content, NOON, None), lambda: token_of(content)):
        with pytest.raises(BadMessage):
            one()


def test_too_many():
    """500 at once and no more."""
    assert len(read(json.dumps([report()] * 500).encode(), NOON, None)) == 500
    with pytest.raises(TooLarge, match="501 reports at once, at most 500 allowed"):
        read(json.dumps([report()] * 501).encode(), NOON, None)


def test_a_time_at_the_end_of_time():
    """A correction does not lead out of the years there are."""
    moved = {"sent": NOON - 10 * SECOND, "reports": [report(time=LATEST)]}
    found = one(moved)
    assert isinstance(found, Unfit)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "id", "time", "event", "title", "details", "reports", "sent"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode())
)
def test_nothing_but_documented_errors(content):
    """Whatever comes is read, or refused with an error of the tree."""
    try:
        found = read(content, NOON, None)
    except PeerError:
        return
    assert all(isinstance(each, Asked | Unfit) for each in found)


def test_told():
    """A report without a fate is kept here; with one it is what the host says."""
    kept = KeptReport("x", 3, Happening("goal", "A", 1), None)
    assert fate_of(kept) == ReportFate(id="x", n=3, outcome="kept", title="goal", origin="A")
    fate = Fate(n=3, outcome="accepted", seq=7, entry_id="2")
    after = fate_of(kept._replace(fate=fate, undone=True))
    assert (after.outcome, after.seq, after.entry_id, after.undone) == ("accepted", 7, "2", True)
    unfit = fate_of(Unfit("x", "BAD_MESSAGE", "no"))
    assert (unfit.outcome, unfit.n, unfit.code, unfit.reason) == ("refused", 0, "BAD_MESSAGE", "no")


def test_what_contradicts_itself_is_refused():
    """One report that contradicts the line-ups harms no other, and keeps its id."""
    card = Card(
        event="e",
        title="t",
        sport="football",
        origins=["A", "B"],
        lineups={"A": ["7 Al Able"], "B": ["9 Ed Egan"]},
    )
    wrong = GOAL | {"origin": "A", "details": {"player": "Egan"}}
    sent = [report(id="1", event=wrong), {"id": "2", "event": 5}, report(id="3")]
    read_ = read(json.dumps(sent).encode(), NOON, None)
    refused, unfit, right = consistent(read_, check_of(card))
    assert isinstance(refused, Unfit)
    assert (refused.id, refused.code) == ("1", "CONTRADICTION")
    assert "9 Ed Egan is in the line-up of B" in refused.reason
    assert [unfit, right] == read_[1:]

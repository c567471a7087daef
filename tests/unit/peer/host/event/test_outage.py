"""Where an event stands with regard to outages, told by hand."""

from __future__ import annotations

from copy import deepcopy
from typing import get_args

import pytest

from touchline.peer.host.event import records
from touchline.peer.host.event.event_claims import Claims
from touchline.peer.host.event.outage import (
    TRANSITIONS,
    ContactBack,
    ContactLost,
    EventEnded,
    HostRestarted,
    ImpossibleTransition,
    Outage,
    OutageClosed,
)
from touchline.peer.host.event.participant import Participant
from touchline.protocol.messages import FeedState
from touchline.sports import Kind

SECOND = 1_000_000
PATIENCE = 20.0


@pytest.fixture
def outage():
    return Outage(late=30 * SECOND, confirm_wait=30.0)


@pytest.fixture
def back(outage):
    """An outage from second 100 to 200 of the event; contact came back at 50 of our own clock."""
    outage.take(ContactLost(100 * SECOND))
    outage.take(ContactBack(200 * SECOND, 50.0))
    return outage


def member(heard=50.0, n=0, last=0, *, announced=True):
    record = records.MemberAttached(
        peer="p", name="P", token="t", role="reporter", expires=9, stays=True
    )
    one = Participant(0, record)
    one.heard, one.n, one.announced, one.has_announced = heard, n, last, announced
    return one


def claim(at, title="goal"):
    claims = Claims({"goal": Kind("goal", "Goal")})
    lane = claims.index("goal", "A") if title == "goal" else claims.correction_index(title)
    return claims.start(lane, at * SECOND, (), 0, 0.0)


def test_states(outage):
    """Live, suspended by an alarm, reconstructing upon contact, live again."""
    assert outage.state == "live"
    outage.take(ContactLost(5))
    assert (outage.state, outage.since, outage.alarms) == ("suspended", 5, 1)
    outage.take(ContactLost(6))
    assert (outage.since, outage.alarms) == (5, 2), "still the same outage"
    outage.take(ContactBack(9, 50.0))
    assert (outage.state, outage.until) == ("reconstructing", 9)
    outage.take(OutageClosed())
    assert (outage.state, outage.spans) == ("live", [(5, 9)])


INPUTS = {
    one: one(*values)
    for one, values in {
        ContactLost: (7,),
        ContactBack: (9, 50.0),
        OutageClosed: (),
        EventEnded: (),
        HostRestarted: (60.0,),
    }.items()
}
"""One of each input."""

NEXT = {
    "live": {"ContactLost": "suspended", "EventEnded": "finished", "HostRestarted": "live"},
    "suspended": {
        "ContactLost": "suspended",
        "ContactBack": "reconstructing",
        "EventEnded": "finished",
        "HostRestarted": "suspended",
    },
    "reconstructing": {
        "ContactLost": "suspended",
        "OutageClosed": "live",
        "HostRestarted": "reconstructing",
    },
    "finished": {"HostRestarted": "finished"},
}
"""By state and input the next state; what is not there is refused."""


@pytest.mark.parametrize("state", get_args(FeedState))
@pytest.mark.parametrize("kind", INPUTS, ids=lambda kind: kind.__name__)
def test_every_pair_of_state_and_input(outage, state, kind):
    """Each input leads to the next state, or is refused with an error and changes nothing."""
    outage.state, outage.since, outage.until, outage.asked_at = state, 3, 4, 5.0
    before = deepcopy(outage)
    following = NEXT[state].get(kind.__name__)
    assert ((state, kind) in TRANSITIONS) == (following is not None)
    if following is None:
        with pytest.raises(ImpossibleTransition, match=f"{state} takes no {kind.__name__}"):
            outage.take(INPUTS[kind])
        assert outage == before
    else:
        outage.take(INPUTS[kind])
        assert outage.state == following


def test_lost_again_before_it_is_closed(back):
    """Contact that is lost again during the reconstruction makes one longer outage."""
    back.asked_at = 60.0
    back.entries["1"] = None
    back.take(ContactLost(210 * SECOND))
    assert (back.state, back.since, back.alarms) == ("suspended", 100 * SECOND, 2)
    assert back.asked_at is None
    back.take(ContactBack(300 * SECOND, 90.0))
    assert back.holds(250 * SECOND)
    assert list(back.entries) == ["1"]


def test_the_next_outage_begins_anew(back):
    """What belonged to an outage that is closed is not counted again in the next."""
    back.entries["1"] = None
    back.disputed = 2
    back.take(OutageClosed())
    back.take(ContactLost(500 * SECOND))
    assert (back.since, back.alarms, back.disputed, back.entries) == (500 * SECOND, 1, 0, {})


@pytest.mark.parametrize(
    ("time", "status"),
    [(99, "DELAYED"), (100, "RECONSTRUCTED"), (200, "RECONSTRUCTED"), (201, "")],
)
def test_status(back, time, status):
    """What lies in the outage, its ends included, is reconstructed; also after it is closed."""
    assert back.status(time * SECOND, 210 * SECOND) == status
    back.take(OutageClosed())
    assert back.status(time * SECOND, 210 * SECOND) == status


def test_delayed(outage):
    """Live entries are late beyond the bound, and never where the event's clock does not run."""
    assert outage.status(0, 30 * SECOND) == ""
    assert outage.status(0, 30 * SECOND + 1) == "DELAYED"
    assert outage.status(0, None) == ""


@pytest.mark.parametrize(
    ("one", "delivered"),
    [
        (member(n=4, last=4), True),
        (member(n=3, last=4), False),
        (member(heard=51.0, n=4, last=4), True),
        (member(n=4, last=4, announced=False), False),
        (member(heard=51.0, n=4, last=4, announced=False), False),
        (member(heard=20.0, n=4, last=4, announced=False), False),
    ],
)
def test_all_delivered(back, one, delivered):
    """All is delivered when each reporter is back, has announced the number of its newest report,
    and all reports up to it are stored."""
    assert back.all_delivered([one], 55.0, PATIENCE) == delivered


def test_patience(back):
    """Who is not back in time is not waited for; who is back but has not sent all is."""
    gone, busy = member(heard=20.0, announced=False), member(heard=60.0, n=1, last=2)
    assert not back.all_delivered([gone], 69.9, PATIENCE)
    assert back.all_delivered([gone], 70.0, PATIENCE)
    assert not back.all_delivered([gone, busy], 500.0, PATIENCE)


@pytest.mark.parametrize(
    ("one", "waited_for"),
    [
        (claim(99), False),
        (claim(100), True),
        (claim(200), True),
        (claim(201), False),
        (claim(150, "delete"), False),
    ],
)
def test_open_claims(back, one, waited_for):
    """Open claims of the outage are waited for, others and corrections are not."""
    assert (one in back.undecided([one])) == waited_for


def test_resume(back):
    """After a restart everybody is waited for anew, and asked again."""
    back.asked_at = 60.0
    back.take(HostRestarted(80.0))
    assert back.asked_at is None
    assert not back.all_delivered([member(heard=80.0, announced=False)], 99.0, PATIENCE)
    assert back.all_delivered([member(heard=80.0, announced=False)], 100.0, PATIENCE)

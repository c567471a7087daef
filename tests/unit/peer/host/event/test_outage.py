"""Where an event stands with regard to outages, told by hand."""

from __future__ import annotations

import pytest

from touchline.peer.host.event import records
from touchline.peer.host.event.claims import Claims
from touchline.peer.host.event.member import Member
from touchline.peer.host.event.outage import Outage
from touchline.sports import Kind

SECOND = 1_000_000
PATIENCE = 20.0


@pytest.fixture
def outage():
    return Outage(late=30 * SECOND, confirm_wait=30.0)


@pytest.fixture
def back(outage):
    """An outage from second 100 to 200 of the event; contact came back at 50 of our own clock."""
    outage.lose(100 * SECOND)
    outage.regain(200 * SECOND, 50.0)
    return outage


def member(heard=50.0, n=0, last=0, *, told=True):
    record = records.Member(peer="p", name="P", token="t", role="reporter", expires=9, stays=True)
    one = Member(0, record)
    one.heard, one.n, one.last, one.told_last = heard, n, last, told
    return one


def claim(at, title="goal"):
    claims = Claims({"goal": Kind("goal", "Goal")})
    lane = claims.open_lane("goal", "A") if title == "goal" else claims.correction_lane(title)
    return claims.start(lane, at * SECOND, (), 0, 0.0)


def test_states(outage):
    """Live, suspended by an alarm, reconstructing upon contact, live again."""
    assert outage.state == "live"
    outage.lose(5)
    assert (outage.state, outage.since, outage.alarms) == ("suspended", 5, 1)
    outage.lose(6)
    assert (outage.since, outage.alarms) == (5, 2), "still the same outage"
    outage.regain(9, 50.0)
    assert (outage.state, outage.until) == ("reconstructing", 9)
    outage.close()
    assert (outage.state, outage.spans) == ("live", [(5, 9)])


def test_lost_again_before_it_is_closed(back):
    """Contact that is lost again during the reconstruction makes one longer outage."""
    back.asked, back.quiet_at = True, 60.0
    back.entries["1"] = None
    back.lose(210 * SECOND)
    assert (back.state, back.since, back.alarms) == ("suspended", 100 * SECOND, 2)
    assert not back.asked
    assert back.quiet_at is None
    back.regain(300 * SECOND, 90.0)
    assert back.holds(250 * SECOND)
    assert list(back.entries) == ["1"]


def test_the_next_outage_begins_anew(back):
    """What belonged to an outage that is closed is not counted again in the next."""
    back.entries["1"] = None
    back.disputed = 2
    back.close()
    back.lose(500 * SECOND)
    assert (back.since, back.alarms, back.disputed, back.entries) == (500 * SECOND, 1, 0, {})


@pytest.mark.parametrize(
    ("time", "status"),
    [(99, "DELAYED"), (100, "RECONSTRUCTED"), (200, "RECONSTRUCTED"), (201, "")],
)
def test_status(back, time, status):
    """What lies in the outage, its ends included, is reconstructed; also after it is closed."""
    assert back.status(time * SECOND, 210 * SECOND) == status
    back.close()
    assert back.status(time * SECOND, 210 * SECOND) == status


def test_delayed(outage):
    """Live entries are late beyond the bound, and never where the event's clock does not run."""
    assert outage.status(0, 30 * SECOND) == ""
    assert outage.status(0, 30 * SECOND + 1) == "DELAYED"
    assert outage.status(0, None) == ""


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (member(n=4, last=4), True),
        (member(n=3, last=4), False),
        (member(heard=51.0, n=4, last=4), True),
        (member(n=4, last=4, told=False), False),
        (member(heard=51.0, n=4, last=4, told=False), False),
        (member(heard=20.0, n=4, last=4, told=False), False),
    ],
)
def test_all_told(back, one, told):
    """All is told when everybody is back, has said the number of the newest report, and all up to
    it are stored."""
    assert back.all_told([one], [], 55.0, PATIENCE) == told


def test_patience(back):
    """Who is not back in time is not waited for; who is back but has not sent all is."""
    gone, busy = member(heard=20.0, told=False), member(heard=60.0, n=1, last=2)
    assert not back.all_told([gone], [], 69.9, PATIENCE)
    assert back.all_told([gone], [], 70.0, PATIENCE)
    assert not back.all_told([gone, busy], [], 500.0, PATIENCE)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (claim(99), True),
        (claim(100), False),
        (claim(200), False),
        (claim(201), True),
        (claim(150, "delete"), True),
    ],
)
def test_open_claims(back, one, told):
    """Open claims of the outage are waited for, others and corrections are not."""
    assert back.all_told([], [one], 55.0, PATIENCE) == told


def test_resume(back):
    """After a restart everybody is waited for anew, and asked again."""
    back.asked, back.quiet_at = True, 60.0
    back.resume(80.0)
    assert not back.asked
    assert back.quiet_at is None
    assert not back.all_told([member(heard=80.0, told=False)], [], 99.0, PATIENCE)
    assert back.all_told([member(heard=80.0, told=False)], [], 100.0, PATIENCE)

"""What the verdict is asked about a claim."""

from __future__ import annotations

from typing import Any

CROWD = tuple("abcdefghijk")


def test_who_is_asked_and_speaks_without_it_has_answered_nothing(ground: Any) -> None:
    """Four of eleven say so; the one that is asked says so itself in the meantime, as it would
    have. Another one is asked before it is confirmed."""
    g = ground("tennis", verdict="evidence")
    for name in CROWD:
        g.attach(name, answers=True)
    g.both("point", "A", names=CROWD, at=g.second)
    g.stay(30, *CROWD)
    at = g.second
    g.both("point", "B", names=CROWD[:4], at=at)
    while not g.questions:
        g.stay(0.5, *CROWD)
    (asked, question), *_ = g.questions
    claim = g.core.claims.open.get(question.claim) or g.core.by_entry[str(question.claim)]
    assert g.core.case(claim).asked is not None
    g.say(asked, "point", "B", at=g.second)
    g.stay(2, *CROWD)
    assert asked not in CROWD[:4]
    assert g.standing[-1].status == "PROVISIONAL"
    (other, _) = g.questions[1]
    assert other not in (asked, *CROWD[:4])
    g.say(other, "answer", claim=question.claim, yes=True)
    g.stay(0.5, *CROWD)
    assert g.standing[-1].status == "CONFIRMED"


def test_who_only_repeats_what_is_published_is_not_missed(ground: Any) -> None:
    """Two tell each point a while after the six others, as if they read it somewhere. After some
    time neither their silence nor their word counts any more."""
    g = ground("tennis", verdict="evidence").begun(*CROWD[:8])
    for _ in range(10):
        at = g.second
        g.both("point", "A", names=CROWD[:6], at=at)
        g.stay(2, *CROWD[:8])
        g.both("point", "A", names=CROWD[6:8], at=at + 2)
        g.stay(20, *CROWD[:8])
    newest = g.standing[-1]
    claim = g.core.by_entry[newest.entry_id]
    assert claim.spoken.bit_count() == 6
    assert g.core.case(claim).active == 6
    g.restart()
    assert g.core.case(g.core.by_entry[newest.entry_id]).for_ == 6

"""Which questions of the host are open."""

from __future__ import annotations

from touchline.peer.reporter.questions import OpenQuestions
from touchline.protocol.messages import Ask

SECOND = 1_000_000


def ask(claim: int, until: float) -> Ask:
    return Ask(
        event="e", claim=claim, title="goal", origin="A", time=5, until=round(until * SECOND)
    )


def test_answered() -> None:
    """An answered question is open no longer, one asked anew is open again."""
    questions = OpenQuestions()
    questions.set_time(100 * SECOND, 10.0)
    for claim in (3, 5):
        questions.take(ask(claim, 106.0), 10.0)
    questions.answered(3)
    questions.answered(4)
    assert list(questions.by_claim) == [5]
    questions.take(ask(3, 106.0), 11.0)
    assert list(questions.by_claim) == [5, 3]


def test_too_old() -> None:
    """A question is dropped when the host's clock says so, whatever the clock here does."""
    questions = OpenQuestions()
    questions.set_time(100 * SECOND, 10.0)
    questions.take(ask(1, 106.0), 11.0)
    questions.take(ask(2, 109.0), 11.0)
    assert questions.next_timer() == 16.0
    questions.drop_old(15.9)
    assert list(questions.by_claim) == [1, 2]
    questions.drop_old(16.0)
    assert list(questions.by_claim) == [2]
    questions.take(ask(3, 115.0), 19.0)
    assert list(questions.by_claim) == [3]
    questions.drop_old(25.0)
    assert questions.next_timer() is None

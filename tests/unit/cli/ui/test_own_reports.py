"""A reporter's own reports in the commands."""

from __future__ import annotations

from typing import get_args

import pytest

from touchline.cli.ui.own_reports import score_question
from touchline.protocol.messages import Confirm, WhyScore


@pytest.mark.parametrize("why", get_args(WhyScore))
def test_the_question_for_the_score_says_why(why: WhyScore) -> None:
    """Contact was lost only after an outage; the prompt fits into a terminal of 80 columns."""
    words = score_question(Confirm(event="e", since=0, until=0, why=why))
    assert words.endswith("What is the score?")
    assert ("Contact" in words) == (why == "")
    assert len(f" {words} Press = and type it.") <= 80

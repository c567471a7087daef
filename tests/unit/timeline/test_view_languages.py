"""What a follower of an event sees in other languages than the host's."""

from __future__ import annotations

import pytest

from tests.unit.following import CARD, KICK_OFF, MINUTE, entry, view_of
from touchline.protocol.messages import Alarm, Card
from touchline.runtime.languages import LANGUAGES, speaking
from touchline.timeline.feed import Notice
from touchline.timeline.texts import alarm_text, entry_text, evidence_of


def lines(language: str, card: Card = CARD) -> list[str]:
    with speaking(language):
        view = view_of(
            entry(1, 4, details={"player": "Ida", "how": "own goal"}),
            entry(2, 9, title="substitution", details={"on": "Ida", "off": "Eve"}),
            entry(3, 12, title="state", details={"play": "interrupted", "reason": "injury"}),
            entry(4, 14, title="state", details={"minute": 14}),
            entry(5, 15, title="odd_thing", status="PROVISIONAL", text="Something odd"),
            card=card,
        )
        return [entry_text(row).strip() for row in view.fold.rows]


def test_english_is_what_the_host_says() -> None:
    """Not a word of it is changed."""
    assert lines("en")[0] == "5'  GOAL for A, number 1  [5 of 12, 0.8 s]"


def test_german_is_said_here() -> None:
    """Action, people and particulars by the sport's presentation; a statement by what it states."""
    assert lines("de") == [
        "5'  Eigentor, A: Ida  [5 von 12, 0.8 s]",
        "10'  Wechsel, A: Ida für Eve  [5 von 12, 0.8 s]",
        "13'  Das Spiel ist unterbrochen: Verletzung  [5 von 12, 0.8 s]",
        "15'  Minute: 14  [5 von 12, 0.8 s]",
        "16'  Odd thing, A (unbestätigt)  [5 von 12, 0.8 s]",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sport_that_is_not_here_is_shown_plainly(language: str) -> None:
    """Its actions have no words but their titles, in any language."""
    card = Card(event="a-v-b", title="A v B", sport="quidditch", origins=["A", "B"])
    assert len(lines(language, card)) == 5


def test_states_and_alarms_are_said_too() -> None:
    """What a silence means comes from its kind, since the notice itself is in English."""
    with speaking("es"):
        view = view_of(entry(1, 4))
        notice = Notice("host_lost", "the host's link is down")
        view.take(notice, 3.0, KICK_OFF)
        assert view.banner(KICK_OFF).startswith("No se oye al ordenador")
        assert view.state_text.startswith("host perdido desde")
        alarm = Alarm(event="a-v-b", epoch=1, seq=2, number=2, last_received=KICK_OFF, sent=MINUTE)
        assert alarm_text(alarm).endswith(", 2 alarmas")
        assert evidence_of(entry(1)) == "5 de 12, 0.8 s"

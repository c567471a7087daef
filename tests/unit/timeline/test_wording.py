"""How a sport is shown in the language of now."""

from __future__ import annotations

import pytest

from touchline import sports
from touchline.runtime.languages import LANGUAGES, SOURCE, speaking
from touchline.sports.presentation import to_json
from touchline.timeline import wording

DEFINITION = {
    "text": "Fouls",
    "actions": [{"title": "goal", "text": "Goal", "counts": ["fouls"]}],
    "counters": [{"name": "fouls", "text": "Fouls"}],
}


@pytest.mark.parametrize("sport", sports.list())
def test_english_is_as_the_sport_says(sport: str) -> None:
    """Nothing is looked up, and nothing is added."""
    assert wording.presentation(sport) is sports.presentation_of(sport) or to_json(
        wording.presentation(sport)
    ) == to_json(sports.presentation_of(sport))


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != SOURCE])
@pytest.mark.parametrize("sport", [one for one in sports.list() if one != "custom"])
def test_what_is_not_said_is_the_same_in_every_language(sport: str, language: str) -> None:
    """Titles, details, values, drawings and conditions are words on the wire: they stay. Each
    value that can be chosen has words."""
    rules: dict[str, object] = {}
    with speaking(language):
        shown = wording.presentation(sport, rules)
        kinds = wording.kinds(sport, rules)
    before = sports.presentation_of(sport, rules)
    assert shown.drawings == before.drawings
    assert shown.pad == before.pad
    assert list(shown.looks) == list(before.looks)
    assert shown.lineup.named == before.lineup.named
    assert [mark.action for mark in shown.lineup.marks] == [
        mark.action for mark in before.lineup.marks
    ]
    for kind, was in zip(kinds, sports.get(sport).kinds(rules), strict=True):
        assert (kind.title, kind.window, kind.identity) == (was.title, was.window, was.identity)
        for detail, known in zip(kind.details, was.details, strict=True):
            assert (detail.name, detail.choices) == (known.name, known.choices)
            assert detail.name in shown.labels
            assert set(detail.choices) <= set(shown.words.get(detail.name, {}))


def test_a_word_means_what_it_means_in_its_sport() -> None:
    """A penalty is a kick in football, and a point lost in tennis."""
    with speaking("de"):
        kick = wording.presentation("football").words["how"]["penalty"]
        point = wording.presentation("tennis").words["how"]["penalty"]
    assert (kick, point) == ("Elfmeter", "Strafpunkt")


def test_a_definition_stays_as_it_was_written() -> None:
    """The titles of a custom sport are its organiser's, also where a catalogue has the word; what
    is ours around them is said in the language."""
    rules = {"definition": DEFINITION}
    before = sports.presentation_of("custom", rules)
    with speaking("de"):
        shown = wording.presentation("custom", rules)
        assert wording.kinds("custom", rules) == sports.get("custom").kinds(rules)
    assert shown.text == before.text
    assert shown.statistics == before.statistics
    assert shown.score.table.name == "Seite"
    assert wording.is_own("no such sport")

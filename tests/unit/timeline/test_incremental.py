"""Whatever the order in which entries come, go and change: the states are those of a fold anew."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from touchline import sports
from touchline.protocol.errors import IllegalAction, SettingError
from touchline.protocol.messages import Entry, Evidence
from touchline.sports import statements
from touchline.sports.capabilities import Dated, Unmoved
from touchline.timeline.timeline import LAST, Adopted, Timeline, action_of

SECOND = 1_000_000
EXAMPLES = Path(__file__).parents[3] / "examples"

SPORTS = {
    "football": (["A", "B"], {"extra_time": True, "shootout": True}, {}),
    "football with line-ups": (["A", "B"], {}, {"A": ["Abe", "Ito", "Ode"], "B": ["Uli", "Abe"]}),
    "tennis": (["A", "B"], {"best_of": 3}, {}),
    "volleyball": (["A", "B"], {}, {}),
    "race": (["A", "B", "C"], {"laps": 3}, {}),
    "race in heats": (["A", "B", "C"], {"heats": {"1": ["A"], "2": ["B", "C"]}}, {}),
    "custom quiz of three": (["A", "B", "C"], {"definition": EXAMPLES / "quiz.toml"}, {}),
    **{
        f"custom {path.stem}": (["A", "B"], {"definition": path}, {})
        for path in sorted(EXAMPLES.glob("*.toml"))
        if path.stem != "touchline"
    },
}
NAMES = ("Abe", "abé", "Ito", "Ode", "Uli")


def set_up(name):
    origins, rules, lineups = SPORTS[name]
    sport = sports.get(name.split()[0])
    rules = {
        key: sport.read_definition(value.read_text()) if isinstance(value, Path) else value
        for key, value in rules.items()
    }
    return sport, origins, sport.kinds(rules), sport.start(origins, rules, lineups)


class Crowd:
    """Makes up entries of a sport, possible ones and others."""

    def __init__(self, name, random):
        self.sport, self.origins, self.kinds, self.start = set_up(name)
        self.random = random
        self.by_title = {kind.title: kind for kind in self.kinds}
        self.count = 0

    def details(self, kind):
        found = {}
        for detail in kind.details:
            if detail.required or self.random.random() < 0.5:
                choices = detail.choices or ((0, 1, 2) if detail.number else NAMES)
                found[detail.name] = self.random.choice(choices)
        return found

    def entry(self):
        self.count += 1
        kind = self.random.choice(self.kinds)
        details, title = self.details(kind), kind.title
        if self.random.random() < 0.1:
            title, details = "state", {"play": self.random.choice(["interrupted", "resumed"])}
        return Entry(
            event="e",
            epoch=1,
            seq=1,
            entry_id=str(self.count),
            status="CONFIRMED",
            title=title,
            origin=self.random.choice(self.origins) if kind.needs_origin else "",
            time=self.random.randrange(1, 90 * 60) * SECOND,
            first_reported=0,
            accepted=0,
            sent=0,
            evidence=Evidence(for_=2),
            details=details,
            relates_to=str(self.random.randint(1, self.count)) if kind.relates_to else "",
        )

    def changed(self, entry):
        """Another version: deleted, or moved, or with other details."""
        if self.random.random() < 0.4:
            return replace(entry, status="DELETED")
        if self.random.random() < 0.5:
            return replace(entry, time=self.random.randrange(1, 90 * 60) * SECOND)
        kind = next((one for one in self.kinds if one.title == entry.title), None)
        return entry if kind is None else replace(entry, details=self.details(kind))


def adopted_at(sport, state, score, time):
    if isinstance(sport, Dated):
        return sport.adopt_at(state, score, time)
    return sport.adopt(state, score)


def whole(sport, start, entries, adopted):
    """Return the states after each entry of a fold from the start, as simple as it can be."""
    at, states = start, []
    places = [(entry.time, int(entry.entry_id), entry) for entry in entries]
    places += [(one.time, LAST + n, one) for n, one in enumerate(adopted)]
    for time, number, one in sorted(places, key=lambda place: place[:2]):
        with suppress(IllegalAction, SettingError):
            if isinstance(one, Adopted):
                at = adopted_at(sport, at, one.score, time)
            elif one.stated:
                at = adopted_at(sport, at, one.stated, time)
            else:
                at = statements.apply(sport, at, action_of(one))
        states.append(((time, number), at))
    return states


@pytest.mark.parametrize("name", SPORTS)
@given(seed=st.integers(0, 1 << 32), before=st.integers(0, 120))
@example(seed=3044275738, before=7)  # the last step goes, and an entry that is none follows it
def test_same_as_anew(name, seed, before):
    """After any changes every state is that of a fold anew, and it is right which have moved."""
    random = Random(seed)
    crowd = Crowd(name, random)
    timeline = Timeline(crowd.sport, crowd.start, crowd.by_title)
    adopted = []
    for _ in range(before):
        timeline.put(crowd.entry())
    was = whole(crowd.sport, crowd.start, timeline.standing, adopted)
    told = False
    for _ in range(random.randrange(1, 30)):
        if random.random() < 0.1:
            score = crowd.sport.score(was[random.randrange(len(was))][1] if was else crowd.start)
            adopted.append(Adopted(random.randrange(1, 90 * 60) * SECOND, score))
            timeline.adopt(adopted[-1])
            told = False
        elif timeline.versions and random.random() < 0.5:
            timeline.put(crowd.changed(random.choice(list(timeline.versions.values()))))
        elif random.random() < 0.1:
            score = crowd.sport.score(was[-1][1] if was else crowd.start)
            timeline.put(replace(crowd.entry(), stated=score))
        else:
            timeline.put(crowd.entry())
        now = whole(crowd.sport, crowd.start, timeline.standing, adopted)
        places = [at for at, _ in now if at[1] < LAST]
        for key in random.sample(places, min(3, len(places))):
            before_it = [state for at, state in now if at < key]
            found = timeline.state_before(*key)
            assert found == (before_it[-1] if before_it else crowd.start)
        if random.random() < 0.7:
            assert timeline.state == (now[-1][1] if now else crowd.start)
            if told:  # what moved is told of the last change alone
                known = dict(was)
                moved = [at for at, state in now if known.get(at, state) != state]
                assert all(at < timeline.moved for at in moved)
            was, told = now, True
        else:
            told = False
    for entry in timeline.standing:
        states = dict(now)
        assert timeline.state_after(entry) == states[entry.time, int(entry.entry_id)]


@pytest.mark.parametrize("name", SPORTS)
def test_what_a_sport_says_changes_nothing_changes_nothing(name):
    """The state after an action which the sport's state does not know is the same object, unless
    it shows that play goes on after an interruption."""
    random = Random(3)
    crowd = Crowd(name, random)
    if not isinstance(crowd.sport, Unmoved):
        return
    assert crowd.sport.unmoved
    timeline = Timeline(crowd.sport, crowd.start, crowd.by_title)
    unmoved = [kind for kind in crowd.kinds if kind.title in crowd.sport.unmoved]
    for _ in range(200):
        entry = crowd.entry()
        if entry.title == statements.TITLE:
            continue
        timeline.put(entry)
        kind = random.choice(unmoved)
        action = sports.Action(kind.title, "A", 90 * 60 * SECOND, crowd.details(kind))
        with suppress(IllegalAction):
            assert crowd.sport.apply(timeline.state, action) is timeline.state

"""How the details of reports are compared, and voted on field by field."""

from __future__ import annotations

import dataclasses
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from touchline import sports
from touchline.peer.host.event import details, records
from touchline.peer.host.event.details import AsTyped, ByName, DetailRules, names_of, rules_of
from touchline.peer.host.event.event import HostedEvent
from touchline.protocol import codec
from touchline.protocol.messages import Card
from touchline.sports import Detail, Kind

LINE_UPS = {
    "Argentina": ["23 Emiliano Martínez", "25 Lisandro Martínez", "10 Lionel Messi"],
    "France": ["1 Hugo Lloris", "10 Kylian Mbappé"],
}
MESSI = "10 Lionel Messi"

FORMS = ("Lionel Messi", "Messi", "L. Messi", "messi ", "MESSI", "Messi, Lionel", "Kane", "H Kane")


def rules(title: str, *, known: bool = True, origin: str = "Argentina") -> DetailRules:
    """Return how the details of an action of football are compared."""
    card = Card(
        event="e",
        title="final",
        sport="football",
        origins=list(LINE_UPS),
        lineups=LINE_UPS if known else {},
    )
    kinds = {kind.title: kind for kind in sports.get("football").kinds()}
    return rules_of(names_of(card, records.EDITION))(kinds[title], origin)


def fit(of: DetailRules, one: str, other: str) -> bool:
    return of.fit(of.identity({"player": one}), of.identity({"player": other}))


@pytest.mark.parametrize("said", ["Lionel Messi", "Messi", "L. Messi", "10", "#10", "messi "])
def test_forms_of_a_name_in_the_line_up(said: str) -> None:
    """All forms of a listed name are one, and stand as the line-up spells it."""
    of = rules("yellow_card")
    assert of.identity({"player": said}) == (MESSI,)
    assert of.merged([{"player": said}]) == {"player": MESSI}


def test_what_is_invisible_makes_no_other_name() -> None:
    """A name with what can't be seen in it is the name without, and says nothing if nothing is."""
    of = rules("yellow_card", known=False)
    assert fit(of, "Messi\u3164", "Messi")
    assert of.key({"player": "Me\u034fssi"}) == of.key({"player": "Messi\u2800"})
    assert of.merged([{"player": "Messi\u3164"}]) == {"player": "Messi"}
    assert of.merged([{"player": "\u3164"}]) == {}


def test_two_of_the_line_up() -> None:
    """Who is listed is told from others who are; what fits two fits either."""
    of = rules("yellow_card")
    assert not fit(of, "E. Martínez", "L. Martínez")
    assert not fit(of, "Messi", "Martínez")
    assert fit(of, "Martinez", "L. Martínez")
    assert fit(of, "E. Martínez", "Martinez")
    one, other = of.identity({"player": "Martinez"}), of.identity({"player": "23"})
    assert of.joined(one, other) == of.joined(other, one) == ("23 Emiliano Martínez",)
    assert of.joined((None,), one) == of.joined(one, (None,)) == one


def test_without_a_line_up() -> None:
    """Names fit as far as they say, and the fuller one is remembered."""
    of = rules("yellow_card", known=False)
    assert fit(of, "L. Messi", "Lionel Messi")
    assert not fit(of, "M. Messi", "Lionel Messi")
    assert not fit(of, "10", "Lionel Messi")
    for one, other in permutations(("Messi", "Lionel Messi")):
        assert of.joined((one,), (other,)) == ("Lionel Messi",)


def test_choices_and_plain_texts() -> None:
    """A detail of choices is compared exactly, one that names nobody as a text."""
    whistle = rules("period_start", origin="")
    assert whistle.identity({"period": "first_half"}) == ("first_half",)
    assert not whistle.fit(("first_half",), ("First half",))
    race = {kind.title: kind for kind in sports.get("race").kinds()}["split"]
    names = names_of(Card(event="e", title="t", sport="race", origins=["Ann"]), records.EDITION)
    assert names is not None
    split = ByName(race, "Ann", names)
    assert split.fit(("10 KM",), ("10 km",))
    assert not split.fit(("10 km",), ("10",))
    assert split.merged([{"at": "10 km"}, {"at": "10 KM"}, {"at": "10 KM"}, {"at": "5 km"}]) == {
        "at": "10 KM"
    }


def test_one_name_within_another() -> None:
    """Two of a line-up are two, although the name of one is a part of the other's."""
    card = Card(event="e", title="t", sport="custom", origins=["A"], lineups={"A": ["Al", "Al B"]})
    names = names_of(card, records.EDITION)
    assert names is not None
    foul = Kind("foul", "Foul", (Detail("player", "who"),), identity=("player",))
    assert not fit(ByName(foul, "A", names), "al", "b al")
    assert ByName(foul, "A", names).merged([{"player": "b al"}]) == {"player": "Al B"}
    chosen = replace_detail(foul, choices=("Al", "Al B", "b al"))
    assert not fit(ByName(chosen, "A", names), "Al", "b al")
    assert ByName(chosen, "A", names).merged([{"player": "b al"}]) == {"player": "b al"}
    numbered = replace_detail(foul, number=True)
    card = replace(card, lineups={"A": ["7 Al"]})
    names = names_of(card, records.EDITION)
    assert names is not None
    assert ByName(numbered, "A", names).merged([{"player": 7}]) == {"player": 7}


def replace_detail(kind: Kind, **changes: Any) -> Kind:
    """Return a kind whose only detail is changed."""
    return dataclasses.replace(kind, details=(dataclasses.replace(kind.details[0], **changes),))


def test_field_by_field() -> None:
    """Each detail has its own vote; forms of one name count together."""
    goal = rules("goal")
    said = [
        {"player": "Messi", "how": "header"},
        {"player": "10"},
        {"player": "E. Martínez", "how": "penalty", "assist": "Fernández"},
        {"how": "penalty"},
        {"player": "Martinez"},
        {"player": "Martinez"},
    ]
    assert goal.merged(said) == {
        "assist": "Fernández",
        "how": "penalty",
        "player": "23 Emiliano Martínez",
    }
    assert list(goal.merged(said)) == ["assist", "how", "player"]


def test_whose_own_goal() -> None:
    """The player of an own goal is looked up in the line-up of the other side."""
    goal = rules("goal")
    own = [{"player": "10", "how": "own goal"}, {"player": "mbappe"}]
    assert goal.merged(own)["player"] == "10 Kylian Mbappé"
    assert goal.merged([{"player": "10"}])["player"] == MESSI


def test_the_most_reported_spelling() -> None:
    """Without a line-up a name stands as most spell it; of equals the fuller form, then the
    first."""
    card = rules("yellow_card", known=False)

    def spelt(*said: str) -> Any:
        return card.merged([{"player": one} for one in said])["player"]

    assert spelt("Muller", "Müller", "Müller") == "Müller"
    assert spelt("Muller", "Müller") == "Müller"
    assert spelt("Mueller", "Muller", "Müller", "Kane", "Kane") == "Müller"
    assert spelt("Kane", "No. 10", "10") == "No. 10"
    assert spelt("Messi", "Lionel Messi") == "Lionel Messi"
    assert spelt("Lionel Messi", "L. Messi", "L. Messi") == "L. Messi"
    assert spelt("Lars Bender", "Sven Bender", "Bender", "Sven Bender") == "Sven Bender"
    assert spelt("Lars Bender", "Sven Bender", "Bender", "Bender") == "Bender"


@given(st.lists(st.sampled_from(FORMS), min_size=1, max_size=7), st.randoms())
def test_whom_most_name_does_not_depend_on_the_order(said: list[str], random: Any) -> None:
    """Where most mean one of two people, that one stands, whatever the order of the votes."""
    card = rules("yellow_card", known=False)
    kanes = sum("Kane" in one for one in said)
    random.shuffle(said)
    name = str(card.merged([{"player": one} for one in said])["player"])
    if 2 * kanes != len(said):
        assert ("Kane" in name) == (2 * kanes > len(said))


def test_changes_that_mean_the_same() -> None:
    """Votes that change the same have one key, however they spell it."""
    goal = rules("goal")
    assert goal.key({"player": "Messi", "how": "header"}) == goal.key(
        {"how": "header", "player": "#10"}
    )
    assert goal.key({"player": "Messi"}) != goal.key({"player": "Martinez"})
    assert goal.key({"player": "10"}) != goal.key({"player": "10", "how": "own goal"})
    assert goal.key({"assist": "FERNÁNDEZ"}) == goal.key({"assist": "Fernandez "})
    typed = AsTyped(None)
    assert typed.key({"assist": "FERNÁNDEZ"}) != typed.key({"assist": "Fernandez "})


def test_as_typed() -> None:
    """As release 0.1 compared texts, only their case made no other."""
    kinds = {kind.title: kind for kind in sports.get("football").kinds()}
    typed = rules_of(None)(kinds["yellow_card"], "A")
    assert fit(typed, "ITO", "Ito")
    assert not fit(typed, "Müller", "Muller")
    assert typed.merged([{"player": "Müller"}, {"player": "Muller"}]) == {"player": "Müller"}


# ── at a host ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
    [
        ("Müller", "Muller"),
        ("Müller", "Mueller"),
        ("No. 10", "#10"),
        ("number 10", "nr 10"),
        ("Müller", "Mu\u0308ller"),
        ("O'Neil", "O’Neil"),
        ("Muller ", "MÜLLER"),
        ("L. Messi", "Lionel Messi"),
        ("Mohamed Salah", "Muhammad Salah"),
        ("علي", "على"),
        ("Chr. Eriksen", "Christian Eriksen"),
        ("Oezil", "Ozil"),
    ],
)
@pytest.mark.parametrize(
    ("sport", "title", "rules"),
    [
        ("football", "yellow_card", {}),
        ("volleyball", "red_card", {}),
        (
            "custom",
            "foul",
            {
                "definition": {
                    "actions": [
                        {"title": "foul", "identity": ["player"], "details": [{"name": "player"}]}
                    ]
                }
            },
        ),
    ],
)
def test_one_entry(ground: Any, sport: str, title: str, rules: Any, said: tuple[str, str]) -> None:
    """Two forms of a name make one claim in every sport, and the same one after a restart."""
    for one, other in permutations(said):
        g = ground(sport, rules=rules).begun()
        g.say("ann", title, "A", at=27, player=one)
        g.restart()
        g.say("bob", title, "A", at=30, player=other)
        assert [entry.evidence.for_ for entry in g.standing] == [2]
        assert g.standing[0].details["player"] in {name.strip() for name in said}


def test_one_entry_with_a_line_up(ground: Any) -> None:
    """Names, a number and initials that fit one of the line-up make one entry, as it is spelt
    there."""
    for order in permutations(("Lionel Messi", "Messi", "L. Messi", "10")):
        g = ground(origins=tuple(LINE_UPS), lineups=LINE_UPS, verdict="fixed:4")
        for name, player in zip(("ann", "bob", "cid", "dan"), order, strict=True):
            g.say(name, "yellow_card", "Argentina", at=10, player=player)
        assert [entry.details for entry in g.standing] == [{"player": MESSI}]


@pytest.mark.parametrize("edition", [5, records.EDITION])
def test_two_of_a_line_up_that_an_accent_tells_apart(
    ground: Any, edition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Baumann and Bäumann are two where the line-up has both; one who types Baeumann means the
    second. Events of an older edition know no more than they did."""
    monkeypatch.setattr(records, "EDITION", edition)
    g = ground(lineups={"A": ["Baumann", "Bäumann", "Cole"]}, verdict="fixed:2")
    g.say("ann", "yellow_card", "A", at=10, player="Baumann")
    g.say("bob", "yellow_card", "A", at=11, player="Bäumann")
    g.say("cid", "yellow_card", "A", at=12, player="Baeumann")
    g.restart()
    said = {"Bäumann", "Baeumann"} if edition > 5 else {"Baumann", "Bäumann"}
    assert [entry.evidence.for_ for entry in g.standing] == [2]
    assert g.standing[0].details["player"] in said
    if edition > 5:
        g.say("dan", "yellow_card", "A", at=13, player="BAUMANN")
        assert [entry.details["player"] for entry in g.standing] == ["Baumann", "Bäumann"]


@pytest.mark.parametrize("edition", [details.LOOSE_SINCE - 1, records.EDITION])
def test_a_slip_means_the_only_one_of_a_line_up(
    ground: Any, edition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who types Mesi, or Mohammed for Mohamed, means him of the line-up; a journal of an older
    edition is restored as it was, and what is reported from then on is matched so."""
    monkeypatch.setattr(records, "EDITION", edition)
    g = ground(lineups={"A": ["10 Lionel Messi", "Mohamed Salah", "Ng"]}, verdict="fixed:2")
    for at, one, other in ((10, "Messi", "Mesi"), (20, "Mohamed Salah", "Mohammed Salah")):
        g.say("ann", "yellow_card", "A", at=at, player=one)
        g.say("bob", "yellow_card", "A", at=at + 2, player=other)
    g.restart()
    new = edition >= details.LOOSE_SINCE
    names = ["10 Lionel Messi", "Mohamed Salah"] if new else []
    assert [entry.details["player"] for entry in g.standing] == names
    monkeypatch.undo()
    g.restart()
    assert [entry.details["player"] for entry in g.standing] == names
    g.say("cid", "yellow_card", "A", at=25, player="Ng")
    g.say("dan", "yellow_card", "A", at=26, player="N. G.")
    assert [entry.details["player"] for entry in g.standing] == names


def test_spellings_of_a_name_are_voted_for_together() -> None:
    """What is written in two ways by two who mean the same outweighs two who mean another."""
    of = rules("yellow_card", known=False)
    said = ["Omar", "Omar", "علي", "على", "علي"]
    assert of.merged([{"player": name} for name in said]) == {"player": "علي"}
    assert of.key({"player": "Mohamed Jr"}) == of.key({"player": "Mohammed Júnior"})


def test_a_substitution_by_numbers(ground: Any) -> None:
    """Each of two names of one action is read by itself."""
    lineups = {
        "A": [
            f"{n} {name}"
            for n, name in enumerate(["Al", "Bo", "Cy", "Di", "Ed", "Fy", "Gus", "Hal", "Ian"])
        ]
    }
    assert sports.get("football").start(("A", "B"), {"players": 7}, lineups)
    g = ground(lineups=lineups, rules={"players": 7}).begun()
    g.say("ann", "substitution", "A", at=10, off="4", on="Hal")
    g.say("bob", "substitution", "A", at=12, off="ed", on="#8")
    g.say("bob", "substitution", "A", at=13, off="ed", on="#7")
    assert [entry.details for entry in g.standing] == [{"off": "4 Ed", "on": "7 Hal"}]


@pytest.mark.parametrize(
    ("sport", "origins", "title", "said", "meant"),
    [
        ("football", ("Argentina", "France"), "goal", "Argentína", "Argentina"),
        ("football", ("Argentina", "France"), "goal", "argentina ", "Argentina"),
        ("tennis", ("Leo Marchetti", "Jonas Falk"), "point", "J. Falk", "Jonas Falk"),
        ("tennis", ("Krejcikova/Siniakova", "Hsieh/Mertens"), "point", "mertens", "Hsieh/Mertens"),
        ("race", ("7 Ann Lee", "17 Bo"), "drop_out", "#17", "17 Bo"),
    ],
)
def test_an_origin_that_is_meant(
    ground: Any, sport: str, origins: tuple[str, ...], title: str, said: str, meant: str
) -> None:
    """An origin in another form is the event's, and joins reports that have it exactly."""
    g = ground(sport, origins=origins).begun()
    g.say("ann", title, said, at=30)
    n = g.say("bob", title, meant, at=30)
    assert [(entry.origin, entry.evidence.for_) for entry in g.standing] == [(meant, 2)]
    assert g.outcome("bob", n) == "accepted"


def test_an_origin_that_may_be_two(ground: Any) -> None:
    """What fits two origins, or none, is refused with those that there are."""
    g = ground(origins=("Manchester City", "Manchester United")).begun()
    for said in ("Manchester", "Leeds", " "):
        fate = g.fate("ann", g.say("ann", "goal", said, at=30))
        assert (fate.outcome, fate.code) == ("refused", "BAD_REPORT")
        assert "there are Manchester City, Manchester United" in fate.reason


def test_amendments_in_other_words(ground: Any) -> None:
    """Votes that amend an entry in the same way are one claim, however they spell a name."""
    g = ground(origins=tuple(LINE_UPS), lineups=LINE_UPS)
    g.both("goal", "Argentina", at=10, player="Martinez")
    g.say("ann", "amend", entry="1", player="Messi")
    g.say("bob", "amend", entry="1", player="L. Messi")
    assert [entry.details for entry in g.standing] == [{"player": MESSI}]
    assert g.entries[-1].status == "UPDATED"


def test_amendments_in_other_spellings(ground: Any) -> None:
    """Without a line-up as well."""
    g = ground()
    g.both("goal", "A", at=10, player="Kane")
    g.say("ann", "amend", entry="1", player="Müller")
    g.say("bob", "amend", entry="1", player="Mueller")
    assert g.standing[0].details["player"] in ("Müller", "Mueller")


def test_a_journal_of_release_0_1(ground: Any) -> None:
    """What came in under the old rules is matched by them, what comes later by the new ones."""
    g = ground(origins=("Argentina", "France"), verdict="fixed:2").begun()
    blob = [
        replace(one, edition=0) if isinstance(one, records.Began) else one
        for one, _ in g.recorded()
    ]
    g.journal = [records.pack([codec.encode(one) for one in blob])]
    g.core = HostedEvent(g.card, g.options)
    g.core.restore(g.journal)
    g.say("ann", "yellow_card", "Argentina", at=10, player="Müller")
    g.say("bob", "yellow_card", "Argentina", at=12, player="Muller")
    refused = g.say("bob", "goal", "argentina", at=12)
    assert (g.standing, len(g.core.claims.open)) == ([], 2)
    assert g.outcome("bob", refused) == "refused"
    g.restart()
    assert len(g.core.claims.open) == 2
    g.say("cid", "yellow_card", "argentina", at=12, player="MULLER")
    assert [entry.evidence.for_ for entry in g.standing] == [2]

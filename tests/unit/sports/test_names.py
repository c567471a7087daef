"""Names as people write them, and whom of a line-up they mean."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.sports.names import (
    EventNames,
    Forms,
    NameList,
    canonical,
    may_be_same,
    parts,
    read,
    roughly,
)
from touchline.sports.presentation import NAMED, Named, When
from touchline.sports.sport import Action

LINE_UP = (
    "10 Lionel Messi",
    "23 Emiliano Martínez",
    "Lisandro Martínez (25)",
    "Alexis Mac Allister #20",
    "Ángel Di María",
    "Nicolás Tagliafico",
)

NAMES = st.text(st.sampled_from("aÀbḂéoØ ıİſß'’ʼ-.#0179٣ ゙̈が한王नि\u200d️"), max_size=12) | st.text()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Muller"),
        ("MÜLLER ", "  mu\u0308ller"),
        ("O’Neil", "O'Neil"),
        ("OʼNeil", "O`Neil"),
        ("O´Neil", "O\u1ffdNeil"),
        ("Ødegaard", "odegaard"),
        ("Łukasz Đoković", "lukasz dokovic"),
        ("Groß", "GROSS"),
        ("İlkay", "ilkay"),
        ("Ilkay", "ılkay"),
        ("de\u00a0Paul", "De  Paul"),
        ("１０", "10"),
        ("Zo\u200dë", "zoe"),
        ("محمّد", "محمد"),
    ],
)
def test_forms_of_one_text(one: str, other: str) -> None:
    """Case, accents, apostrophes, blanks and what can't be seen make no other text."""
    assert canonical(one) == canonical(other)


@given(st.text(st.characters(codec="ascii")))
def test_what_is_typed_on_any_keyboard(text: str) -> None:
    """It is read faster, and as it is beside a character that can't be seen."""
    assert canonical(text) == canonical(text + "\u200d")


@pytest.mark.parametrize(
    ("one", "other"), [("A+", "A-"), ("10 km", "10km"), ("が", "か"), ("राजू", "राज"), ("1", "11")]
)
def test_other_texts(one: str, other: str) -> None:
    """What can mean something else is told apart."""
    assert canonical(one) != canonical(other)


@given(NAMES)
def test_canonical_is_final(text: str) -> None:
    """What is in canonical form stays as it is, however the text was composed."""
    assert canonical(canonical(text)) == canonical(text)
    assert parts(" ".join(parts(text))) == parts(text)


@given(NAMES)
def test_composition_does_not_matter(text: str) -> None:
    """NFC and NFD, upper and lower case of a text are one."""
    for form in ("NFC", "NFD"):
        assert canonical(unicodedata.normalize(form, text)) == canonical(text)
    assert canonical(text.casefold()) == canonical(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Messi", "Lionel Messi"),
        ("L. Messi", "Lionel Messi"),
        ("L Messi", "L. Messi"),
        ("Messi, Lionel", "Lionel Messi"),
        ("J.J. Okocha", "Jay-Jay Okocha"),
        ("Mac Allister", "MacAllister"),
        ("10 Messi", "#10"),
        ("Müller", "Mueller"),
        ("MUELLER", "Mu\u0308ller"),
        ("Jörg Müller", "J. Mueller"),
        ("Ødegaard", "Oedegaard"),
        ("Håland", "Haaland"),
        ("Đoković", "Djokovic"),
        ("Weiß", "Weiss"),
        ("Bäumann", "Baumann"),
        ("No. 10", "10"),
        ("nr 10", "#10"),
        ("number 10", "№ 10"),
        ("n° 10", "Nº10"),
        ("No. 10 Messi", "Lionel Messi"),
        ("10 Messi", "Lionel Messi"),
        ("07", "#7"),
        ("孙", "孙 兴慜"),
        ("Siniakova", "Krejcikova/Siniakova"),
    ],
)
def test_may_be_one_person(one: str, other: str) -> None:
    """Initials, numbers and parts fit what they can be short for, whichever comes first."""
    assert may_be_same(one, other)
    assert may_be_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mohamed Salah", "Mohammed Salah"),
        ("Muhammad Salah", "Salah Mohammad"),
        ("على", "علي"),
        ("فاطمة", "فاطمه"),
        ("ياسين", "یاسین"),
        ("كريم", "کریم"),
        ("محمـــد", "محمد"),
        ("Neymar Jr.", "Neymar Júnior"),
        ("Saint-Maximin", "St. Maximin"),
        ("St. Müller", "Stefan Müller"),
        ("Th. Müller", "Thomas Müller"),
        ("Chr. Eriksen", "Christian Eriksen"),
        ("Isak, Alex.", "Alexander Isak"),
        ("Æ. Jónsson", "Ægir Jónsson"),
        ("JP Boetius", "Jean-Paul Boetius"),
        ("jp boetius", "J. P. Boetius"),
        ("MA ter Stegen", "Marc-André ter Stegen"),
        ("JJ", "J.J."),
        ("Son Heungmin", "Heung-Min Son"),
        ("Ødegård", "Odegaard"),
        ("Oezil", "Ozil"),
        ("Mueller", "Muller"),
        ("Hofmann", "Hoffmann"),
    ],
)
def test_spellings_in_use_side_by_side(one: str, other: str) -> None:
    """Who writes a name otherwise than others do, or cuts it short with a dot, means the same; an
    older edition does not know."""
    assert may_be_same(one, other)
    assert may_be_same(other, one)
    known = one in {"JJ", "jp boetius"}  # these were read so before
    assert may_be_same(one, other, Forms.TRANSCRIBED) == known


SQUAD = (
    *("10 Lionel Messi", "22 Lautaro Martínez", "6 Lisandro Martínez", "23 Emiliano Martínez"),
    *("Ronaldo", "Lars Bender", "Sven Bender", "Pedri", "Hoffmann", "Hofmann", "Kim Ng"),
    *("N. G. Lima", "Muller", "Müller", "Mohamed Salah", "Mohammed Kudus", "Romelu Lukaku"),
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("La. Martinez", "22 Lautaro Martínez"),
        ("Lau Martinez", "22 Lautaro Martínez"),
        ("Mesi", "10 Lionel Messi"),
        ("L. Mesi", "10 Lionel Messi"),
        ("Mesis", "10 Lionel Messi"),
        ("Lukaka", "Romelu Lukaku"),
        ("Muhammad Salah", "Mohamed Salah"),
        ("Mohamed Kudus", "Mohammed Kudus"),
        ("Muhammad", ""),
        ("L. Martinez", ""),
        ("Martines", ""),
        ("Leo Messi", ""),
        ("Marcelo Mesi", ""),
        ("11 Mesi", ""),
        ("Lional", ""),
        ("Ronaldinho", ""),
        ("Bendar", ""),
        ("Bender", ""),
        ("L. Bender", "Lars Bender"),
        ("Pedro", ""),
        ("Hofmann", "Hofmann"),
        ("Hoffmann", "Hoffmann"),
        ("Hoffman", ""),
        ("Mueller", "Müller"),
        ("Ng", "Kim Ng"),
        ("N. G.", "N. G. Lima"),
    ],
)
def test_who_is_meant_by_a_spelling_or_a_slip(said: str, meant: str) -> None:
    """Where a line-up has nobody of a name, its only one is meant who begins so, or is written so
    but for a letter; never one of two."""
    assert NameList(SQUAD).only(said) == NameList(SQUAD[::-1]).only(said) == meant


def test_a_slip_decides_no_side() -> None:
    """Who is of the other side is, also where one of this side is called nearly so."""
    names = EventNames(["A", "B"], {"A": ["Martines"], "B": ["Martinez"]}, NAMED)
    found = names.misplaced(Action("goal", "A", 0, {"player": "Martinez"}))
    assert found is not None
    assert found.side == "B"
    assert names.list_of("A").only("Martinez") == "Martines"
    spelt = EventNames(["A", "B"], {"A": ["Mohammed Ali"], "B": ["Mohamed Ali"]}, NAMED)
    assert spelt.misplaced(Action("goal", "A", 0, {"player": "Mohamed Ali"})) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M. Messi", "Lionel Messi"),
        ("Lars Bender", "Sven Bender"),
        ("L.", "Lionel Messi"),
        ("L.", "L. Messi"),
        ("L. M.", "Lionel Messi"),
        ("10", "Lionel Messi"),
        ("10 Messi", "11 Messi"),
        ("Mess", "Messi"),
        ("Rafael", "Rafal"),
        ("Lee", "Le"),
        ("Pedro Silva", "Pedri Silva"),
        ("Ronaldo", "Ronaldinho"),
        ("Anna Lee", "Anne Lee"),
        ("Ng", "N. G."),
        ("N G", "ng"),
        ("Da Silva", "Danilo Alves Souza"),
        ("MA", "Marc-André ter Stegen"),
        ("Ma Long", "Marc-André ter Stegen"),
        ("Th. Müller", "Timo Müller"),
        ("Jo Silva", "John Silva"),
        ("Mesi", "Messi"),
        ("Michael", "Michal"),
        ("Baeumann", "Baumann"),
        ("No. 10", "No. 11"),
        ("Team 1", "Team 2"),
        ("", "Messi"),
        ("!", "?"),
    ],
)
def test_are_two_people(one: str, other: str) -> None:
    """Another initial, another number or half a word are not the same."""
    assert not may_be_same(one, other)
    assert not may_be_same(other, one)


@given(NAMES, NAMES)
def test_order_does_not_matter(one: str, other: str) -> None:
    """Two names are the same or not, whichever is named first; a name is the same as itself."""
    assert may_be_same(one, other) == may_be_same(other, one)
    assert may_be_same(one, one)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((name, name) for name in LINE_UP),
        ("Lionel Messi", LINE_UP[0]),
        ("messi", LINE_UP[0]),
        ("L. Messi", LINE_UP[0]),
        ("10", LINE_UP[0]),
        ("#10", LINE_UP[0]),
        ("Messi 10", LINE_UP[0]),
        ("Lionel Andrés Messi", LINE_UP[0]),
        ("E. Martinez", LINE_UP[1]),
        ("25", LINE_UP[2]),
        ("Martínez 25", LINE_UP[2]),
        ("MacAllister", LINE_UP[3]),
        ("Di Maria", LINE_UP[4]),
        ("DiMaria", LINE_UP[4]),
        ("11 Di María", LINE_UP[4]),
    ],
)
def test_who_is_meant(said: str, meant: str) -> None:
    """A form that fits one name of the line-up alone means that one."""
    assert NameList(LINE_UP).only(said) == meant


@pytest.mark.parametrize(
    "said", ["Martínez", "7", "11 Messi", "Leo Messi", "M", "", " ", "Pezzella", "Marcelo Messi"]
)
def test_who_is_not_known(said: str) -> None:
    """What fits several, or none, means none of them."""
    assert NameList(LINE_UP).only(said) == ""


def test_those_who_can_be_meant() -> None:
    """Of what fits several, these are told; more words than are listed find nobody."""
    names = NameList(LINE_UP)
    assert names.find("Martinez") == (LINE_UP[1], LINE_UP[2])
    assert names.find("Lionel Andrés Messi") == ()
    assert not NameList([])


def test_who_is_meant_rather() -> None:
    """What is written so goes before what has the number, and that before what has all words."""
    names = NameList(["Martínez", "25 Lisandro Martínez", "25 Martínez Quarta"])
    assert names.find("martinez") == ("Martínez",)
    assert names.find("25 Martinez") == ("25 Lisandro Martínez", "25 Martínez Quarta")
    assert names.find("martinez.") == ("Martínez",)
    assert names.find("Quarta, Martinez") == ("25 Martínez Quarta",)
    assert NameList(["A", "A B"]).only("a.") == "A"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Baumann", "7 Tim Baumann"),
        ("Bäumann", "8 Tim Bäumann"),
        ("Baeumann", "8 Tim Bäumann"),
        ("T. Bäumann", "8 Tim Bäumann"),
        ("Tim Baumann", "7 Tim Baumann"),
        ("Muller", "Müller"),
        ("Mueller", "Müller"),
        ("No. 8", "8 Tim Bäumann"),
        ("Nr. 7 Baumann", "7 Tim Baumann"),
        ("Nummer 8", "8 Tim Bäumann"),
        ("Martínez", "Emiliano Martínez"),
        ("Martinez", ""),
    ],
)
def test_two_that_an_accent_tells_apart(said: str, meant: str) -> None:
    """Who is spelt as it was said is meant; who types no accents may mean either."""
    people = ["7 Tim Baumann", "8 Tim Bäumann", "Müller", "Emiliano Martínez", "Enzo Martinez"]
    if said == "Baumann":
        people[:2] = ["Baumann", "Bäumann"]
        meant = "Baumann"
    assert NameList(people).only(said) == NameList(people[::-1]).only(said) == meant


def test_forms_that_older_editions_do_not_know() -> None:
    """What was two names stays two where it is read literally."""
    assert not may_be_same("Müller", "Mueller", Forms.LITERAL)
    assert not may_be_same("No. 10", "10 Messi", Forms.LITERAL)
    assert NameList(["Müller"], forms=Forms.LITERAL).only("Mueller") == ""
    assert parts("No. 10", True) == ("no", "10")


@given(NAMES)
def test_who_shares_a_spelling_is_roughly_the_same(name: str) -> None:
    """What the votes of amendments are gathered by is the same for all spellings of a name."""
    spellings = {roughly(f"{name} {last}") for last in ("Müller", "Mueller", "Muller")}
    assert len(spellings) == 1
    assert roughly("No. 10") == roughly("10")


@given(st.lists(NAMES, max_size=6, unique=True), NAMES)
def test_the_order_of_a_line_up_does_not_matter(names: list[str], said: str) -> None:
    """Who is meant does not depend on the order of the names."""
    meant = NameList(names).only(said)
    assert NameList(names[::-1]).only(said) == meant
    assert meant in ("", *names)


def test_origins() -> None:
    """An origin is meant where it can be but one, whatever makes origins in the sport."""
    teams = EventNames(["Argentina", "Manchester City", "Manchester United"], {}, {})
    assert teams.origin("Argentína ") == "Argentina"
    assert teams.origin("man. united") == "Manchester United"
    assert teams.origin("Argentino") == ""
    assert teams.origin("United") == "Manchester United"
    assert teams.origin("Manchester") == ""
    runners = EventNames(["7 Ann Lee", "17 Bo", "Cy (8)"], {}, {})
    assert [runners.origin(said) for said in ("7", "#17", "8", "a. lee", "9")] == [
        "7 Ann Lee",
        "17 Bo",
        "Cy (8)",
        "7 Ann Lee",
        "",
    ]
    players = EventNames(["Leo Marchetti", "Jonas Falk"], {}, {})
    assert players.origin("Falk") == "Jonas Falk"
    assert players.origin("J. Marchetti") == ""


def test_whose_line_up() -> None:
    """A detail names people of the origin's side or of the other, as the sport says."""
    own = When(detail="how", value="own goal")
    named = {**NAMED, "player": Named(other_when=own)}
    names = EventNames(["A", "B"], {"A": ["Ann"], "B": ["Bea"]}, named)

    def whose(origin: str, detail: str, **details: str) -> list[str]:
        people = names.people(origin, detail, details)
        assert people is not None
        return [name for name in ("Ann", "Bea") if people.only(name)]

    assert whose("A", "player") == ["Ann"]
    assert whose("A", "player", how="own goal") == ["Bea"]
    assert whose("B", "keeper") == ["Ann"]
    assert whose("", "player") == ["Ann", "Bea"]
    assert names.people("A", "how", {}) is None


def test_reading() -> None:
    """The number on the shirt is told from the words; of several numbers none is one."""
    assert read("10 Lionel Messi").number == "10"
    assert read("#07").words == ()
    assert read("7 Eleven 11").number == ""

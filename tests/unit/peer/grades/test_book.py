"""The book: what it says of reporters, by the formula, and that it is the same wherever made."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from tests.patience import PATIENCE
from touchline.peer.grades.book import FADE, WHOLE, Book, add, decode, encode
from touchline.peer.grades.sheet import GradeCounts, GradeSheet
from touchline.protocol.errors import BadMessage, NotAllowed, PeerError, WrongVersion

from .making import grade, identity, key, sheet

ANN, BOB, CID, DAN, EVE = ("ann", "bob", "cid", "dan", "eve")


def matches(count: int, *grades: object, **fields: object) -> list[GradeSheet]:
    """The same sheet of so many events, a second apart."""
    return [
        sheet(*grades, event=f"e{n}", at=n, **fields)  # type: ignore[arg-type]
        for n in range(count)
    ]


# ── a record ─────────────────────────────────────────────────────────────────────────────────


def test_without_a_book() -> None:
    """Where there is no book, everybody is average."""
    assert Book().record(key(ANN), decides=True) == (750, 100)
    assert Book().digest == b""


def test_newcomer_beside_a_book() -> None:
    """Who is not in the book is taken to err twice as often."""
    book = Book([sheet(grade(ANN, (1, 0, 0, 0)))])
    assert book.record(key(BOB), decides=True) == (750, 200)
    assert key(ANN) in book
    assert key(BOB) not in book


@pytest.mark.parametrize("decides", [True, False])
def test_formula(decides: bool) -> None:
    """Of one sheet, c and f are (hits + .25 x other class + 4 x prior) / (count + .25 x other +
    4), in thousandths."""
    own, other = (7, 3, 4, 11), (20, 12, 3, 5)
    book = Book([sheet(grade(ANN, *((own, other) if decides else (other, own))))])
    quarter = Fraction(1, 4)
    c = (7 + quarter * 20 + 3) / (10 + quarter * 32 + 4)
    f = (4 + quarter * 3 + Fraction(4, 10)) / (15 + quarter * 8 + 4)
    assert book.record(key(ANN), decides=decides) == (round(1000 * c), round(1000 * f))


def test_bounds() -> None:
    """However long the record, c stays at .95 at most, and f between .03 and .9."""
    good = Book(matches(100, grade(ANN, (50, 0, 0, 50))))
    bad = Book(matches(100, grade(ANN, (0, 50, 50, 0))))
    assert good.record(key(ANN), decides=True) == (950, 30)
    assert bad.record(key(ANN), decides=True)[1] == 900
    assert 1 <= bad.record(key(ANN), decides=True)[0] < 10


def test_old_sheets_fade() -> None:
    """A sheet has half the weight of one that is 20 graded matches of the same reporter newer."""
    weight = Fraction(1)
    for _ in range(20):
        weight *= Fraction(FADE, WHOLE)
    assert abs(weight - Fraction(1, 2)) < Fraction(1, 10_000)
    first = sheet(grade(ANN, (0, 0, 10, 0)), event="first")
    later = [sheet(grade(ANN), event=f"e{n}", at=n + 1) for n in range(20)]
    f = (5 + Fraction(4, 10)) / (5 + 4)
    assert Book([first, *later]).record(key(ANN), decides=True)[1] == round(1000 * f)


def test_others_matches_do_not_fade() -> None:
    """What a reporter did stays in full while only others are graded: a bad record is not lived
    down by staying away."""
    first = sheet(grade(ANN, (0, 0, 10, 0)), event="first")
    later = [sheet(grade(BOB), event=f"e{n}", at=n + 1) for n in range(20)]
    alone = Book([first]).record(key(ANN), decides=True)
    assert Book([first, *later]).record(key(ANN), decides=True) == alone


def test_counts_in_full() -> None:
    """For people, the counts are told as they are in the sheets."""
    book = Book(matches(3, grade(ANN, (1, 2, 3, 4), (5, 6, 7, 8)), grade(BOB)))
    assert book.counts(key(ANN), decides=True) == GradeCounts(3, 6, 9, 12)
    assert book.counts(key(ANN), decides=False) == GradeCounts(15, 18, 21, 24)
    assert book.matches(key(ANN)) == 3
    assert book.reporters == tuple(sorted((key(ANN), key(BOB))))


# ── wrong together ───────────────────────────────────────────────────────────────────────────

CROWD = [ANN, BOB, CID, DAN, EVE, *(f"p{n}" for n in range(6))]


def shared_by(*together: list[str]) -> Book:
    """A book of one sheet, in which each list of reporters made a false claim of its own."""
    return Book(
        [sheet(*(grade(name) for name in CROWD), shared=[(said, CROWD) for said in together])]
    )


def groups(book: Book, names: list[str]) -> list[set[str]]:
    known = {key(name): name for name in CROWD}
    return [{known[one] for one in group} for group in book.together(map(key, names))]


def test_a_plot_is_one_voice() -> None:
    """Five of eleven who invent the same three goals are one voice from the next match on."""
    plot = CROWD[:5]
    book = shared_by(plot, plot, plot)
    assert groups(book, CROWD) == [set(plot)]
    assert groups(book, [ANN, CID, "p0"]) == [{ANN, CID}]
    assert groups(book, [ANN, "p0"]) == []


def test_twice_is_chance() -> None:
    """Two who were wrong together twice are two voices; three times are one too many."""
    assert groups(shared_by(*[[ANN, BOB]] * 2), CROWD) == []
    assert groups(shared_by(*[[ANN, BOB]] * 3), CROWD) == [{ANN, BOB}]


def test_the_careless_are_no_plot() -> None:
    """Two who make many false claims alone share some by chance, and stay two voices."""
    often = [grade(name, rest=(0, 0, 20, 0)) for name in (ANN, BOB)]
    others = [grade(name) for name in CROWD[2:]]
    shared = [([ANN, BOB], CROWD)] * 3 + [(CROWD[n : n + 2], CROWD) for n in range(1, 9)] * 2
    assert groups(Book([sheet(*often, *others, shared=shared)]), [ANN, BOB]) == []
    careful = [grade(name) for name in (ANN, BOB)]
    assert groups(Book([sheet(*careful, *others, shared=shared)]), [ANN, BOB]) == [{ANN, BOB}]


def test_old_plots_fade() -> None:
    """Two who shared something long ago are two voices again after many matches in which they
    shared nothing."""
    crowd = [grade(name) for name in CROWD]
    plot = sheet(*crowd, event="plot", at=-1, shared=[([ANN, BOB], CROWD)] * 4)
    later = matches(40, grade(ANN, (1, 0, 0, 0)), grade(BOB, (1, 0, 0, 0)))
    assert groups(Book([plot, *later[:10]]), [ANN, BOB]) == [{ANN, BOB}]
    assert groups(Book([plot, *later]), [ANN, BOB]) == []


def test_what_all_fall_for_is_no_plot() -> None:
    """Who falls, again and again, for what most fall for is not taken for a plot."""
    assert groups(shared_by(*[CROWD[:9]] * 8), CROWD) == []


def test_two_plots() -> None:
    """Who was wrong together with one of a group is in it, and two plots are two voices."""
    chain = [[ANN, BOB]] * 3 + [[BOB, CID]] * 3 + [[DAN, EVE]] * 3
    assert sorted(map(sorted, groups(shared_by(*chain), CROWD))) == [[ANN, BOB, CID], [DAN, EVE]]
    assert groups(shared_by(*chain), [ANN, CID]) == []


def test_honest_people_stay_apart() -> None:
    """Of eight who fall for a ball that does not count by chance, three in ten each, over thirty
    matches, hardly any pair is taken for a plot."""
    chance = Random(5)
    crowd = CROWD[:8]
    made = []
    for n in range(30):
        balls = [[name for name in crowd if chance.random() < 0.3] for _ in range(2)]
        shared = [(said, crowd) for said in balls if len(said) > 1]
        made.append(sheet(*(grade(name) for name in crowd), event=f"e{n}", at=n, shared=shared))
    pairs = list(itertools.combinations(crowd, 2))
    taken = [pair for pair in pairs if groups(Book(made), list(pair))]
    assert len(taken) <= 1


# ── the file ─────────────────────────────────────────────────────────────────────────────────

SHEETS = [
    sheet(
        grade(ANN, (3, 1, 0, 2), (20, 5, 1, 3)),
        grade(BOB, (0, 4, 2, 0)),
        grade(CID, (0, 1, 3, 0)),
        event="müller",
        at=5,
        shared=[([BOB, CID], [ANN, BOB, CID])],
    ),
    sheet(grade(ANN, (1, 0, 0, 0)), event="second", at=1, grader="other"),
    sheet(grade(DAN, (1, 0, 1, 0)), event="third", at=1),
]

DIGEST = "365150ff0f1aaae2c8b8d7ecf74b326853a143c269bb909f515cdf337e3379ac"
"""Of the book of these sheets, wherever it is made."""


def test_written_and_read() -> None:
    """What was written is read, says the same, and is written again the same."""
    book = Book(SHEETS, [key("third")])
    again = decode(encode(book))
    assert encode(again) == encode(book)
    assert again.digest == book.digest
    assert again.sheets == book.sheets
    assert again.graders == tuple(sorted(map(key, ("umpire", "other", "third"))))


def test_order_does_not_matter() -> None:
    """The book is the same in whatever order its sheets came, one by one or at once."""
    found = set()
    for order in itertools.permutations(SHEETS):
        book = Book((), [key("umpire"), key("other")])
        for one in order:
            book = add(book, [one])
        found.add(book.digest)
    assert found == {Book(SHEETS).digest}


def test_digest_is_the_same_everywhere() -> None:
    """The digest is a fixed one: the same on every Python."""
    assert Book(SHEETS).digest.hex() == DIGEST


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242"},
        {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Chatham"},
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
    ],
)
def test_digest_in_another_process(variables: dict[str, str], tmp_path: Path) -> None:
    """Neither the seed of hashes nor locale and time zone changes the digest, or what is read."""
    path = tmp_path / "book"
    path.write_bytes(encode(Book(SHEETS)))
    program = (
        "import sys\n"
        "from touchline.peer.grades.book import decode\n"
        "book = decode(open(sys.argv[1], 'rb').read())\n"
        "print(book.digest.hex(), [book.record(k, True) for k in book.reporters],"
        " book.together(book.reporters))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    book = Book(SHEETS)
    records = [book.record(one, True) for one in book.reporters]
    said = f"{book.digest.hex()} {records} {book.together(book.reporters)}"
    assert result.stdout.strip() == said


def test_each_byte_counts() -> None:
    """A book in which a byte was changed is refused."""
    text = encode(Book(SHEETS))
    for place in range(0, len(text), 7):
        changed = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        with pytest.raises(PeerError):
            decode(changed)


def test_sheets_in_another_order_or_twice() -> None:
    """A file whose sheets were moved or doubled is not the one way to write the book."""
    text = encode(Book(SHEETS))
    head, rest = text.split(b"\n", 1)
    one, *more = [b'{"type":"sheet"' + part for part in rest.split(b'{"type":"sheet"')[1:]]
    for body in ([*more, one], [one, one, *more]):
        with pytest.raises(BadMessage, match="not written as books are"):
            decode(b"".join([head, b"\n", *body]))


def test_of_another_version() -> None:
    """A book of a later version is told apart from a broken one."""
    text = encode(Book(SHEETS)).replace(b'"version":1', b'"version":2', 1)
    with pytest.raises(WrongVersion, match="a book of version 2"):
        decode(text)


# ── adding ───────────────────────────────────────────────────────────────────────────────────


def test_unknown_grader() -> None:
    """A sheet of a grader that the book's owner did not name is refused."""
    with pytest.raises(NotAllowed, match=identity("other").peer):
        add(Book((), [key("umpire")]), SHEETS)


def test_file_with_an_unknown_grader() -> None:
    """Nor is a book read that holds such a sheet."""
    text = encode(Book(SHEETS))
    _, rest = text.split(b"\n", 1)
    head = encode(Book((), [key("umpire")]))
    with pytest.raises(NotAllowed):
        decode(head + rest)


def test_each_sheet_once() -> None:
    """A sheet that is there already changes nothing."""
    book = Book(SHEETS)
    assert add(book, SHEETS[:1]).digest == book.digest


def test_an_event_counts_once() -> None:
    """A second sheet on an event is refused, unless it is to take the place of the first."""
    book = Book(SHEETS)
    other = sheet(grade(ANN, (9, 0, 0, 0)), event="second", at=1)
    with pytest.raises(NotAllowed, match="another sheet on second"):
        add(book, [other])
    replaced = add(book, [other], replace=True)
    assert len(replaced.sheets) == len(SHEETS)
    assert replaced.counts(key(ANN), decides=True).hits == 12


@pytest.mark.parametrize("text", [b"", b"\n", b"{}\n", b'{"type":"sheet"}\n', b"\xff"])
def test_no_book(text: bytes) -> None:
    """What is no book is refused with a sentence."""
    with pytest.raises(BadMessage):
        decode(text)

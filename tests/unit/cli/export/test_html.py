"""An exported page: whole, readable by itself, and nothing that a stranger wrote is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from touchline.cli.export import command
from touchline.cli.export.html import page
from touchline.protocol.errors import SettingError
from touchline.protocol.messages import (
    Alarm,
    Card,
    Entry,
    Evidence,
    FeedMessage,
    Finished,
    Restored,
)
from touchline.protocol.times import SECOND
from touchline.timeline.recording import Recorder

START = 1_700_000_000 * SECOND

CARD = Card(
    event="a-v-b",
    title="A – B",
    sport="football",
    origins=["A", "B"],
    lineups={"A": ["Ann", "Ada"], "B": ["Bea", "Bo"]},
    rules={"players": 2},
)

VOID = {"meta", "br", "link", "img"}

EVIL = '"><script>alert(1)</script>\u202e\x1b[31m&<b>'


def entry(seq: int, title: str = "goal", origin: str = "A", **fields: object) -> Entry:
    usual: dict[str, object] = {
        "event": "a-v-b", "epoch": 1, "seq": seq, "entry_id": str(seq), "status": "CONFIRMED",
        "title": title, "origin": origin, "time": START + seq * 60 * SECOND,
        "first_reported": START, "accepted": START, "sent": START, "text": f"{title} no. {seq}",
        "clock": f"{seq}'", "evidence": Evidence(for_=2, against=1, present=4, latency_ms=800.0),
        "score": {"goals": {"A": seq, "B": 0}}, "headline": f"A {seq}–0 B",
    }  # fmt: skip
    return Entry(**{**usual, **fields})  # type: ignore[arg-type]  # a test's own


class Parsed(HTMLParser):
    """What is on a page; fails where tags do not close each other."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.addresses: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def parsed(card: Card, *feed: FeedMessage) -> Parsed:
    return Parsed(page(card, feed, START, digest="ab" * 16))


def test_the_whole_event():
    """Score, sentences, evidence, line-ups and figures are there; nothing is loaded or run."""
    found = parsed(
        CARD,
        entry(1, details={"player": "Ann"}),
        entry(2, "yellow_card", "B", details={"player": "Bea"}, score={"goals": {"A": 1, "B": 0}}),
        Finished(event="a-v-b", epoch=1, seq=3, sent=START, score={"goals": {"A": 1, "B": 0}},
                 headline="A 1–0 B"),
    )  # fmt: skip
    for words in ("A – B", "Finished", "goal no. 1", "2 of 4, 1 against, 0.8 s", "Ann *",
                  "Bea (yellow card)", "Entries 2", "seq 3", "ab" * 16):  # fmt: skip
        assert words in found.text, words
    assert found.addresses == []
    assert not {"script", "link", "img", "iframe"} & set(found.tags)
    assert found.tags.count("svg") == 2


def test_what_is_not_certain_is_marked():
    """Late, reconstructed, inaccurate, amended, provisional and deleted entries say so, and why;
    the outage stands between them."""
    wrong = "RECONSTRUCTION_INACCURATE"
    found = parsed(
        CARD,
        entry(1, status="PROVISIONAL"),
        entry(3, title="corner", status="DELETED", reason="only 1 of 4 say so"),
        entry(4, delay_status="DELAYED"),
        Alarm(event="a-v-b", epoch=1, seq=5, sent=START, last_received=START + 300 * SECOND),
        entry(6, delay_status="RECONSTRUCTED"),
        entry(7, status="UPDATED", delay_status=wrong, reason="the score is 2–0"),
        Restored(event="a-v-b", epoch=1, seq=8, sent=START, since=START + 300 * SECOND,
                 until=START + 480 * SECOND, entries=2, inaccurate=1),
        entry(9, status="DELETED"),
        entry(10, status="UPDATED"),
        entry(11, time=START),
    )  # fmt: skip
    for words in ("unconfirmed, 2 of 4", "Only 1 of 4 say so.", "delayed", "reconstructed",
                  "inaccurate", "The score is 2–0.",
                  "deleted", "amended", "late", "It was agreed on after something",
                  "Contact with the venue lost", "Contact is back", "Taken back 2",
                  "Known to be inaccurate 1"):  # fmt: skip
        assert words in found.text, words


def test_before_anything_happened():
    """An event without an entry has a page, too."""
    assert "Nothing was reported." in parsed(CARD).text


@pytest.mark.parametrize("sport", ["football", "tennis", "race", "unheard-of"])
def test_what_strangers_wrote_is_text(sport):
    """No name, title, detail, clock or reason becomes markup, or turns the text around."""
    card = Card(
        event=EVIL, title=EVIL, sport=sport, origins=[EVIL, "B" + EVIL],
        lineups={EVIL: [EVIL]},
    )  # fmt: skip
    scores: list[dict[str, object]] = [
        {"goals": {EVIL: EVIL, "B": 1}, "shootout": {EVIL: EVIL}},
        {"previous": [[6, 4], [EVIL, EVIL]], "points": {EVIL: EVIL}, "games": {EVIL: EVIL}},
        {"leaderboard": [{"place": 1, "runner": EVIL, "time": None, "status": EVIL}, EVIL]},
        {"previous": [[1], [1, EVIL], EVIL, None, [6, 3]], "points": 3, "games": []},
        {"leaderboard": EVIL, "points": {EVIL: [EVIL], "B": 2}, "goals": 7, "shootout": [EVIL]},
    ]
    for score in scores:
        evil = entry(
            1, EVIL, EVIL, text=EVIL, clock=EVIL, headline=EVIL, reason=EVIL, score=score,
            delay_status="RECONSTRUCTED", details={EVIL: EVIL},
        )  # fmt: skip
        found = parsed(card, evil)
        assert not {"script", "b"} & set(found.tags)
        assert "\u202e" not in found.text
        assert "\x1b" not in found.text


def test_tennis_and_race():
    """Sets stand in a table, runners by place."""
    tennis = Card(event="t", title="T", sport="tennis", origins=["Ana", "Bea"])
    score: dict[str, object] = {
        "sets": {"Ana": 1, "Bea": 0}, "previous": [[6, 4]], "games": {"Ana": 2, "Bea": 3},
        "points": {"Ana": "40", "Bea": "AD"}, "winner": "",
    }  # fmt: skip
    headline = "Ana 6–4 2–3 (40–AD) Bea"
    found = parsed(tennis, entry(1, "point", "Ana", score=score, headline=headline))
    assert "Set 1 Games Points Ana 6 2 40 Bea 4 3 AD" in found.text
    assert "6–4 2–3 (40–AD)" in found.text
    race = Card(event="r", title="R", sport="race", origins=["Ada", "Bo", "Cy"])
    board = [
        {"place": 1, "runner": "Ada", "time": 7_395.0, "status": "finished"},
        {"place": 2, "runner": "Bo", "time": 65.04, "status": "finished"},
        {"place": None, "runner": "Cy", "time": None, "status": "running"},
    ]
    found = parsed(race, entry(1, "finish", "Ada", score={"leaderboard": board}))
    assert "1 Ada 2:03:15 2 Bo 1:05.04 Cy running" in found.text


def test_the_points_of_a_lost_tie_break_stand_small() -> None:
    """As on the page: beside the games of who lost the set, and of nobody else."""
    tennis = Card(event="t", title="T", sport="tennis", origins=["Ana", "Bea"])
    score = {"previous": [[6, 4], [6, 7], [7, 6]], "tiebreaks": [[], [5, 7], EVIL]}
    feed = [entry(1, "point", "Ana", score=score, headline="x")]
    assert re.findall("<sup>.*?</sup>", page(tennis, feed, START)) == ["<sup>5</sup>"]


def test_export(tmp_path):
    """`--format html` writes the page of a recording; with --all there is none to write."""
    path = tmp_path / "recording"
    with Recorder(path, CARD) as recorder:
        recorder.keep(entry(1))
        recorder.keep(replace(entry(2), status="DELETED"))
    result = CliRunner().invoke(command, [str(path), "--format", "html"])
    assert result.exit_code == 0, result.output
    assert "goal no. 1" in Parsed(result.stdout_bytes.decode()).text
    refused = CliRunner().invoke(command, [str(path), "--format", "html", "--all"])
    assert refused.exit_code == 2
    path.write_bytes(path.read_bytes()[:20])
    cut = CliRunner().invoke(command, [str(path), "--format", "html"])
    assert isinstance(cut.exception, SettingError)


def test_how_it_ended_reviews_and_interruptions() -> None:
    """The page says how an event ended and why, what came of a review, and that play is
    interrupted as long as it is."""
    goal = entry(1)
    review = replace(goal, seq=2, status="UPDATED", review="offside")
    said = entry(3, "state", "", details={"play": "interrupted", "reason": "storm"})
    end = Finished(
        event="a-v-b", epoch=1, seq=5, sent=START + 600 * SECOND, how="abandoned", reason=EVIL
    )
    words = Parsed(page(CARD, [goal, review, said], START)).words
    assert "under review: offside" in words
    assert "Play is interrupted: storm" in words
    words = Parsed(page(CARD, [goal, review, said, replace(goal, seq=4), end], START)).words
    assert "stands after review" in words
    assert "Abandoned" in words
    assert any(word.startswith('Abandoned ("><script>') for word in words)
    assert "Play is interrupted: storm" not in words


def test_the_first_three_of_a_race() -> None:
    """They stand above the page, with the point that who is on the way has passed."""
    card = Card(event="a-v-b", title="10 km", sport="race", origins=["Ada", "Bo", "Cy", "Di"])
    rows = [
        {"place": 1, "runner": "Ada", "time": 1801.9, "status": "finished"},
        {"place": None, "runner": "Bo", "time": None, "status": "running", "at": "9 km"},
        {"place": None, "runner": "Cy", "time": None, "status": "running"},
        {"place": None, "runner": "Di", "time": None, "status": "dropped out"},
    ]
    shown = page(card, [entry(1, "finish", "Ada", score={"leaderboard": rows})], START)
    (podium,) = re.findall(r'<ol class="podium">(.*?)</ol>', shown)
    assert [re.sub("<[^>]+>", " ", row).split() for row in podium.split("</li>")[:3]] == [
        ["1", "Ada", "30:01.9"],
        ["–", "Bo", "9", "km"],
        ["–", "Cy", "running"],
    ]
    assert podium.count("<li>") == 3
    assert "dropped out" in shown

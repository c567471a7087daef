from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from touchline.broker import search
from touchline.broker.search import SearchIndex, trigrams, words
from touchline.protocol.errors import NotFound
from touchline.protocol.messages import Card

NAMES = ["Spain", "Spartak", "Brazil", "Brasilia", "Cupa", "Cupo", "Final", "São", "Sao", "Müller"]


def card(event: str, title: str, *origins: str, created: int = 0, **fields: str) -> Card:
    fields = {"sport": "football", **fields}
    return Card(event=event, title=title, origins=list(origins), created=created, **fields)  # type: ignore[arg-type]


def match(index: SearchIndex, text: str, event: str) -> float:
    return -index._rank(index._query(text), event)[0]


@pytest.fixture
def index() -> SearchIndex:
    index = SearchIndex()
    cards = [
        card("final", "World Cup final", "Argentina", "France", created=1),
        card("third", "World Cup third place", "Croatia", "Morocco", created=2),
        card("open", "Roland Garros", "Nadal", "Djokovic", created=3, sport="tennis"),
        card("sp", "São Paulo derby", "Palmeiras", "Corinthians", created=4, status="live"),
        card("friendly", "Friendly", "Argentina", "Brazil", created=5),
    ]
    index.follow(enumerate(cards, 1))
    return index


def test_words() -> None:
    """Words lose case and accents and are kept once."""
    assert words("São PAULO, paulo – Straße 1") == ["sao", "paulo", "strasse", "1"]


@pytest.mark.parametrize("text", ["Mueller", "muller", "MÜLLER", "Mu\u0308ller"])
def test_all_spellings_of_a_name_find_it(text: str) -> None:
    """What is written where the keyboard lacks a letter is the same word, and no misspelt one."""
    index = SearchIndex()
    index.follow(enumerate([card("a", "Müller Cup"), card("b", "Muellner Cup")], 1))
    assert words("Müller–Đoković") == ["muller", "mueller", "dokovic", "djokovic"]
    assert index.search(text, limit=2)[0] == "a"
    assert match(index, text, "a") == 1.0


def test_trigrams() -> None:
    """Trigrams count a word's start twice and its end once."""
    assert trigrams("cup") == {"  c", " cu", "cup", "up "}


def test_similarity(index: SearchIndex) -> None:
    """The same word is 1, a start at least a half, a typo in between, another word is none."""
    assert index._alike("france") == [(1.0, "france")]
    assert index._alike("fra")[0] == (0.75, "france")
    ((typo, word),) = index._alike("frnce")
    assert word == "france"
    assert 0.4 < typo < 0.5
    assert "france" not in [word for _, word in index._alike("nadal")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("argentna", ["friendly", "final"]),
        ("agrentina", ["friendly", "final"]),
        ("brzil", ["friendly"]),
        ("arg", ["friendly", "final"]),
        ("sao paulo", ["sp"]),
        ("djokovich", ["open"]),
        ("coratia", ["third"]),
        ("world cup argentina", ["final", "third"]),
        ("...", []),
        ("zzzz", []),
    ],
)
def test_best_first(index: SearchIndex, text: str, expected: list[str]) -> None:
    """Misspelt, unfinished and accentless words find their events, the best match first."""
    assert index.search(text, limit=10)[: len(expected) or None] == expected


def test_short_word() -> None:
    """Two letters swapped in a word of five still find it."""
    index = SearchIndex()
    index.follow([(1, card("a", "Spain")), (2, card("b", "Italy"))])
    assert index.search("spian", limit=10) == ["a"]


def test_noise_is_left_out() -> None:
    """What matches less than half as well as the best is not listed."""
    index = SearchIndex()
    index.follow([(1, card("a", "Spain")), (2, card("b", "Spartak"))])
    assert index.search("spain", limit=10) == ["a"]
    assert index.search("spaxx", limit=10) == ["a", "b"]


def test_words_that_come_later(index: SearchIndex) -> None:
    """A word is found that came after another one like it was asked for."""
    assert index.search("garos", limit=5) == ["open"]
    index.follow([(6, card("later", "Garos", created=6))])
    assert index.search("garos", limit=5) == ["later", "open"]


def test_newest_first(index: SearchIndex) -> None:
    """An empty text lists every event, the newest first."""
    assert index.search("", limit=10) == ["friendly", "sp", "open", "third", "final"]
    assert index.search("  ", limit=2) == ["friendly", "sp"]


def test_filters(index: SearchIndex) -> None:
    """Sport and status narrow both the listing and the search."""
    assert index.search("", sport="tennis", limit=10) == ["open"]
    assert index.search("", status="live", limit=10) == ["sp"]
    assert index.search("argentina", sport="tennis", limit=10) == []
    assert index.search("paulo", status="live", limit=10) == ["sp"]
    assert index.search("paulo", status="finished", limit=10) == []


@pytest.mark.parametrize("size", [1, 7, 20])
@pytest.mark.parametrize("text", ["", "argentina"])
def test_pages(text: str, size: int) -> None:
    """Pages of any size add up to the whole, also when an event is created between two pages."""
    index = SearchIndex()
    index.follow((n, card(f"e{n:02}", "Argentina", created=n // 3)) for n in range(1, 21))
    whole = index.search(text, limit=100)
    assert len(whole) == 20
    found: list[str] = []
    while page := index.search(text, limit=size, cursor=found[-1] if found else ""):
        found += page
        index.follow([(99, card(f"new{len(found)}", "Argentina", created=100))])
    assert found == whole


def test_unknown_cursor(index: SearchIndex) -> None:
    """A cursor that is no event is refused."""
    with pytest.raises(NotFound, match="nowhere"):
        index.search("", limit=1, cursor="nowhere")


def test_follow(index: SearchIndex) -> None:
    """A changed status is taken in, the event stays one, the revision is remembered."""
    index.follow([(9, card("final", "World Cup final", "Argentina", "France", status="live"))])
    assert (index.revision, len(index)) == (9, 5)
    assert index.search("france", status="live", limit=10) == ["final"]
    assert index.search("", limit=10)[-1] == "final"


def test_long_query(index: SearchIndex) -> None:
    """Only the first words of an endless query count."""
    assert index.search("argentina " + " ".join(f"word{n}" for n in range(300)), limit=1)
    assert not index.search(" ".join(f"x{n}x" for n in range(8)) + " argentina", limit=1)


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> SearchIndex:
    """An index in which `cup` is common: it is in 40 events, of which a word finds 10."""
    monkeypatch.setattr(search, "COMMON", 10)
    monkeypatch.setattr(search, "LOOKED_AT", 30)
    index = SearchIndex()
    sports = {n: "tennis" if n % 20 == 7 else "football" for n in range(40)}
    cards = [card(f"e{n}", f"Cup {n}", "A", created=n, sport=sports[n]) for n in range(40)]
    # A registry tells of what was changed last, last.
    index.follow(enumerate([*cards[20:], *cards[:20]], 1))
    return index


def test_a_common_word_finds_the_newest_events_that_have_it(crowded: SearchIndex) -> None:
    """Of the events that have it, no more are ranked than a word may find."""
    assert crowded.search("cup", limit=100) == [f"e{n}" for n in range(39, 29, -1)]
    page = crowded.search("cup", limit=4)
    assert crowded.search("cup", limit=100, cursor=page[-1]) == [f"e{n}" for n in range(35, 29, -1)]
    assert crowded.search("cups", limit=1) == ["e39"]


def test_a_common_word_is_looked_for_within_the_sport(crowded: SearchIndex) -> None:
    """Events of another sport do not use up what a word finds, up to a bound of their own."""
    assert crowded.search("cup", sport="tennis", limit=100) == ["e27"]


def test_a_rarer_word_decides(crowded: SearchIndex) -> None:
    """What has only the common word is not found, and what has both has the match of both."""
    assert crowded.search("cup 27", limit=1) == ["e27"]
    assert match(crowded, "cup 27", "e27") == 2.0
    assert "e39" not in crowded.search("cup 27", limit=100)
    assert crowded.search("cup nothing", limit=1) == ["e39"]


def test_among_common_words_the_rarest_decides(crowded: SearchIndex) -> None:
    """An event that has all words of a query is found where each of them is common."""
    extra = [card(f"x{n}", "Super Cup", "B", created=n) for n in range(11)]
    crowded.follow(enumerate(extra, 50))
    assert crowded.search("cup super", limit=100) == [f"x{n}" for n in range(10, 0, -1)]


def test_hidden_events_are_not_found() -> None:
    """No search finds an event that is hidden, by its words or by its age; it counts."""
    index = SearchIndex()
    shown = card("c-2", "Canary", "canary")
    hidden = replace(shown, event="c-1", hidden=True)
    index.follow(enumerate([hidden, shown], 1))
    assert index.search("canary", limit=9) == index.search(limit=9) == ["c-2"]
    assert len(index) == 2


def test_what_an_event_is_found_by() -> None:
    """Its competition, round, venue and players find an event, though not the numbers on shirts."""
    index = SearchIndex()
    about = {"competition": "Copa América", "round": "Semi-final", "venue": "Estádio do Maracanã"}
    lineups = {"Reds": ["10 Ada Lovelace", "7 Grace Hopper"]}
    one = replace(card("a", "Reds v Blues", "Reds", "Blues", **about), lineups=lineups)
    index.follow(enumerate([one, card("b", "Cats v Dogs", "Cats", "Dogs")], 1))
    for text in ("copa america", "semi-final", "maracana", "lovelace", "gracee hoper"):
        assert index.search(text, limit=9) == ["a"], text
    assert index.search("10", limit=9) == []


def test_only_so_many_players_find_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names beyond the bound are not kept: a line-up of hundreds fills no memory."""
    monkeypatch.setattr(search, "NAMED", 2)
    index = SearchIndex()
    lineups = {"Reds": ["Ada", "Bea", "Cleopatra"]}
    index.follow([(1, replace(card("a", "Final", "Reds"), lineups=lineups))])
    assert index.search("bea", limit=9) == ["a"]
    assert index.search("cleopatra", limit=9) == []


def test_only_of_a_competition() -> None:
    """A competition's events are found however its name is written, page by page, and no others."""
    index = SearchIndex()
    league = [
        card(f"l{n}", f"Match {n}", "A", created=n, competition="Süper  Lig") for n in range(5)
    ]
    others = [card(f"o{n}", f"Match {n}", "A", created=n, competition="Cup") for n in range(5)]
    index.follow(enumerate([*league, *others], 1))
    first = index.search(limit=3, competition="super lig")
    assert first == ["l4", "l3", "l2"]
    assert index.search(limit=3, competition="SÜPER LIG", cursor=first[-1]) == ["l1", "l0"]
    assert index.search("match 3", limit=9, competition="Super Lig")[0] == "l3"
    assert not {"o3"} & set(index.search("match 3", limit=9, competition="Super Lig"))
    assert index.search(limit=9, competition="Nobody's") == []


@settings(max_examples=200)
@given(
    titles=st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), max_size=40),
    text=st.lists(st.sampled_from([*NAMES, "spian", "bra", "cup", "zz"]), min_size=1, max_size=3),
    limit=st.integers(1, 12),
)
def test_the_best_are_found_without_looking_at_all(
    titles: list[list[str]], text: list[str], limit: int
) -> None:
    """Page by page the result is what ranking every event gives."""
    index = SearchIndex()
    index.follow(
        (n, card(f"e{n}", " ".join(title), created=n // 2)) for n, title in enumerate(titles, 1)
    )
    query = " ".join(text)
    ranks = sorted(index._rank(index._query(query), f"e{n}") for n in range(1, len(titles) + 1))
    best = ranks[0][0] if ranks else 0.0
    wanted = [event for match, _, event in ranks if match and match <= search.NEAR_BEST * best]
    found: list[str] = []
    while page := index.search(query, limit=limit, cursor=found[-1] if found else ""):
        assert len(page) <= limit
        found += page
    assert found == wanted

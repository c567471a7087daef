"""What a client shows of the datagrams: line-ups, phrases in every language, nothing harmful."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.datagrams import texts
from touchline.datagrams.packing import pack
from touchline.datagrams.receiver import Receiver
from touchline.datagrams.snapshots import MatchSnapshots, card_of, entries_of
from touchline.runtime.languages import catalogue
from touchline.sports.football import FOOTBALL
from touchline.sports.football.simulate import football


def datagram(count: int = 1, **fields: Any) -> bytes:
    message = {"count": count, "score": "A 1-0 B", "content": "GOAL", "type": "goal"}
    player = {"nome": "Ann", "time": "A", "posicao": "", "cartao_vermelho": False, "gols": 2}
    red = {"nome": "Bea", "time": "A", "posicao": "", "cartao_vermelho": True, "gols": 1}
    usual = {
        "message": {**message, "time_passed": 7},
        "timeA": [player, red],
        "timeB": [],
        "goleiroA": {"nome": "Kim", "time": "A"},
        "goleiroB": {"nome": "Lou", "time": "B"},
    }
    return json.dumps(usual | fields).encode()


def test_lines() -> None:
    """`*` for each goal and (red card) after a name; the line-ups again only when they change."""
    receiver = Receiver()
    assert receiver.take(datagram(1)).lines == [
        "A: Kim, Ann **, Bea * (red card)",
        "B: Lou",
        "   7'  GOAL  [A 1-0 B]",
    ]
    assert receiver.take(datagram(2)).lines == ["   7'  GOAL  [A 1-0 B]"]
    assert receiver.take(datagram(4, timeA=[])).lines[0] == "A: Kim"
    assert receiver.take(datagram(3)).lines == ["   7'  GOAL  [A 1-0 B] (late)"]
    assert str(receiver.statistics) == "4 received, 0 lost, 1 out of order"


def test_what_is_to_come_is_not_shown() -> None:
    """A server may name the goals and cards of the whole match in advance: they show once their
    minute has passed; a place in a list without a name shows nothing."""
    ann = {"nome": "Ann", "gols": 2, "tempo_gols": [6, 50]}
    bea = {"nome": "Bea", "cartao_vermelho": True, "tempo_cv": 7}
    nobody = {"nome": ""}
    keepers = {"goleiroA": {"time": "A"}, "goleiroB": {"time": "B"}}
    receiver = Receiver()
    shown = receiver.take(datagram(1, timeA=[ann, bea], timeB=[nobody, nobody], **keepers))
    assert shown.lines == ["A: Ann *, Bea", "   7'  GOAL  [A 1-0 B]"]
    later = {"count": 2, "time_passed": 51}
    shown = receiver.take(datagram(2, message=later, timeA=[ann, bea], **keepers))
    assert shown.lines[0] == "A: Ann **, Bea (red card)"


def test_end_and_others() -> None:
    """The end of transmission ends; what can't be read is shown, counted and harms nothing."""
    receiver = Receiver()
    assert receiver.take(b"End of transmission").ended
    for data in (b"", b"{", b"[]", b"\xff\xfe", b'{"message":{}}', b'{"message":{"count":"x"}}'):
        shown = receiver.take(data)
        assert (shown.ended, shown.log) == (False, "server")
    assert (receiver.statistics.strange, receiver.statistics.received) == (6, 0)


@given(st.binary(max_size=300))
def test_anything(data: bytes) -> None:
    """No datagram is an error."""
    Receiver("pt").take(data)


def test_nothing_that_a_terminal_obeys() -> None:
    """What came from the network moves no cursor."""
    message = {"count": 1, "score": "\x1b[2J", "content": "\x1b]0;x\x07", "type": "\r"}
    evil = {"nome": "\x1b[31m", "time": "\u202e", "gols": 10**6}
    shown = Receiver().take(datagram(message=message, timeA=[evil]))
    assert all(line.isprintable() for line in [*shown.lines, shown.text])
    assert max(map(len, shown.lines)) < 200


@pytest.mark.parametrize(
    ("served", "asked"), [("en", "pt"), ("pt", "en"), ("en", "de"), ("es", "pt"), ("de", "es")]
)
def test_told_in_the_other_language(served: str, asked: str) -> None:
    """From the datagrams in one language a client tells a whole match in the other: the same as a
    server would, but for notes that are not in them."""
    match = football(FOOTBALL, random.Random(3), goals=6)
    ours, theirs = MatchSnapshots(card_of(match), served), MatchSnapshots(card_of(match), asked)
    receiver = Receiver(asked)
    for message in entries_of(match):
        sent, expected = ours.take(message), theirs.take(message)
        if sent is None or expected is None:
            continue
        line = receiver.take(pack(sent)).lines[-1]
        told = _said(asked, sent.type, message)
        without = told.partition(" (")[0]
        assert without in line, (line, expected.content)


def _said(language: str, kind: str, message: Any) -> str:
    if kind in texts.REMARKS:
        return texts.remark(language, kind)
    phrases = texts.phrases_of("football")
    return texts.sentence(phrases, language, kind, message.origin, dict(message.details))


def test_what_is_not_known_stays() -> None:
    """An action that has no words here is shown as it came."""
    message = {"count": 1, "score": "", "content": "Somebody dances", "type": "dance"}
    assert "Somebody dances" in Receiver("pt").take(datagram(message=message)).lines[-1]


def test_every_title_has_words_in_every_language() -> None:
    """Every action of football has a phrase in every language."""
    from touchline.sports import get

    kinds = get("football").kinds({"extra_time": True, "shootout": True})
    phrases = texts.phrases_of("football")
    assert phrases is not None
    for kind in kinds:
        assert kind.title in phrases.actions
    for english in [*phrases.actions.values(), *texts.REMARKS.values()]:
        for language in texts.LANGUAGES[1:]:
            said = catalogue(language).text(english)
            assert said != english
            assert ("{team}" in english) == ("{team}" in said)


def test_a_name_within_another() -> None:
    """A player whose name is a part of another's is not taken to be there as well."""
    content = "Substitution for A: Annabel on for Kim"
    players = ["Ann", "Annabel", "bel", "Kim"]
    said = texts.translate("pt", "substitution", content, ["A", "B"], players)
    assert said == "Substituição de A: Annabel por Kim"

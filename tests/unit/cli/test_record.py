"""Recordings: written whole, cut anywhere, gone on with."""

from __future__ import annotations

import io
from pathlib import Path

import msgpack
import pytest

from touchline.protocol import codec
from touchline.protocol.digest import EMPTY, chain
from touchline.protocol.errors import SettingError, StorageFault
from touchline.protocol.messages import (
    Alarm,
    Card,
    Entry,
    Evidence,
    FeedMessage,
    Finished,
    Restored,
    Timing,
)
from touchline.timeline import recording
from touchline.timeline.recording import Recorder

CARD = Card(
    event="a-v-b", title="A – B", sport="football", origins=["A", "B"], timing=Timing(starts=7)
)


def _entry(seq: int, number: int, time: int = 10, **more: object) -> Entry:
    values: dict[str, object] = {
        "event": "a-v-b",
        "epoch": 1,
        "seq": seq,
        "entry_id": str(number),
        "status": "CONFIRMED",
        "title": "goal",
        "origin": "A",
        "time": time,
        "first_reported": 2**50,
        "accepted": 2**50 + 1,
        "sent": 2**50 + 1,
        "evidence": Evidence(for_=2, present=3, latency_ms=1.5),
        "details": {"player": "Ángel", "minute": 3, "share": 0.5, "own": False},
        "score": {"goals": {"A": 1, "B": 0}},
        "headline": "A 1–0 B",
    }
    return Entry(**(values | more))  # type: ignore[arg-type]  # values are those of an entry


FEED: list[FeedMessage] = [
    _entry(1, 1),
    _entry(2, 2, 30),
    _entry(3, 1, 12, status="UPDATED"),
    _entry(4, 3, 5),
    _entry(5, 2, 30, status="DELETED"),
    Finished(event="a-v-b", epoch=2, seq=6, sent=2**50, headline="A 2–0 B"),
]


def _recorded(path: Path, messages: list[FeedMessage] = FEED) -> bytes:
    with Recorder(path, CARD) as recorder:
        for message in messages:
            assert recorder.keep(message)
    return path.read_bytes()


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    """A recording gives the event and every message, equal to what was published."""
    whole = _recorded(tmp_path / "r")
    found = recording.read(tmp_path / "r")
    assert found is not None
    assert (found.card, found.messages, found.size) == (CARD, FEED, len(whole))
    assert recording.is_recording(tmp_path / "r")


def test_the_maps_are_those_that_were_published(tmp_path: Path) -> None:
    """Any MessagePack reader can chain the feed's digest from a recording."""
    whole = _recorded(tmp_path / "r")
    header, *maps = list(msgpack.Unpacker(io.BytesIO(whole)))
    assert header["type"] == "recording"
    ours = theirs = EMPTY
    for value, message in zip(maps, FEED, strict=True):
        ours, theirs = chain(ours, msgpack.packb(value)), chain(theirs, codec.encode(message))
    assert ours == theirs


def test_cut_at_every_byte(tmp_path: Path) -> None:
    """Wherever a recording is cut, what is whole is read, and going on makes it as it was."""
    path = tmp_path / "r"
    whole = _recorded(path)
    ends = [recording.read(path)]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        found = recording.read(path)
        kept = found.messages if found else []
        assert kept == FEED[: len(kept)]
        ends.append(found)
        with Recorder(path, CARD) as recorder:
            assert recorder.seq == len(kept)
            for message in FEED:
                assert recorder.keep(message) == (message.seq > len(kept))
        assert path.read_bytes() == whole
    assert {len(found.messages) for found in ends if found} == set(range(len(FEED) + 1))


def test_a_feed_that_is_read_again(tmp_path: Path) -> None:
    """After a restart only what came since counts."""
    with Recorder(tmp_path / "r", CARD) as recorder:
        recorder.keep(FEED[0])
        recorder.keep(FEED[1])
        recorder.restart()
        assert recorder.keep(_entry(1, 7))
    found = recording.read(tmp_path / "r")
    assert found is not None
    assert found.messages == [_entry(1, 7)]
    assert found.seq == 1


def test_another_event_is_refused(tmp_path: Path) -> None:
    """A file that records another event stays as it is."""
    before = _recorded(tmp_path / "r")
    with pytest.raises(SettingError, match="a recording of a-v-b, not of c-v-d"):
        Recorder(tmp_path / "r", Card(event="c-v-d", title="", sport="football", origins=[]))
    assert (tmp_path / "r").read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b'{"type":"match"}\n',
        b"\xc1",
        b"\x93\x01\x02\x03",
        msgpack.packb({"type": "recording", "version": 9}),
        msgpack.packb({"type": "recording", "version": 1, "card": {"event": 3}}),
        msgpack.packb({"type": "entry"}),
        b"\xdf\xff\xff\xff\xff\x01",
        b"\xa5hello",
        b"\x89PNG\r\n\x1a\n" + bytes(64),
    ],
)
def test_what_is_no_recording_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    """A file of another kind is neither read nor written over."""
    path = tmp_path / "r"
    path.write_bytes(content)
    assert not recording.is_recording(path)
    try:
        found = recording.read(path)
    except SettingError:
        with pytest.raises(SettingError):
            Recorder(path, CARD)
        assert path.read_bytes() == content
    else:
        raise AssertionError(f"{content!r} was read as {found}")


@pytest.mark.parametrize("content", [b"\xdb\x00\x00\xff\xffnotes", b"\x84\xa4type", b"\xda"])
def test_what_only_looks_torn_is_kept(tmp_path: Path, content: bytes) -> None:
    """A file that MessagePack takes for torn, but that no recording begins like, is kept."""
    path = tmp_path / "r"
    path.write_bytes(content)
    assert recording.read(path) is None
    with pytest.raises(SettingError, match="not a recording"):
        Recorder(path, CARD)
    assert path.read_bytes() == content


def test_damage_within_is_told(tmp_path: Path) -> None:
    """A message with a value of the wrong type is an error that names the file, not a gap."""
    whole = _recorded(tmp_path / "r", FEED[:1])
    (tmp_path / "r").write_bytes(whole + msgpack.packb({"type": "finished", "seq": "six"}))
    with pytest.raises(SettingError, match="damaged"):
        recording.read(tmp_path / "r")


def test_types_of_a_newer_version_are_passed_over(tmp_path: Path) -> None:
    """A message type that is not known here does not make a recording unreadable."""
    whole = _recorded(tmp_path / "r", FEED[:1])
    (tmp_path / "r").write_bytes(whole + msgpack.packb({"type": "weather", "seq": 2}))
    found = recording.read(tmp_path / "r")
    assert found is not None
    assert found.messages == FEED[:1]


def test_outages_are_kept(tmp_path: Path) -> None:
    """Alarms and the ends of outages are in a recording as they were published: its seq has no
    hole, and the timeline is that of the entries."""
    feed: list[FeedMessage] = [
        Alarm(event="a-v-b", epoch=1, seq=1, sent=5, last_received=3),
        Restored(event="a-v-b", epoch=1, seq=2, sent=9, since=3, until=7, headline="A 0–0 B"),
    ]
    _recorded(tmp_path / "r", feed)
    found = recording.read(tmp_path / "r")
    assert found is not None
    assert found.messages == feed
    assert recording.standing(found.messages) == []


def test_missing_and_unwritable_files(tmp_path: Path) -> None:
    """A file that is not there, or a folder that is none, is a fault of the storage."""
    with pytest.raises(StorageFault):
        recording.read(tmp_path / "nothing")
    with pytest.raises(StorageFault, match="--output"):
        Recorder(tmp_path / "no" / "r", CARD)


def test_what_stands(tmp_path: Path) -> None:
    """The timeline is the newest version of each entry that is not deleted, in match order."""
    assert [(e.entry_id, e.status) for e in recording.standing(FEED)] == [
        ("3", "CONFIRMED"),
        ("1", "UPDATED"),
    ]


def test_a_recording_is_a_match(tmp_path: Path) -> None:
    """A recording can be reported again: its standing entries are the match's actions."""
    _recorded(tmp_path / "r")
    found = recording.read(tmp_path / "r")
    assert found is not None
    match = recording.as_match(found)
    assert (match.title, match.sport, match.origins) == ("A – B", "football", ("A", "B"))
    assert [action.time for action in match.actions] == [5, 12]
    assert match.starts == 5


@pytest.mark.parametrize("kind", [["entry"], {}, b"entry", None, 7])
def test_a_map_of_no_kind(tmp_path: Path, kind: object) -> None:
    """A stranger's recording with maps that say they are of no kind: these are passed over."""
    content = _recorded(tmp_path / "r") + msgpack.packb({"type": kind})
    (tmp_path / "r").write_bytes(content)
    found = recording.read(tmp_path / "r")
    assert found is not None
    assert (found.messages, found.size) == (FEED, len(content))

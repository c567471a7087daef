"""One match with one crowd, decided by the product's own core on a clock that exists only here."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import count
from random import Random

from msgspec.structs import replace

from touchline.cli.demo.crowd import score_text
from touchline.peer.grades.book import Book
from touchline.peer.grades.sheet import GradeSheet
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.options import Options
from touchline.proof import OfficialRecord, build, from_journal, grade
from touchline.protocol import codec, messages
from touchline.protocol.keys import Identity, peer_id
from touchline.protocol.messages import Card, Entry, Happening
from touchline.protocol.times import SECOND
from touchline.sports import Action
from touchline.sports.compare import compare

from .board import Board
from .crowd import ANSWER, THUMB, Person, Scene, other_side, score_title

EARLY = 60.0
"""Seconds before kick-off at which everybody comes."""

WITHHELD_SECONDS = 6.0
"""So long after its publication a provisional entry is shown to a reporter that did not speak."""

DAY = 86_400 * SECOND
"""Microseconds."""

PING_SECONDS = 5.0
"""How often a peer says that it is there."""

TRIP_SECONDS = 0.1
"""From a ping to its pong."""


@dataclass(slots=True)
class Outcome:
    """What became of one match.

    Args:
        true: actions that happened.
        found: of these, those that are confirmed in the end.
        wrong: entries confirmed in the end that did not happen.
        goals, goals_found, goals_wrong: the same of what decides the score.
        phantoms_in: invented goals that are confirmed in the end.
        first_word: seconds from what happened to the first published entry of it.
        confirmed: seconds from what happened to its confirmation.
        errors: seconds by which the time of an entry is off.
        covered: entries whose time is right within the spread that they tell.
        taken_back: seconds for which what was invented stood before it was taken back.
        questions: put to each person.
        seconds: how long the match took.
        score_right: the score in the end is that of the match.
    """

    true: int = 0
    found: int = 0
    wrong: int = 0
    goals: int = 0
    goals_found: int = 0
    goals_wrong: int = 0
    phantoms: int = 0
    phantoms_in: int = 0
    first_word: list[float] = field(default_factory=list)
    confirmed: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    covered: int = 0
    taken_back: list[float] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)
    seconds: float = 0.0
    score_right: bool = False


class Trial:
    """A match with a crowd.

    Args:
        place: what happens.
        crowd: who is there.
        chance: for what is drawn on the way: when a copycat taps what it is shown.
        book: what is known of the crowd from before.
        options: the host's, where they differ from the default.
    """

    def __init__(
        self,
        place: Scene,
        crowd: list[Person],
        chance: Random,
        book: Book | None = None,
        **options: object,
    ) -> None:
        match = place.match
        self._place = place
        self._crowd = crowd
        self._chance = chance
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._now = -EARLY
        self._entries: dict[str, list[tuple[float, Entry]]] = {}
        self._participants: dict[str, Participant] = {}
        self._said = {person.name: 0 for person in crowd}
        self._questions = {person.name: 0 for person in crowd}
        invented = [
            Action(score_title(match), origin, match.starts + round(at * SECOND))
            for at, origin in place.phantoms
        ]
        with_invented = sorted([*match.actions, *invented], key=lambda action: action.time)
        self._board = Board(match, match.actions)
        self._plotted = Board(match, with_invented)
        self._turned = Board(match, [other_side(action, match) for action in match.actions])
        card = Card(
            event="e",
            title=match.title,
            sport=match.sport,
            origins=list(match.origins),
            lineups={side: list(names) for side, names in match.lineups.items()},
            rules=dict(match.rules),
        )
        made = Options(**{"alone": False, **options})  # type: ignore[arg-type]  # by name
        self._core = HostedEvent(card, made, book)
        self._journal: list[bytes] = []

    def run(self) -> Outcome:
        """Play the match, and return what became of it."""
        self._core.start(1, self._now, self._wall())
        self._take()
        for person in self._crowd:
            self._attach(person)
            for tap in person.taps:
                self._at(tap.at, partial(self._tap, person, tap.action, tap.stated))
            if person.ends_at is not None:
                self._at(person.ends_at, partial(self._end, person))
        last = max(person.taps[-1].at for person in self._crowd if person.taps)
        while self._now < last + 120.0:
            due = self._due[0][0] if self._due else last + 121.0
            timer = self._core.next_timer()
            if timer is not None and timer <= due:
                self._now = max(self._now, timer)
                self._core.begin_turn(self._now, self._wall())
                self._core.handle_timer(self._now)
                self._take()
            else:
                self._now, _, act = heapq.heappop(self._due)
                act()
        return self._judged()

    def sheet(self, number: int) -> GradeSheet:
        """Return how the crowd did, once the match was played.

        Args:
            number: of the match among those of the same crowd; a day lies between two.
        """
        event = from_journal(self._core.card, self._journal, unsigned=True)
        graded = grade(event, OfficialRecord(self._place.match, bytes(32)), bytes(32))
        header = graded.header
        time = self._place.match.starts + number * DAY
        return replace(graded, header=replace(header, event=f"match {number}", time=time))

    def proof(self, host: Identity) -> bytes:
        """Return the proof of the match that was played, as a file."""
        made = build(self._core.card, self._journal, host)
        return b"".join(line + b"\n" for line in made)

    # ── the people ───────────────────────────────────────────────────────────────────────────

    def _attach(self, person: Person) -> None:
        self._core.begin_turn(self._now, self._wall())
        key = sha256(person.name.encode()).digest()
        grant = messages.Grant(
            id=0, token=person.name, peer=peer_id(key), name=person.name, event="e",
            role="reporter", expires=2**57, key=key,
        )  # fmt: skip
        attach = messages.Attach(id=0, token=person.name, time=self._wall(), answers=True)
        self._participants[person.name] = self._core.attach(grant, attach, f"of {person.name}")
        self._take()
        self._at(self._now + self._chance.uniform(0, PING_SECONDS), partial(self._ping, person))

    def _ping(self, person: Person) -> None:
        self._core.begin_turn(self._now, self._wall())
        participant = self._participants[person.name]
        self._core.ping(participant, self._said[person.name])
        sent = self._wall(self._now - TRIP_SECONDS / 2 + person.ahead(self._now))
        ping = messages.HostPing(id=0, event="e", time=sent, rtt=round(TRIP_SECONDS * SECOND))
        self._core.measure_clock(participant, ping, b"")
        self._take()
        self._at(self._now + PING_SECONDS, partial(self._ping, person))

    def _tap(self, person: Person, action: Action, stated: float) -> None:
        self._say(person, action.title, action.origin, stated, dict(action.details))

    def _say(
        self, person: Person, title: str, origin: str, stated: float, details: dict[str, object]
    ) -> None:
        n = self._said[person.name] = self._said[person.name] + 1
        event = Happening(title, origin, self._wall(stated), details or None)  # type: ignore[arg-type]  # values
        report = messages.Report(
            token=f"of {person.name}", n=n, time=self._wall(stated), event=event
        )
        frame = codec.encode(report)
        self._core.begin_turn(self._now, self._wall())
        self._core.report(self._participants[person.name], report, frame)
        self._take()

    def _show(self, entry: Entry) -> None:
        """Let those who repeat what they are shown see an entry: on the public feed at once, on
        their own page after a while."""
        if (
            entry.status not in ("PROVISIONAL", "CONFIRMED")
            or len(self._entries[entry.entry_id]) > 1
        ):
            return
        for person in self._crowd:
            manner = person.manner
            if self._chance.random() >= manner.repeats:
                continue
            shown = self._now if manner.follows else self._now + WITHHELD_SECONDS
            later = shown + self._chance.lognormvariate(*THUMB)
            self._at(later, partial(self._repeat, person, Action(entry.title, entry.origin), later))

    def _repeat(self, person: Person, action: Action, stated: float) -> None:
        if not self._has_said(person, action.title, action.origin):
            self._tap(person, action, stated)

    def _has_said(self, person: Person, title: str, origin: str) -> bool:
        return any(
            tap.action.title == title
            and tap.action.origin == origin
            and -20.0 < tap.at - self._now <= 0.0
            for tap in person.taps
        )

    def _asked(self, name: str, ask: messages.Ask) -> None:
        """Let somebody who is asked answer, or not."""
        person = next(person for person in self._crowd if person.name == name)
        self._questions[name] += 1
        manner = person.manner
        if self._chance.random() < manner.answers:
            later = self._now + self._chance.lognormvariate(*ANSWER)
            self._at(later, partial(self._answer, person, ask.claim, self._thinks(person, ask)))

    def _thinks(self, person: Person, ask: messages.Ask) -> bool:
        """Return what somebody answers."""
        at = (ask.time - self._place.match.starts) / SECOND
        window = self._core.kinds[ask.title].window
        manner = person.manner
        if manner.colludes and any(
            ask.title == score_title(self._place.match)
            and origin == ask.origin
            and abs(at - when) < window
            for when, origin in self._place.phantoms
        ):
            return True
        true = any(
            (action.title, action.origin) == (ask.title, ask.origin)
            and abs(self._place.seconds(action) - at) < window
            and self._place.seconds(action) < self._now
            for action in self._place.match.actions
        )
        if manner.opposes:
            return not true
        return true if self._chance.random() < manner.right else not true

    def _answer(self, person: Person, claim: int, yes: bool) -> None:
        self._say(person, "answer", "", self._now, {"claim": claim, "yes": yes})

    def _asked_score(self, name: str) -> None:
        """Let somebody who is asked for the score look at the board and state it, or not."""
        person = next(person for person in self._crowd if person.name == name)
        self._questions[name] += 1
        if self._chance.random() < person.manner.answers:
            later = self._now + self._chance.lognormvariate(*ANSWER)
            self._at(later, partial(self._state_score, person))

    def _state_score(self, person: Person) -> None:
        text = self._sees(person)
        if text:
            self._say(person, "confirm", "", self._now + person.ahead(self._now), {"score": text})

    def _sees(self, person: Person) -> str:
        """Return the score that somebody states now, as it is typed."""
        manner, time = person.manner, self._wall()
        if manner.follows:  # there is nothing that such people see by themselves
            core = self._core
            return score_text(core.sport, core.timeline.state, self._place.match.origins)
        if manner.colludes:
            return self._plotted.text(time)
        if manner.opposes:
            return self._turned.text(time)
        if self._chance.random() < manner.right:
            return self._board.text(time)
        return self._board.misread(time, self._chance)

    def _end(self, person: Person) -> None:
        self._say(person, "end", "", self._now, {})

    # ── the host ─────────────────────────────────────────────────────────────────────────────

    def _take(self) -> None:
        output = self._core.take()
        if output.commit:
            self._journal.append(output.commit)
        for frame in output.publish:
            message = codec.decode_published(codec.split_topic(frame)[1])
            if isinstance(message, Entry):
                self._entries.setdefault(message.entry_id, []).append((self._now, message))
                self._show(message)
        for name, frame in output.receipts:
            reply = codec.decode_host_reply(frame)
            if isinstance(reply, messages.Ask):
                self._asked(name, reply)
            elif isinstance(reply, messages.Confirm):
                self._asked_score(name)

    def _at(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._numbers), act))

    def _wall(self, at: float | None = None) -> int:
        """Return a time as microseconds since 1970 UTC; now, unless it is given."""
        return self._place.match.starts + round((self._now if at is None else at) * SECOND)

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def _judged(self) -> Outcome:
        match, core = self._place.match, self._core
        standing = [
            entry
            for entry in core.timeline.standing
            if entry.status != "PROVISIONAL" and entry.title in core.kinds
        ]
        said = [Action(e.title, e.origin, e.time, e.details) for e in standing]
        bare = [Action(a.title, a.origin, a.time) for a in match.actions]
        found = compare(core.kinds, bare, said)
        score = score_title(match)
        outcome = Outcome(true=len(bare), found=len(found.found), wrong=len(found.wrong))
        outcome.goals = sum(action.title == score for action in bare)
        outcome.goals_found = sum(bare[i].title == score for i, _ in found.found)
        outcome.goals_wrong = sum(said[j].title == score for j in found.wrong)
        outcome.phantoms = len(self._place.phantoms)
        outcome.phantoms_in = sum(
            any(
                said[j].title == score
                and said[j].origin == origin
                and abs((said[j].time - match.starts) / SECOND - at) < core.kinds[score].window
                for j in found.wrong
            )
            for at, origin in self._place.phantoms
        )
        for i, j in found.found:
            happened = self._place.seconds(match.actions[i])
            versions = self._entries[standing[j].entry_id]
            outcome.first_word.append(versions[0][0] - happened)
            first = next(at for at, entry in versions if entry.status in ("CONFIRMED", "UPDATED"))
            outcome.confirmed.append(first - happened)
            off = abs(said[j].time - bare[i].time)
            outcome.errors.append(off / SECOND)
            outcome.covered += off <= standing[j].spread
        outcome.taken_back = list(self._taken_back())
        outcome.seconds = self._now + EARLY
        outcome.questions = list(self._questions.values())
        outcome.score_right = core.sport.headline(self._board.final) == core.sport.headline(
            core.timeline.state
        )
        return outcome

    def _taken_back(self) -> Iterator[float]:
        """Yield for how many seconds each invention stood that was taken back."""
        score = score_title(self._place.match)
        window = self._core.kinds[score].window
        for versions in self._entries.values():
            begun, first = versions[0]
            at = (first.time - self._place.match.starts) / SECOND
            invented = first.title == score and any(
                origin == first.origin and abs(at - when) < window
                for when, origin in self._place.phantoms
            )
            ends = [when for when, entry in versions if entry.status == "DELETED"]
            if invented and ends:
                yield ends[0] - begun

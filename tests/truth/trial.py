"""One match with one crowd, decided by the product's own core on a clock that exists only here."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import count
from random import Random

from touchline import sports
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.participant import Participant
from touchline.peer.host.options import Options
from touchline.protocol import codec, messages
from touchline.protocol.messages import Card, Entry, Happening, Heartbeat
from touchline.protocol.times import SECOND
from touchline.sports import Action
from touchline.sports.compare import compare

from .crowd import THUMB, Person, Scene, score_title

EARLY = 60.0
"""Seconds before kick-off at which everybody comes."""

PING_SECONDS = 5.0
"""How often a peer says that it is there."""


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
        questions: put to each person.
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
    questions: list[int] = field(default_factory=list)
    score_right: bool = False


class Trial:
    """A match with a crowd.

    Args:
        place: what happens.
        crowd: who is there.
        chance: for what is drawn on the way: when a copycat taps what it is shown.
        options: the host's, where they differ from the default.
    """

    def __init__(
        self, place: Scene, crowd: list[Person], chance: Random, **options: object
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
        self._shown: dict[str, list[tuple[str, str, int]]] = {p.name: [] for p in crowd}
        card = Card(
            event="e",
            title=match.title,
            sport=match.sport,
            origins=list(match.origins),
            lineups={side: list(names) for side, names in match.lineups.items()},
            rules=dict(match.rules),
        )
        self._core = HostedEvent(card, Options(**{"alone": False, **options}))  # type: ignore[arg-type]

    def run(self) -> Outcome:
        """Play the match, and return what became of it."""
        self._core.start(1, self._now, self._wall())
        self._take()
        for person in self._crowd:
            self._attach(person)
            for tap in person.taps:
                self._at(tap.at, partial(self._tap, person, tap.action, tap.stated))
        last = max(person.taps[-1].at for person in self._crowd if person.taps)
        while self._now < last + 120.0 and not self._core.finished:
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

    # ── the people ───────────────────────────────────────────────────────────────────────────

    def _attach(self, person: Person) -> None:
        self._core.begin_turn(self._now, self._wall())
        grant = messages.Grant(
            id=0, token=person.name, peer=person.name, name=person.name, event="e",
            role="reporter", expires=2**57, key=sha256(person.name.encode()).digest(),
        )  # fmt: skip
        attach = messages.Attach(id=0, token=person.name, time=self._wall())
        self._participants[person.name] = self._core.attach(grant, attach, f"of {person.name}")
        self._take()
        self._at(self._now + self._chance.uniform(0, PING_SECONDS), partial(self._ping, person))

    def _ping(self, person: Person) -> None:
        self._core.begin_turn(self._now, self._wall())
        self._core.ping(self._participants[person.name], self._said[person.name])
        self._take()
        self._at(self._now + PING_SECONDS, partial(self._ping, person))

    def _tap(self, person: Person, action: Action, stated: float) -> None:
        n = self._said[person.name] = self._said[person.name] + 1
        event = Happening(
            action.title, action.origin, self._wall(stated), dict(action.details) or None
        )
        report = messages.Report(
            token=f"of {person.name}", n=n, time=self._wall(stated), event=event
        )
        frame = codec.encode(report)
        self._core.begin_turn(self._now, self._wall())
        self._core.report(self._participants[person.name], report, frame)
        self._take()

    def _show(self, beat: Heartbeat) -> None:
        """Let those who repeat what they are shown see the open claims."""
        for person in self._crowd:
            if not person.manner.repeats:
                continue
            seen = self._shown[person.name]
            for open_claim in beat.pending:
                about = (open_claim.title, open_claim.origin, open_claim.time // (15 * SECOND))
                near = (about[0], about[1], about[2] - 1)
                if about in seen or near in seen:
                    continue
                seen.append(about)
                if self._chance.random() < person.manner.repeats and not self._has_said(
                    person, open_claim.title, open_claim.origin
                ):
                    later = self._now + self._chance.lognormvariate(*THUMB)
                    action = Action(open_claim.title, open_claim.origin)
                    self._at(later, partial(self._tap, person, action, later))

    def _has_said(self, person: Person, title: str, origin: str) -> bool:
        return any(
            tap.action.title == title
            and tap.action.origin == origin
            and -20.0 < tap.at - self._now <= 0.0
            for tap in person.taps
        )

    # ── the host ─────────────────────────────────────────────────────────────────────────────

    def _take(self) -> None:
        for frame in self._core.take().publish:
            message = codec.decode_published(codec.split_topic(frame)[1])
            if isinstance(message, Entry):
                self._entries.setdefault(message.entry_id, []).append((self._now, message))
            elif isinstance(message, Heartbeat):
                self._show(message)

    def _at(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._numbers), act))

    def _wall(self, at: float | None = None) -> int:
        """Return a time as microseconds since 1970 UTC; now, unless it is given."""
        return self._place.match.starts + round((self._now if at is None else at) * SECOND)

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def _judged(self) -> Outcome:
        match, core = self._place.match, self._core
        standing = [entry for entry in core.timeline.standing if entry.status != "PROVISIONAL"]
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
            first = next(at for at, entry in versions if entry.status != "PROVISIONAL")
            outcome.confirmed.append(first - happened)
            outcome.errors.append(abs(said[j].time - bare[i].time) / SECOND)
        truth = sports.fold(
            core.sport,
            core.sport.start(match.origins, match.rules, match.lineups),
            match.actions,
        ).state
        outcome.score_right = core.sport.headline(truth) == core.sport.headline(core.timeline.state)
        return outcome

"""After any prefix of its journal a host is what it was when it wrote it.

Scripts of everything that can happen to an event are drawn from a seed. Run one again with
`pytest tests/unit/peer/host/event/test_restore.py -k seed17`.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from touchline.peer.host.event import records
from touchline.peer.host.event.claims import Claim
from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.event.records import Record, ScoreConfirmed, pack, unpack
from touchline.peer.host.event.turn import Output
from touchline.peer.host.options import Options
from touchline.protocol import codec, messages
from touchline.protocol.errors import EventOver, PeerError, StorageFault
from touchline.protocol.messages import (
    Attach,
    Card,
    Carried,
    Grant,
    Happening,
    HostPing,
    Report,
    ReportBatch,
    Said,
)
from touchline.protocol.tokens import digest
from touchline.timeline.timeline import Adopted

from .test_rulings import OWNER, ruling

SECOND = 1_000_000
BEGIN = 1_700_000_000 * SECOND
SEEDS = range(32)
TURNS = 45

Op = tuple[Any, ...]

SPORTS: dict[str, tuple[list[str], list[str], dict[str, list[str]]]] = {
    "football": (
        ["A", "B"],
        [
            "goal",
            "goal",
            "goal_disallowed",
            "yellow_card",
            "second_yellow",
            "foul",
            "substitution",
            "period_start",
            "period_end",
            "full_time",
        ],
        {"player": ["Ann", "ann", "Bea"], "off": ["Ann"], "on": ["Cid"], "period": ["first_half"]},
    ),
    "tennis": (["A", "B"], ["point", "point", "serve", "retire"], {"how": ["ace", "winner"]}),
    "race": (["A", "B", "C"], ["start", "finish", "split", "drop_out"], {"at": ["5 km", "10 km"]}),
}

SCORES = {"football": ["0-0", "1-0", "2-1"], "tennis": ["15-0", "0-0 30-15"], "race": ["0", "1"]}
"""What people may say that they see after an outage."""

RULINGS: list[tuple[messages.Act, dict[str, Any]]] = [
    ("award", {"origin": "B"}),
    ("disqualify", {"origin": "A"}),
    ("amend", {"score": "0-1"}),
    ("amend", {"entry": "1", "details": {"player": "Zoe"}}),
    ("reinstate", {"origin": "A"}),
    ("reopen", {}),
    ("amend", {"score": "1-0"}),
]
"""What the owner tries in one turn, whether it can be made or not."""

DURING: list[tuple[messages.Act, dict[str, Any]]] = [
    ("suspend", {}),
    ("resume", {}),
    *(("uphold", {"entry": str(number)}) for number in range(1, 40)),
    *(("delete", {"entry": str(number)}) for number in range(1, 40, 4)),
]
"""And what while the event goes on; of most numbers there is no entry, or it is confirmed."""


class Script:
    """What happens to one event, turn by turn, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.sport = list(SPORTS)[seed % len(SPORTS)]
        self.origins, self.titles, self.details = SPORTS[self.sport]
        self.card = Card(
            event="e",
            title="A race",
            sport=self.sport,
            origins=self.origins,
            timing=messages.Timing(starts=BEGIN, began=BEGIN, speed=random.choice([1.0, 1.0, 4.0])),
            owner=OWNER.peer,
        )
        self.options = Options(
            verdict=random.choice(["evidence", "evidence", "quorum", "majority", "fixed:2"]),
            alone=random.random() < 0.4,
            heartbeat=5.0,
            claim_ttl=random.choice([20.0, 60.0]),
            finish_after=30.0,
            alarm_every=8.0,
            late_after=12.0,
            confirm_wait=random.choice([2.0, 15.0]),
        )
        self.people = [f"p{i}" for i in range(random.choice([1, 3, 6]))]
        self.counts = dict.fromkeys(self.people, 0)
        self.statements: list[dict[str, messages.Detail]] = [
            *({"score": score} for score in SCORES[self.sport]),
            {"play": "interrupted", "reason": "rain"},
            {"play": "resumed"},
            {"review": "begun"} if self.sport == "football" else {"play": "resumed"},
            {"review": "over"} if self.sport == "football" else {"server": "A"},
            {"minute": 30},
        ]
        self.turns = [self.turn() for _ in range(TURNS)]
        # Everybody is seated in the first turn, so that the others can name them.
        everybody = [*self.people, "viewer"]
        # Long after the end of those that have ended.
        self.turns[-1] = (7_000.0, [("ping", name, 0) for name in self.people])
        self.turns.append((1.0, [self.op() for _ in range(8)]))
        self.turns[0] = (0.1, [("seat", name, 0, 0, name == "viewer", 0) for name in everybody])
        self.turns.append((1.0, [("seat", name, 0, 0, False, 0) for name in self.people]))
        # Another host hands over what it was told meanwhile, some of it twice, of one more person.
        told = [Happening(self.titles[0], self.origins[0], shift, None) for shift in (-20, -6, -6)]
        offers: list[Op] = [("offer", name, one) for name in self.people for one in told]
        self.turns.insert(TURNS // 2, (1.0, [*offers, ("offer", "gone", told[0])]))
        self.turns.append((1.0, [("rule", *made) for made in DURING]))
        self.turns.append((1.0, [self.vote_to_end(name) for name in self.people]))
        self.turns.append((16.0, []))
        self.turns.append((1.0, [("rule", *made) for made in RULINGS]))
        self.turns.append((1.0, [("rule", "disqualify", {"origin": "A"}), ("rule", "reopen", {})]))
        self.turns.append((1.0, [("rule", "end", {})]))
        self.turns.append((5.0, [self.op() for _ in range(8)]))
        self.lose_contact()
        if self.sport == "football":
            self.review()

    def vote_to_end(self, name: str) -> Op:
        self.counts[name] += 1
        return ("say", name, self.counts[name], Happening("end", "", 0))

    def lose_contact(self) -> None:
        """Twice silence, then everybody comes back, tells of it, is asked, and states the score."""
        random = self.random
        for first in (TURNS // 4, TURNS // 2):
            silence = [(random.choice([4.0, 9.0, 15.0]), []) for _ in range(random.choice([1, 4]))]
            present: list[Op] = [("ping", name, 0, 0, 1) for name in self.people]
            title = self.titles[0]
            for name in self.people:
                # Some of one mind, some of two.
                happened = Happening(title, random.choice(self.origins[:2]), random.choice([-3, 0]))
                present.append(("say", name, self.number(name), happened))
            score = [self.scored() for _ in self.people]
            said = [
                ("say", name, self.number(name), one)
                for name, one in zip(self.people, score, strict=True)
            ]
            random.shuffle(said)
            self.turns[first:first] = [*silence, (1.0, present), (6.0, present), (0.5, said)]

    def answer(self) -> Happening:
        """Answer a question; which one is put in when it is said."""
        details: dict[str, messages.Detail] = {"claim": 0, "yes": self.random.random() < 0.7}
        return Happening("answer", "", 0, details)

    def review(self) -> None:
        """Everybody sees a goal, and then that it is under review; some that it is no longer."""
        sightings = [
            (1.0, Happening("goal", "A", 0)),
            (5.0, Happening("state", "", 0, {"review": "begun"})),
            (20.0, Happening("state", "", 0, {"review": "over"})),
        ]
        self.turns[8:8] = [
            (pause, [("say", name, self.number(name), seen) for name in self.people])
            for pause, seen in sightings
        ]

    def scored(self) -> Happening:
        details: dict[str, messages.Detail] = {"score": self.random.choice(SCORES[self.sport][:2])}
        if self.random.random() < 0.1:
            details["score"] = self.random.choice([*SCORES[self.sport], "no score"])
        return Happening("confirm", "", self.random.choice([0, 0, -40, 3]), details)

    def turn(self) -> tuple[float, list[Op]]:
        random = self.random
        pause = random.choice([0.01, 0.3, 2.0, 2.0, 9.0]) if random.random() < 0.9 else 45.0
        return pause, [self.op() for _ in range(random.choice([1, 2, 4, 8]))]

    def op(self) -> Op:
        random = self.random
        name = random.choice(self.people)
        kind = random.choices(
            ["say", "forge", "batch", "seat", "ping", "detach", "viewer", "revoke"],
            [66, 4, 15, 6, 5, 4, 1, 0.1],
        )[0]
        if kind in {"say", "forge"}:
            return (kind, name, self.number(name), self.happening(name))
        if kind == "batch":
            size = random.choice([1, 2, 5])
            return ("batch", name, [(self.number(name), self.happening(name)) for _ in range(size)])
        if kind == "seat":
            brief, last = random.random() < 0.2, random.randint(0, self.counts[name])
            token, offset = random.choice([0, 0, 1, 2]), random.choice([0, 4, -700])
            return ("seat", name, token, offset, brief, last)
        if kind == "ping":
            offset, rtt = random.choice([0, 0, 4, -700]), random.choice([0, 1, 10 * SECOND])
            return ("ping", name, random.choice([0, self.counts[name]]), offset, rtt)
        return (kind, name)

    def number(self, name: str) -> int:
        """Mostly the next; sometimes one that was, or one that leaves a gap."""
        chance = self.random.random()
        if chance < 0.06:
            return self.random.randint(1, max(1, self.counts[name]))
        if chance < 0.1:
            return self.counts[name] + self.random.randint(2, 4)
        self.counts[name] += 1
        return self.counts[name]

    def happening(self, name: str) -> Happening:
        random = self.random
        if random.random() < 0.25:
            return self.correction(name)
        if random.random() < 0.15:
            return self.answer()
        title = random.choice(self.titles) if random.random() < 0.97 else "nonsense"
        if title in _ENDS and random.random() < 0.9:
            title = self.titles[0]
        origin = random.choice(self.origins)
        if title in {"period_start", "period_end", "full_time"} and random.random() < 0.9:
            origin = ""
        details = {
            key: random.choice(values)
            for key, values in self.details.items()
            if random.random() < (0.8 if key in {"period", "at"} else 0.3)
            and (title, key) in _TAKES
        }
        # Few moments, so that reports meet; counted from the turn in which they are said.
        shift = random.choice([0, 0, 0, 1, 3, -2, -6, 11, -30])
        if random.random() < 0.02:
            shift = random.choice([900, -(10**10)])
        return Happening(title, origin, shift, details or None)

    def correction(self, name: str) -> Happening:
        random = self.random
        words = ["delete", "amend", "undo", "confirm", "state", "end"]
        word = random.choices(words, [5, 5, 5, 2, 4, 0.05])[0]
        if word == "confirm":
            return self.scored()
        if word == "state":
            return Happening("state", "", random.choice([0, 0, -2]), random.choice(self.statements))
        details: dict[str, messages.Detail] = {}
        if word in {"delete", "amend"}:
            # From the newest on; few, so that votes meet. Named when it is said.
            details["entry"] = random.choice(["-1", "-1", "-2", "-4", "77"])
        if word == "amend":
            how = "ace" if self.sport == "tennis" else "Ann"
            details["how" if self.sport == "tennis" else "player"] = random.choice([how, "Bea"])
        if word == "undo":
            details["n"] = max(1, self.counts[name] - random.choice([0, 1, 1, 2, 5]))
        return Happening(word, "", 0, details)


_TAKES = {
    ("goal", "player"),
    ("yellow_card", "player"),
    ("second_yellow", "player"),
    ("foul", "player"),
    ("substitution", "off"),
    ("substitution", "on"),
    ("period_start", "period"),
    ("period_end", "period"),
    ("point", "how"),
    ("split", "at"),
}


_ENDS = {"full_time", "retire", "drop_out", "finish", "start"}


class Run:
    """A core that lives through a script, or goes on with the rest of one."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.now = 10.0
        self.core = HostedEvent(script.card, script.options)
        self.outputs: list[Output] = []
        self.asked: dict[str, int] = {}  # the newest question by whom it was put to

    def start(self, epoch: int) -> None:
        self.core.start(epoch, self.now, self.wall)
        self.outputs.append(self.core.take())

    @property
    def wall(self) -> int:
        return BEGIN + round(self.now * SECOND)

    @property
    def journal(self) -> list[bytes]:
        return [output.commit for output in self.outputs if output.commit]

    def live(self, turns: list[tuple[float, list[Op]]]) -> None:
        for pause, ops in turns:
            self.now += pause
            self.core.begin_turn(self.now, self.wall)
            for op in ops:
                self.do(op)
            self.core.handle_timer(self.now)
            output = self.core.take()
            self.outputs.append(output)
            for token, frame in output.receipts:
                message = codec.decode_host_reply(frame)
                if isinstance(message, messages.Ask):
                    self.asked[token.partition("/")[0]] = message.claim

    def do(self, op: Op) -> None:
        core = self.core
        if op[1] in core.roster.revoked:
            return  # the desk refuses it
        match op:
            case ("seat", name, token, offset, brief, last):
                role = "viewer" if name == "viewer" else "reporter"
                grant = Grant(
                    id=0,
                    token=f"{name}/{token}",
                    peer=name,
                    name=name,
                    role=role,
                    event="e",
                    expires=2**57,
                    key=name.encode().ljust(32),
                )
                time = self.wall - offset * SECOND
                attach = Attach(
                    id=0, token=grant.token, time=time, brief=brief, last=last, answers=True
                )
                core.attach(grant, attach, f"badge {grant.token}")
            case ("say", name, n, happening):
                self.say(name, n, happening)
            case ("forge", name, n, happening):
                self.say(name, n, happening, b"a signature of somebody else")
            case ("batch", name, pairs):
                said = [Said(n=n, time=0, event=self.timed(event)) for n, event in pairs]
                self.push(name, ReportBatch(token=f"badge {name}/0", reports=said))
            case ("ping", name, last, offset, rtt):
                reporter = core.roster.participants[name, "reporter"]
                core.ping(reporter, last)
                time = self.wall - offset * SECOND
                core.measure_clock(reporter, HostPing(id=0, event="e", time=time, rtt=rtt), b"c")
            case ("revoke", name):
                core.revoke([name])
            case ("offer", name, happening):
                event = self.timed(happening)
                said = Said(n=1, time=event.time + 7, event=event)
                carried = [Carried(peer=name, token=f"token of {name}", shift=4, reports=[said])]
                by = SimpleNamespace(role="host", peer=OWNER.peer)
                with suppress(EventOver):
                    for one in core.offered(by, carried):
                        core.introduce(by, self.grant(one), one)
                    core.recover(by, carried, lambda: self.journal)
            case ("detach", name):
                core.detach(core.roster.participants[name, "reporter"])
            case ("rule", act, fields):
                made = ruling(act, ruling=f"{act} {fields} {self.now}", **fields)
                with suppress(PeerError):
                    core.rule(made, codec.encode(made))
            case ("viewer", _):
                viewer = core.roster.participants["viewer", "viewer"]
                frame = codec.encode(Report(token=viewer.report_token, n=1, time=0, event=_ANY))
                with pytest.raises(PeerError):
                    core.report(viewer, codec.decode_report(frame), frame)

    @staticmethod
    def grant(carried: Carried) -> Grant:
        """What the broker says of somebody who was with another host alone."""
        return Grant(
            id=0,
            token=carried.token,
            peer=carried.peer,
            name=carried.peer,
            role="reporter",
            event="e",
            expires=2**57,
            key=carried.peer.encode().ljust(32),
        )

    def say(self, name: str, n: int, happening: Happening, signature: bytes = b"") -> None:
        badge, event = f"badge {name}/0", self.timed(happening)
        asked = self.asked.get(name)
        if event.title == "answer" and asked:
            event = replace(event, details={**(event.details or {}), "claim": asked})
        # Most tap what they see, as people do, and state no other time.
        speed = self.script.card.timing.speed if self.script.card.timing else 1
        time = (event.time if speed == 1 else self.wall) if n % 3 else 0
        self.push(name, Report(token=badge, n=n, time=time, event=event, signature=signature))

    def timed(self, happening: Happening) -> Happening:
        speed = self.script.card.timing.speed if self.script.card.timing else 1
        moment = BEGIN + round((self.now * speed // 10 * 10 + happening.time) * SECOND)
        details = dict(happening.details or {})
        place = int(str(details.get("entry", 0)))
        known = list(self.core.timeline.versions)
        if -len(known) <= place < 0:
            details["entry"] = known[place]
        return Happening(happening.title, happening.origin, moment, details or None)

    def push(self, name: str, message: Report | ReportBatch) -> None:
        frame = codec.encode(message)
        member = self.core.roster.by_report_token[digest(message.token)]
        self.core.report(member, codec.decode_report(frame), frame)


_ANY = Happening("goal", "A", 0)


def claim_face(claim: Claim) -> tuple[Any, ...]:
    return (
        claim.number,
        (claim.index.title, claim.index.origin, claim.index.kind),
        (claim.anchor, claim.mean, claim.low, claim.high, tuple(claim.times)),
        claim.identity,
        claim.received,
        (claim.voters, tuple(claim.votes)),
        [(index, dict(details)) for index, details in claim.details.items()],
        (claim.entry_id, claim.seq, claim.standing, claim.final, claim.held, claim.isolated),
        (claim.published, claim.dependent, claim.exact, claim.late),
        (claim.yes, claim.no, dict(claim.asked), claim.asked_round),
    )


def face(core: HostedEvent) -> dict[str, Any]:
    """All of a core's state that may make a difference later, except timers, presence's age, and
    what is asked anew after a restart: whose outbox is empty, and the score."""
    indexes = {}
    outage = core.outage
    for key, index in core.claims._indexes.items():
        recent = index.recent.number if index.recent else None
        indexes[key] = (recent, list(index._anchors), sorted(index._claims))
    return {
        "epoch": core.epoch,
        "finished": core.finished,
        "needed": core.needed,
        "present": core.present,
        "members": [
            (
                key,
                m.voter,
                m.n,
                sorted(m.ahead),
                m.clock_offset,
                m.clock_error,
                m.token,
                m.stored_as,
                m.recovered,
                m.key,
                m.expires,
                m.present,
                m.name,
            )
            for key, m in core.roster.participants.items()
        ],
        "staying": [m.peer for m in core.roster.staying],
        "outage": (outage.state, outage.since, outage.until, outage.alarms, outage.disputed),
        "outages": (outage.spans, list(outage.entries), core._contact._alarmed),
        "adopted": [one for one in core.timeline._entries if isinstance(one, Adopted)],
        "badges": {badge: member.peer for badge, member in core.roster.by_report_token.items()},
        "revoked": sorted(m.peer for m in core.roster.participants.values() if m.revoked),
        "open": [claim_face(claim) for claim in core.claims.open.values()],
        "entries": [(key, claim_face(claim)) for key, claim in core.by_entry.items()],
        "held": list(core.held),
        "count": core.claims._count,
        "indexes": indexes,
        "groups": {
            group: [(index.title, index.origin) for index in indexes]
            for group, indexes in core.claims._groups.items()
        },
        "versions": {key: codec.encode(entry) for key, entry in core.timeline.versions.items()},
        "standing": [entry.entry_id for entry in core.timeline.standing],
        "score": core.sport.score(core.timeline.state),
        "feed": (core.feed.seq, core.feed.digest, list(core.feed._bodies)),
    }


def restored(script: Script, journal: list[bytes]) -> HostedEvent:
    core = HostedEvent(script.card, script.options)
    core.restore(journal)
    return core


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_every_prefix(seed: int) -> None:
    """After any turn the core that is rebuilt from the journal equals the one that wrote it."""
    script = Script(seed)
    run = Run(script)
    run.start(1)
    for number, turn in enumerate(script.turns):
        run.live([turn])
        live, again = face(run.core), face(restored(script, run.journal))
        for part, value in live.items():
            assert again[part] == value, f"seed {seed}, turn {number}, {part}"


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_goes_on_the_same(seed: int) -> None:
    """What a rebuilt core puts out afterwards is byte for byte what the old one would have."""
    script = Script(seed)
    for cut in (1, *sorted(Random(seed).sample(range(2, TURNS - 2), 3))):
        old, new = Run(script), Run(script)
        old.start(1)
        old.live(script.turns[:cut])
        new.core = restored(script, old.journal)
        new.now = old.now
        new.asked = dict(old.asked)
        old.outputs.clear()
        # Pings are not on record, nor what they tell; peers tell it again.
        assert new.core._state.received <= old.core._state.received
        old.core._state.received = new.core._state.received
        for member in old.core.roster.reporters:
            member.announced = 0
            member.pinged, member.tells_round_trip, member.clock_agreed = None, False, True
        for run in (old, new):
            run.start(2)
            run.live(script.turns[cut:])
        for turn, (was, now) in enumerate(zip(old.outputs, new.outputs, strict=True), cut - 1):
            assert now.commit == was.commit, f"seed {seed}, cut {cut}, turn {turn}"
            assert now.publish == was.publish, f"seed {seed}, cut {cut}, turn {turn}"
            assert now.receipts == was.receipts, f"seed {seed}, cut {cut}, turn {turn}"
            assert now.finished == was.finished, f"seed {seed}, cut {cut}, turn {turn}"


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_what_is_quiet_stays(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that is not judged, since time alone changes nothing in it, would be judged as it
    was, and nobody would be asked about it."""
    is_quiet = HostedEvent._is_quiet

    def checked(core: HostedEvent, claim: Claim, active: int) -> bool:
        if not is_quiet(core, claim, active):
            return False
        said = core._state.policy.judge(core.case(claim))
        assert said.standing == claim.standing, f"seed {seed}, claim {claim.number}"
        if said.ask and claim.votes:
            assert not core._questions._choose(claim, said.ask, active), f"claim {claim.number}"
        return True

    monkeypatch.setattr(HostedEvent, "_is_quiet", checked)
    script = Script(seed)
    run = Run(script)
    run.start(1)
    run.live(script.turns)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_on_disk_first(seed: int) -> None:
    """Whatever a turn publishes on the feed is among the records that it commits."""
    script = Script(seed)
    run = Run(script)
    run.start(1)
    run.live(script.turns)
    seq = 0
    for output in run.outputs:
        for frame in output.publish:
            body = codec.split_topic(frame)[1]
            message = codec.decode_published(body)
            if not isinstance(message, messages.Heartbeat):
                assert body in output.commit
                assert message.seq == seq + 1
                seq += 1
            assert message.seq == seq, "a heartbeat tells of what is not published yet"


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_deterministic(seed: int) -> None:
    """The same reports in the same order give the same timeline, journal and receipts."""
    outputs = []
    for _ in range(2):
        run = Run(Script(seed))
        run.start(1)
        run.live(run.script.turns)
        outputs.append(run.outputs)
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
def test_what_is_told(seed: int) -> None:
    """Nobody is told two different ends of one report, unless it turns out to be forged, nothing
    but corrections follows `finished`, and each outage has its alarms and then one `restored`, or
    the end."""
    script = Script(seed)
    run = Run(script)
    run.start(1)
    run.live(script.turns)
    ends: dict[tuple[str, int], str] = {}
    over, until = False, 0
    alarms = 0
    for output in run.outputs:
        for token, frame in output.receipts:
            receipt = codec.decode_host_reply(frame)
            if isinstance(receipt, messages.Confirm):
                assert not over or receipt.why, (
                    "after the end, only where enough see that it is none"
                )
                continue
            if isinstance(receipt, messages.Ask):
                # Votes still count for a while after the end.
                assert not over or receipt.until <= until
                continue
            assert isinstance(receipt, messages.Receipt)
            for fate in receipt.fates:
                key = (token.partition("/")[0], fate.n)
                known = ends.setdefault(key, fate.outcome)
                assert known == fate.outcome or fate.code == "BAD_SIGNATURE", key
        for frame in output.publish:
            message = codec.decode_published(codec.split_topic(frame)[1])
            assert not over or not isinstance(message, messages.Alarm | messages.Restored)
            if isinstance(message, messages.Finished):
                assert over != message.over or message.by
                over, until = message.over, message.until
            if isinstance(message, messages.Alarm):
                alarms += 1
                assert message.number == alarms
            if isinstance(message, messages.Restored):
                assert alarms
                alarms = 0


def test_the_scripts_are_worth_it() -> None:
    """The scripts of all seeds together reach every kind of record, status and outcome."""
    seen: set[str] = set()
    for seed in SEEDS:
        run = Run(Script(seed))
        run.start(1)
        run.live(run.script.turns)
        seen |= {f"entry {status}" for status in run.core.counters.entries}
        seen |= {f"refused {code}" for code in run.core.counters.refused}
        for record, _ in (record for blob in run.journal for record in unpack(blob)):
            seen.add(type(record).__name__.lower())
            match record:
                case messages.Entry():
                    seen.add(record.delay_status)
                    seen |= {"statement"} if record.title == "state" else set()
                    seen |= {"review"} if record.review else set()
                case messages.Ruling():
                    seen.add(f"ruling {record.act}")
                case messages.Restored():
                    seen.add(f"restored, confirmed: {record.confirmed}")
                    seen.add(f"disagree: {'disagree' in record.reason}")
                case ScoreConfirmed():
                    seen.add(f"adopted: {record.adopt}")
    assert seen >= {
        "entry PROVISIONAL",
        "entry CONFIRMED",
        "entry UPDATED",
        "entry DELETED",
        "refused BAD_REPORT",
        "refused NOT_FOUND",
        "refused EVENT_OVER",
        *(kind.__name__.lower() for kind in get_args(Record)),
        *get_args(messages.DelayStatus),
        "restored, confirmed: True",
        "restored, confirmed: False",
        "disagree: True",
        "adopted: True",
        "adopted: False",
        "statement",
        "review",
        *(f"ruling {act}" for act in get_args(messages.Act)),
    }


def test_torn_journal() -> None:
    """A journal with a turn missing is refused as a fault of the storage, not with a crash."""
    script = Script(1)
    run = Run(script)
    run.start(1)
    run.live(script.turns)
    with pytest.raises(StorageFault, match="a turn is missing"):
        restored(script, [run.journal[0], *run.journal[2:]])


def test_unreadable_journal() -> None:
    """A blob that is no turn is refused as a fault of the storage."""
    script = Script(1)
    not_utf8 = pack([codec.encode({"type": "revoked", "peer": "~~"}).replace(b"~~", b"\xff\xfe")])
    deep = pack([b"\x91" * 100_000])
    unknown = pack([codec.encode({"type": "new"})])
    for blob in (b"", b"\xff" * 40, pack([b"\xc0"]), unknown, not_utf8, deep):
        with pytest.raises(StorageFault, match="cannot be read"):
            restored(script, [blob])


@pytest.mark.parametrize("wrong", ["asked", "entry"])
def test_a_journal_that_no_host_wrote(ground: Any, wrong: str) -> None:
    """Records that do not follow from those before them are a fault of the storage: whoever follows
    another host, or looks at the journal of a stranger, outlives them."""
    g = ground(verdict="quorum").begun("ann", "bob", "cid")
    g.both("goal", "A", at=10)
    (entry,) = g.entries
    record = {
        "asked": records.QuestionsAsked(claim=int(entry.entry_id), voters=[99]),
        "entry": replace(entry, entry_id="first", seq=entry.seq + 1),
    }[wrong]
    g.journal.append(pack([codec.encode(record)]))
    with pytest.raises(StorageFault, match="does not follow from what comes before"):
        g.restart()


def test_what_an_old_host_refused_stays_refused(
    ground: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three report a shot to a host that does not know shots. A newer one that reads its journal
    has no entry of them either, and takes in those that are reported to it."""
    monkeypatch.setattr(records, "EDITION", 5)
    g = ground(verdict="quorum").begun("ann", "bob", "cid")
    g.both("shot", "A", at=10, names=("ann", "bob", "cid"))
    assert {fate.code for fate in g.fates["ann"].values() if fate.outcome == "refused"} == {
        "BAD_REPORT"
    }
    monkeypatch.setattr(records, "EDITION", 6)
    g.restart()
    for name in ("ann", "bob", "cid"):
        g.attach(name)
    assert not g.core.claims.open
    assert not [entry for entry in g.entries if entry.title == "shot"]
    g.both("shot", "A", at=g.second, names=("ann", "bob", "cid"))
    assert [entry.title for entry in g.standing][-1] == "shot"

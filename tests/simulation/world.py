"""One event from a seed: who takes part, what happens, what goes wrong, and how it ends.

Everything goes wrong in the first part. Then the network is calm, everybody is there again, and
what must hold in the end is looked at as soon as nothing is under way any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from touchline.peer.host.event.event import HostedEvent
from touchline.peer.host.options import Options as HostOptions
from touchline.proof import build, check
from touchline.protocol.messages import Alarm, Ask, Card, Restored
from touchline.protocol.times import SECOND

from . import owner
from .actors import (
    BROKER,
    BrokerNode,
    CrookNode,
    ReporterNode,
    SubscriberNode,
    identity,
    peer_id,
    staged,
    wall,
)
from .faults import FAULTS
from .hosting import HostNode
from .invariants import (
    ASTRAY,
    Ledger,
    Watchman,
    essence,
    readable,
    same,
    votes_once,
)
from .network import START, Network, Node, Weather
from .verdicts import Verdicts
from .violation import Violation, demand

ORIGINS = ("A", "B")

POINTS: dict[str, Any] = {
    "definition": {
        "text": "Points",
        "actions": [
            {"title": "goal", "points": 1, "window": 4.0, "exclusive": "goal"},
            {"title": "save", "window": 4.0},
        ],
    }
}


RENEWAL = 10.0
"""Seconds after which a host that can reach the broker again has its lease renewed: its request on
the broken connection fails after 5, and 2 later it asks anew."""


@dataclass(frozen=True)
class Scenario:
    """What a seed stands for.

    Args:
        interval: seconds between heartbeats.
        reporters, subscribers: how many.
        honest: every reporter reports everything that happens, once and rightly, sooner or later.
        trouble: seconds in which things go wrong.
        faults: how many.
        sport: football, or a custom sport with shorter windows.
        ends: the reporters end the event.
        token_seconds: how long a token is valid.
        weather: what the network does while things go wrong.
        verdict: the host's policy.
        asked: some reporters take the host's questions whether something happened.
        forged: one reporter's signatures do not hold.
        shared: other keys may host the event, so that the host fences itself.
        ruled: the owner rules on disputes while the event goes on, and on it once it is over.
    """

    interval: float
    reporters: int
    subscribers: int
    honest: bool
    trouble: float
    faults: int
    sport: str
    ends: bool
    token_seconds: float
    weather: Weather
    verdict: str
    asked: bool
    forged: bool
    shared: bool
    ruled: bool

    @classmethod
    def draw(cls, rng: Random) -> Scenario:
        """Draw one."""
        interval = rng.choice([4.0, 6.0, 10.0])
        reporters = rng.randint(2, 5)
        harsh = rng.random() < 0.4
        honest = rng.random() < 0.65
        ends = rng.random() < 0.15
        return cls(
            interval=interval,
            reporters=reporters,
            subscribers=rng.randint(1, 3),
            honest=honest,
            trouble=interval * rng.randint(7, 12),
            faults=rng.randint(0, 4),
            sport="football" if rng.random() < 0.2 else "custom",
            ends=ends,
            token_seconds=interval * 10 if rng.random() < 0.08 else 86_400.0,
            weather=Weather(
                latency=rng.choice([0.001, 0.01, 0.08]),
                spikes=0.02 if harsh else 0.0,
                loss=rng.choice([0.05, 0.2]) if harsh else 0.0,
                repeat=0.1 if harsh else 0.0,
                disorder=0.2 if harsh else 0.0,
                drop=0.03 if harsh else 0.0,
            ),
            verdict=rng.choices(["evidence", "quorum", "majority"], [7, 2, 1])[0],
            asked=rng.random() < 0.7,
            forged=not honest and not ends and reporters > 2 and rng.random() < 0.3,
            shared=rng.random() < 0.5,
            ruled=ends and rng.random() < 0.6,
        )

    @property
    def window(self) -> float:
        """Seconds within which reports speak of one goal."""
        return 20.0 if self.sport == "football" else 4.0

    @property
    def options(self) -> HostOptions:
        """The host's settings."""
        # Who reports honestly is never too late: its report may have been in an outbox for long.
        return HostOptions(
            broker=BROKER,
            verdict=self.verdict,
            heartbeat=self.interval,
            alarm_every=2.5 * self.interval,
            claim_ttl=600.0 if self.honest else 3 * self.interval,
            confirm_wait=2 * self.interval,
            late_after=2 * self.interval,
            finish_after=3_600.0,
        )


class World:
    """The simulation of one seed.

    Args:
        seed: of everything that is chance.
        trace: takes a line each time something happens.
    """

    def __init__(self, seed: int, trace: Callable[[str], object] | None = None) -> None:
        self.seed = seed
        self.scenario = scenario = Scenario.draw(Random(f"{seed} scenario"))
        self.rng = Random(f"{seed} chance")
        self.network = Network(Random(f"{seed} network"))
        self._trace = trace
        self.card = Card(
            event="e",
            title="A v B",
            sport=scenario.sport,
            origins=list(ORIGINS),
            rules=POINTS if scenario.sport == "custom" else {},
            owner=peer_id("host"),
            owners=[peer_id(owner.NAME)],
        )
        self.reporters = self._people(Random(f"{seed} people"))
        self.subscribers = [
            SubscriberNode(self, f"fan{number}") for number in range(1, scenario.subscribers + 1)
        ]
        forgers = [peer_id(one.name) for one in self.reporters if one.forges]
        window = round(scenario.window * SECOND)
        self.verdicts = Verdicts(window, frozenset(forgers))
        self.ledger = Ledger(
            {peer_id(reporter.name): reporter.offset for reporter in self.reporters},
            window,
            self.verdicts,
            self.tell,
            self._leased,
        )
        self.watchman = Watchman(scenario.interval, 2.5 * scenario.interval)
        # The broker's clock is not the host's.
        ahead = Random(f"{seed} broker").randint(-5, 5) * SECOND
        self.broker = BrokerNode(self, scenario.token_seconds, ahead)
        self.host = HostNode(self, scenario.options)
        self.crook = CrookNode(self, self._loot)
        self.owner = owner.OwnerNode(self, self.host, Random(f"{seed} owner"))
        self.score = dict.fromkeys(ORIGINS, 0)
        self._truth: list[tuple[str, str, int]] = []  # title, origin, time of all that happened
        self._goal_at = self._calm_at = 0.0
        for reporter in self.reporters:
            reporter.answer, reporter.think = self._answer, self._think

    def _people(self, rng: Random) -> list[ReporterNode]:
        people = []
        for number in range(1, self.scenario.reporters + 1):
            offset = self.rng.randint(-50, 50) * SECOND
            answers = self.scenario.asked and rng.random() < 0.8
            forges = self.scenario.forged and number == 1
            name = f"reporter{number}"
            people.append(ReporterNode(self, name, offset, answers=answers, forges=forges))
        return people

    def tell(self, who: str, what: str) -> None:
        """Add a line to the trace."""
        if self._trace is not None:
            self._trace(f"{self.network.now - START:9.3f}  {who:10} {what}")

    def _loot(self) -> list[str]:
        """The tokens of those who are there, and those of their badges that are gone already: a
        badge that is in use is as good as being its holder, and nobody but the host is told."""
        sessions = [one.reporter.session for one in self.reporters if one.reporter is not None]
        return [one.invitation.token for one in sessions if one.invitation is not None]

    def _leased(self) -> bool:
        """Return whether no other host can have the event now."""
        return not self.scenario.shared or self.broker.honours(self.card.event, peer_id("host"))

    # ── what happens ─────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Let everything happen.

        Raises:
            Violation: something that must hold does not.
        """
        self.tell("seed", f"{self.seed}: {self.scenario}")
        outboxes = {reporter.name: reporter.outbox for reporter in self.reporters}
        try:
            with staged(self.network, self.rng, outboxes, self.host.hosted):
                self._play()
        finally:
            self._close()

    def _play(self) -> None:
        network, scenario, rng = self.network, self.scenario, self.rng
        self.broker.repository.add_event(self.card, self.card.owner, "key")
        if scenario.shared:
            self.broker.repository.permit(self.card.event, "host", "any", allowed=True)
        network.weather = scenario.weather
        self.broker.start()
        nodes: list[Node] = [self.host, *self.reporters, *self.subscribers]
        for node in nodes:
            network.at(network.now + scenario.interval * rng.random() / 2, node.start)
        begin = network.now + scenario.interval
        self._plan_actions(begin, begin + scenario.trouble)
        self._plan_faults(begin, begin + scenario.trouble)
        if scenario.ruled:
            self._plan_rulings(begin, begin + scenario.trouble)
        network.run(begin + scenario.trouble)
        self._calm_down()
        self._settle()
        self._check_end()

    def _plan_actions(self, begin: float, end: float) -> None:
        rng = self.rng
        least = 2.5 * self.scenario.window
        at = begin + rng.random() * least
        while at < end:
            self.network.at(at, self._happen)
            at += least + rng.expovariate(1 / least)

    def _plan_rulings(self, begin: float, end: float) -> None:
        """Let the owner rule on disputes, and suspend play, while the event goes on."""
        rng = Random(f"{self.seed} disputes")
        at = begin
        while (at := at + rng.expovariate(1 / self.scenario.interval)) < end:
            act = rng.choice(["uphold", "uphold", "delete", "confirm", "suspend", "resume"])
            self.network.at(at, partial(self._dispute, act, rng.random()))

    def _dispute(self, act: str, which: float) -> None:
        """Rule on a side's goal, or on some entry that stands: what is not possible is refused."""
        core, own = self.host.core, self.owner
        if act in ("suspend", "resume"):
            own.rule(act)
        elif act == "uphold":
            own.rule(act, title="goal", origin=ORIGINS[int(which * len(ORIGINS))])
        elif core is not None and core.timeline.standing:
            entry = core.timeline.standing[int(which * len(core.timeline.standing))]
            own.rule("delete" if act == "delete" else "uphold", entry=entry.entry_id)

    def _happen(self) -> None:
        rng, scenario = self.rng, self.scenario
        title = "goal" if scenario.sport == "football" or rng.random() < 0.7 else "save"
        origin = rng.choice(ORIGINS)
        time = wall(self.network)
        self.tell("match", f"{title} {origin}")
        self._truth.append((title, origin, time))
        if title == "goal":
            self.score[origin] += 1
            self._goal_at = self.network.now
        mistaken = 0.5 if rng.random() < 0.25 else 0.1
        for reporter in self.reporters:
            if scenario.honest:
                seen, said, twice = True, origin, False
            else:
                seen, twice = rng.random() < 0.8, rng.random() < 0.15
                said = rng.choice(ORIGINS) if rng.random() < mistaken else origin
            delay = 2.0 * rng.random()
            at = time + round(0.4 * delay * SECOND)
            if not scenario.honest and rng.random() < 0.12:
                self.network.at(self.network.now + 2 * delay, self._repeat, reporter, title, said)
                continue
            if seen:
                self.network.at(self.network.now + delay, reporter.say, title, said, at)
            if seen and twice:
                self.network.at(self.network.now + delay + 0.3, reporter.say, title, said, at)
            if seen and not scenario.honest and rng.random() < 0.1:
                self.network.at(self.network.now + delay + 2.0, self._undo, reporter)
        if not scenario.honest and title == "goal" and rng.random() < 0.3:
            self._talk_of_it()

    def _talk_of_it(self) -> None:
        """Let the reporters state the score without being asked, or that a goal is under review and
        no longer: between these two the host may start again."""
        if self.scenario.sport != "football" or self.rng.random() < 0.5:
            for reporter in self.reporters:
                self._answer(reporter)
            return
        for seconds, review in ((8.0, "begun"), (16.0, "over")):
            for reporter in self.reporters:
                self.network.at(self.network.now + seconds, self._review, reporter, review)
        if Random(f"{self.seed} review").random() < 0.5:
            self.network.at(self.network.now + 12.0, self._restart_host)

    def _restart_host(self) -> None:
        if self.host.running and not self.host.paused and not self.host.disk.doom:
            self.host.die()
            self.host.start()

    def _review(self, reporter: ReporterNode, review: str) -> None:
        reporter.say("state", "", wall(self.network), review=review)

    def _repeat(self, reporter: ReporterNode, title: str, origin: str) -> None:
        """Let a reporter say what it is shown that others say."""
        core = self.host.core
        shown = max(core.claims.open, default=0) if core is not None else 0
        reporter.say(title, origin, wall(self.network), seen=shown)

    def _think(self, reporter: ReporterNode, ask: Ask) -> None:
        """Let a reporter answer whether something happened: mostly rightly, and some late or not
        at all."""
        rng, honest = self.rng, self.scenario.honest
        reach = 1.25 * self.scenario.window * SECOND
        yes = any(
            (title, origin) == (ask.title, ask.origin) and abs(time - ask.time) <= reach
            for title, origin, time in self._truth
        )
        if rng.random() < 0.2:
            return
        wrong = not honest and rng.random() < 0.15
        delay = 15.0 * rng.random() if rng.random() < 0.2 else 0.5 + 3 * rng.random()
        self.network.at(self.network.now + delay, reporter.answer_to, ask.claim, yes != wrong)
        if not honest and rng.random() < 0.1:
            later = self.network.now + 2 * delay
            self.network.at(later, reporter.answer_to, ask.claim, yes == wrong)

    def _undo(self, reporter: ReporterNode) -> None:
        if reporter.said and reporter.running:
            reporter.say("undo", "", wall(self.network), n=reporter.said[-1])

    def _answer(self, reporter: ReporterNode) -> None:
        """Let a reporter state the score in a while, once the last goal is old news."""
        rng = self.rng
        if not self.scenario.honest and rng.random() < 0.3:
            return
        wrong = not self.scenario.honest and rng.random() < 0.2
        self.network.at(self.network.now + 5 * rng.random(), self._state_score, reporter, wrong)

    def _state_score(self, reporter: ReporterNode, wrong: bool) -> None:
        if self.network.now < self._goal_at + 4.0:
            self.network.at(self._goal_at + 4.0, self._state_score, reporter, wrong)
            return
        home, away = self.score.values()
        reporter.confirm(f"{home + wrong}-{away}")

    def _plan_faults(self, begin: float, end: float) -> None:
        rng, interval = self.rng, self.scenario.interval
        kinds, weights = zip(*FAULTS, strict=True)
        for fault in rng.choices(kinds, weights, k=self.scenario.faults):
            at = begin + (end - begin - interval) * rng.random()
            seconds = min(interval * rng.choice([0.3, 1.0, 2.5, 4.5, 7.0]), end - at)
            self.network.at(at, self._go_wrong, fault, seconds)

    def _go_wrong(self, fault: Any, seconds: float) -> None:
        what = fault(self, self.rng, seconds)
        self.tell("fault", f"{what}, for {seconds:.1f} s")

    def _calm_down(self) -> None:
        """Let the network be kind from now on, and everybody be there."""
        self.tell("fault", "all is calm from here on")
        self._calm_at = self.network.now
        self.network.weather = Weather(latency=0.01)
        self.network.run(self.network.now + 0.02)  # what ends just now has ended
        self.host.disk.stop = None
        if self.host.running and self.host.disk.doom:
            self.host.disk.doom = ""
        if not self.broker.running:
            self.broker.start()
        nodes: list[Node] = [self.host, *self.reporters, *self.subscribers]
        for node in nodes:
            node.start()

    def _settle(self) -> None:
        """Wait until nothing is under way, for as long as that may take and no longer."""
        scenario, network = self.scenario, self.network
        longest = 12 * scenario.interval + 60.0 + 3 * scenario.interval
        if scenario.ends:
            network.at(network.now + 5 * scenario.interval, self._end)
        deadline = network.now + longest + 4 * scenario.interval * scenario.ends
        reason = "nothing was looked at"
        while network.now < deadline:
            network.run(network.now + scenario.interval / 2)
            reason = self._unsettled()
            if not reason:
                return
        raise Violation(f"after {longest:.0f} s of calm: {reason}")

    def _end(self) -> None:
        for reporter in self.reporters:
            reporter.say("end", "", wall(self.network))
        if not self.scenario.honest:
            self._say_after_it()
        if self.scenario.ruled:
            self._rule_on_it()

    def _say_after_it(self) -> None:
        """Let the reporters tell a goal once the event is over."""
        core = self.host.core
        if core is None or not core.finished:
            self.network.at(self.network.now + 0.5, self._say_after_it)
            return
        for reporter in self.reporters:
            reporter.say("goal", "A", wall(self.network))

    def _rule_on_it(self) -> None:
        """Let the owner rule on the event once it is over: what is not possible is refused."""
        core, own = self.host.core, self.owner
        if core is None or not core.finished:
            self.network.at(self.network.now + 0.5, self._rule_on_it)
            return
        rng = Random(f"{self.seed} rulings")
        home, away = self.score.values()
        goals = [one.entry_id for one in core.timeline.standing if one.title == "goal"]
        for act in rng.sample(["score", "entry", "award", "reopen", "disqualify", "reinstate"], 4):
            if act == "score":
                own.rule("amend", score=f"{home + rng.randint(1, 3)}-{away}")
            elif act == "entry":
                entry = rng.choice(goals) if goals else "0"
                own.rule("amend", entry=entry, details={"player": "Kim"})
            elif act == "reopen":
                own.rule("reopen")
                own.rule("end")
            else:
                own.rule(act, origin=rng.choice(ORIGINS))

    def _unsettled(self) -> str:
        """Return what is still under way; empty where nothing is."""
        core = self.host.core
        if core is None:
            return "the host does not serve the event"
        if self.scenario.ends and not core.finished:
            return "the event is not over"
        if self.scenario.ruled and not (self.owner.made or self.owner.refused):
            return "the owner has not ruled"
        if self.owner.waiting:
            return f"{self.owner.waiting} rulings have no answer"
        for reporter in self.reporters:
            session = reporter.reporter.session if reporter.reporter is not None else None
            if reporter.revoked:
                continue
            if not reporter.over and (session is None or not session.open):
                return f"{reporter.name} is not let in"
            if reporter.pending and not reporter.over:
                return f"{reporter.name} has {reporter.pending} reports that are not stored"
        if core.outage.state != "live" and not core.finished:
            return f"the event is {core.outage.state}"
        for fan in self.subscribers:
            feed = fan.feed
            if fan.revoked:
                continue
            if feed is None or not feed.session.open:
                return f"{fan.name} is not let in"
            if feed.core.tracker.digest != core.feed.digest or fan.seq != core.feed.seq:
                return f"{fan.name} is at seq {fan.seq}, the feed at {core.feed.seq}"
            if feed.core.stale:
                return f"{fan.name} hears nothing"
            if feed.core.cause.kind not in {"quiet", "disagree"}:
                return f"{fan.name} thinks: {feed.core.cause.kind}"
        people: list[ReporterNode | SubscriberNode] = [*self.reporters, *self.subscribers]
        if self.network.now < self._calm_at + RENEWAL and any(one.revoked for one in people):
            return "the host may not have heard yet who is revoked"
        return ""

    # ── what must hold in the end ────────────────────────────────────────────────────────────

    def _check_end(self) -> None:
        core = self.host.core
        if core is None:
            raise Violation("the host does not serve the event")
        self.watchman.check(self.network.now)
        self._check_stored()
        self._check_revoked(core)
        self._check_outages()
        votes_once(core)
        self.verdicts.check_settled(core, wall(self.network))
        again = HostedEvent(self.card, self.scenario.options)
        with readable():
            again.restore(self.host.disk.blobs)
        same(essence(core), essence(again))
        if self.scenario.ruled:
            self._check_rulings(core)
        elif self.scenario.honest:
            self._check_score(core)

    def _check_stored(self) -> None:
        for reporter in self.reporters:
            if reporter.over or reporter.revoked:
                continue
            said, stored = set(reporter.said), self.ledger.stored[peer_id(reporter.name)]
            demand(
                said == stored,
                f"{reporter.name} said {sorted(said)}, on disk are {sorted(stored)}",
            )

    def _check_revoked(self, core: HostedEvent) -> None:
        """Whoever was revoked is out, and follows nothing any more."""
        host = self.host.host
        people: list[ReporterNode | SubscriberNode] = [*self.reporters, *self.subscribers]
        for one in people:
            if not one.revoked or host is None:
                continue
            here = [m for m in core.roster.participants.values() if m.name == one.name]
            demand(
                all(m.revoked and not m.present and not m.stays for m in here),
                f"{one.name} is revoked, and still takes part",
            )
            pub: Any = host._sockets.pub
            following = [c for c in pub.accepted if c.up and c.client.node is one]
            demand(not following, f"{one.name} is revoked, and still follows")

    def _check_rulings(self, core: HostedEvent) -> None:
        """What the owner was told is on record, once; what was refused is not; and the proof of
        the event tells the same as the feed."""
        made, ledger = self.owner.made, self.ledger
        told = [one.ruling for one in made]
        demand(told == ledger.rulings, f"{told} are said to be made, on disk are {ledger.rulings}")
        proof = build(self.card, self.host.disk.blobs, identity("host"))
        result = check(b"".join(line + b"\n" for line in proof), allow_unsigned=True)
        demand(result.flaw is None, f"the proof does not hold: {result.flaw}")
        proven = result.seq, result.digest, result.rulings, result.entries
        feed = len(ledger.feed), ledger.digests[-1], len(made), len(core.timeline.standing)
        demand(proven == feed, f"the proof tells {proven}, the feed {feed}")
        shown, scores = core.sport.headline(core.timeline.state), [o.score for o in made if o.score]
        home, _, away = scores[-1].partition("-") if scores else ("", "", "")
        standing = core.timeline.standing
        stated = [place for place, entry in enumerate(standing) if entry.stated]
        # What reporters tell of a time after the owner's word counts on from it.
        counted_on = stated and any(one.title == "goal" for one in standing[stated[-1] :])
        if scores and not counted_on:
            demand(shown == f"A {home}–{away} B", f"the owner said {scores[-1]}, shown is {shown}")

    def _check_outages(self) -> None:
        """Every outage that has ended is closed by exactly one `restored`."""
        begun = sum(isinstance(one, Alarm) and one.number == 1 for one in self.ledger.feed)
        closed = sum(isinstance(one, Restored) for one in self.ledger.feed)
        if self.ledger.finished:
            demand(closed in {begun, begun - 1}, f"{begun} outages, {closed} closed before the end")
            return
        demand(begun == closed, f"{begun} outages began, {closed} were closed")

    def _check_score(self, core: HostedEvent) -> None:
        """Where every reporter told the truth, the feed tells it: score, and what happened when."""
        shown = core.sport.headline(core.timeline.state)
        home, away = self.score.values()
        demand(shown == f"A {home}–{away} B", f"it is {home}–{away}, but the feed says {shown}")
        entries = sorted((one.title, one.origin, one.time) for one in core.timeline.standing)
        truth = sorted(self._truth)
        demand(len(entries) == len(truth), f"{len(truth)} actions became {len(entries)} entries")
        for told, true in zip(entries, truth, strict=True):
            near = told[:2] == true[:2] and abs(told[2] - true[2]) <= ASTRAY
            demand(near, f"{true} is told as {told}")

    def _close(self) -> None:
        self._trace = None  # what ends now is no part of the event
        self.host.die()
        for node in (self.broker, self.owner, *self.reporters, *self.subscribers):
            node.drop()
        for reporter in self.reporters:
            reporter.outbox.end()

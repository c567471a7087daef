"""What a verdict is asked about a claim, and what it answers. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from .....sports.sport import Weight

Standing = Literal["", "PROVISIONAL", "CONFIRMED", "DELETED"]
"""How a claim stands: not an entry yet, or the stage that its entry is in."""

TENTH = 100_000
"""Microseconds; ages are counted in tenths of a second."""


class Record(NamedTuple):
    """How far a reporter can be trusted, in thousandths.

    `c`: of what happens, the share that the reporter reports. `f`: how often the reporter says a
    thing that did not happen, as often as it can be said.
    """

    c: int
    f: int


PRIOR = Record(750, 100)
"""Of a reporter of whom nothing is known: people at the ground cover about 80 % and err in 5 %."""

Group = Mapping[Record, int]
"""How many reporters there are of each record."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a claim at a moment.

    Args:
        weight: what is at stake, see `sports.Kind`.
        standing: how the claim stood before.
        age: tenths of a second since the first report came.
        silence: tenths of a second since the action seems to have happened: for so long the silent
            could have spoken.
        votes: reporters that said it before anything showed them that others do.
        yes, no: reporters that answered a question about it.
        rival_votes: reporters that said what excludes it instead.
        silent: active reporters that said nothing of it, and whose silence counts.
        excused: active reporters whose silence counts for nothing, such as those who were asked
            and say nothing while others answer.
        active: reporters that take part, at least all those above that spoke.
        rival: the likelihood of the best entry that excludes this one; None where there is none.
        asked: tenths of a second since the first report at which reporters were last asked;
            None: not yet.
        waiting: reporters that were asked a moment ago and have not answered.
        together: reporters of one burst, of whose votes and answers one counts, see
            `enrolment_bursts`; 0: there are none.
    """

    weight: Weight = "action"
    standing: Standing = ""
    age: int = 0
    silence: int = 0
    votes: Group = msgspec.field(default_factory=dict)
    yes: Group = msgspec.field(default_factory=dict)
    no: Group = msgspec.field(default_factory=dict)
    rival_votes: Group = msgspec.field(default_factory=dict)
    silent: Group = msgspec.field(default_factory=dict)
    excused: int = 0
    active: int = 0
    rival: int | None = None
    asked: int | None = None
    waiting: int = 0
    together: int = 0

    @property
    def for_(self) -> int:
        """Reporters that speak for it."""
        return sum(self.votes.values()) + sum(self.yes.values())

    @property
    def against(self) -> int:
        """Reporters that speak against it."""
        return sum(self.rival_votes.values()) + sum(self.no.values())


NEVER = 1 << 30
"""More votes than any claim gets."""

EVERYBODY = 1 << 30
"""More questions than there are reporters."""


class Judgement(NamedTuple):
    """What a verdict says.

    `standing`: how the claim stands from now on. `likelihood`: thousandths of the natural logarithm
    of the odds that the votes give. `ask`: so many reporters are to be asked now. `look_at`: the
    number of votes at which the claim is to be judged again, if nothing else happens before.
    `quiet_until`: the age, in tenths of a second, before which time alone changes nothing, as long
    as the same reporters take part and nothing speaks against the claim.
    """

    standing: Standing
    likelihood: int = 0
    ask: int = 0
    look_at: int = NEVER
    quiet_until: int = 0

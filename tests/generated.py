"""Matches that are made up action by action, of every sport and every example of one's own, in
which nothing may contradict itself.

    python -m tests.generated --matches 20000

plays so many of each and names the seed of each that fails; `--sport NAME --from SEED --matches 1`
plays that one again. The tests play a few (`tests/unit/sports/test_sport.py`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from random import Random

from touchline import sports
from touchline.protocol.errors import IllegalAction, SettingError
from touchline.sports import Action, custom

EXAMPLES = Path(__file__).parents[1] / "examples"

PLAYED: dict[str, tuple[str, dict[str, object]]] = {
    "football": ("football", {"extra_time": True, "shootout": True}),
    "tennis": ("tennis", {"best_of": 5, "final_set": "match_tiebreak"}),
    "volleyball": ("volleyball", {"best_of": 3}),
    "race": ("race", {"laps": 3}),
    "heats": ("race", {"heats": {"1": ["A"], "2": ["B"]}}),
    **{
        path.stem: ("custom", {"definition": custom.read(path.read_text("utf-8"))})
        for path in sorted(EXAMPLES.glob("*.toml"))
        if path.stem != "touchline"
    },
}
"""By name the sport, and the rules that are played by."""

ENDS = 0.02
"""How many of the actions that may end an event are tried."""

ACTIONS = 60


def play(name: str, seed: int) -> None:
    """Play a match: each action that is legal can be applied, one that is not is refused and
    changes nothing; a score that holds changes nothing when it is confirmed, and is what the
    headline says.

    Args:
        name: of `PLAYED`.
        seed: of all that is drawn.

    Raises:
        AssertionError: something contradicts something else.
    """
    random = Random(seed)
    known, rules = PLAYED[name]
    sport = sports.get(known)
    kinds = sport.kinds(rules)
    state = sport.start(["A", "B"], rules)
    for minute in range(1, ACTIONS):
        kind = random.choice(kinds if random.random() < 0.5 else kinds[:1])
        if kind.ends and random.random() > ENDS:
            continue
        details = {
            detail.name: random.choice(detail.choices or ((0, 1, 2) if detail.number else ("x",)))
            for detail in kind.details
            if detail.required or random.random() < 0.3
        }
        origin = random.choice("AB") if kind.needs_origin else ""
        action = Action(kind.title, origin, minute * 60_000_000, details)
        if sport.illegal(state, action) is None:
            state = sport.apply(state, action)
        else:
            before = sport.score(state)
            try:
                sport.apply(state, action)
            except IllegalAction:
                assert sport.score(state) == before
            else:
                raise AssertionError(f"{action} is not legal, and was applied")
        score = sport.score(state)
        assert json.loads(json.dumps(score)) == score
        assert sport.gap(state, state, score) is None
        # Where people confirm it, a kick that went unreported was missed.
        score.pop("shootout_unreported", None)
        assert sport.score(sport.adopt(state, score)) == score
        assert sport.phrase(state, action)
        sport.clock(state, action.time)
        if score.get("winner"):
            assert sport.over(state)
    with suppress(SettingError):  # a headline says more than a score at times: `(A retired)`
        read = sport.read_score(state, sport.headline(state).replace("A", "").replace("B", ""))
        assert read.items() <= sport.score(state).items()


def main() -> int:
    """Play as many matches as the command line asks for; return how many sports failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matches", type=int, default=20_000, help="of each sport")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    parser.add_argument("--sport", choices=PLAYED, help="of this one alone")
    asked = parser.parse_args()
    failed = 0
    for name in [asked.sport] if asked.sport else PLAYED:
        began, wrong = time.process_time(), 0
        for seed in range(asked.first, asked.first + asked.matches):
            try:
                play(name, seed)
            except Exception:  # whatever it is, its seed is to be told, and the others played
                wrong += 1
                if wrong == 1:
                    traceback.print_exc()
                    again = f"--sport {name} --from {seed} --matches 1"
                    print(f"again: python -m tests.generated {again}", flush=True)
        taken = time.process_time() - began
        print(f"{name}: {asked.matches:,} matches, {wrong} wrong, {taken:.0f} s CPU", flush=True)
        failed += bool(wrong)
    return failed


if __name__ == "__main__":
    sys.exit(main())

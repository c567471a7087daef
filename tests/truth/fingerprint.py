"""Print the digest of what a few matches come to, for a comparison between machines.

The proof of a match holds every vote, verdict, time and count: where its bytes are the same, all of
these are.
"""

from __future__ import annotations

from hashlib import sha256
from random import Random

from touchline.protocol.keys import Identity

from .crowd import people, scene
from .rows import ROWS, games
from .trial import Trial

HOST = Identity(bytes(32))

NAMES = ("6 + 2, each repeats 30 %", "3 of 11 oppose", "tennis, 6 + 2 sloppy")


def main() -> None:
    """Print a line for each crowd."""
    for crowd in (row for row in ROWS if row.name in NAMES):
        match = next(iter(games(crowd.sport, 1, seed=1)))
        chance = Random(crowd.name)
        place = scene(match, chance, plot=any(one.colludes for one in crowd.manners))
        trial = Trial(place, people(place, list(crowd.manners), chance), chance)
        trial.run()
        print(crowd.name, sha256(trial.proof(HOST)).hexdigest())


if __name__ == "__main__":
    main()

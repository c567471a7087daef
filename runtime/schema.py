"""The version of a database's tables, and the steps from each version to the next.

Each database holds its version. Where it is older than the program, the steps that it lacks run
at start, in the transaction that raises the version: all of them, or none. Steps are never changed
once released, since databases of any age pass through them; what they need of the tables they say
themselves, and not by what the tables are today. See
`docs/decisions/0022-steps-between-releases.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..protocol.errors import StorageFault

Step = TypeVar("Step")


def due(found: int, steps: Mapping[int, Step], what: str) -> list[Step]:
    """Return the steps that bring a database up to the program, in their order.

    Args:
        found: the version of its tables.
        steps: by the version that each leads to, without gaps.
        what: names the database in errors, such as `the journal`.

    Raises:
        StorageFault: a newer program has written it.
    """
    newest = max(steps)
    if found > newest:
        raise StorageFault(
            f"{what} has version {found}, and this program reads up to version {newest}: a newer"
            " release has written it; install that one, or restore a backup from before"
        )
    return [steps[version] for version in range(found + 1, newest + 1)]

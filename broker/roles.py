"""The roles: each may do what those before it may."""

from __future__ import annotations

from ..protocol.errors import NotAllowed
from ..protocol.messages import Role

ORDER: tuple[Role, ...] = ("viewer", "reporter", "host", "operator")


def higher(one: Role, other: Role) -> Role:
    """Return the higher of two roles."""
    return max(one, other, key=ORDER.index)


def covers(role: Role, needed: Role) -> bool:
    """Tell whether a role may do what another may."""
    return ORDER.index(role) >= ORDER.index(needed)


def require(role: Role, needed: Role, what: str) -> None:
    """Refuse what a role does not permit.

    Args:
        role: whoever asks.
        needed: the lowest that may.
        what: what is asked for, such as "to create an event".

    Raises:
        NotAllowed: the sentence names both roles.
    """
    if not covers(role, needed):
        raise NotAllowed(
            f"{what} needs the role {needed}, this peer is enrolled as {role}; an operator's "
            f"invitation raises it: touchline invite --role {needed}"
        )

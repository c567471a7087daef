"""The roles of peers at the broker; each role may do what the roles before it may do."""

from __future__ import annotations

from ..protocol.errors import NotAllowed
from ..protocol.messages import Role

ORDER: tuple[Role, ...] = ("viewer", "reporter", "host", "operator")


def higher(one: Role, other: Role) -> Role:
    """Return the higher of two roles."""
    return max(one, other, key=ORDER.index)


def covers(role: Role, needed: Role) -> bool:
    """Return whether a role may do what the role `needed` may do."""
    return ORDER.index(role) >= ORDER.index(needed)


def require(role: Role, needed: Role, what: str) -> None:
    """Refuse a request that a role does not permit.

    Args:
        role: the role of the peer that asks.
        needed: the lowest role that permits the request.
        what: the request in words, such as "to create an event".

    Raises:
        NotAllowed: the sentence names both roles.
    """
    if not covers(role, needed):
        raise NotAllowed(
            f"{what} needs the role {needed}, this peer is enrolled as {role}; an operator's "
            f"invitation raises it: touchline invite --role {needed}"
        )

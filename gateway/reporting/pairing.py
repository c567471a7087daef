"""Codes by which a person goes on reporting on a second device. Pure.

A code is shown on a device that is signed in, and typed or scanned on another, which then is of the
same session: one person, one key, one vote. It is good once, for a short time, and kept in memory
alone. Tested in `tests/unit/gateway/reporting/test_pairing.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from ...protocol.errors import BadInvite

PAIR_SECONDS = 120.0
"""How long a code is good."""

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""What codes are made of: nothing that is read for something else."""

CODE_LETTERS = 8
"""Forty bits, nearly: with as many attempts as an address has, nobody guesses one in its time."""


class PairingCode(NamedTuple):
    """An open code.

    Args:
        code: in two groups of four letters.
        session: the id of the session that it leads to.
        event: the event of that session.
        until: monotonic seconds.
    """

    code: str
    session: str
    event: str
    until: float


class PairingCodes:
    """The open codes of one gateway, one a session at the most.

    Args:
        letter: returns a letter by chance.
    """

    def __init__(self, letter: Callable[[], str] = lambda: secrets.choice(LETTERS)) -> None:
        self._letter = letter
        self._open: dict[str, PairingCode] = {}  # by session

    def offer(self, session: str, event: str, now: float) -> PairingCode:
        """Return the open code of a session; a new one where there is none."""
        found = self.find(session, now)
        if found is None:
            letters = "".join(self._letter() for _ in range(CODE_LETTERS))
            code = f"{letters[:4]}-{letters[4:]}"
            found = self._open[session] = PairingCode(code, session, event, now + PAIR_SECONDS)
        return found

    def find(self, session: str, now: float) -> PairingCode | None:
        """Return the open code of a session; None where there is none."""
        self._open = {one.session: one for one in self._open.values() if one.until > now}
        return self._open.get(session)

    def take(self, code: str, event: str, now: float) -> str:
        """Return the id of the session of a code, and close it.

        Raises:
            BadInvite: there is no such code of the event, or no longer.
        """
        wanted = _bare(code)
        for one in self._open.values():
            if one.until > now and one.event == event and _bare(one.code) == wanted:
                del self._open[one.session]
                return one.session
        raise BadInvite("that is no code of another device, or no longer: have a new one shown")


def _bare(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter in LETTERS)

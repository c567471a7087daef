"""Who may be who: keys come in, by themselves or by invitation, and are put out again. Pure.

| the key that says hello         | without a code          | with a code                       |
|---------------------------------|-------------------------|-----------------------------------|
| is revoked                      | REVOKED                 | REVOKED                           |
| is enrolled                     | welcome                 | raised to the code's role         |
| is an operator by right         | welcome, enrolled       | as one that is enrolled           |
| is new, the broker is open      | enrolled as `open_role` | enrolled as the higher of the two |
| is new, the broker asks for one | UNKNOWN_KEY             | enrolled in the code's role       |

A code that is unknown is BAD_INVITE. One that is used up or expired is too, unless it would change
nothing: a peer that asks again because the answer was lost comes in by the use it has taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from ..protocol import keys, messages, times
from ..protocol.errors import (
    BadInvite,
    BadMessage,
    NameTaken,
    NotAllowed,
    NotFound,
    Overloaded,
    Revoked,
    SettingError,
    UnknownKey,
    WrongKey,
)
from ..protocol.messages import Role
from ..runtime.rate_limit import RateLimiter, TokenBucket
from . import names, roles
from .counters import BrokerCounters
from .options import Options
from .repository import InviteRecord, PeerRecord, Repository

CODE_BYTES = 12
"""Random bytes of a code; five bits of each make a letter, 60 in all."""

MOST_INVITES = 10_000
"""Invitations that may be used at one time."""

CODES_BURST, CODES_RATE = 5, 0.1
"""Wrong codes that a connection's key may try at once, and a second from then on."""

ALL_CODES_BURST, ALL_CODES_RATE = 200, 20.0
"""Wrong codes that all together may try."""

NEW_BURST, NEW_RATE = 1_000, 20.0
"""Keys that an open broker takes in at once, and a second from then on."""


class Enrolment:
    """Decides who is enrolled, and as what.

    Args:
        options: the broker's settings.
        entropy: entropy(n) gives n random bytes.
        guard: entered around every touch of memory that threads share.
        counters: where to count.
    """

    def __init__(
        self,
        options: Options,
        entropy: Callable[[int], bytes],
        guard: AbstractContextManager[object],
        counters: BrokerCounters,
    ) -> None:
        self._options = options
        self._entropy = entropy
        self._guard = guard
        self._counters = counters
        self._codes = RateLimiter(CODES_RATE, CODES_BURST)
        self._all_codes = TokenBucket(ALL_CODES_RATE, ALL_CODES_BURST)
        self._new = TokenBucket(NEW_RATE, NEW_BURST)

    def role_of(self, member: PeerRecord) -> Role:
        """Return what a peer may do: operators by right are those of the settings, no others."""
        return "operator" if member.key in self._options.operators else member.role

    def receive(
        self,
        repository: Repository,
        request: messages.Hello,
        curve: bytes,
        source: bytes,
        now: float,
        wall: int,
    ) -> PeerRecord:
        """Return who says hello, enrolled or raised where that is due.

        Args:
            curve: the CURVE key that the connection has proved to hold; empty where nothing is
                encrypted, and any key is believed.
            source: whoever tries codes: the connection's key, or its routing id.

        Raises:
            PeerError: see the table above; NAME_TAKEN, OVERLOADED for one that is new.
        """
        form = _curve_form(request.key)
        if curve and form != curve:
            raise WrongKey("the key of this hello is not the one of the connection")
        peer = keys.peer_id(request.key)
        member = repository.member(peer)
        if member is None:
            return self._enrol(repository, request, form, source, now, wall)
        if member.key != request.key:
            raise WrongKey(f"{peer} is the id of another key")
        if member.revoked:
            raise Revoked(f"{peer} was revoked at {times.to_rfc3339(member.revoked)}")
        if names.fold(request.name) != names.fold(member.name):
            raise NotAllowed(
                f"{peer} is enrolled as {member.name!r}, and a name stays with its key; take "
                f"another identity to be {request.name!r}"
            )
        if request.invite:
            return self._raise(repository, member, request.invite, source, now, wall)
        return member

    def _enrol(
        self,
        repository: Repository,
        request: messages.Hello,
        form: bytes,
        source: bytes,
        now: float,
        wall: int,
    ) -> PeerRecord:
        by_right = request.key in self._options.operators
        invited = self._options.enrolment == "invited"
        if invited and not request.invite and not by_right:
            raise UnknownKey(
                "this key is not enrolled, and the broker asks for an invitation: touchline login "
                "URL --invite CODE"
            )
        invite = None
        if request.invite:
            invite = self._code(repository, request.invite, source, now)
            _check_usable(invite, wall)
        self._check_free(repository, request, form)
        with self._guard:
            if invite is None and not by_right and not self._new.take(1, now):
                raise Overloaded(
                    f"more than {NEW_RATE:g} new keys a second come in; try again later"
                )
        role: Role = "viewer" if invited else self._options.open_role
        member = PeerRecord(
            peer=keys.peer_id(request.key),
            key=request.key,
            curve=form,
            name=request.name,
            role=roles.higher(role, invite.role) if invite else role,
            enrolled=wall,
            invite=invite.invite if invite else "",
        )
        repository.put_member(member)
        if invite:
            repository.put_invite(replace(invite, uses=invite.uses - 1))
        with self._guard:
            self._counters.enrolled += 1
        return member

    def _check_free(self, repository: Repository, request: messages.Hello, form: bytes) -> None:
        # One CURVE key is the form of two public keys: the connections of one would pass for
        # the other's.
        if repository.member_by_curve(form) is not None:
            raise WrongKey("another public key of this connection's key is enrolled")
        if repository.owner_of(request.name) is not None:
            raise NameTaken(f"the name {request.name!r} belongs to another key; take another")
        count = repository.count_members()
        if count >= self._options.max_peers:
            raise Overloaded(f"{count:,} keys, at most {self._options.max_peers:,} allowed")

    def _raise(
        self,
        repository: Repository,
        member: PeerRecord,
        code: str,
        source: bytes,
        now: float,
        wall: int,
    ) -> PeerRecord:
        invite = self._code(repository, code, source, now)
        if roles.covers(self.role_of(member), invite.role):
            return member
        _check_usable(invite, wall)
        raised = replace(member, role=invite.role, enrolled=wall, invite=invite.invite)
        repository.put_member(raised)
        repository.put_invite(replace(invite, uses=invite.uses - 1))
        return raised

    def _code(self, repository: Repository, code: str, source: bytes, now: float) -> InviteRecord:
        """Return the invitation of a code; who tries too many wrong ones has to wait."""
        with self._guard:
            free = self._codes.take(source, 1, now)
            if free and not self._all_codes.take(1, now):
                self._codes.give(source, 1)
                free = False
        if not free:
            raise Overloaded("too many wrong invitation codes; try again in a minute")
        invite = repository.invite(digest(code))
        if invite is None:
            raise BadInvite("there is no such invitation; was the code typed right?")
        with self._guard:
            self._codes.give(source, 1)
            self._all_codes.give(1)
        return invite

    # ── what operators do ────────────────────────────────────────────────────────────────────

    def invite(
        self, repository: Repository, member: PeerRecord, request: messages.Invite, wall: int
    ) -> messages.Invited:
        """Make a code."""
        roles.require(self.role_of(member), "operator", "to invite")
        count = repository.count_invites(wall)
        if count >= MOST_INVITES:
            raise Overloaded(f"{count:,} invitations are open, at most {MOST_INVITES:,} allowed")
        code = "-".join(names.letters(self._entropy(4)) for _ in range(CODE_BYTES // 4))
        invite = InviteRecord(
            invite=names.letters(self._entropy(8)),
            digest=digest(code),
            role=request.role,
            uses=request.uses,
            expires=wall + round(request.seconds * times.SECOND),
            creator=member.peer,
        )
        repository.put_invite(invite)
        return messages.Invited(
            id=request.id, code=code, invite=invite.invite, expires=invite.expires
        )

    def members(
        self, repository: Repository, member: PeerRecord, request: messages.Members
    ) -> messages.Roll:
        """Return a page of who is enrolled."""
        roles.require(self.role_of(member), "operator", "to see who is enrolled")
        found = repository.members(request.cursor, request.limit + 1)
        page = [self._person(one) for one in found[: request.limit]]
        more = len(found) > request.limit
        return messages.Roll(id=request.id, members=page, cursor=page[-1].peer if more else "")

    def _person(self, member: PeerRecord) -> messages.EnrolledPeer:
        return messages.EnrolledPeer(
            peer=member.peer,
            name=member.name,
            role=self.role_of(member),
            enrolled=member.enrolled,
            invite=member.invite,
            revoked=bool(member.revoked),
        )

    def revoke(
        self, repository: Repository, member: PeerRecord, request: messages.Revoke, wall: int
    ) -> messages.Done:
        """Put a peer out, with the leases that it holds and the invitations that it made."""
        roles.require(self.role_of(member), "operator", "to revoke")
        other = repository.member(request.peer)
        if other is None:
            raise NotFound(f"no peer {request.peer!r}; touchline members lists them")
        if other.key in self._options.operators:
            raise NotAllowed(
                f"{other.peer} is an operator by the broker's own settings; start it without "
                "--operator for that key first"
            )
        if not other.revoked:
            repository.put_member(replace(other, revoked=wall))
            repository.void(other.peer)
        return messages.Done(id=request.id)


def digest(code: str) -> bytes:
    """Return the hash of a code, however it was typed: with hyphens, spaces, in capitals."""
    plain = "".join(char for char in code.casefold() if char.isalnum())
    return hashlib.sha256(b"touchline invite\0" + plain.encode()).digest()


def _check_usable(invite: InviteRecord, wall: int) -> None:
    if invite.expires <= wall:
        raise BadInvite(f"the invitation expired at {times.to_rfc3339(invite.expires)}")
    if invite.uses <= 0:
        raise BadInvite("the invitation is used up; ask for another")


def _curve_form(key: bytes) -> bytes:
    try:
        return keys.curve_key(key)
    except SettingError as error:
        raise BadMessage(f"key: {error.sentence}") from None

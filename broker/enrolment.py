"""Enrolment: the broker enrols keys, with or without an invitation, and revokes them. Pure.

| the key that says hello            | without a code          | with a code                       |
|------------------------------------|-------------------------|-----------------------------------|
| is revoked                         | REVOKED                 | REVOKED                           |
| is enrolled                        | welcome                 | raised to the code's role         |
| is an operator by the settings     | welcome, enrolled       | like an enrolled key              |
| is new, the broker is open         | enrolled as `open_role` | enrolled as the higher of the two |
| is new, the broker asks for a code | UNKNOWN_KEY             | enrolled in the code's role       |

An unknown code is BAD_INVITE. A code that is used up or expired is BAD_INVITE too, unless it would
change nothing: a peer that repeats its hello because the reply was lost is welcome by the use that
it has already taken.
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
from . import event_ids, names, roles
from .counters import BrokerCounters
from .options import Options
from .repository import InviteRecord, PeerRecord, Repository

CODE_BYTES = 12
"""Random bytes of a code; five bits of each byte make a letter, 60 bits in all."""

MOST_INVITES = 10_000
"""The most invitations that are valid at one time."""

CODES_BURST, CODES_RATE = 5, 0.1
"""Wrong codes that one key may try at once, and per second from then on."""

ALL_CODES_BURST, ALL_CODES_RATE = 200, 20.0
"""Wrong codes that all keys together may try at once, and per second from then on."""

NEW_BURST, NEW_RATE = 1_000, 20.0
"""Keys that an open broker enrols at once, and per second from then on."""


class Enrolment:
    """Decides which keys are enrolled, and in which role.

    Args:
        options: the broker's settings.
        entropy: entropy(n) returns n random bytes.
        guard: a lock around each use of memory that threads share.
        counters: the counters to increment.
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
        """Return a peer's role: operator if the settings name its key, otherwise as enrolled."""
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
        """Return the record of the peer that says hello; enrol the key or raise its role if due.

        Args:
            curve: the CURVE key that the connection has proved to hold; empty in plain text, where
                the broker believes every key.
            source: the key whose wrong codes are counted: the connection's, or its routing id.
            now: monotonic seconds.
            wall: microseconds since 1970.

        Raises:
            PeerError: see the table above; for a new key also NAME_TAKEN and OVERLOADED.
        """
        form = _curve_form(request.key)
        if curve and form != curve:
            raise WrongKey("the key of this hello is not the connection's key")
        peer = keys.peer_id(request.key)
        member = repository.member(peer)
        if member is None:
            return self._enrol(repository, request, form, source, now, wall)
        if member.key != request.key:
            raise WrongKey(f"{peer} is the id of another key")
        if member.revoked:
            raise Revoked(f"{peer} was revoked at {times.to_rfc3339(member.revoked)}")
        if request.name != member.name and not names.look_alike(request.name, member.name):
            raise NotAllowed(
                f"{peer} is enrolled as {member.name!r}, and a key keeps its name; use another "
                f"identity for the name {request.name!r}"
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
        peer = keys.peer_id(request.key)
        is_operator = request.key in self._options.operators
        invited = self._options.enrolment == "invited"
        if invited and not request.invite and not is_operator:
            raise UnknownKey(
                "this key is not enrolled, and the broker asks for an invitation: touchline login "
                "URL --invite CODE"
            )
        invite = None
        if request.invite:
            invite = self._code(repository, request.invite, source, now)
            _check_usable(invite, wall)
        name = names.written(request.name, peer)
        self._check_free(repository, name, form)
        with self._guard:
            if invite is None and not is_operator and not self._new.take(1, now):
                raise Overloaded(f"more than {NEW_RATE:g} new keys a second; try again later")
        role: Role = "viewer" if invited else self._options.open_role
        member = PeerRecord(
            peer=peer,
            key=request.key,
            curve=form,
            name=name,
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

    def _check_free(self, repository: Repository, name: str, form: bytes) -> None:
        # Two public keys have the same CURVE form, so the broker could not tell the connections
        # of one from those of the other.
        if repository.member_by_curve(form) is not None:
            raise WrongKey("another public key with the same CURVE key is enrolled")
        _check_name(repository, name)
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
        """Return the invitation of a code.

        Raises:
            BadInvite: the code is unknown.
            Overloaded: this source, or all together, have tried too many wrong codes.
        """
        with self._guard:
            free = self._codes.take(source, 1, now)
            if free and not self._all_codes.take(1, now):
                self._codes.give(source, 1)
                free = False
        if not free:
            raise Overloaded("too many wrong invitation codes; try again in a minute")
        invite = repository.invite(digest(code))
        if invite is None:
            raise BadInvite("there is no such invitation; check the code")
        with self._guard:
            self._codes.give(source, 1)
            self._all_codes.give(1)
        return invite

    # ── requests of operators ────────────────────────────────────────────────────────────────

    def invite(
        self, repository: Repository, member: PeerRecord, request: messages.Invite, wall: int
    ) -> messages.Invited:
        """Record a new invitation and return its code, which is not recorded.

        Args:
            member: the peer that asks.
            wall: microseconds since 1970.

        Raises:
            NotAllowed: the peer is not an operator.
            Overloaded: too many invitations are valid.
        """
        roles.require(self.role_of(member), "operator", "to invite")
        count = repository.count_invites(wall)
        if count >= MOST_INVITES:
            raise Overloaded(f"{count:,} invitations are open, at most {MOST_INVITES:,} allowed")
        code = "-".join(event_ids.letters(self._entropy(4)) for _ in range(CODE_BYTES // 4))
        invite = InviteRecord(
            invite=event_ids.letters(self._entropy(8)),
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
        """Return a page of the enrolled peers.

        Args:
            member: the peer that asks.

        Raises:
            NotAllowed: the peer is not an operator.
        """
        roles.require(self.role_of(member), "operator", "to list the enrolled peers")
        found = repository.members(request.cursor, request.limit + 1)
        page = [self._enrolled_peer(peer) for peer in found[: request.limit]]
        more = len(found) > request.limit
        return messages.Roll(id=request.id, members=page, cursor=page[-1].peer if more else "")

    def _enrolled_peer(self, member: PeerRecord) -> messages.EnrolledPeer:
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
        """Revoke a peer, end the leases that it holds and void the invitations that it made.

        Args:
            member: the peer that asks.
            wall: microseconds since 1970.

        Raises:
            NotAllowed: the peer is not an operator, or the settings name the other as operator.
            NotFound: the other peer is not enrolled.
        """
        roles.require(self.role_of(member), "operator", "to revoke")
        other = repository.member(request.peer)
        if other is None:
            raise NotFound(f"no peer {request.peer!r}; touchline members lists them")
        if other.key in self._options.operators:
            raise NotAllowed(
                f"the broker's settings name {other.peer} as an operator; restart the broker "
                "without --operator for that key first"
            )
        if not other.revoked:
            repository.put_member(replace(other, revoked=wall))
            repository.void(other.peer)
        return messages.Done(id=request.id)


def reserve(repository: Repository, key: bytes, name: str, role: Role, wall: int) -> None:
    """Enrol the key of an operator, so that its name is reserved; do nothing if it is enrolled.

    Args:
        key: the public key.
        name: the operator's.
        role: of the key once the settings name it as an operator no longer.
        wall: microseconds since 1970.

    Raises:
        NameTaken: the name belongs to another key.
        BadMessage: the name or key is not valid.
    """
    peer = keys.peer_id(key)
    if repository.member(peer) is not None:
        return
    kept = names.written(name, peer)
    _check_name(repository, kept)
    repository.put_member(PeerRecord(peer, key, _curve_form(key), kept, role, wall))


def _check_name(repository: Repository, name: str) -> None:
    owner = repository.owner_of(name)
    if owner is not None:
        same = names.fold(owner.name) == names.fold(name)
        how = "belongs" if same else f"looks like {owner.name!r}, which belongs"
        raise NameTaken(f"the name {name!r} {how} to another key; use another name")


def digest(code: str) -> bytes:
    """Return the hash of a code; hyphens, spaces and capitals make no difference."""
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

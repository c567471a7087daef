"""`docs/PROTOCOL.md` says of every message, limit and code what the code says, both ways."""

from __future__ import annotations

import json
import re
import typing
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pytest

from touchline.broker import enrolment
from touchline.broker.admission import REPLY_BURST, REPLY_RATE
from touchline.broker.core import ROUTING_ID_BYTES
from touchline.broker.options import Options as BrokerOptions
from touchline.broker.repository import MOST_SESSIONS
from touchline.peer.host.options import Options
from touchline.protocol import digest, errors, keys, limits, messages
from touchline.sports.sport import WORDS as WORDS_OF_REPORTS

Rows = list[tuple[str, ...]]

PARTS = {
    "card": messages.Card,
    "person": messages.EnrolledPeer,
    "timing": messages.Timing,
    "endpoints": messages.Endpoints,
    "asked": messages.LeaseAsked,
    "granted": messages.LeaseGranted,
    "offer": messages.HostOffer,
    "offering": messages.OfferingHost,
    "refusal": messages.EventRefusal,
    "action": messages.ActionSpec,
    "happening": messages.Happening,
    "said": messages.Said,
    "carried": messages.Carried,
    "voted": messages.Voted,
    "copied": messages.CopiedTurn,
    "evidence": messages.Evidence,
    "pending": messages.Pending,
    "recount": messages.Recount,
    "fate": messages.Fate,
    "record": messages.GroupRecord,
}
"""What a message may hold, under the name that the page gives it."""

SOCKETS: dict[str, tuple[Any, Any]] = {
    "broker ROUTER": (messages.BrokerRequest | messages.GroupRequest, messages.BrokerReply),
    "host ROUTER": (messages.HostRequest, messages.HostReply),
    "host PULL": (messages.ReportFrame, None),
    "host PUB": (None, messages.Published),
    "NATS": (None, messages.RelayMessage),
}

MESSAGES: dict[str, type[msgspec.Struct]] = {
    str(kind.__struct_config__.tag): kind
    for unions in SOCKETS.values()
    for union in unions
    for kind in typing.get_args(union)
}

STRUCTS = {**MESSAGES, **PARTS}

ONE_TO_100 = typing.Annotated[int, msgspec.Meta(ge=1, le=100)]
NUMBER = typing.Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
ROLES = typing.Annotated[list[messages.Role], msgspec.Meta(max_length=4)]
PEERS = typing.Annotated[list[messages.Id], msgspec.Meta(max_length=limits.REVOKED)]
GRANTS = typing.Annotated[list[messages.Id], msgspec.Meta(max_length=limits.GRANTS)]
GRANTEES = typing.Annotated[list[messages.Name], msgspec.Meta(max_length=limits.GRANTS)]
USES = typing.Annotated[int, msgspec.Meta(ge=1, le=limits.INVITE_USES)]
LONG = typing.Annotated[float, msgspec.Meta(gt=0, le=limits.INVITE_SECONDS)]
KEY_OR_EMPTY = typing.Annotated[bytes, msgspec.Meta(max_length=32)]
PUT = typing.Annotated[list[messages.GroupRecord], msgspec.Meta(max_length=limits.ROOM_BATCH)]
CHECKSUM = typing.Annotated[bytes, msgspec.Meta(max_length=16)]
CARRIED = typing.Annotated[list[messages.Carried], msgspec.Meta(max_length=limits.CARRIED)]
RECOUNTS = typing.Annotated[list[messages.Recount], msgspec.Meta(max_length=limits.RECOUNTS)]
PENDING = typing.Annotated[list[messages.Pending], msgspec.Meta(max_length=limits.PENDING)]
LABELS = typing.Annotated[list[messages.Name], msgspec.Meta(max_length=16)]
HOSTS = typing.Annotated[list[messages.OfferingHost], msgspec.Meta(max_length=limits.POOL_HOSTS)]
JOINS = typing.Annotated[list[messages.Id], msgspec.Meta(max_length=limits.HOLD_EVENTS)]
ASKED = typing.Annotated[list[messages.LeaseAsked], msgspec.Meta(max_length=limits.HOLD_EVENTS)]
BATCH = typing.Annotated[list[messages.Said], msgspec.Meta(max_length=limits.BATCH_REPORTS)]
VOTES = typing.Annotated[list[messages.Voted], msgspec.Meta(max_length=limits.BATCH_REPORTS)]

WORDS: list[tuple[object, str]] = [
    (bool, "`boolean`"),
    (bytes, "`bytes`"),
    (messages.Key, "`key`"),
    (KEY_OR_EMPTY, "`key` or empty"),
    (messages.Signature, "`signature`"),
    (CHECKSUM, "`checksum`"),
    (int, "`integer`"),
    (float, "`float`"),
    (messages.Seconds, "`seconds`"),
    (messages.Speed, "`speed`"),
    (messages.Id, "`id`"),
    (messages.Name, "`name`"),
    (messages.Text, "`text`"),
    (messages.Count, "`count`"),
    (NUMBER, "`number`"),
    (ONE_TO_100, "`page`"),
    (messages.Micros, "`time`"),
    (dict[messages.Name, object], "`map`"),
    (dict[str, object], "`score`"),
    (messages.Details, "`details`"),
    (messages.Names, "`origins`"),
    (messages.LineUps, "`lineups`"),
    (USES, "`uses`"),
    (LONG, "`long-seconds`"),
    (PEERS, "`peers`"),
    (GRANTS, "`grants`"),
    (GRANTEES, "`grantees`"),
    (messages.GrantRole, "`grant-role`"),
    (ROLES, "`roles`"),
    (messages.Role, "`role`"),
    (messages.EventStatus, "`event-status`"),
    (messages.EventStatus | typing.Literal[""], "`event-status` or empty"),
    (messages.EntryStatus, "`entry-status`"),
    (messages.DelayStatus, "`delay-status`"),
    (messages.ReviewOutcome, "`review-outcome`"),
    (messages.HowEnded, "`how-ended`"),
    (messages.WhyScore, "`why-score`"),
    (messages.Act, "`act`"),
    (messages.FeedState, "`feed-state`"),
    (messages.HostContact, "`host-contact`"),
    (messages.Outcome, "`outcome`"),
    (BATCH, "array of *said*"),
    (LABELS, "`labels`"),
    (messages.PoolChange, "`pool-change`"),
    (HOSTS, "array of *offering*"),
    (JOINS, "array of `id`"),
    (ASKED, "array of *asked*"),
    (CARRIED, "array of *carried*"),
    (VOTES, "array of *voted*"),
    (PUT, "array of *record*"),
    (messages.Body, "`body`"),
    (RECOUNTS, "array of *recount*"),
    (PENDING, "array of *pending*"),
    *((kind, f"*{name}*") for name, kind in PARTS.items()),
]
"""The types of fields and the page's words for them."""


def word(annotation: object) -> str:
    """Return the page's word for the type of a field."""
    for known, text in WORDS:
        if annotation == known:
            return text
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) is list:
        return f"array of {word(inner[0])}"
    if len(inner) == 2 and inner[1] is type(None):
        return f"{word(inner[0])} or nil"
    raise AssertionError(f"the page has no word for {annotation}")


def required(field: msgspec.structs.FieldInfo) -> str:
    """Return `yes`, or `no` with the default."""
    if field.required:
        return "yes"
    if field.default_factory is not msgspec.NODEFAULT or field.default == b"":
        return "no (empty)"
    return f"no (`{json.dumps(field.default).replace('null', 'nil')}`)"


def coded_fields(kind: type[msgspec.Struct]) -> Rows:
    """Return name, type and requirement of each field as the code has them."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return [
        (f"`{field.encode_name}`", word(hints[field.name]), required(field))
        for field in msgspec.structs.fields(kind)
    ]


# ── the page ─────────────────────────────────────────────────────────────────────────────────

DOC = (Path(__file__).parents[2] / "docs" / "PROTOCOL.md").read_text("utf-8")


def section(heading: str) -> str:
    """Return the text under the one heading of this name, up to the next heading."""
    found = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", DOC, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{len(found)} headings {heading!r}"
    return str(found[0])


def rows(text: str, head: str) -> Rows:
    """Return the rows of the one table in a text whose head begins with a word."""
    tables = re.findall(rf"^\| {re.escape(head)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert len(tables) == 1, f"{len(tables)} tables {head!r}"
    return [
        tuple(cell.strip() for cell in line.strip("|").split(" | "))
        for line in tables[0].splitlines()
    ]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("name", [*MESSAGES, *PARTS])
def test_fields(name: str) -> None:
    """The table of a message or part has its fields in order, their types and defaults."""
    kind = MESSAGES.get(name) or PARTS[name]
    documented = rows(section(name), "field")
    assert {len(row) for row in documented} == {5}
    assert [(field, type_, needed) for field, type_, _, needed, _ in documented] == coded_fields(
        kind
    )


@pytest.mark.parametrize("name", [*MESSAGES, *PARTS])
def test_units(name: str) -> None:
    """A field that holds a time, a span or a float says its unit."""
    for field, type_, unit, _, meaning in rows(section(name), "field"):
        assert unit != "–" or type_ not in ("`time`", "`float`"), field
        assert meaning, field


def test_every_message_has_its_section() -> None:
    """The page has a section for each message and part, and for no other."""
    shown = re.findall(r"^#{3,4} ([a-z]+)$", DOC, re.MULTILINE)
    assert sorted(shown) == sorted([*MESSAGES, *PARTS])


def test_every_struct_is_on_the_wire() -> None:
    """The code has no message that no socket takes, and no part that the page leaves out."""
    coded = {
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    } - {msgspec.Struct, messages.Message, messages.Part}
    assert coded == {*MESSAGES.values(), *PARTS.values()}


def test_sockets() -> None:
    """The table of sockets lists the messages that the decoders of each take."""
    documented = {
        row[0]: (set(names(row[1])), set(names(row[2])))
        for row in rows(section("3. Topology"), "socket")
    }
    coded = {
        socket: tuple(
            {str(kind.__struct_config__.tag) for kind in typing.get_args(union)} for union in unions
        )
        for socket, unions in SOCKETS.items()
    }
    assert documented == coded


def test_types() -> None:
    """The table of types has every word that a field uses, and none besides but for parts."""
    defined = [row[0].strip("`") for row in rows(section("4. Frames"), "type")]
    assert len(defined) == len(set(defined))
    used = {
        name
        for kind in STRUCTS.values()
        for _, type_, _ in coded_fields(kind)
        for name in names(type_)
    }
    assert set(defined) == used


@pytest.mark.parametrize(
    ("type_", "coded"),
    [
        ("role", messages.Role),
        ("event-status", messages.EventStatus),
        ("entry-status", messages.EntryStatus),
        ("delay-status", messages.DelayStatus),
        ("review-outcome", messages.ReviewOutcome),
        ("how-ended", messages.HowEnded),
        ("why-score", messages.WhyScore),
        ("feed-state", messages.FeedState),
        ("host-contact", messages.HostContact),
        ("outcome", messages.Outcome),
    ],
)
def test_choices(type_: str, coded: object) -> None:
    """The table of types lists the values of each choice."""
    (row,) = [row for row in rows(section("4. Frames"), "type") if row[0] == f"`{type_}`"]
    assert names(row[2]) == [value for value in typing.get_args(coded) if value]
    assert ("empty" in row[2]) == ("" in typing.get_args(coded))


def test_bounds_of_types() -> None:
    """The table of types names the bounds that the limits have."""
    bounds = {row[0].strip("`"): row[2] for row in rows(section("4. Frames"), "type")}
    for name, limit in [
        ("id", limits.ID_CHARS),
        ("name", limits.NAME_CHARS),
        ("text", limits.TEXT_CHARS),
        ("details", limits.DETAILS),
        ("origins", limits.ORIGINS),
        ("lineups", limits.LINEUP),
        ("peers", limits.REVOKED),
        ("body", limits.ROOM_BODY_BYTES),
    ]:
        assert f"at most {limit:,}" in bounds[name]
    assert bounds["key"] == f"{keys.KEY_BYTES} bytes"
    assert bounds["signature"] == f"at most {keys.SIGNATURE_BYTES} bytes"
    assert bounds["uses"] == f"1 to {limits.INVITE_USES:,}"
    assert f"at most {limits.INVITE_SECONDS:,.0f} " in bounds["long-seconds"]


def test_limits() -> None:
    """The table of limits has every limit, its value, and what happens at it."""
    documented = {
        row[0].strip("`"): float(row[1].replace(",", ""))
        for row in rows(section("5. Limits"), "limit")
    }
    coded = {name: float(value) for name, value in vars(limits).items() if name.isupper()}
    assert documented == coded


def tree(root: type[errors.TouchlineError]) -> list[type[errors.TouchlineError]]:
    return [root, *chain.from_iterable(tree(child) for child in root.__subclasses__())]


def test_codes() -> None:
    """The table of codes has every refusal of a peer, and of the rest what can cross the wire."""
    documented = [row[0].strip("`") for row in rows(section("13. Error codes"), "code")]
    assert len(documented) == len(set(documented))
    coded = {kind.code for kind in tree(errors.PeerError)}
    crossing = (errors.StorageFault, errors.Unleased, errors.Unreachable)
    assert set(documented) == coded | {kind.code for kind in crossing}


def test_codes_in_the_text() -> None:
    """Every word in capitals that looks like a code is one."""
    known = {kind.code for kind in tree(errors.TouchlineError)}
    known |= {*typing.get_args(messages.EntryStatus), *vars(limits)}
    known |= {*typing.get_args(messages.DelayStatus)}
    shown = re.findall(r"(?<![A-Z_`])[A-Z]+_[A-Z_]+", DOC)
    assert {text for text in shown if not text.startswith("ZMQ_")} - known <= {"XPUB_NODROP"}


def test_reserved_titles() -> None:
    """The table of corrections has every reserved title, and no other."""
    documented = [row[0].strip("`") for row in rows(section("10. Reports"), "title")]
    assert sorted(documented) == sorted(WORDS_OF_REPORTS)


def test_states() -> None:
    """The table of states has each state of a feed once, in order."""
    documented = [row[0].strip("`") for row in rows(section("12. Outages"), "state")]
    assert documented == list(typing.get_args(messages.FeedState))


def test_times_of_an_outage() -> None:
    """The page names the times that hold where nothing is set."""
    options = Options()
    shown = [row[0] for row in rows(section("12. Outages"), "time")]
    ttl, wait = options.claim_ttl, options.confirm_wait
    assert options.patience == 2 * options.heartbeat
    assert shown == [
        "2 × heartbeat",
        f"{options.alarm_every:g}",
        "2 × heartbeat",
        f"{wait:g}",
        f"2 × heartbeat + {ttl:g} + {wait:g}",
    ]
    assert f"more than {options.late_after:g} seconds (of event time" in " ".join(DOC.split())


def test_version_and_digest() -> None:
    """The page names the version and the size of a digest that the code has."""
    text = " ".join(DOC.split())
    assert f"version `{messages.VERSION}` on the wire" in text
    assert f"digest size of {digest.DIGEST_BYTES} bytes" in text
    assert f"d(0) is {len(digest.EMPTY)} zero bytes" in text


def test_grammar_names_every_message() -> None:
    """The grammar has every message, on its side, and no other."""
    grammar = section("6. Grammar")
    shown = set(re.findall(r"\b[CSH]:([a-z]+)", grammar))
    assert shown == {*MESSAGES}
    for taken, given in SOCKETS.values():
        for union, sides in ((taken, "CH"), (given, "S")):
            for kind in typing.get_args(union):
                assert re.search(rf"\b[{sides}]:{kind.__struct_config__.tag}\b", grammar)


def test_numbers_of_the_broker() -> None:
    """The page names the broker's rates and quotas as they are where nothing is set."""
    options, text = BrokerOptions(), " ".join(section("8. The broker").split())
    for number, what in (
        (options.request_burst, "requests at once and"),
        (options.request_rate, "a second from then on, over all"),
        (enrolment.CODES_BURST, "wrong codes"),
        (enrolment.ALL_CODES_BURST, "and 20 a second; an open"),
        (enrolment.NEW_BURST, "new keys and 20 a second"),
        (options.peer_events, "events and holds"),
        (options.peer_tokens, "valid tokens"),
        (options.max_peers, "keys."),
        (MOST_SESSIONS, "seen last are remembered"),
        (REPLY_BURST, "then 10 a second"),
    ):
        assert re.search(rf"\b{number:,.0f},? {re.escape(what)}", text), what
    assert (enrolment.ALL_CODES_RATE, enrolment.NEW_RATE, REPLY_RATE) == (20, 20, 10)
    assert enrolment.CODES_RATE == 1 / 10
    assert f"{enrolment.MOST_INVITES:,} open invitations" in section("invited")


def test_ids_and_keys() -> None:
    """The page says how ids and routing ids follow from keys."""
    text = " ".join(DOC.split())
    assert f"first {keys.ROUTING_BYTES} bytes of the SHA-256 of `touchline route`" in text
    assert f"at least {ROUTING_ID_BYTES} random bytes" in text
    assert f"letters of `{keys._ALPHABET}`" in text

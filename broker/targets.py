"""Which processes are scraped for metrics, and at which address. Pure."""

from __future__ import annotations

import re

from ..protocol import addresses, messages
from ..protocol.errors import BadMessage, SettingError
from .repository import PeerRecord, TargetRecord

LISTED_SECONDS = 3_600.0
"""How long a process stays listed after it last said where it is. One that ended in order is
removed at once; one that was killed is to be missed."""

EVERYWHERE = {"*", "0.0.0.0", "[::]"}
"""Hosts to listen on, which are no addresses."""


def said(
    hello: messages.Hello, member: PeerRecord, role: messages.Role, address: str
) -> TargetRecord:
    """Return where a process says that it is scraped.

    A peer without an invitation could otherwise have Prometheus ask any address within reach of it:
    its process is where its connection comes from, whatever it says.

    Args:
        hello: names the process and its metrics.
        member: the peer that says it.
        role: its role.
        address: where its connection comes from; empty in plain text, which is on this machine.

    Raises:
        BadMessage: the process or the address of its metrics is not valid.
    """
    if re.fullmatch("[a-z]{1,32}", hello.process) is None:
        raise BadMessage(f"process {hello.process!r} is not valid; it is a word such as host")
    if not hello.metrics:
        return TargetRecord(member.peer, hello.process, "")
    try:
        host, port = addresses.parse(hello.metrics, what="metrics")
    except SettingError as error:
        raise BadMessage(error.sentence) from None
    if not port:
        raise BadMessage("metrics are at port 0, which is no port")
    own = f"[{address}]" if ":" in address else address or "127.0.0.1"
    known = bool(member.invite) or role == "operator"
    if not known or host in EVERYWHERE or addresses.is_loopback(host):
        host = own
    return TargetRecord(member.peer, hello.process, f"{host}:{port}")

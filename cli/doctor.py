"""`touchline doctor`: look at ports, keys, clocks, files, disk and limits, and say what to do."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from ..protocol import addresses
from ..protocol.errors import SettingError, TouchlineError
from ..protocol.times import SECOND
from ..runtime import clock
from ..runtime.files import OTHERS
from ..runtime.folders import configuration_folder, data_folder
from . import shared
from .ui.tables import table

LEAST_FREE = 1_000_000_000
"""Bytes of a disk below which a journal may fill it within an event."""

LEAST_FILES = 4_096
"""Open files below which a host or gateway serves few."""

MOST_AHEAD = 2.0
"""Seconds by which this machine's clock and the broker's may differ; hosts and brokers date what
they publish and grant."""

MOST_FILES = 10_000
"""The most files whose modes are looked at."""

WRONG = 4
"""The exit code where something has to be done."""


class Finding(NamedTuple):
    """What was looked at, how it is (`good`, `warning` or `wrong`), and what to do."""

    part: str
    state: str
    text: str
    advice: str = ""


@click.command("doctor", epilog="Example: touchline doctor --port 5670 --port 8080")
@shared.name_option
@shared.broker_flags
@click.option(
    "--port",
    "ports",
    type=click.IntRange(1, 65_535),
    multiple=True,
    help="A port that is to be free on this machine; repeat the flag.",
)
@shared.json_option
def command(name: str, broker: str, insecure: bool, ports: tuple[int, ...], as_json: bool) -> int:
    """Check this machine and its way to the broker, and say what to do. It changes nothing.

    The exit code is 0 where nothing has to be done, also with warnings, and 4 otherwise.
    """
    found = [
        *broker_findings(broker, name, insecure=insecure),
        *file_findings(),
        *disk_findings(data_folder()),
        *limit_findings(),
        *(port_finding(port) for port in ports),
    ]
    if as_json:
        for one in found:
            shared.emit({"type": "finding", **one._asdict()})
    else:
        rows = [(one.part, one.state, one.text, one.advice) for one in found]
        table(("part", "state", "found", "what to do"), rows)
    return WRONG if any(one.state == "wrong" for one in found) else 0


def broker_findings(broker: str, name: str, *, insecure: bool) -> Iterator[Finding]:
    """Yield whether a broker is known, is reached, knows this key, and has the same time."""
    from ..peer import identity

    try:
        address, who = shared.find_broker(broker, insecure=insecure)
    except SettingError as error:
        yield Finding("broker", "warning", error.sentence, "touchline login ADDRESS")
        return
    who = who or name
    place = addresses.broker(address)
    at = f"{place.host}:{place.port}"
    try:
        with socket.create_connection((place.host.strip("[]"), place.port), 3.0):
            pass
    except OSError as error:
        advice = "start it: touchline broker; or look at the address and the firewall"
        yield Finding("broker's port", "wrong", f"{at}: {error.strerror or error}", advice)
        return
    yield Finding("broker's port", "good", f"{at} takes connections")
    if who not in identity.names():
        advice = "touchline login ADDRESS, with the invitation where the broker asks for one"
        yield Finding("key", "warning", f"{who} has no key on this machine", advice)
        return
    try:
        with shared.link(address, who) as link:
            before = clock.wall()
            time = link.broker_time()
            ahead = ((clock.wall() + before) / 2 - time) / SECOND
            yield Finding("key", "good", f"the broker knows {who} as {link.role}: {link.peer}")
    except TouchlineError as error:
        advice = "touchline login ADDRESS --invite CODE, or ask the broker's operator"
        yield Finding("key", "wrong", f"{error.code}: {error.sentence}", advice)
        return
    text = f"this machine is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the broker"
    if abs(ahead) > MOST_AHEAD:
        yield Finding("clock", "wrong", text, "let a time service set it: timedatectl set-ntp true")
    else:
        yield Finding("clock", "good", text)


def file_findings() -> Iterator[Finding]:
    """Yield the files of keys, outboxes and journals that other users can open."""
    for folder in dict.fromkeys((data_folder(), configuration_folder())):
        if not folder.is_dir():
            yield Finding("files", "good", f"{folder} is not there yet")
            continue
        opened = [path for path in _files(folder) if _is_open(path)]
        if opened:
            shown = ", ".join(str(path.relative_to(folder)) for path in opened[:5])
            more = f" and {len(opened) - 5:,} more" if len(opened) > 5 else ""
            text = f"other users can open {shown}{more} in {folder}"
            yield Finding("files", "wrong", text, f"chmod -R go= {folder}")
        else:
            yield Finding("files", "good", f"no other user can open a file in {folder}")


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, _, names in os.walk(folder):
        found += [Path(parent, name) for name in names]
        if len(found) > MOST_FILES:
            break
    return found[:MOST_FILES]


def _is_open(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:  # it has gone meanwhile
        return False
    return stat.S_ISREG(found.st_mode) and bool(stat.S_IMODE(found.st_mode) & OTHERS)


def disk_findings(folder: Path) -> Iterator[Finding]:
    """Yield how much room the disk of a folder has."""
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    text = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.1f} GB are free at {folder}"
    if usage.free < LEAST_FREE:
        advice = "make room: a host on a full disk confirms nothing"
        yield Finding("disk", "wrong", text, advice)
    else:
        yield Finding("disk", "good", text)


def limit_findings() -> Iterator[Finding]:
    """Yield how many files a process may open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    text = "without limit" if hard == resource.RLIM_INFINITY else f"{hard:,}"
    text = f"a process may open files: {text}"
    if hard != resource.RLIM_INFINITY and hard < LEAST_FILES:
        advice = "each connection is a file: LimitNOFILE= in the unit, ulimits in compose"
        yield Finding("file limit", "warning", text, advice)
    else:
        yield Finding("file limit", "good", text)


def port_finding(port: int) -> Finding:
    """Return whether a port is free on this machine."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(("", port))
    except OSError as error:
        advice = f"ss -ltnp 'sport = :{port}' names the process; end it, or choose another port"
        return Finding("port", "wrong", f"{port}: {error.strerror or error}", advice)
    return Finding("port", "good", f"{port} is free")

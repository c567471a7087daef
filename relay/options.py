"""The settings of a relay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from ..protocol.errors import SettingError
from ..protocol.relay import STREAM
from ..runtime import settings
from ..runtime.settings import Setting


def _check_stream(flag: str, name: str) -> None:
    if not re.fullmatch(r"[\w-]{1,64}", name, re.ASCII):
        raise SettingError(f"{flag}: {name!r} is not a name of letters, digits, - and _")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The settings of one relay.

    Raises:
        SettingError: a value is not valid; the sentence names the flag.
    """

    stream: Annotated[
        str,
        Setting(
            "--stream",
            metavar="NAME",
            help="The stream of NATS; the relay makes it where it is not there.",
            further=_check_stream,
        ),
    ] = STREAM

    replicas: Annotated[
        int,
        Setting(
            "--replicas",
            "servers",
            1,
            5,
            "On how many servers of a cluster a stream that the relay makes is kept.",
        ),
    ] = 1

    beat: Annotated[
        float,
        Setting(
            "--beat",
            "seconds",
            0.2,
            30,
            "Time in which the relay says at the least once of each event that it is there.",
        ),
    ] = 2.0

    def __post_init__(self) -> None:
        settings.check(self)

"""How many files a process may have open."""

from __future__ import annotations

import logging
import resource

_log = logging.getLogger(__name__)


def raise_limit() -> int:
    """Let the process open as many files as the system permits; return how many those are.

    Every connection is a file, and what would be the next one can't be told from that of an
    attacker: neither the database nor a newcomer gets a file once there is none left.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # some systems name a hard limit that they do not grant
            _log.warning("the system allows %s open files, and grants no more", f"{soft:,}")
            return soft
    return hard

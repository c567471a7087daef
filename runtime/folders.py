"""Where a process keeps what outlives it: the user's folders, or the one of TOUCHLINE_HOME."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """Return the folder of databases, journals and outboxes."""
    return Path(os.environ.get("TOUCHLINE_HOME") or platformdirs.user_data_dir("touchline"))


def configuration_folder() -> Path:
    """Return the folder of identities and known brokers."""
    return Path(os.environ.get("TOUCHLINE_HOME") or platformdirs.user_config_dir("touchline"))

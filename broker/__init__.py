"""The broker: identifies peers, finds events, hands out addresses and tokens."""

from .counters import Counters
from .options import Options
from .service import Broker

__all__ = ["Broker", "Counters", "Options"]

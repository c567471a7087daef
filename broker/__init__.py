"""The broker: identifies peers, finds events, hands out addresses and tokens."""

from .counters import BrokerCounters
from .options import Options
from .service import Broker

__all__ = ["Broker", "BrokerCounters", "Options"]

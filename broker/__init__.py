"""The broker: it identifies peers, finds events, and gives out addresses and tokens."""

from .counters import BrokerCounters
from .options import Options
from .service import Broker

__all__ = ["Broker", "BrokerCounters", "Options"]

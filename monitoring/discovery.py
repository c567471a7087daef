"""What Prometheus scrapes, as the broker's `/targets` lists it for HTTP service discovery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..broker.service import Broker
    from .server import Targets


def broker_targets(broker: Broker) -> Targets:
    """Return what lists the processes that gave a broker the address of their metrics.

    `job` is the name by which rules and dashboards know the kind of process; labels that begin with
    `__meta_` are there for relabelling, and no series has them.
    """

    def targets() -> Sequence[dict[str, object]]:
        return [
            {
                "targets": [one.address],
                "labels": {
                    "job": f"touchline-{one.process}",
                    "__meta_touchline_process": one.process,
                    "__meta_touchline_peer": one.peer,
                    "__meta_touchline_name": one.name,
                },
            }
            for one in broker.targets()
        ]

    return targets

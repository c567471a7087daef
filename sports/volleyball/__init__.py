"""Volleyball, after the Official Volleyball Rules of the FIVB; beach volleyball by its settings.

>>> from touchline import sports
>>> volleyball = sports.get("volleyball")
>>> state = volleyball.start(["Foxes", "Bears"])
>>> state = volleyball.apply(state, sports.Action("point", "Foxes"))
>>> volleyball.headline(state)
'Foxes 0–0 Bears (1–0)'
"""

from .sport import VOLLEYBALL, Volleyball

__all__ = ["VOLLEYBALL", "Volleyball"]

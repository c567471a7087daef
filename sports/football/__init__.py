"""Football, by the Laws of the Game of the IFAB.

>>> from touchline import sports
>>> football = sports.get("football")
>>> state = football.start(["Argentina", "France"], {"extra_time": True, "shootout": True})
>>> state = football.apply(state, sports.Action("goal", "Argentina"))
>>> football.headline(state)
'Argentina 1–0 France'
"""

from .sport import FOOTBALL, Football

__all__ = ["FOOTBALL", "Football"]

"""How right timelines were, by the sheets that the operator has given.

The accuracy of a timeline is public; a reporter's grade is shown to that reporter alone. Tested in
`tests/integration/test_gateway_grades.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..peer.grades.sheet import Accuracy, GradeCounts, GradeSheet
from ..protocol import keys
from ..protocol.fields import Count, Id, Name, Text
from ..protocol.times import to_rfc3339
from .context import Gateway
from .openapi import Operation
from .rest import OPEN, Nothing, event_of, query
from .security import JsonResponse


class AccuracySchema(Struct, frozen=True):
    """How right the timeline of an event was, by an official record: entries that are right and
    wrong and actions that were missed, of what decides the score and of the rest."""

    grader: Id
    digest: str
    time: str
    decides: Accuracy
    rest: Accuracy
    published: Text
    official: Text
    votes: Count
    reporters: Count


class AccuracyAnswer(Struct, frozen=True):
    """The accuracy of an event's timeline; null where the event was not graded."""

    event: Id
    accuracy: AccuracySchema | None


class OwnGrade(Struct, frozen=True):
    """How a reporter did: what it reported and missed of what happened, and the false claims that
    it made and did not join."""

    name: Name
    decides: GradeCounts
    rest: GradeCounts


class OwnGradeAnswer(Struct, frozen=True):
    """The grade of the person who is signed in; null where there is none."""

    event: Id
    grade: OwnGrade | None


OPERATIONS = (
    Operation(
        path="/api/events/{event}/accuracy",
        method="get",
        summary="Show how right the timeline was, by an official record",
        text="Null before the event is graded, and where the gateway has no sheet of it.",
        answers={200: AccuracyAnswer},
        errors=(400, 404),
    ),
)


class Grades:
    """The component of a gateway that shows how right timelines were.

    Args:
        gateway: the gateway of which it is a component.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._sheets = gateway.sheets
        gateway.operations += OPERATIONS
        self.routes: Sequence[BaseRoute] = [
            Route("/api/events/{event}/accuracy", self.accuracy, methods=["GET"])
        ]

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""

    async def accuracy(self, request: Request) -> Response:
        query(request, Nothing)
        event = event_of(request)
        sheet = await asyncio.to_thread(self._sheets.get, event)
        shown = None if sheet is None else accuracy_of(sheet)
        return JsonResponse(AccuracyAnswer(event, shown), headers=OPEN)


def component(gateway: Gateway) -> Grades:
    """Return the grades as a component of a gateway."""
    return Grades(gateway)


def accuracy_of(sheet: GradeSheet) -> AccuracySchema:
    """Return what a sheet says of the timeline."""
    header = sheet.header
    return AccuracySchema(
        grader=keys.peer_id(header.grader),
        digest=sheet.digest.hex(),
        time=to_rfc3339(header.time),
        decides=header.decides,
        rest=header.rest,
        published=header.published,
        official=header.official,
        votes=header.votes,
        reporters=len(sheet.grades),
    )


def own_grade(sheet: GradeSheet | None, name: str) -> OwnGrade | None:
    """Return the grade of the reporter of a name, which at a broker belongs to one key."""
    found = [one for one in sheet.grades if one.name == name] if sheet else []
    return OwnGrade(name, found[0].decides, found[0].rest) if len(found) == 1 else None

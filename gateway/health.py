"""`/live` and `/ready` of the gateway's public port: whether it serves, without any detail."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .context import Gateway
from .security import JsonResponse

_FRESH = {"cache-control": "no-store"}


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return both routes. The metrics port says which part is not ready; this one does not."""

    async def live(_request: Request) -> Response:
        return JsonResponse({"live": True}, headers=_FRESH)

    async def ready(_request: Request) -> Response:
        is_ready = not any(gateway.unready().values())
        return JsonResponse({"ready": is_ready}, 200 if is_ready else 503, _FRESH)

    return [Route("/live", live, methods=["GET"]), Route("/ready", ready, methods=["GET"])]

"""Webhooks: registered over HTTP, kept on disk, and delivered by a task each.

Tested in `tests/integration/test_webhooks.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import random
import secrets
import sqlite3
import uuid
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...protocol.errors import (
    BadToken,
    NotAllowed,
    NotFound,
    Overloaded,
    StorageFault,
    TouchlineError,
    Unreachable,
)
from ...protocol.messages import Count
from ...runtime import clock, sqlite
from ..context import Gateway
from ..feed.channel import Channel
from ..json_input import decode
from ..openapi import Operation
from ..reporting.routes import body
from ..rest import Nothing, event_of, query
from ..security import JsonResponse
from . import delivery as deliveries
from .client import look_up, post
from .delivery import Webhook, WebhookRequest

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
"""How long a receiver may take to answer."""

AT_ONCE = 16
"""The most deliveries at one time."""

MOST_EACH = 20
"""The most webhooks of one event."""

MOST = 500
"""The most webhooks of one gateway."""

LOST_SECONDS = 30.0
"""The pause before a webhook tries again to follow its event."""

AFTER_END_SECONDS = 60.0
"""So often it is looked whether a finished event still takes reports."""


class Again(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a replay: the position after which to deliver again; by default the webhook's
    own."""

    from_: Literal["start"] | Count | None = msgspec.field(default=None, name="from")


class Listed(Struct, frozen=True, tag="webhooks"):
    """The webhooks of an event, oldest first."""

    event: str
    webhooks: list[deliveries.WebhookSchema]


class Removed(Struct, frozen=True, tag="removed"):
    """The webhook was removed."""

    id: str


ONE = "/api/events/{event}/webhooks/{hook}"

_REFUSED = (400, 401, 403, 404, 413)

OPERATIONS = (
    Operation(
        path="/api/events/{event}/webhooks",
        method="post",
        summary="Register a webhook",
        text="Needs the operator's token. Deliveries are signed, in order, and repeated until the"
        " receiver takes them; see docs/GATEWAY.md.",
        body=WebhookRequest,
        answers={201: deliveries.NewWebhookSchema},
        errors=(*_REFUSED, 429, 503),
        secured="operator",
    ),
    Operation(
        path="/api/events/{event}/webhooks",
        method="get",
        summary="List the webhooks of an event",
        answers={200: Listed},
        errors=_REFUSED,
        secured="operator",
    ),
    Operation(
        path=ONE,
        method="get",
        summary="Show a webhook",
        answers={200: deliveries.WebhookSchema},
        errors=_REFUSED,
        secured="operator",
    ),
    Operation(
        path=ONE,
        method="delete",
        summary="Remove a webhook",
        answers={200: Removed},
        errors=_REFUSED,
        secured="operator",
    ),
    Operation(
        path=f"{ONE}/replay",
        method="post",
        summary="Deliver again the messages after a position",
        text="Without `from` the webhook goes on at its position, as after it was given up.",
        query=Again,
        answers={200: deliveries.WebhookSchema},
        errors=_REFUSED,
        secured="operator",
    ),
)


_STEPS: dict[int, sqlite.Step] = {
    1: "CREATE TABLE IF NOT EXISTS hooks (id TEXT PRIMARY KEY, hook BLOB NOT NULL)"
}


class WebhookRegistry:
    """The webhooks on disk.

    Args:
        path: the file.

    Raises:
        StorageFault: the file can't be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._base = sqlite.connect(path, _STEPS, what="webhooks")

    def all(self) -> list[Webhook]:
        """Return all webhooks, oldest first."""
        try:
            rows = self._base.execute("SELECT hook FROM hooks ORDER BY rowid").fetchall()
            return [msgspec.msgpack.decode(row, type=Webhook) for (row,) in rows]
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise StorageFault(f"{self._path}: {error}") from error

    def keep(self, hook: Webhook) -> None:
        """Store the present state of a webhook."""
        self._do(
            "INSERT INTO hooks VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET hook = excluded.hook",
            (hook.id, msgspec.msgpack.encode(hook)),
        )

    def remove(self, hook: Webhook) -> None:
        """Remove a webhook."""
        self._do("DELETE FROM hooks WHERE id = ?", (hook.id,))

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _do(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._base.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageFault(f"{self._path}: {error}") from error


class _News:
    """The listener of one webhook on its channel."""

    def __init__(self) -> None:
        self.come = asyncio.Event()
        self.failure: TouchlineError | None = None

    def notify(self) -> None:
        self.come.set()

    def status(self, payload: bytes) -> None:
        """A status is not delivered: it has no place on the feed."""

    def tick(self, now: float) -> None:
        """A webhook needs no heartbeat."""

    def failed(self, error: TouchlineError) -> None:
        self.failure = error
        self.come.set()


class Webhooks:
    """The component of a gateway that delivers webhooks.

    Args:
        gateway: the gateway of which it is a component.
    """

    _registry: WebhookRegistry

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._options = gateway.options
        self._hooks: dict[str, Webhook] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        gateway.operations += OPERATIONS
        self.routes: list[BaseRoute] = [
            Route("/api/events/{event}/webhooks", self.register, methods=["POST"]),
            Route("/api/events/{event}/webhooks", self.list, methods=["GET"]),
            Route(ONE, self.show, methods=["GET"]),
            Route(ONE, self.remove, methods=["DELETE"]),
            Route(f"{ONE}/replay", self.replay, methods=["POST"]),
        ]

    async def start(self) -> None:
        """Begin to deliver to all webhooks.

        Raises:
            StorageFault: the gateway's folder can't be used.
        """
        self._registry = WebhookRegistry(self._options.home / "webhooks.db")
        for hook in self._registry.all():
            self._hooks[hook.id] = hook
            self._begin(hook)

    async def stop(self) -> None:
        """Stop delivering; the position of each webhook is on disk."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._registry.close()

    # ── over HTTP ────────────────────────────────────────────────────────────────────────────

    async def register(self, request: Request) -> Response:
        self._check(request)
        query(request, Nothing)
        wanted = decode(await body(request), WebhookRequest)
        event = event_of(request)
        target = deliveries.target(wanted.url, plain=self._options.webhook_http)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await look_up(target, private=self._options.webhook_private)
        except TimeoutError:
            raise Unreachable(f"{target.host} was not found in {ANSWER_SECONDS:g} s") from None
        await self._gateway.hub.card(event)
        self._check_room(event)
        hook = Webhook(
            id=uuid.uuid4().hex,
            event=event,
            url=wanted.url,
            secret=wanted.secret or secrets.token_urlsafe(32),
            types=list(dict.fromkeys(wanted.types)),
            created=clock.wall(),
            seq=wanted.from_ if isinstance(wanted.from_, int) else 0,
            at_end=wanted.from_ == "end",
        )
        self._registry.keep(hook)
        self._hooks[hook.id] = hook
        self._begin(hook)
        return JsonResponse(deliveries.registered(hook), 201)

    async def list(self, request: Request) -> Response:
        self._check(request)
        query(request, Nothing)
        event = event_of(request)
        found = [deliveries.shown(hook) for hook in self._hooks.values() if hook.event == event]
        return JsonResponse(Listed(event, found))

    async def show(self, request: Request) -> Response:
        query(request, Nothing)
        return JsonResponse(deliveries.shown(self._find(request)))

    async def remove(self, request: Request) -> Response:
        query(request, Nothing)
        hook = self._find(request)
        await self._end(hook)
        self._registry.remove(hook)
        self._hooks.pop(hook.id, None)
        return JsonResponse(Removed(hook.id))

    async def replay(self, request: Request) -> Response:
        again = query(request, Again)
        hook = self._find(request)
        await self._end(hook)
        deliveries.again(hook, 0 if again.from_ == "start" else again.from_)
        self._registry.keep(hook)
        self._begin(hook)
        return JsonResponse(deliveries.shown(hook))

    def _check(self, request: Request) -> None:
        token = self._options.webhook_token
        if not token:
            raise NotAllowed("this gateway has no webhooks, since it has no --webhook-token")
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(shown.encode(), token.encode()):
            raise BadToken("the operator's token is needed: Authorization: Bearer …")

    def _check_room(self, event: str) -> None:
        of_event = sum(hook.event == event for hook in self._hooks.values())
        for have, most, where in (
            (of_event, MOST_EACH, "of this event"),
            (len(self._hooks), MOST, "in all"),
        ):
            if have >= most:
                raise Overloaded(f"{have} webhooks {where}, at most {most} allowed")

    def _find(self, request: Request) -> Webhook:
        self._check(request)
        hook = self._hooks.get(request.path_params["hook"])
        if hook is None or hook.event != request.path_params["event"]:
            raise NotFound("no such webhook of this event")
        return hook

    # ── delivering ───────────────────────────────────────────────────────────────────────────

    def _begin(self, hook: Webhook) -> None:
        if hook.status == "active":
            self._tasks[hook.id] = asyncio.get_running_loop().create_task(self._run(hook))

    async def _end(self, hook: Webhook) -> None:
        task = self._tasks.pop(hook.id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, hook: Webhook) -> None:
        """Deliver until the event is over, or the webhook is given up."""
        try:
            while hook.status == "active":
                try:
                    await self._follow(hook)
                except TouchlineError as error:
                    hook.trouble = f"the event can't be followed: {error.sentence}"
                    await asyncio.sleep(LOST_SECONDS)
        except asyncio.CancelledError:
            raise
        except Exception:  # without this line in the log, the webhook would only fall silent
            logger.exception("webhook %s of %s has stopped", hook.id, hook.event)
            hook.trouble = "a fault of the gateway; replay to go on"
        finally:
            with contextlib.suppress(StorageFault):
                if hook.id in self._hooks:
                    self._registry.keep(hook)

    async def _follow(self, hook: Webhook) -> None:
        """Deliver the messages of the event's channel.

        Raises:
            TouchlineError: the event can't be followed.
        """
        channel = await self._gateway.hub.channel(hook.event)
        news = _News()
        self._gateway.hub.listen(hook.event, news)
        try:
            while hook.status == "active":
                news.come.clear()
                if news.failure is not None:
                    raise news.failure
                # Before the host has answered, the feed may be only the part that is known so far.
                while channel.joined and await self._deliver_next(hook, channel):
                    pass
                if hook.status == "active":
                    # After the end nothing need come any more that would wake this up.
                    again = AFTER_END_SECONDS if channel.finished else None
                    await _wait(news.come, again if channel.joined else 1.0)
        finally:
            self._gateway.hub.leave(hook.event, news)

    async def _deliver_next(self, hook: Webhook, channel: Channel) -> bool:
        """Deliver the next message when it is due; return whether there may be a further one."""
        before = hook.status, hook.seq
        delivery = deliveries.following(hook, channel, clock.wall())
        if delivery is None:
            if (hook.status, hook.seq) != before:
                self._registry.keep(hook)
            return False
        if (wait := (hook.due - clock.wall()) / 1e6) > 0:
            await asyncio.sleep(wait)
        generation = channel.generation
        trouble, gone = await self._deliver(hook, delivery)
        if trouble:
            deliveries.failed(hook, trouble, clock.wall(), random.random(), gone=gone)
            outcome = "given_up" if hook.status == "given_up" else "failed"
            self._gateway.counters.webhooks[outcome] += 1
            logger.info("webhook %s: delivery %s: %s", hook.id, delivery.id, trouble)
        elif channel.generation == generation:
            deliveries.taken(hook, channel, delivery)
            self._gateway.counters.webhooks["delivered"] += 1
        self._registry.keep(hook)
        return hook.status == "active"

    async def _deliver(self, hook: Webhook, delivery: deliveries.Delivery) -> tuple[str, bool]:
        """Post a delivery; return why it failed, empty where it did not, and whether for good."""
        seconds = clock.wall() // 1_000_000
        headers = [
            ("User-Agent", "touchline-webhook/1"),
            ("Touchline-Event", hook.event),
            ("Touchline-Webhook", hook.id),
            ("Touchline-Delivery", delivery.id),
            ("Touchline-Seq", str(delivery.seq)),
            ("Touchline-Attempt", str(hook.attempts + 1)),
            ("Touchline-Signature", deliveries.sign(hook.secret, seconds, delivery.body)),
        ]
        try:
            target = deliveries.target(hook.url, plain=self._options.webhook_http)
            async with self._at_once:
                status = await post(
                    target,
                    headers,
                    delivery.body,
                    seconds=ANSWER_SECONDS,
                    private=self._options.webhook_private,
                )
        except TouchlineError as error:
            return error.sentence, False
        if 200 <= status < 300:
            return "", False
        return f"the receiver answered {status}", status == deliveries.GONE


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def component(gateway: Gateway) -> Webhooks:
    """Return webhooks as a component of a gateway."""
    return Webhooks(gateway)

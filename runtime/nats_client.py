"""A connection to NATS, on a thread with an event loop of its own.

It is made anew for as long as it is wanted, with growing pauses. What goes on for as long as a
connection lives is an *attendant*: a coroutine that is started with each connection and cancelled
with its end. A single request is a *call*. The package `nats` is loaded by `start`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from ..protocol.addresses import nats_servers, nats_shown
from ..protocol.errors import (
    Conflict,
    EnvironmentFault,
    NotAllowed,
    NotFound,
    SettingError,
    StorageFault,
    TouchlineError,
    Unreachable,
    Untrusted,
)
from . import clock, settings
from .logs import note
from .settings import Setting

if TYPE_CHECKING:
    from nats.aio.client import Client

T = TypeVar("T")

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5
"""How long an attempt to connect may take."""

CALL_SECONDS = 5.0
"""How long a request waits for its answer."""

CLOSE_SECONDS = 1
"""How long the end of a connection may take."""

PING_SECONDS = 5
"""The interval of the pings; a connection with two unanswered ones is broken."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between two attempts to connect: they double from the one to the other."""

WRONG_LAST = 10071
"""The error of JetStream where another message came in between."""

NO_MESSAGE = 10037
NO_STREAM = 10059

FULL = frozenset({10023, 10047, 10077, 10122})
"""The errors of JetStream where it has no room: resources, memory, storage, bytes of the stream."""


def _check_file(flag: str, path: str) -> None:
    if path and not Path(path).is_file():
        raise SettingError(f"{flag}: there is no file {path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsOptions:
    """The settings of a connection to NATS.

    Raises:
        SettingError: a file is not there.
    """

    nats_credentials: Annotated[
        str,
        Setting(
            "--nats-credentials",
            metavar="FILE",
            help="Who this process is to NATS: a credentials file, or the seed of an NKey. A user"
            " and password may stand in the address.",
            otherwise="nobody",
            further=_check_file,
        ),
    ] = ""

    nats_ca: Annotated[
        str,
        Setting(
            "--nats-ca",
            metavar="FILE",
            help="The certificate of who signed NATS's own, PEM.",
            otherwise="those of the system",
            further=_check_file,
        ),
    ] = ""

    nats_cert: Annotated[
        str,
        Setting(
            "--nats-cert",
            metavar="FILE",
            help="The certificate that this process shows to NATS, PEM.",
            otherwise="none",
            further=_check_file,
        ),
    ] = ""

    nats_key: Annotated[
        str,
        Setting(
            "--nats-key",
            metavar="FILE",
            help="The key of that certificate, PEM.",
            otherwise="in the certificate's file",
            further=_check_file,
        ),
    ] = ""

    def __post_init__(self) -> None:
        settings.check(self)


AGAIN_SECONDS = 1.0
"""The pause before an attendant that failed is started again, where the connection lives."""

Attendant = Callable[["Client"], Awaitable[None]]
"""Goes on for as long as a connection lives; cancelled with its end."""


class NatsClient:
    """One connection to NATS.

    Args:
        addresses: of its servers, see `protocol.addresses.nats_servers`.
        options: who this process is, and what it trusts.
        name: of this process, for those who look after NATS.

    Raises:
        SettingError: an address is not valid.
    """

    def __init__(self, addresses: str, options: NatsOptions | None = None, name: str = "") -> None:
        self.shown = nats_shown(addresses)
        """The addresses for people."""
        self.refusal: TouchlineError | None = None
        """Why NATS does not let this process in; None while it does."""
        self.trouble = ""
        """Why the newest attempt to connect failed; empty while the connection stands."""
        self.violation = ""
        """What NATS has not permitted this process last, in a sentence; empty: nothing."""
        self.connected = False
        self.losses = 0
        """How often a connection ended that stood."""
        self._servers = nats_servers("the address of NATS", addresses)
        self._options = options or NatsOptions()
        self._name = name
        self._away_since: float | None = None  # monotonic; None while connected or not started
        self._away_before = 0.0  # seconds, without the present absence
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: Client | None = None
        self._attendants: dict[Attendant, asyncio.Task[None] | None] = {}
        self._closing: asyncio.Event | None = None
        self._ready = threading.Event()
        self._lock = threading.Lock()  # a call either comes before the loop's end or is refused

    # ── from any thread ──────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to connect.

        Raises:
            SettingError: the package is not installed, or a file of the options is not valid.
        """
        try:
            import nats  # noqa: F401  # loaded before the thread needs it
        except ImportError:
            raise SettingError(
                "NATS needs the package nats-py: pip install touchline[nats]"
            ) from None
        context = self._tls()
        if self._options.nats_credentials:
            _check_credentials(self._options.nats_credentials)
        self._away_since = clock.now()
        self._thread = threading.Thread(target=self._run, args=(context,), name="nats")
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """End the connection and the thread."""
        if self._thread is None:
            return
        self._on_loop(lambda: self._closing.set() if self._closing else None)
        self._thread.join()
        self._thread = None

    @property
    def absence(self) -> str:
        """Why there is no connection, in a sentence; empty where there is one."""
        if self.connected:
            return ""
        return self.trouble or f"NATS at {self.shown} is being connected to"

    @property
    def away_seconds(self) -> float:
        """Seconds without a connection since the start, the present absence included."""
        since = self._away_since
        return self._away_before + (0.0 if since is None else max(0.0, clock.now() - since))

    def attend(self, attendant: Attendant) -> None:
        """Start an attendant with this connection, if there is one, and with each further one."""

        def add() -> None:
            self._attendants[attendant] = None
            if self._client is not None:
                self._begin(attendant, self._client)

        self._on_loop(add)

    def dismiss(self, attendant: Attendant) -> None:
        """End an attendant."""

        def remove() -> None:
            task = self._attendants.pop(attendant, None)
            if task is not None:
                task.cancel()

        self._on_loop(remove)

    def call(
        self,
        make: Callable[[Client], Coroutine[Any, Any, T]],
        then: Callable[[T | TouchlineError], object],
        seconds: float = CALL_SECONDS,
    ) -> None:
        """Make one request.

        Args:
            make: returns its coroutine.
            then: takes the result or the error; called once, on the connection's thread.
            seconds: to wait at most.
        """

        closed = Unreachable(f"the connection to NATS at {self.shown} is closed")

        async def run() -> None:
            then(await self._attempt(make, seconds))

        def ended(task: asyncio.Task[None]) -> None:
            self._calls.discard(task)
            if task.cancelled():  # before it began, or while it waited
                then(closed)

        def begin() -> None:
            task = asyncio.get_running_loop().create_task(run())
            self._calls.add(task)
            task.add_done_callback(ended)

        if not self._on_loop(begin):
            then(closed)

    def publish(self, subject: str, content: bytes) -> None:
        """Publish a message that is not stored; it is lost where there is no connection."""

        def send() -> None:
            client = self._client
            if client is not None:
                task = asyncio.get_running_loop().create_task(_publish(client, subject, content))
                self._calls.add(task)
                task.add_done_callback(self._calls.discard)

        self._on_loop(send)

    # ── on the thread ────────────────────────────────────────────────────────────────────────

    def _on_loop(self, call: Callable[[], object]) -> bool:
        """Have the loop call something; return False where it is closed."""
        with self._lock:
            if self._loop is None:
                return False
            self._loop.call_soon_threadsafe(call)
            return True

    async def _attempt(
        self, make: Callable[[Client], Coroutine[Any, Any, T]], seconds: float
    ) -> T | TouchlineError:
        client = self._client
        if client is None:
            return Unreachable(self.trouble or f"NATS at {self.shown} can't be reached")
        task = asyncio.create_task(make(client))
        # Of a subject that is not permitted, NATS tells the connection; the request gets no answer.
        forbidden = self._violation
        both: set[asyncio.Future[Any]] = {task, forbidden}
        await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
            if forbidden.done():
                return NotAllowed(self.violation)
        try:
            return task.result()
        except asyncio.CancelledError:
            return self.fault(TimeoutError())
        except Exception as error:  # the library raises any kind
            return self.fault(error)

    def fault(self, error: Exception) -> TouchlineError:
        """Return an exception of the package `nats` as one of ours."""
        import nats.errors
        import nats.js.errors as js

        where = f"NATS at {self.shown}"
        if isinstance(error, TouchlineError):
            return error
        if isinstance(error, js.APIError):
            reason = f"{where}: {error.description}"
            if error.err_code == WRONG_LAST:
                return Conflict(reason)
            if error.err_code in FULL:
                return StorageFault(f"{where} is full: {error.description}")
            if error.err_code in (NO_STREAM, NO_MESSAGE):
                return NotFound(reason)
            return EnvironmentFault(f"{reason} (error {error.err_code})")
        if isinstance(error, nats.errors.NoRespondersError | js.NoStreamResponseError):
            return NotFound(f"{where} has no stream for that")
        if isinstance(error, TimeoutError):
            return Unreachable(f"{where} did not answer in time")
        if isinstance(error, nats.errors.Error | OSError | js.Error):
            return Unreachable(f"{where} can't be reached: {error}")
        raise error

    def _run(self, context: ssl.SSLContext | None) -> None:
        asyncio.run(self._serve(context))

    async def _serve(self, context: ssl.SSLContext | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        self._violation: asyncio.Future[None] = self._loop.create_future()
        self._calls: set[asyncio.Task[None]] = set()
        self._ready.set()
        closing = asyncio.create_task(self._closing.wait())
        pause = FIRST_PAUSE
        try:
            while not self._closing.is_set():
                lost = asyncio.Event()
                client = await self._connect(context, lost, closing)
                if client is None:
                    await asyncio.wait({closing}, timeout=pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                    continue
                pause = FIRST_PAUSE
                await self._live(client, lost, closing)
        finally:
            closing.cancel()
            with self._lock:
                self._loop = None
            await asyncio.sleep(0)  # what was called before that has begun now
            for task in self._calls:
                task.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)

    async def _connect(
        self, context: ssl.SSLContext | None, lost: asyncio.Event, closing: asyncio.Task[Any]
    ) -> Client | None:
        from nats.aio.client import Client

        reasons: list[Exception] = []

        async def on_error(error: Exception) -> None:
            if not self.connected:
                reasons.append(error)
            elif "permissions violation" in str(error).casefold():
                self._violate(str(error))

        async def on_closed() -> None:
            lost.set()

        client = Client()
        attempt = asyncio.create_task(
            client.connect(
                self._servers,
                error_cb=on_error,
                closed_cb=on_closed,
                name=self._name or None,
                allow_reconnect=False,  # this loop does it, and starts the attendants anew
                connect_timeout=CONNECT_SECONDS,
                reconnect_time_wait=0,
                max_reconnect_attempts=1,
                ping_interval=PING_SECONDS,
                max_outstanding_pings=2,
                tls=context,
                **self._who(),
            )
        )
        await asyncio.wait({attempt, closing}, return_when=asyncio.FIRST_COMPLETED)
        if not attempt.done():
            attempt.cancel()
        try:
            await attempt
        except asyncio.CancelledError:
            return None
        except Exception as error:  # the library raises any kind
            self._failed([error, *reasons])
            await _close(client)
            return None
        return client

    def _violate(self, text: str) -> None:
        self.violation = f"NATS at {self.shown} does not let this process do that: {text}"
        note(logger, logging.WARNING, self.violation)
        before, self._violation = self._violation, asyncio.get_running_loop().create_future()
        before.set_result(None)

    def _failed(self, errors: list[Exception]) -> None:
        text = next((str(error) for error in reversed(errors) if str(error)), "no reason given")
        self.trouble = f"NATS at {self.shown} can't be reached: {text}"
        if "authorization" in text.casefold():
            self.refusal = NotAllowed(f"NATS at {self.shown} refuses who this process is: {text}")
        elif any(isinstance(error, ssl.SSLError) for error in errors):
            self.refusal = Untrusted(f"NATS at {self.shown} is not trusted: {text}")

    async def _live(self, client: Client, lost: asyncio.Event, closing: asyncio.Task[Any]) -> None:
        self._client, self.trouble, self.refusal = client, "", None
        if self._away_since is not None:
            self._away_before += clock.now() - self._away_since
        self._away_since = None
        self.connected = True
        for attendant in list(self._attendants):
            self._begin(attendant, client)
        ended = asyncio.create_task(lost.wait())
        await asyncio.wait({ended, closing}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        self._client, self.connected = None, False
        self._away_since = clock.now()
        if not closing.done():
            self.losses += 1
            self.trouble = f"the connection to NATS at {self.shown} is lost"
        tasks = [task for task in self._attendants.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _close(client)

    def _begin(self, attendant: Attendant, client: Client) -> None:
        async def run() -> None:
            while True:
                try:
                    await attendant(client)
                    return
                except Exception as error:  # likewise
                    note(logger, logging.INFO, self.fault(error).sentence)
                await asyncio.sleep(AGAIN_SECONDS)

        self._attendants[attendant] = asyncio.get_running_loop().create_task(run())

    def _who(self) -> dict[str, Any]:
        path = self._options.nats_credentials
        if not path:
            return {}
        text = Path(path).read_text("utf-8")
        return (
            {"user_credentials": path} if "-----BEGIN" in text else {"nkeys_seed_str": text.strip()}
        )

    def _tls(self) -> ssl.SSLContext | None:
        options = self._options
        wanted = options.nats_ca or options.nats_cert
        if not wanted and not any(one.startswith("tls:") for one in self._servers):
            return None
        try:
            context = ssl.create_default_context(cafile=options.nats_ca or None)
            if options.nats_cert:
                context.load_cert_chain(options.nats_cert, options.nats_key or None)
        except (OSError, ssl.SSLError) as error:
            raise SettingError(f"--nats-ca, --nats-cert: {error}") from None
        return context


async def _close(client: Client) -> None:
    # After a handshake that failed, the package waits for an end that never comes.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()


async def _publish(client: Client, subject: str, content: bytes) -> None:
    with contextlib.suppress(Exception):  # the connection has just ended: the next beat will come
        await client.publish(subject, content)


def _check_credentials(path: str) -> None:
    try:
        import nkeys  # noqa: F401  # what signs for the credentials
    except ImportError:
        raise SettingError("--nats-credentials: pip install touchline[nats]") from None
    try:
        Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"--nats-credentials: {path}: {error}") from None

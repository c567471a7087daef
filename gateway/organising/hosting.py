"""The gateway's own host: a thread that hosts the events of its organisers."""

from __future__ import annotations

import logging
import threading
from contextlib import closing

from ...peer.host.journal import Journal
from ...peer.host.options import Options
from ...peer.host.service import Host
from ...protocol.errors import TouchlineError
from ...protocol.keys import Identity

logger = logging.getLogger(__name__)


class OwnHost:
    """A host in a thread of its own, which takes on events while it runs.

    Args:
        options: of the host.
        identity: the key of the host.
        journal: the URL of its journal.

    Raises:
        TouchlineError: the journal or a socket can't be used.
    """

    def __init__(self, options: Options, identity: Identity, journal: str) -> None:
        self.peer = identity.peer
        """The id of the host's key, which owners let host their events."""
        self._journal = Journal(journal, identity.peer)
        try:
            self.host = Host(options, identity, self._journal, (), stays=True)
        except TouchlineError:
            self._journal.close()
            raise
        self._thread = threading.Thread(target=self._run, name="own host")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Give the events back and end; wait until the thread has ended."""
        self.host.stop()
        self._thread.join()

    @property
    def trouble(self) -> str:
        """Why it serves nothing, or stores nothing; empty where it does. From any thread."""
        if not self._thread.is_alive():
            return "the gateway's own host has ended"
        return self.host.trouble

    def take_on(self, event: str) -> None:
        """Host an event whose owner lets this host; any thread may call this."""
        self.host.take_on(event)

    def _run(self) -> None:
        try:
            with closing(self._journal):
                self.host.run()
        except Exception:  # without this line in the log, the host would only fall silent
            logger.exception("the gateway's own host has ended")
            raise

"""A thread that keeps one connection to Redis open, and hears of revocations as they happen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from django_jwtauth.revocation.set_back import LastDrop
from django_jwtauth.revocation.stream import Cursors, RevocationStream, StreamEntry

# All in seconds.
CHECK_EVERY: Final = 5.0  # how soon a stream is noticed that has lost its end
_FIRST_PAUSE: Final = 0.1  # before the second try to connect; each further one waits twice as long
_LONGEST_PAUSE: Final = 2.0
_LONGEST_GOODBYE: Final = 5.0

logger = logging.getLogger("django_jwtauth")


class Listener:
    """Reads the stream until it is stopped, whatever goes wrong.

    ``connect`` makes a client for this thread alone. ``begin`` learns all there is, returns where
    to read on, and is told whether the stream has lost entries. ``deliver`` adds what this process
    could not. ``receive`` takes each entry. ``last_drop``: by which clock what had expired was
    dropped. ``block``: how long the server may say nothing, in seconds; a silence counts as an
    answer.
    """

    def __init__(
        self,
        stream: RevocationStream,
        *,
        connect: Callable[[], Any],
        begin: Callable[[Any, bool], Cursors],
        deliver: Callable[[Any], None],
        receive: Callable[[list[StreamEntry]], None],
        last_drop: LastDrop,
        block: float,
    ) -> None:
        self._stream = stream
        self._connect = connect
        self._begin = begin
        self._deliver = deliver
        self._receive = receive
        self._last_drop = last_drop
        self._block = block
        #: When the last answered question was asked, by the monotonic clock; never: the thread
        #: is alive. One that hangs or never gets to run does not look current.
        self.answered_at = float("-inf")
        #: Set when the first try is over, whether or not it succeeded.
        self.has_tried = threading.Event()
        self._is_stopped = threading.Event()
        self._failures = 0
        # A daemon: it must not keep the interpreter from ending.
        self._thread = threading.Thread(target=self._run, name="jwtauth-revocations", daemon=True)

    def start(self) -> None:
        """Start the thread; where there can be no more threads, this listener hears nothing."""
        try:
            self._thread.start()
        except RuntimeError as error:
            logger.error("No thread can be started to listen to Redis: %s", error)  # noqa: TRY400
            self.has_tried.set()

    def stop(self) -> None:
        """End the thread and wait for it, though not if it hangs."""
        self._is_stopped.set()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_GOODBYE)

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 (a thread that dies says nothing)
                self._fail(error)
            self.has_tried.set()

    def _fail(self, error: Exception) -> None:
        if not self._failures:
            logger.error(
                "Revocations do not arrive over Redis: %s: %s", type(error).__name__, error
            )
            pause = 0.0
        else:
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
        self._failures += 1
        self._is_stopped.wait(pause)

    def _listen(self) -> None:
        client = self._connect()
        try:
            has_lost_entries = False
            while not self._is_stopped.is_set():
                asked_at = monotonic()
                cursors = self._begin(client, has_lost_entries)
                self.answered_at = asked_at
                self._recover()
                has_lost_entries = self._follow(client, cursors)
        finally:
            client.close()

    def _recover(self) -> None:
        self.has_tried.set()
        if self._failures:
            logger.info("Revocations arrive over Redis again.")
            self._failures = 0

    def _follow(self, client: Any, cursors: Cursors) -> bool:
        """Read until stopped, or all has to be learnt anew; tells whether entries are lost."""
        check_at = monotonic() + CHECK_EVERY
        while not self._is_stopped.is_set():
            self._deliver(client)
            asked_at = monotonic()
            entries = self._stream.read(client, cursors, self._block)
            if entries:
                self._receive(entries)
            # Not when the answer was read: it may have lain there while the process slept.
            self.answered_at = asked_at
            if self._last_drop.was_too_early():
                return False
            if asked_at >= check_at:
                if self._stream.is_behind(client, cursors):
                    return True
                check_at = asked_at + CHECK_EVERY
        return False

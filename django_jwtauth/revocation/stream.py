"""The Redis stream that carries revocations: its keys, its entries, how it is read and written.

Two streams make up one: ``{name}`` for what expires, trimmed as time goes by, and
``{name}:lasting`` for what never does. Neither is ever made by adding to it: a stream that exists
has been begun with all that was revoked at that time. Redis 6.2 or later.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

BEGINNING: Final = "0-0"
_BATCH: Final = 1000  # entries of one answer
_ONE_AT_A_TIME: Final = 10  # seconds in which one process alone writes everything anew
# Longer than anything in it matters, in seconds: clocks differ, and the server's makes the ids.
_KEPT_AT_LEAST: Final = 3600

logger = logging.getLogger("django_jwtauth")

#: For each stream the id up to which it has been read.
Cursors = dict[str, str]


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One revocation on its way; ``expires_at`` is in seconds since the epoch, or never."""

    identifier: str
    expires_at: float | None
    id: str = ""


class RevocationStream:
    """Reads and writes through the client that it is given; errors are the client's."""

    def __init__(self, name: str, lifetime: float) -> None:
        self._expiring = f"{{{name}}}"  # braces: both on one node of a cluster
        self._lasting = f"{{{name}}}:lasting"
        self._writing = f"{{{name}}}:writing"
        self._kept = max(lifetime, _KEPT_AT_LEAST)

    def beginning(self) -> Cursors:
        """Return where a reader starts that has nothing else to learn from."""
        return {self._expiring: BEGINNING, self._lasting: BEGINNING}

    def tips(self, client: Any) -> Cursors:
        """Return where a reader starts that learns of everything before from elsewhere."""
        return {key: _tip(client, key) for key in self.beginning()}

    def is_behind(self, client: Any, cursors: Cursors) -> bool:
        """Tell whether ids have gone back, so that new entries hide behind the cursors.

        So it is after a failover to a replica that had not received everything, or a loss.
        """
        tips = self.tips(client)
        return any(_order(tips[key]) < _order(cursors[key]) for key in cursors)

    def read(self, client: Any, cursors: Cursors, block: float | None) -> list[StreamEntry]:
        """Return what came after the cursors, and move them; waits up to ``block`` seconds."""
        milliseconds = None if block is None else max(1, int(block * 1000))
        answer = client.xread(cursors, count=_BATCH, block=milliseconds)
        entries = []
        for key, received in answer.items() if isinstance(answer, dict) else answer:
            for raw_id, fields in received:
                cursors[key.decode()] = entry_id = raw_id.decode()
                entry = _parsed(entry_id, fields)
                if entry is not None:
                    entries.append(entry)
        return entries

    def add(self, client: Any, entries: Iterable[StreamEntry]) -> bool:
        """Add entries in one trip; ``False``: there is no stream to add to."""
        with client.pipeline(transaction=False) as pipeline:
            for entry in entries:
                self._add(pipeline, entry, may_make=False)
            return None not in pipeline.execute()

    def is_there(self, client: Any) -> bool:
        """Tell whether both streams exist."""
        return bool(client.exists(self._expiring, self._lasting) == len(self.beginning()))

    def begin(self, client: Any, entries: Iterable[StreamEntry]) -> None:
        """Make the streams and write all that is live, in one step, unless they are there.

        Of many processes that find nothing, one writes.
        """

        def write(pipeline: Any) -> None:
            if not self.is_there(pipeline):
                self._write(pipeline, entries)

        client.transaction(write, self._expiring, self._lasting)

    def begin_anew(self, client: Any, entries: Iterable[StreamEntry]) -> None:
        """Write all that is live once more: something is missing from a stream that is there."""
        if client.set(self._writing, 1, nx=True, ex=_ONE_AT_A_TIME):
            client.transaction(lambda pipeline: self._write(pipeline, entries))

    def _write(self, pipeline: Any, entries: Iterable[StreamEntry]) -> None:
        pipeline.multi()
        for key in self.beginning():
            pipeline.xadd(key, {"version": 1})
        for entry in entries:
            self._add(pipeline, entry, may_make=True)

    def _add(self, pipeline: Any, entry: StreamEntry, *, may_make: bool) -> None:
        lasts = entry.expires_at is None
        fields = {
            "identifier": entry.identifier,
            "expires_at": "" if entry.expires_at is None else repr(entry.expires_at),
        }
        pipeline.xadd(
            self._lasting if lasts else self._expiring,
            fields,
            nomkstream=not may_make,
            minid=None if lasts else int((time.time() - self._kept) * 1000),
        )


def _tip(client: Any, key: str) -> str:
    if not client.exists(key):
        return BEGINNING
    tip: bytes = client.xinfo_stream(key)["last-generated-id"]
    return tip.decode()


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, count = entry_id.partition("-")
    return int(milliseconds), int(count)


def _parsed(entry_id: str, fields: dict[bytes, bytes]) -> StreamEntry | None:
    """Return what the entry says, if anything; a malformed one harms itself alone."""
    if b"version" in fields:
        return None
    try:
        expires_at = fields[b"expires_at"].decode()
        return StreamEntry(
            identifier=fields[b"identifier"].decode(),
            expires_at=float(expires_at) if expires_at else None,
            id=entry_id,
        )
    except (KeyError, ValueError) as error:
        logger.warning("Entry %s of the revocation stream is malformed: %r", entry_id, error)
        return None

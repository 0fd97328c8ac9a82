"""The one clock. Services read it once and hand ``now`` down; ``testing`` moves it."""

from __future__ import annotations

import time

_offset: float = 0.0


def now() -> float:
    """Return the seconds since the epoch."""
    return time.time() + _offset


def offset() -> float:
    """Return by how many seconds the clock runs ahead of the machine's: 0 but in tests."""
    return _offset


def set_offset(seconds: float) -> None:
    """Let the clock run ahead of the machine's by ``seconds``; for tests alone."""
    global _offset  # noqa: PLW0603 (one clock a process)
    _offset = seconds

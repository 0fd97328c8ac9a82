"""Notices that the clock was set back: then what had expired, and was dropped, is live again.

So it is where a machine starts with a clock that is ahead, and sets it right later.
"""

from __future__ import annotations

from time import monotonic
from typing import Final

from django_jwtauth import clock

_STEP: Final = 1.0  # seconds; a clock that is only slowed down never goes back so far at once


class LastDrop:
    """When something was last dropped as expired, by the clock and by the monotonic one."""

    def __init__(self) -> None:
        self._lead = float("-inf")

    def was_at(self, now: float) -> None:
        """Say that what had expired at ``now``, the clock's time, has just been dropped."""
        self._lead = now - monotonic()

    def was_too_early(self) -> bool:
        """Tell whether the clock was set back since: something may be live that was dropped."""
        return clock.now() - monotonic() < self._lead - _STEP

"""Notices that the clock was set back: then what had expired, and was dropped, is live again.

So it is where a machine starts with a clock that is ahead, and sets it right later.
"""

from __future__ import annotations

from time import monotonic
from typing import Final

from django_jwtauth import clock

_STEP: Final = 1.0  # seconds; a clock that is only slowed down never goes back so far at once


class ClockWatch:
    """Compares the clock with the monotonic one, each time that it is asked."""

    def __init__(self) -> None:
        self._lead = clock.now() - monotonic()

    def was_set_back(self) -> bool:
        """Tell whether the clock was set back since the last call."""
        before, self._lead = self._lead, clock.now() - monotonic()
        return self._lead < before - _STEP

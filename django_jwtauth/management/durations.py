"""How commands read and write durations and moments."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Final

_UNITS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SHOWN: Final = (("d", 86400), ("h", 3600), ("min", 60))
_DURATION: Final = re.compile(r"(\d{1,9})([dhms])", re.ASCII)


def duration(text: str) -> float:
    """Return the seconds of ``30d``, ``12h``, ``90m`` or ``45s``; an ``argparse`` type."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ArgumentTypeError(
            f"{text!r} is no duration: write a number and d, h, m or s, such as 30d, 12h, 90m."
        )
    return float(int(match[1]) * _UNITS[match[2]])


def show_duration(seconds: float) -> str:
    """Return ``seconds`` in the largest unit of which there are two, such as ``36 h``."""
    for name, length in _SHOWN:
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} s"


def show_moment(seconds: float) -> str:
    """Return a moment, in seconds since the epoch, as people read it: in UTC, to the second."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"

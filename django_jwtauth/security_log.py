"""Keeps each line of ``django_jwtauth.security`` whole: ``event key=value key=value``.

Each line is written where the event happens, with its facts as arguments. What users chose
themselves, such as a user name, is quoted here, so that it can neither begin another line nor
another fact. ``docs/signals-and-logs.md`` lists the lines.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9._:@+/-]+")


class QuotedFacts(logging.Filter):
    """Quotes, as JSON does, each fact that is more than one plain word."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the arguments of the record, and let it pass."""
        if isinstance(record.args, tuple):
            record.args = tuple(map(_quoted, record.args))
        return True


def connect() -> None:
    """Put the filter before every handler; a second call changes nothing."""
    logger = logging.getLogger("django_jwtauth.security")
    if not any(isinstance(known, QuotedFacts) for known in logger.filters):
        logger.addFilter(QuotedFacts())


def _quoted(fact: Any) -> Any:
    if fact is None:
        return "-"
    if not isinstance(fact, str) or _PLAIN.fullmatch(fact):
        return fact
    return json.dumps(str(fact))

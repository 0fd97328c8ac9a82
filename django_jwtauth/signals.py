"""What others may listen to. Every signal is sent after commit, with ``send_robust``.

====================== =====================================================================
signal                 arguments besides ``sender`` (the model's class)
====================== =====================================================================
session_started        ``session``, ``user``, ``request``
session_refreshed      ``session``, ``user``, ``request``, ``retried`` (nothing was rotated)
session_ended          ``session_id`` (UUID), ``user_id``, ``reason``
refresh_token_reused   ``session``, ``user``, ``request``, ``generations`` (how many the token
                       was behind), ``seconds`` (since the last rotation)
signing_key_rotated    ``kid``, ``previous`` (its kid, or ``""``)
signing_key_revoked    ``kid``, ``successor`` (its kid, or ``""``)
====================== =====================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connections, transaction
from django.dispatch import Signal

session_started = Signal()
session_refreshed = Signal()
session_ended = Signal()
refresh_token_reused = Signal()
signing_key_rotated = Signal()
signing_key_revoked = Signal()


def send_after_commit(signal: Signal, *, sender: type, using: str, **arguments: Any) -> None:
    """Send once the transaction on ``using`` has committed; at once where there is none."""
    after_commit(using, partial(signal.send_robust, sender, **arguments))


def after_commit(using: str, act: Callable[[], object]) -> None:
    """Call ``act`` once the transaction on ``using`` has committed; at once where there is none.

    ``transaction.on_commit`` would connect to find that out, and a service may have no database.
    """
    if connections[using].in_atomic_block:
        transaction.on_commit(act, using=using)
    else:
        act()

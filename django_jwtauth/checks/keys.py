"""Whether there is a key that signs, and one for the time after it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Final

from django.core.checks import CheckMessage

from django_jwtauth import clock, key_rotation, keystores
from django_jwtauth.checks.table import message
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores.database import DatabaseKeyStore
from django_jwtauth.tokens.keyring import KeyRing

_DAY: Final = 86400
_AHEAD: Final = 14 * _DAY  # an operator needs a working day or two to make a key
_OLD: Final = 365 * _DAY


def check_given_keys() -> Iterator[CheckMessage]:
    """Check the keys of a store that has them at hand; one that has to ask others is not asked."""
    store = keystores.store()
    if isinstance(store, DatabaseKeyStore) or store.only_verifies or store.loads_in_background:
        return
    now = clock.now()
    try:
        ring = key_rotation.read_ring(now)
    except NoSigningKey as error:
        yield message("W211", sentence=error.reason)
        return
    yield from judge_ring(ring, now, ())


def judge_ring(ring: KeyRing, now: float, revoked: Collection[str]) -> Iterator[CheckMessage]:
    """Tell of a ring that cannot sign, will not for long, or has not changed for a year."""
    problem = key_rotation.ring_problem(ring, now)
    if problem:
        yield message("W211", sentence=problem)
    yield from judge_ring_ahead(ring, now, revoked)


def judge_ring_ahead(ring: KeyRing, now: float, revoked: Collection[str]) -> Iterator[CheckMessage]:
    """Tell of a ring that signs now, and will not for long or has not changed for a year."""
    key = ring.signing_key(now, revoked)
    if key is None:
        return
    if ring.signing_key(now + _AHEAD, revoked) is None:
        yield message("W212", moment=_moment(_last_end(ring, now, revoked)))
    age = 0.0 if key.active_at is None else now - key.active_at
    if keystores.store().makes_keys and age > _OLD:
        yield message("W213", kid=key.kid, days=int(age // _DAY))


def _last_end(ring: KeyRing, now: float, revoked: Collection[str]) -> float:
    """Return the moment from which on no key signs, if there is none later."""
    moment = now
    while (key := ring.signing_key(moment, revoked)) is not None and key.retire_at is not None:
        moment = key.retire_at
    return moment


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M} UTC"

"""The key ring in force in this process, and what it answers."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db import DatabaseError

from django_jwtauth import keystores, revocation
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.key_rotation.first_key import make_first_key
from django_jwtauth.keystores.base import OpenTransaction
from django_jwtauth.keystores.database import DatabaseKeyStore
from django_jwtauth.keystores.held_ring import held_ring, load
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, KeyState

MAX_JWKS_AGE: Final = 300  # seconds; well-known clients keep a set for 300 to 600

_SIGNING_STATES: Final = (KeyState.PENDING, KeyState.ACTIVE)

logger = logging.getLogger("django_jwtauth")


def key_ring(now: float) -> KeyRing:
    """Return the ring in force; the caller has asked the feed to be current.

    Raises ``NoSigningKey`` (503) where no ring can be loaded at all.
    """
    feed = revocation.feed()
    if feed.ring_suspected():
        # This thread has changed a key in a block that may yet roll back: nobody else may see it.
        return load(keystores.store(), now)
    return held_ring().ring(now, feed.ring_news())


def ring_age() -> float | None:
    """Return the seconds since the ring in force was read; ``None``: it has not been yet."""
    return held_ring().age()


def read_ring(now: float) -> KeyRing:
    """Read the ring past all memory, as an operator wants to see it."""
    return load(keystores.store(), now)


def ring_for_unknown_kid(now: float) -> KeyRing:
    """Return a ring loaded because a token names a ``kid`` that the present one does not hold.

    At most once a second, or as seldom as the key store asks for; else it is the present ring.
    """
    feed = revocation.feed()
    if feed.ring_suspected():
        return load(keystores.store(), now)
    return held_ring().ring_for_unknown_kid(now, feed.ring_news())


def signing_key(now: float) -> Key:
    """Return the key that signs at ``now``, and make the first one where there is none.

    Raises ``NoSigningKey``, whose reason says what the operator has to do.
    """
    revoked = revocation.feed().revoked_kids()
    ring = key_ring(now)
    key = ring.signing_key(now, revoked)
    if key is None:
        ring = _ring_with_first_key(ring, now)
        key = ring.signing_key(now, revoked) or _first_key_too_early(ring, now, revoked)
    if key is None:
        reason = _why_none_signs(ring, now)
        logger.error("No key can sign: %s", reason)
        raise NoSigningKey(reason)
    return key


def signing_kid(now: float) -> str:
    """Return the name of the key that signs as far as is known here, "" where there is none."""
    try:
        key = key_ring(now).signing_key(now, revocation.feed().revoked_kids())
    except NoSigningKey:
        return ""
    return "" if key is None else key.kid


def ring_problem(ring: KeyRing, now: float) -> str | None:
    """Return the sentence for the operator where the ring cannot do its work at ``now``."""
    store, revoked = keystores.store(), revocation.feed().revoked_kids()
    if store.only_verifies:
        return None if ring.jwks(now, revoked)["keys"] else "There is no key that verifies a token."
    if ring.signing_key(now, revoked) is None:
        return _why_none_signs(ring, now)
    needed = [
        kid
        for kid in ring.unreadable
        if kid not in revoked
        and ((key := ring.find(kid)) is None or key.state(now) in _SIGNING_STATES)
    ]
    if not needed:
        return None
    if store.makes_keys:
        return _why_not_decrypted(needed)
    return f"The key {', '.join(needed)} cannot be read: see the log."


def _why_none_signs(ring: KeyRing, now: float) -> str:
    store = keystores.store()
    if not store.makes_keys:
        return store.why_none_signs
    if not ring.kids:
        return "There is no signing key yet: manage.py migrate makes one, and so does a login."
    if ring.unreadable:
        return _why_not_decrypted(ring.unreadable)
    revoked = revocation.feed().revoked_kids()
    pending = [
        key.active_at
        for key in ring
        if key.active_at is not None
        and key.state(now) is KeyState.PENDING
        and key.kid not in revoked
    ]
    if pending:
        moment = datetime.fromtimestamp(min(pending), tz=UTC).isoformat(timespec="seconds")
        return f"The next key signs from {moment}; manage.py rotate_jwt_keys --now is quicker."
    return "Every signing key is retired or revoked: run manage.py rotate_jwt_keys --now."


def _why_not_decrypted(kids: Iterable[str]) -> str:
    return (
        f"The private key {', '.join(kids)} cannot be decrypted: put the former SECRET_KEY into "
        "SECRET_KEY_FALLBACKS, or make a new key with manage.py rotate_jwt_keys --now."
    )


def jwks(now: float) -> dict[str, Any]:
    """Return the public JWK Set of all keys that verify at ``now`` (RFC 7517 section 5)."""
    return key_ring(now).jwks(now, revocation.feed().revoked_kids())


def jwks_max_age(now: float) -> int:
    """Return for how many seconds that set may be cached."""
    change = key_ring(now).next_change(now)
    return MAX_JWKS_AGE if change is None else min(MAX_JWKS_AGE, int(change - now))


def _first_key_too_early(ring: KeyRing, now: float, revoked: Collection[str]) -> Key | None:
    """Return the first key of all where the clock stands before it: there is none to wait for.

    So it is on a host whose clock is behind, and in a test that goes back to a day of last year.
    """
    if not keystores.store().makes_keys or any(
        key.state(now) is not KeyState.PENDING for key in ring
    ):
        return None
    usable = (key for key in ring if key.signer is not None and key.kid not in revoked)
    return min(usable, key=lambda key: key.active_at or 0.0, default=None)


def forget_ring() -> None:
    """Load the ring anew at the next call."""
    held_ring().forget()


def _ring_with_first_key(ring: KeyRing, now: float) -> KeyRing:
    """Load past all memory, for another process may have made the key that this one lacks."""
    store = keystores.store()
    if not isinstance(store, DatabaseKeyStore):
        return ring
    try:
        make_first_key(store, now)
    except DatabaseError as error:
        raise NoSigningKey(f"The first signing key could not be written: {error}") from error
    is_in_block = store.transaction() is not OpenTransaction.NONE
    if not is_in_block:
        held_ring().forget()
    ring = store.load(now)
    return store.load_first(now) if is_in_block and not ring.kids else ring

"""Rotate: the next key, published first, and the end of the one before it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from django_jwtauth import conf, keystores, revocation
from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.key_rotation.rows import (
    activate,
    at_once,
    in_short_transaction,
    insert_key,
    newest_kid,
    pending_key,
    retire_others,
    tell_rotated,
)
from django_jwtauth.keystores.database import DatabaseKeyStore, reencrypted
from django_jwtauth.models import SigningKey
from django_jwtauth.tokens.keys import Key

#: Seconds until a key signs that is wanted immediately: every process of ours has it by then.
NOTICE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did, or found; times are seconds since the epoch.

    ``kid`` is of the key that signs from ``active_at`` on ("" where a dry run makes none),
    ``previous`` of the one before it ("" for the first), which signs until then.
    """

    kid: str
    algorithm: str
    active_at: float
    previous: str
    made: bool = False  # else the key was there, perhaps another caller's
    promoted: bool = False  # it was pending, and signs sooner now
    reencrypted: int = 0  # rows that lay under a former SECRET_KEY

    @property
    def retires_at(self) -> float | None:
        """When the previous key stops signing; ``None`` where there is none."""
        return self.active_at if self.previous else None


@dataclass(frozen=True, slots=True)
class _Wish:
    now: float
    algorithm: str | None
    immediately: bool
    if_older_than: float
    seen: str  # the newest key when the caller came


def rotate(
    now: float,
    *,
    algorithm: str | None = None,
    immediately: bool = False,
    if_older_than: float = 0.0,
    dry_run: bool = False,
) -> Rotation:
    """Make the key that signs next, unless one is pending already.

    It is published for ``PUBLISH_AHEAD`` first, so that every process and every cache of the JWKS
    knows it when it signs; ``immediately``: for 5 s, and a pending key is promoted. The one before
    it verifies until its last token has expired. Rows that lie under a former ``SECRET_KEY`` are
    encrypted anew. A key that signs and is younger than ``if_older_than`` seconds stays.
    ``dry_run`` tells what would be done, and does nothing.

    Raises ``ImproperlyConfigured`` where the key store cannot make keys, ``InvalidKey`` where a
    pending key is for another algorithm.
    """
    store = keystores.store()
    if not isinstance(store, DatabaseKeyStore):
        raise ImproperlyConfigured(
            f"{type(store).__name__} cannot make keys: add the next key where it reads them."
        )
    store.load(now)  # says what an operator has to do where there is no table
    revocation.feed().ensure_current()
    rows = store.rows()
    wish = _Wish(now, algorithm, immediately, if_older_than, seen=newest_kid(rows))
    if dry_run:
        return replace(_plan(store, rows, wish), reencrypted=len(_reencrypted(rows)))
    return in_short_transaction(store.alias, partial(_rotate, store, wish))


def kids_under_fallbacks() -> list[str]:
    """Return the keys that cannot sign without ``SECRET_KEY_FALLBACKS``, until the next ``rotate``.

    Raises ``DatabaseError``.
    """
    store = keystores.store()
    rows = store.rows() if isinstance(store, DatabaseKeyStore) else []
    return [row.kid for row in _reencrypted(rows)]


def _rotate(store: DatabaseKeyStore, wish: _Wish) -> Rotation:
    rows = store.rows(locked=True)
    changed = _reencrypted(rows)
    SigningKey.objects.using(store.alias).bulk_update(changed, ["private_jwk"])
    result = replace(_plan(store, rows, wish), reencrypted=len(changed))
    if result.promoted:
        activate(store, rows, result.kid, result.active_at, wish.now)
    if not result.made:
        return result
    row = insert_key(
        store,
        algorithm=result.algorithm,
        predecessor=result.previous,
        now=wish.now,
        active_at=result.active_at,
    )
    retire_others(store, rows, at=result.active_at, now=wish.now)
    tell_rotated(store, row)
    return replace(result, kid=row.kid)


def _plan(store: DatabaseKeyStore, rows: list[SigningKey], wish: _Wish) -> Rotation:
    now, ring, revoked = wish.now, store.ring(rows), revocation.feed().revoked_kids()
    newest, signing = newest_kid(rows), ring.signing_key(wish.now, revoked)
    found = pending_key(ring, now, revoked)
    if found is None and newest != wish.seen:
        # Another caller has rotated since this one came: two rotations at once are one.
        found = ring.find(newest)
    if found is not None:
        return _found(found, _predecessor(rows, found), wish)
    if signing is not None and now - (signing.created_at or 0.0) < wish.if_older_than:
        active_at = signing.active_at or 0.0
        previous = _predecessor(rows, signing)
        return Rotation(signing.kid, signing.algorithm, active_at, previous)
    ahead = NOTICE if wish.immediately else store.publish_ahead
    active_at = at_once(now) if signing is None else math.floor(now + ahead)
    algorithm = wish.algorithm or conf.current().ALGORITHM
    return Rotation("", algorithm, active_at, previous=newest, made=True)


def _found(key: Key, previous: str, wish: _Wish) -> Rotation:
    if wish.algorithm not in (None, key.algorithm):
        raise InvalidKey(
            f"The key {key.kid} is to sign next and is for {key.algorithm}: revoke it first, or "
            "leave the algorithm as it is."
        )
    active_at, soon = key.active_at or 0.0, math.floor(wish.now + NOTICE)
    is_promoted = wish.immediately and active_at > soon
    if is_promoted:
        active_at = soon
    return Rotation(key.kid, key.algorithm, active_at, previous, promoted=is_promoted)


def _predecessor(rows: list[SigningKey], key: Key) -> str:
    return str(next(row.predecessor for row in rows if row.kid == key.kid))


def _reencrypted(rows: list[SigningKey]) -> list[SigningKey]:
    """Encrypt anew what lies under a former ``SECRET_KEY``, so that it can be forgotten."""
    changed = []
    for row in rows:
        private_jwk = reencrypted(row.private_jwk)
        if private_jwk is not None:
            row.private_jwk = private_jwk
            changed.append(row)
    return changed

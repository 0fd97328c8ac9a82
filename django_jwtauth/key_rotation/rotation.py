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
    made: bool = False  # else the key was there, pending, perhaps another caller's
    promoted: bool = False  # it was pending, and signs sooner now

    @property
    def retires_at(self) -> float | None:
        """When the previous key stops signing; ``None`` where there is none."""
        return self.active_at if self.previous else None


def rotate(
    now: float, *, algorithm: str | None = None, immediately: bool = False, dry_run: bool = False
) -> Rotation:
    """Make the key that signs next, unless one is pending already.

    It is published for ``PUBLISH_AHEAD`` first, so that every process and every cache of the JWKS
    knows it when it signs; ``immediately``: for 5 s, and a pending key is promoted. The one before
    it verifies until its last token has expired. Rows that lie under a former ``SECRET_KEY`` are
    encrypted anew. ``dry_run`` tells what would be done, and does nothing.

    Raises ``ImproperlyConfigured`` where the key store cannot make keys, ``InvalidKey`` where a
    pending key is for another algorithm.
    """
    store = keystores.store()
    if not isinstance(store, DatabaseKeyStore):
        raise ImproperlyConfigured(
            f"{type(store).__name__} cannot make keys: add the next key where it reads them."
        )
    revocation.feed().ensure_current()
    seen = newest_kid(store.rows())
    plan = partial(_plan, store, now=now, seen=seen, algorithm=algorithm, immediately=immediately)

    def act() -> Rotation:
        rows = store.rows(locked=True)
        _reencrypt(store, rows)
        return _carry_out(store, rows, plan(rows), now)

    return plan(store.rows()) if dry_run else in_short_transaction(store.alias, act)


def _plan(
    store: DatabaseKeyStore,
    rows: list[SigningKey],
    *,
    now: float,
    seen: str,
    algorithm: str | None,
    immediately: bool,
) -> Rotation:
    ring, revoked = store.ring(rows), revocation.feed().revoked_kids()
    newest, signing = newest_kid(rows), ring.signing_key(now, revoked)
    found = pending_key(ring, now, revoked)
    if found is None and newest != seen:
        # Another caller has rotated since this one came: two rotations at once are one.
        found = ring.find(newest)
    if found is not None:
        previous = next(row.predecessor for row in rows if row.kid == found.kid)
        return _found(found, previous, now=now, algorithm=algorithm, immediately=immediately)
    ahead = NOTICE if immediately else store.publish_ahead
    active_at = at_once(now) if signing is None else math.floor(now + ahead)
    return Rotation(
        "", algorithm or conf.current().ALGORITHM, active_at, previous=newest, made=True
    )


def _found(
    key: Key, previous: str, *, now: float, algorithm: str | None, immediately: bool
) -> Rotation:
    if algorithm not in (None, key.algorithm):
        raise InvalidKey(
            f"The key {key.kid} is to sign next and is for {key.algorithm}: revoke it first, or "
            "let it be."
        )
    active_at = now if key.active_at is None else key.active_at
    is_promoted = immediately and active_at > math.floor(now + NOTICE)
    return Rotation(
        key.kid,
        key.algorithm,
        math.floor(now + NOTICE) if is_promoted else active_at,
        previous,
        promoted=is_promoted,
    )


def _carry_out(
    store: DatabaseKeyStore, rows: list[SigningKey], plan: Rotation, now: float
) -> Rotation:
    if plan.promoted:
        activate(store, rows, plan.kid, plan.active_at, now)
    if not plan.made:
        return plan
    row = insert_key(
        store,
        algorithm=plan.algorithm,
        predecessor=plan.previous,
        now=now,
        active_at=plan.active_at,
    )
    retire_others(store, rows, at=plan.active_at, now=now)
    tell_rotated(store, row)
    return replace(plan, kid=row.kid)


def _reencrypt(store: DatabaseKeyStore, rows: list[SigningKey]) -> None:
    """Write anew what lies under a former ``SECRET_KEY``, so that it can be forgotten."""
    changed = []
    for row in rows:
        private_jwk = reencrypted(row.private_jwk)
        if private_jwk is not None:
            row.private_jwk = private_jwk
            changed.append(row)
    SigningKey.objects.using(store.alias).bulk_update(changed, ["private_jwk"])

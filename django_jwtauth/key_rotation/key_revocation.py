"""Revoke a signing key: its tokens are refused at once, and another key signs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.core.exceptions import ImproperlyConfigured
from django.db import router

from django_jwtauth import conf, keystores, revocation
from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.key_rotation.rows import (
    activate,
    announce_change,
    at_once,
    in_short_transaction,
    insert_key,
    log_after_commit,
    newest_kid,
    pending_key,
    retire_others,
)
from django_jwtauth.keystores.database import DatabaseKeyStore
from django_jwtauth.keystores.held_ring import load
from django_jwtauth.models import Revocation, SigningKey, to_datetime
from django_jwtauth.signals import send_after_commit, signing_key_revoked
from django_jwtauth.tokens.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class KeyRevocation:
    """What became of it: ``signs_now`` is the kid that signs from now on, "" where none can."""

    kid: str
    signs_now: str
    was_signing: bool = False
    was_revoked: bool = False  # before, already
    made: bool = False  # the key that signs now was made for it


def revoke_key(kid: str, now: float) -> KeyRevocation:
    """Refuse a key's tokens everywhere, for good, and take it out of the JWKS.

    If it was signing, the pending key signs at once, or a new one. Nobody is logged out, for
    refresh tokens are not signed with it. With a store that makes no keys the next of its keys
    signs. Raises ``InvalidKey`` for a ``kid`` that the store does not have.
    """
    store = keystores.store()
    ring = load(store, now)
    revocation.feed().ensure_current()
    if isinstance(store, DatabaseKeyStore):
        return in_short_transaction(store.alias, partial(_revoke_row, store, kid, now))
    return _revoke_elsewhere(ring, kid, now)


def _revoke_elsewhere(ring: KeyRing, kid: str, now: float) -> KeyRevocation:
    revoked = frozenset(revocation.feed().revoked_kids())
    signing = ring.signing_key(now, revoked)
    if not _refuse(kid, ring, now):
        raise ImproperlyConfigured(
            "The revocation feed in force revokes nothing: take the key out of the key store."
        )
    heir = ring.signing_key(now, {*revoked, kid})
    result = KeyRevocation(
        kid,
        signs_now="" if heir is None else heir.kid,
        was_signing=signing is not None and signing.kid == kid,
        was_revoked=kid in revoked,
    )
    _tell_revoked(result, using=router.db_for_write(Revocation))
    return result


def _revoke_row(store: DatabaseKeyStore, kid: str, now: float) -> KeyRevocation:
    rows = store.rows(locked=True)
    ring, revoked = store.ring(rows), frozenset(revocation.feed().revoked_kids())
    signing = ring.signing_key(now, revoked)
    own = [row for row in rows if row.kid == kid]
    if _refuse(kid, ring, now):
        retire_others(store, own, at=now, now=now)
    else:
        _expire(store, own, now)
    remaining = {*revoked, kid}
    heir, next_key = ring.signing_key(now, remaining), pending_key(ring, now, remaining)
    was_signing = signing is not None and signing.kid == kid
    made = was_signing and heir is None and next_key is None
    if made:
        signs_now = _make_heir(store, rows, now)
    elif heir is not None:
        signs_now = heir.kid
        if next_key is None:
            _let_sign_on(store, heir.kid)
    elif was_signing and next_key is not None:
        signs_now = next_key.kid
        activate(store, rows, next_key.kid, at_once(now), now)
    else:
        signs_now = ""
    result = KeyRevocation(kid, signs_now, was_signing, kid in revoked, made)
    _tell_revoked(result, using=store.alias)
    return result


def _refuse(kid: str, ring: KeyRing, now: float) -> bool:
    """Write the revocation; ``False`` where the feed in force has been told to know of none."""
    if kid not in ring.kids:
        known = ", ".join(sorted(ring.kids)) or "none"
        raise InvalidKey(f"There is no signing key {kid}; there are: {known}.")
    feed = revocation.feed()
    feed.revoke([f"kid:{kid}"], expires_at=None)
    announce_change(kid, now)
    return kid in feed.revoked_kids()


def _expire(store: DatabaseKeyStore, rows: list[SigningKey], now: float) -> None:
    """End a key by its own times, which each process knows at its next load."""
    for row in rows:
        row.retire_at = row.expire_at = to_datetime(at_once(now))
    SigningKey.objects.using(store.alias).bulk_update(rows, ["retire_at", "expire_at"])


def _make_heir(store: DatabaseKeyStore, rows: list[SigningKey], now: float) -> str:
    row = insert_key(
        store,
        algorithm=conf.current().ALGORITHM,
        predecessor=newest_kid(rows),
        now=now,
        active_at=at_once(now),
    )
    retire_others(store, rows, at=now, now=now)
    return str(row.kid)


def _let_sign_on(store: DatabaseKeyStore, kid: str) -> None:
    """Take back the end of a key whose successor was revoked before it signed."""
    SigningKey.objects.using(store.alias).filter(kid=kid).update(retire_at=None, expire_at=None)


def _tell_revoked(result: KeyRevocation, *, using: str) -> None:
    log_after_commit(
        using, "signing_key_revoked kid=%s successor=%s", result.kid, result.signs_now or "-"
    )
    send_after_commit(
        signing_key_revoked,
        sender=SigningKey,
        using=using,
        kid=result.kid,
        successor=result.signs_now,
    )

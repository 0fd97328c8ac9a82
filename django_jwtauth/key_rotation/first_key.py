"""The first signing key of an empty table: one, however many processes start at once."""

from __future__ import annotations

import logging

from django.db import IntegrityError, router, transaction

from django_jwtauth import conf, keystores
from django_jwtauth.key_rotation.rows import at_once, insert_key, tell_rotated
from django_jwtauth.keystores.database import DatabaseKeyStore
from django_jwtauth.models import SigningKey

logger = logging.getLogger("django_jwtauth")


def ensure_signing_key(now: float, using: str | None = None) -> None:
    """Make the first key where the store makes keys and has none.

    ``using`` is the database that was migrated; another one than the keys' own is left alone.
    Rows that cannot be decrypted count: their tokens live on once the secret is back.
    """
    store = keystores.store()
    if not isinstance(store, DatabaseKeyStore):
        return
    if using is None or _was_migrated(store, using):
        make_first_key(store, now)


def make_first_key(store: DatabaseKeyStore, now: float) -> bool:
    """Make it, and tell whether it was this caller who did; else there is one."""
    if SigningKey.objects.using(store.alias).exists():
        return False
    try:
        with transaction.atomic(using=store.alias):
            row = insert_key(
                store,
                algorithm=conf.current().ALGORITHM,
                predecessor="",
                now=now,
                active_at=at_once(now),
            )
            tell_rotated(store, row)
    except IntegrityError:
        logger.info("Another process has just made the first signing key.")
        return False
    return True


def _was_migrated(store: DatabaseKeyStore, using: str) -> bool:
    """Tell whether the keys live there, and have their table: another app may come first."""
    return (
        using == store.alias and router.allow_migrate_model(using, SigningKey) and store.has_table()
    )

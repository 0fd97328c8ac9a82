"""What the acts on signing keys share: writing a row, announcing it, being tried again."""

from __future__ import annotations

import logging
import math
import random
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Final, TypeVar

from django.db import IntegrityError, OperationalError, connections, router, transaction

from django_jwtauth import conf, revocation
from django_jwtauth.keystores.database import DatabaseKeyStore, encrypt
from django_jwtauth.keystores.held_ring import held_ring
from django_jwtauth.models import SigningKey, to_datetime
from django_jwtauth.signals import after_commit, send_after_commit, signing_key_rotated
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, KeyState, generate_private_jwk, key_from_jwk

T = TypeVar("T")

#: How long the news of a change is kept, in seconds: every process asks far more often.
NEWS_LIFETIME: Final = 3600.0
_TRIES: Final = 6
_MAX_PAUSE: Final = 0.05  # seconds

security_logger = logging.getLogger("django_jwtauth.security")


def in_short_transaction(alias: str, act: Callable[[], T]) -> T:
    """Run ``act`` in a transaction, or a savepoint, and again where another one was quicker.

    A second key with the same predecessor is an ``IntegrityError``: the other one is there then.
    Locks and serialization fail with an ``OperationalError``, which loses a caller's block.
    """
    for _ in range(_TRIES - 1):
        try:
            with transaction.atomic(using=alias):
                return act()
        except IntegrityError:
            pass
        except OperationalError:
            if connections[alias].in_atomic_block:
                raise
        time.sleep(random.uniform(0, _MAX_PAUSE))  # noqa: S311 (no secret)
    with transaction.atomic(using=alias):
        return act()


def insert_key(
    store: DatabaseKeyStore, *, algorithm: str, predecessor: str, now: float, active_at: float
) -> SigningKey:
    """Make a key and write its row; ``IntegrityError`` where the predecessor has a successor."""
    private_jwk, key = _new_key(algorithm)
    row = SigningKey(
        kid=key.kid,
        algorithm=algorithm,
        public_jwk=key.public_jwk(),
        private_jwk=encrypt(private_jwk),
        predecessor=predecessor,
        created_at=to_datetime(math.floor(now)),
        active_at=to_datetime(active_at),
    )
    row.save(using=store.alias, force_insert=True)
    _announce(f"ring:{key.kid}", now)
    return row


def _new_key(algorithm: str) -> tuple[dict[str, str], Key]:
    while True:
        private_jwk = generate_private_jwk(algorithm)
        key = key_from_jwk(private_jwk, kind="private")
        if not key.kid.startswith("-"):  # revoke_jwt_key would take it for an option
            return private_jwk, key


def at_once(now: float) -> float:
    """Return from when on a key signs that is needed now, also where a clock is behind."""
    return math.floor(now - conf.current().LEEWAY)


def announce_change(kid: str, now: float) -> None:
    """Tell every process that a key which it knows has changed."""
    # An identifier that is there already would be no news.
    _announce(f"ring:{kid}:{secrets.token_hex(4)}", now)


def _announce(identifier: str, now: float) -> None:
    revocation.feed().revoke([identifier], expires_at=now + NEWS_LIFETIME)
    # This process need not wait for its own news; a block that rolls back has changed nothing.
    after_commit(router.db_for_write(SigningKey), lambda: held_ring().forget())


def activate(
    store: DatabaseKeyStore, rows: list[SigningKey], kid: str, at: float, now: float
) -> None:
    """Let a pending key sign from ``at`` on, and the others stop then."""
    row = next(row for row in rows if row.kid == kid)
    row.active_at = to_datetime(at)
    row.save(using=store.alias, update_fields=["active_at"])
    retire_others(store, [other for other in rows if other is not row], at=at, now=now)
    announce_change(kid, now)
    log_after_commit(store.alias, "signing_key_promoted kid=%s active_at=%d", kid, at)


def retire_others(
    store: DatabaseKeyStore, rows: Iterable[SigningKey], *, at: float, now: float
) -> None:
    """Let each row that still signs, or would, stop at ``at``, and verify while its tokens live.

    The last one is made up to 60 s later, for that is how old a process's ring may be and how far
    apart clocks may go; ``revocation_lifetime`` has room for it.
    """
    retiring = [row for row in rows if row.retire_at is None or row.retire_at.timestamp() > now]
    for row in retiring:
        row.retire_at = to_datetime(at)
        row.expire_at = to_datetime(at + conf.current().revocation_lifetime)
    SigningKey.objects.using(store.alias).bulk_update(retiring, ["retire_at", "expire_at"])


def pending_key(ring: KeyRing, now: float, revoked: Collection[str]) -> Key | None:
    """Return the key that is to sign next."""
    pending = (
        key
        for key in ring
        if key.signer is not None
        and key.kid not in revoked
        and key.retire_at is None
        and key.state(now) is KeyState.PENDING
    )
    return next(pending, None)


def newest_kid(rows: list[SigningKey]) -> str:
    """Return the end of the chain of predecessors: the key that has no successor yet, or ""."""
    preceding = {row.predecessor for row in rows}
    return next((row.kid for row in reversed(rows) if row.kid not in preceding), "")


def tell_rotated(store: DatabaseKeyStore, row: SigningKey) -> None:
    """Log the new key and send ``signing_key_rotated``, once it is committed."""
    log_after_commit(
        store.alias,
        "signing_key_rotated kid=%s previous=%s algorithm=%s active_at=%d",
        row.kid,
        row.predecessor or "-",
        row.algorithm,
        row.active_at.timestamp(),
    )
    send_after_commit(
        signing_key_rotated,
        sender=SigningKey,
        using=store.alias,
        kid=row.kid,
        previous=row.predecessor,
    )


def log_after_commit(alias: str, line: str, *facts: object) -> None:
    """Write one line of the security log, unless the block rolls back."""
    after_commit(alias, partial(security_logger.info, line, *facts))

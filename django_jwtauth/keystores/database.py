"""Keys in the database, their private halves encrypted. Reads ``SigningKey``, never writes it.

Who writes is ``key_rotation``, which comes here for the encryption.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.db import DatabaseError, connections, router
from django.utils.encoding import force_bytes

from django_jwtauth import conf
from django_jwtauth.exceptions import InvalidKey, NoSigningKey
from django_jwtauth.keystores.base import KeyStore, OpenTransaction
from django_jwtauth.models import SigningKey
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, KeyState, key_from_jwk

logger = logging.getLogger("django_jwtauth")


class DatabaseKeyStore(KeyStore):
    """Keys that ``key_rotation`` makes. ``PUBLISH_AHEAD``: seconds between publishing and signing.

    A private key is encrypted under ``SECRET_KEY`` and read under ``SECRET_KEY_FALLBACKS`` too. A
    row that cannot be decrypted signs nothing, and still verifies by its public half.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"PUBLISH_AHEAD": 900.0}
    makes_keys = True

    @property
    def publish_ahead(self) -> float:
        """How long a key is published before it signs, in seconds."""
        return float(self.options["PUBLISH_AHEAD"])

    @property
    def alias(self) -> str:
        """The database that is written: a replica would show an old ring."""
        return router.db_for_write(SigningKey)

    def load(self, now: float) -> KeyRing:
        """Read all rows with one statement; see ``KeyStore.load``."""
        return self._load(self.rows)

    def load_first(self, now: float) -> KeyRing:
        """Read the first key that another transaction has just committed, from inside one.

        Under REPEATABLE READ, which MariaDB and MySQL can be set to, a plain read would show the
        table as it was. A lock on more than this row, or for writing, would be a deadlock with
        those who come for the same.
        """
        if connections[self.alias].vendor != "mysql":
            return self.load(now)
        return self._load(self._first_row)

    def rows(self, *, locked: bool = False) -> list[SigningKey]:
        """Return all rows, the oldest first; ``locked``, inside a transaction: to change them."""
        rows = SigningKey.objects.using(self.alias).order_by("active_at", "kid")
        if not locked:
            return list(rows)
        self._wait_for_others()
        return list(rows.select_for_update())

    def _wait_for_others(self) -> None:
        """Take the lock that all take first, or wait for it.

        The statement after it sees what was committed meanwhile, which one that waits does not;
        and who waits holds nothing yet that another needs.
        """
        rows = SigningKey.objects.using(self.alias)
        if connections[self.alias].vendor == "sqlite":
            # There only a write takes a lock, be it one that meets no row.
            rows.filter(kid="").update(algorithm="")
            return
        oldest = rows.order_by("created_at", "kid").values_list("kid", flat=True).first()
        list(rows.filter(kid=oldest or "").select_for_update())

    def _first_row(self) -> list[SigningKey]:
        rows = SigningKey.objects.filter(predecessor="")
        sql, parameters = rows.query.get_compiler(self.alias).as_sql()
        return list(rows.using(self.alias).raw(f"{sql} LOCK IN SHARE MODE", parameters))

    def _load(self, rows: Callable[[], list[SigningKey]]) -> KeyRing:
        try:
            return self.ring(rows())
        except DatabaseError as error:
            raise NoSigningKey(self._why_unreadable(error)) from error

    def ring(self, rows: list[SigningKey]) -> KeyRing:
        """Return the ring that these rows make."""
        keys, unreadable = [], []
        for row in rows:
            key = _key(row)
            if key is None or key.signer is None:
                unreadable.append(row.kid)
            if key is not None:
                keys.append(key)
        return KeyRing(keys, unreadable=unreadable)

    def check(self) -> list[CheckMessage]:
        """Check the names of the options, and ``PUBLISH_AHEAD``."""
        ahead = self.options["PUBLISH_AHEAD"]
        is_number = isinstance(ahead, (int, float)) and not isinstance(ahead, bool)
        if is_number and 0 <= ahead < float("inf"):
            return super().check()
        return [*super().check(), self._wrong("PUBLISH_AHEAD", "a number of seconds, 0 or more")]

    def transaction(self) -> OpenTransaction:
        """Look at the blocks that are open on this thread's connection."""
        connection = connections[self.alias]
        if not connection.in_atomic_block:
            return OpenTransaction.NONE
        # A private name of Django's; without it a load in a test costs the query it costs.
        if any(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            return OpenTransaction.TESTCASE
        return OpenTransaction.BLOCK

    def has_table(self) -> bool:
        """Tell whether the keys' table has been migrated into being."""
        return SigningKey._meta.db_table in connections[self.alias].introspection.table_names()  # noqa: SLF001 (Django's documented interface)

    def _why_unreadable(self, error: DatabaseError) -> str:
        try:
            is_missing = not self.has_table()
        except DatabaseError:
            is_missing = False
        if is_missing:
            return "The table of signing keys does not exist: run manage.py migrate."
        return f"The signing keys could not be read from the database: {error}"


def encrypt(private_jwk: Mapping[str, Any]) -> str:
    """Encrypt a private JWK under ``SECRET_KEY``, as ``SigningKey.private_jwk`` holds it."""
    return _encryption().encrypt(json.dumps(dict(private_jwk)).encode("utf-8")).decode("ascii")


def reencrypted(private_jwk: str) -> str | None:
    """Return the same written under ``SECRET_KEY``; ``None``: it is, or it cannot be read."""
    try:
        _ciphers()[0].decrypt(private_jwk.encode("ascii"))
    except (InvalidToken, UnicodeEncodeError):
        try:
            return _encryption().rotate(private_jwk.encode("utf-8")).decode("ascii")
        except InvalidToken:
            return None
    return None


@conf.per_settings
def _ciphers(_settings: conf.Settings) -> list[Fernet]:
    # A derivation takes 0.7 ms, so it is done once for the settings in force.
    secrets = [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]
    return [Fernet(base64.urlsafe_b64encode(_derived(force_bytes(secret)))) for secret in secrets]


def _derived(secret: bytes) -> bytes:
    derivation = HKDF(SHA256(), length=32, salt=None, info=b"django_jwtauth.private_jwk")
    return derivation.derive(secret)


def _encryption() -> MultiFernet:
    return MultiFernet(_ciphers())


def _key(row: SigningKey) -> Key | None:
    """Return the row's key, its public half alone where it cannot be decrypted, or nothing."""
    key = _private_key(row) or _public_key(row)
    if key is None:
        return None
    return replace(key, **_times(row))


def state_of(row: SigningKey, now: float) -> KeyState:
    """Tell which part of its life a row's key is in, without reading the key itself."""
    return Key(row.kid, row.algorithm, public_key=None, **_times(row)).state(now)


def _times(row: SigningKey) -> dict[str, Any]:
    return {
        name: _seconds(getattr(row, name))
        for name in ("created_at", "active_at", "retire_at", "expire_at")
    }


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _private_key(row: SigningKey) -> Key | None:
    # The public half is taken from the decrypted one: a row's public_jwk proves nothing.
    try:
        private_jwk = json.loads(_encryption().decrypt(row.private_jwk.encode("utf-8")))
        return key_from_jwk(private_jwk, kind="private", kid=row.kid, algorithm=row.algorithm)
    except InvalidToken:
        reason = "it was encrypted under a SECRET_KEY that SECRET_KEY_FALLBACKS does not hold."
    except InvalidKey as error:
        reason = error.reason
    logger.error("The signing key %s cannot sign: %s", row.kid, reason)
    return None


def _public_key(row: SigningKey) -> Key | None:
    try:
        return key_from_jwk(row.public_jwk, kind="public", kid=row.kid, algorithm=row.algorithm)
    except InvalidKey as error:
        logger.error(  # noqa: TRY400 (one line an event)
            "The signing key %s cannot verify: %s", row.kid, error.reason
        )
        return None

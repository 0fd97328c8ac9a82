"""Keys that stand in the settings, as PEM or JWK: from a file, the environment, a secret store."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.keystores.base import KeyStore
from django_jwtauth.keystores.material import Kind, key_from_text
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, key_from_jwk

_MEMBERS: Final = ("private_key", "public_key", "kid", "algorithm", "active_at", "retire_at")


class StaticKeyStore(KeyStore):
    r"""``KEYS``: a list of ``{"private_key" or "public_key", "kid"?, "algorithm"?, …}``.

    A key is a PEM (literal ``\n`` are line breaks), a JWK, or a JWK written as JSON. From
    ``active_at`` on it signs, if it is private; after ``retire_at`` it verifies until its last
    token has expired. Both are a ``datetime`` or ISO 8601, in UTC where they name no zone.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"KEYS": ()}
    why_none_signs = (
        "None of the KEYS in the settings is private and active: add a private_key, or move its "
        "active_at and retire_at."
    )
    _ring: KeyRing | None = None

    def load(self, now: float) -> KeyRing:
        """Return the keys; raises ``ImproperlyConfigured``, with one sentence, for any fault."""
        if self._ring is None:
            self._ring = self._read()
        return self._ring

    def check(self) -> list[CheckMessage]:
        """Check the names of the options, and every key."""
        try:
            self._read()
        except ImproperlyConfigured as error:
            hint = "Mend the entry, or leave it out; manage.py list_jwt_keys shows what was read."
            return [*super().check(), Error(str(error), hint=hint, id="django_jwtauth.E203")]
        return super().check()

    def _read(self) -> KeyRing:
        entries = self.options["KEYS"]
        if not isinstance(entries, (list, tuple)) or not entries:
            raise ImproperlyConfigured(
                "StaticKeyStore needs the option KEYS: a list of dictionaries, one a key."
            )
        try:
            return KeyRing(self._key(entry, f"KEYS[{n}]") for n, entry in enumerate(entries))
        except InvalidKey as error:
            raise ImproperlyConfigured(f"KEYS: {error.reason}") from None

    def _key(self, entry: object, place: str) -> Key:
        if not isinstance(entry, Mapping):
            raise ImproperlyConfigured(f"{place} must be a dictionary.")
        _check_members(entry, place)
        kind: Kind = "private" if "private_key" in entry else "public"
        try:
            key = _material(entry[f"{kind}_key"], kind, entry.get("kid"), entry.get("algorithm"))
        except InvalidKey as error:
            raise ImproperlyConfigured(f"{place}: {error.reason}") from None
        active_at = _seconds(entry.get("active_at"), f"{place}: active_at")
        retire_at = _seconds(entry.get("retire_at"), f"{place}: retire_at")
        if active_at is not None and retire_at is not None and retire_at <= active_at:
            raise ImproperlyConfigured(f"{place}: retire_at is not after active_at.")
        lifetime = self.settings.ACCESS_TOKEN_LIFETIME + self.settings.LEEWAY
        expire_at = None if retire_at is None else retire_at + lifetime
        return replace(key, active_at=active_at, retire_at=retire_at, expire_at=expire_at)


def _check_members(entry: Mapping[str, Any], place: str) -> None:
    for name in entry:
        if name not in _MEMBERS:
            nearest = difflib.get_close_matches(str(name), _MEMBERS, 1, 0.5)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"it has {', '.join(_MEMBERS)}."
            raise ImproperlyConfigured(f"{place} has no member {name!r}: {hint}")
    if ("private_key" in entry) == ("public_key" in entry):
        raise ImproperlyConfigured(f"{place} needs either private_key or public_key.")


def _material(given: object, kind: Kind, kid: str | None, algorithm: str | None) -> Key:
    if isinstance(given, Mapping):
        return key_from_jwk(given, kind=kind, kid=kid, algorithm=algorithm)
    if isinstance(given, bytes):
        given = given.decode("utf-8", "replace")
    if not given:
        # An environment variable that is not set, most often.
        raise InvalidKey(f"{kind}_key is empty.")
    if not isinstance(given, str):
        raise InvalidKey(f"{kind}_key is neither a PEM nor a JWK but {type(given).__name__}.")
    return key_from_text(given, kind=kind, kid=kid, algorithm=algorithm)


def _seconds(moment: object, name: str) -> float | None:
    if moment is None:
        return None
    try:
        parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        parsed = None
    if not isinstance(parsed, datetime):
        raise ImproperlyConfigured(
            f"{name} must be a datetime or ISO 8601, such as 2030-01-31T12:00:00Z."
        )
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()

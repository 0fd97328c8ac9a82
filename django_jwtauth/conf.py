"""The one reader of ``settings.JWTAUTH``: typed, lazy, and forgetful when a setting changes.

``current()`` returns the settings in force; ``per_settings`` lets other modules keep what they
built from them for exactly as long. Nothing here is read at import.
"""

from __future__ import annotations

import difflib
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.encoding import force_bytes

from django_jwtauth.tokens.claims import Expected
from django_jwtauth.tokens.keys import ALGORITHMS

T = TypeVar("T")

DEFAULT_KEY_STORE: Final = "django_jwtauth.keystores.database.DatabaseKeyStore"
DEFAULT_REVOCATION_FEED: Final = "django_jwtauth.revocation.database.DatabaseFeed"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Backend:
    """A store by its dotted path, with its own options, as Django's caches are named."""

    path: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cookies:
    """The browser transport; ``path`` None means: where the auth endpoints stand."""

    ENABLED: bool = False
    ACCESS_NAME: str = "__Host-access"
    REFRESH_NAME: str = "__Secure-refresh"
    PATH: str | None = None
    SAMESITE: Literal["Lax", "Strict", "None"] = "Lax"


@dataclass(frozen=True, slots=True)
class Settings:
    """``settings.JWTAUTH`` with its defaults; durations are seconds."""

    ISSUER: tuple[str, ...]
    AUDIENCE: tuple[str, ...]
    ALGORITHM: str
    KEY_STORE: Backend
    ACCESS_TOKEN_LIFETIME: int
    REFRESH_TOKEN_LIFETIME: float
    SESSION_LIFETIME: float
    REFRESH_RETRY_WINDOW: float
    LEEWAY: float
    REVOCATION_FEED: Backend
    EXTRA_CLAIMS: str | None
    PERMISSIONS: Literal["database", "token"]
    USER_LOADING: Literal["deferred", "database"]
    SUBJECT_FIELD: str
    COOKIES: Cookies
    RESOURCE_SERVERS: Mapping[str, str] = field(repr=False)

    @property
    def expected(self) -> Expected:
        """What an access token has to satisfy."""
        return Expected(
            issuers=frozenset(self.ISSUER),
            audiences=frozenset(self.AUDIENCE),
            lifetime=self.ACCESS_TOKEN_LIFETIME,
            leeway=self.LEEWAY,
        )

    @property
    def origin(self) -> str | None:
        """Scheme and host of ``ISSUER``, if clients take it for an issuer (RFC 8414 section 2).

        That is an https URL without user name, query and fragment, or http on this machine.
        """
        try:
            parts = urlsplit(self.ISSUER[0])
        except ValueError:
            return None
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        usable = secure and parts.hostname and parts.username is None
        if not usable or parts.query or parts.fragment:
            return None
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def revocation_lifetime(self) -> float:
        """How long a revocation is kept: until the last token that it could meet is dead."""
        return self.ACCESS_TOKEN_LIFETIME + self.LEEWAY + 60


NAMES: Final = tuple(setting.name for setting in fields(Settings))


def current() -> Settings:
    """Return the settings in force; raises ``ImproperlyConfigured`` for a value of a wrong type."""
    global _current  # noqa: PLW0603 (one per process, dropped by forget())
    if _current is None:
        _current = _load(_raw())
    return _current


def forget() -> None:
    """Read everything anew at the next call: a setting has changed."""
    global _current  # noqa: PLW0603
    _current = None


def is_set(name: str) -> bool:
    """Tell whether the project set ``name`` itself, be it to the default."""
    return _raw().get(name) is not None


def unknown_names() -> list[tuple[str, str | None]]:
    """Return the names in ``JWTAUTH`` that mean nothing, each with the nearest right one."""
    return [
        (name, next(iter(difflib.get_close_matches(str(name).upper(), NAMES, 1, 0.5)), None))
        for name in _raw()
        if name not in NAMES
    ]


def wrong_values() -> list[str]:
    """Return one sentence for each value in ``JWTAUTH`` that ``current`` would refuse."""
    sentences = []
    for name, value in _raw().items():
        try:
            _load({name: value})
        except ImproperlyConfigured as error:
            sentences.append(str(error))
    return sentences


def per_settings(build: Callable[[Settings], T]) -> Callable[[], T]:
    """Build once for the settings in force, and anew when they have changed."""
    lock = threading.RLock()
    held: tuple[Settings, T] | None = None

    def get() -> T:
        nonlocal held
        found = held  # read once and without the lock: requests come through here many times
        if found is not None and found[0] is _current:
            return found[1]
        settings = current()
        with lock:
            if held is None or held[0] is not settings:
                held = (settings, build(settings))
            return held[1]

    get.__doc__ = build.__doc__
    return get


@per_settings
def server_secrets(_settings: Settings) -> tuple[bytes, ...]:
    """Return keys of 32 bytes from ``SECRET_KEY`` and each of its fallbacks, the current first."""
    return tuple(derived_secrets(b"django_jwtauth.refresh_token"))


def derived_secrets(purpose: bytes) -> list[bytes]:
    """Derive a key of 32 bytes for ``purpose`` from ``SECRET_KEY`` and each of its fallbacks."""
    secrets = [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]
    return [hmac.digest(force_bytes(secret), purpose, "sha256") for secret in secrets]


_current: Settings | None = None


def _raw() -> Mapping[str, Any]:
    raw = getattr(django_settings, "JWTAUTH", {})
    if not isinstance(raw, Mapping):
        raise ImproperlyConfigured(f"JWTAUTH must be a dictionary, not {type(raw).__name__}.")
    return raw


def _load(raw: Mapping[str, Any]) -> Settings:
    issuer = _texts(raw, "ISSUER", ("django-jwtauth",))
    return Settings(
        ISSUER=issuer,
        AUDIENCE=_texts(raw, "AUDIENCE", issuer),
        ALGORITHM=_choice(raw, "ALGORITHM", "ES256", ALGORITHMS),
        KEY_STORE=_backend(raw, "KEY_STORE", DEFAULT_KEY_STORE),
        ACCESS_TOKEN_LIFETIME=int(_duration(raw, "ACCESS_TOKEN_LIFETIME", 5 * 60, least=1)),
        REFRESH_TOKEN_LIFETIME=_duration(raw, "REFRESH_TOKEN_LIFETIME", 14 * 86400, least=1),
        SESSION_LIFETIME=_duration(raw, "SESSION_LIFETIME", 90 * 86400, least=1),
        REFRESH_RETRY_WINDOW=_duration(raw, "REFRESH_RETRY_WINDOW", 30),
        LEEWAY=_duration(raw, "LEEWAY", 10),
        REVOCATION_FEED=_backend(raw, "REVOCATION_FEED", DEFAULT_REVOCATION_FEED),
        EXTRA_CLAIMS=_optional_text(raw, "EXTRA_CLAIMS"),
        PERMISSIONS=_choice(raw, "PERMISSIONS", "database", ("database", "token")),  # type: ignore[arg-type]
        USER_LOADING=_choice(raw, "USER_LOADING", "deferred", ("deferred", "database")),  # type: ignore[arg-type]
        SUBJECT_FIELD=_optional_text(raw, "SUBJECT_FIELD") or "pk",
        COOKIES=_cookies(raw),
        RESOURCE_SERVERS=_resource_servers(raw),
    )


def _wrong(name: str, wanted: str, value: object) -> ImproperlyConfigured:
    # The type and not the value: a secret may stand where another setting was meant.
    return ImproperlyConfigured(f"JWTAUTH[{name!r}] must be {wanted}, not {type(value).__name__}.")


def _texts(raw: Mapping[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = raw.get(name)
    if value is None:
        return default
    values = (value,) if isinstance(value, str) else value
    if (
        not isinstance(values, (list, tuple))
        or not values
        or not all(isinstance(text, str) and text for text in values)
    ):
        raise _wrong(name, "a string or a list of strings that are not empty", value)
    return tuple(values)


def _optional_text(raw: Mapping[str, Any], name: str) -> str | None:
    value = raw.get(name)
    if value is not None and not (isinstance(value, str) and value):
        raise _wrong(name, "a string", value)
    return value


def _choice(raw: Mapping[str, Any], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = raw.get(name, default)
    if not isinstance(value, str) or value not in choices:
        shown = repr(value) if isinstance(value, str) else type(value).__name__
        raise ImproperlyConfigured(
            f"JWTAUTH[{name!r}] must be one of {', '.join(choices)}, not {shown}."
        )
    return value


def _duration(raw: Mapping[str, Any], name: str, default: float, *, least: float = 0) -> float:
    value = raw.get(name, default)
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(name, "a timedelta or a number of seconds", value)
    if not least <= value < float("inf"):
        raise ImproperlyConfigured(f"JWTAUTH[{name!r}] must be at least {least} s.")
    return value


def _backend(raw: Mapping[str, Any], name: str, default: str) -> Backend:
    value = raw.get(name, {})
    if not isinstance(value, Mapping) or not set(value) <= {"BACKEND", "OPTIONS"}:
        raise _wrong(name, "a dictionary with BACKEND and OPTIONS alone", value)
    path, options = value.get("BACKEND", default), value.get("OPTIONS", {})
    if not isinstance(path, str):
        raise _wrong(f"{name}.BACKEND", "a dotted path", path)
    if not isinstance(options, Mapping):
        raise _wrong(f"{name}.OPTIONS", "a dictionary", options)
    return Backend(path, options)


def _cookies(raw: Mapping[str, Any]) -> Cookies:
    value = raw.get("COOKIES", {})
    types = {
        "ENABLED": bool,
        "ACCESS_NAME": str,
        "REFRESH_NAME": str,
        "PATH": (str, type(None)),
        "SAMESITE": str,
    }
    if not isinstance(value, Mapping) or not set(value) <= set(types):
        raise _wrong("COOKIES", f"a dictionary with {', '.join(types)} alone", value)
    for name, wanted in types.items():
        if name in value and not isinstance(value[name], wanted):  # type: ignore[arg-type]
            raise _wrong(
                f"COOKIES.{name}", "true or false" if wanted is bool else "a string", value[name]
            )
    if value.get("SAMESITE", "Lax") not in ("Lax", "Strict", "None"):
        raise ImproperlyConfigured("JWTAUTH['COOKIES.SAMESITE'] must be Lax, Strict or None.")
    return Cookies(**value)


def _resource_servers(raw: Mapping[str, Any]) -> Mapping[str, str]:
    value = raw.get("RESOURCE_SERVERS", {})
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and isinstance(secret, str) and secret
        for name, secret in value.items()
    ):
        raise _wrong("RESOURCE_SERVERS", "a dictionary of id and secret", value)
    return dict(value)

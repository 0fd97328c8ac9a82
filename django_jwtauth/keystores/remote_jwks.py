"""The public keys of another service, read from its JWKS: this process verifies its tokens."""

from __future__ import annotations

import hashlib
import http.client
import logging
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from time import monotonic
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from django_jwtauth import conf
from django_jwtauth.conf import Settings
from django_jwtauth.exceptions import InvalidKey, NoSigningKey
from django_jwtauth.keystores.base import KeyStore
from django_jwtauth.tokens.encoding import json_object
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, key_from_jwk

MAX_BYTES: Final = 512 * 1024
MAX_KEYS: Final = 100
# How long a set is good, in seconds: what its Cache-Control says, within these.
MIN_AGE: Final = 30.0
MAX_AGE: Final = 900.0
DEFAULT_AGE: Final = 300.0
_AHEAD: Final = 0.8  # of its age, and the next set is fetched before this one is too old

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_MAX_AGE_DIRECTIVE: Final = re.compile(r"(?:^|[\s,])max-age=\"?(\d{1,9})", re.ASCII | re.IGNORECASE)
_UNCACHED: Final = re.compile(r"(?:^|[\s,])no-(?:store|cache)\b", re.IGNORECASE)

logger = logging.getLogger("django_jwtauth")


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes | None  # ``None``: the set is still the one that we have
    headers: Message

    @property
    def age(self) -> float:
        """For how long it is good, in seconds (RFC 9111 section 4.2)."""
        directives = ",".join(self.headers.get_all("Cache-Control", []))
        given = _MAX_AGE_DIRECTIVE.search(directives)
        if _UNCACHED.search(directives):
            return MIN_AGE
        passed = str(self.headers.get("Age", "")).strip()
        age = float(given[1]) if given else DEFAULT_AGE
        return min(max(age - (float(passed) if passed.isdecimal() else 0.0), MIN_AGE), MAX_AGE)


class RemoteJWKSKeyStore(KeyStore):
    """``URL``: the JWKS of the service that signs. ``TIMEOUT``: in seconds, for each answer.

    Verifies only. Redirects are not followed, and http is for loopback hosts alone. The set is
    fetched anew, in the background, before its ``Cache-Control: max-age`` has run out, and at
    most every 30 s for an unknown ``kid``. While the service does not answer, or answers with a
    set of which no key can be used, the known keys go on. A key that cannot be used is logged and
    left out. ``ISSUER`` and ``AUDIENCE`` must be set, for nothing here can guess them.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"URL": None, "TIMEOUT": 5.0}
    only_verifies = True
    loads_in_background = True
    unknown_kid_interval = 30.0
    retry_after = 30.0
    why_none_signs = "The remote key store verifies only: another service makes the tokens."

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        super().__init__(options, settings)
        self._etag: str | None = None
        self._body_digest = b""
        self._ring: KeyRing | None = None

    def load(self, now: float) -> KeyRing:
        """Fetch the set; raises ``NoSigningKey`` where there is no answer, or no good one."""
        problem = _url_problem(self.options["URL"])
        if problem is not None:
            raise ImproperlyConfigured(problem)
        try:
            answer = self._fetch()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoSigningKey(f"The JWKS at {self._shown_url()} was not read: {error}") from error
        self.reload_after = answer.age * _AHEAD
        if self._ring is None or answer.body is not None:
            self._ring = self._take(answer)
        return self._ring

    def check(self) -> list[CheckMessage]:
        """Check ``URL``, ``TIMEOUT``, and that ``ISSUER`` and ``AUDIENCE`` are set."""
        messages = super().check()
        problem = _url_problem(self.options["URL"])
        if problem is not None:
            hint = "Such as https://auth.example.com/.well-known/jwks.json."
            messages.append(Error(problem, hint=hint, id="django_jwtauth.E204"))
        timeout = self.options["TIMEOUT"]
        is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
        if not is_number or not 0 < timeout < float("inf"):
            messages.append(self._wrong("TIMEOUT", "a positive number of seconds"))
        messages += [
            Error(
                f"JWTAUTH[{name!r}] must be set to what the service at URL writes into its tokens.",
                hint="Look into one of its tokens with manage.py inspect_jwt -.",
                id="django_jwtauth.E205",
            )
            for name in ("ISSUER", "AUDIENCE")
            if not conf.is_set(name)
        ]
        return messages

    def _shown_url(self) -> str:
        # What stands behind the question mark may be a secret.
        return urlsplit(str(self.options["URL"]))._replace(query="", fragment="").geturl()

    def _fetch(self) -> _Answer:
        headers = {
            "Accept": "application/jwk-set+json, application/json",
            "User-Agent": "django-jwtauth",  # what urllib says is turned away by many a firewall
        }
        if self._etag is not None and self._ring is not None:
            headers["If-None-Match"] = self._etag
        request = urllib.request.Request(self.options["URL"], headers=headers)  # noqa: S310 (the scheme is checked)
        timeout = self.options["TIMEOUT"]
        try:
            with _opener(self.options["URL"]).open(request, timeout=timeout) as response:
                return _Answer(_bounded(response, timeout), response.headers)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == http.HTTPStatus.NOT_MODIFIED and self._ring is not None:
                    return _Answer(None, error.headers)
                if error.code in range(300, 400):
                    raise ValueError(f"status {error.code}, and no redirect is followed") from None
                raise ValueError(f"status {error.code}") from None

    def _take(self, answer: _Answer) -> KeyRing:
        digest = hashlib.sha256(answer.body or b"").digest()
        if self._ring is None or digest != self._body_digest:
            self._ring = self._parsed(answer.body or b"")
        # Only now: a set that was refused is fetched again, and not taken for known.
        self._body_digest, self._etag = digest, answer.headers.get("ETag")
        return self._ring

    def _parsed(self, body: bytes) -> KeyRing:
        try:
            members = json_object(body)
        except ValueError as error:
            raise NoSigningKey(f"The answer of {self._shown_url()} is no JWKS: {error}.") from None
        jwks = members.get("keys")
        if not isinstance(jwks, list) or len(jwks) > MAX_KEYS:
            raise NoSigningKey(
                f"The answer of {self._shown_url()} is no JWKS with at most {MAX_KEYS} keys."
            )
        ring = KeyRing(_usable(jwks))
        if not len(ring):
            raise NoSigningKey(f"The JWKS at {self._shown_url()} holds no key that can be used.")
        return ring


def _url_problem(url: object) -> str | None:
    """Return what is wrong with ``URL``, without showing it: it may hold a password."""
    if not isinstance(url, str) or not url:
        return "RemoteJWKSKeyStore needs the option URL: where the other service shows its JWKS."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "The option URL of RemoteJWKSKeyStore is malformed."
    if not host or parts.scheme not in ("https", "http") or not re.fullmatch(r"[!-~]+", url):
        return "The option URL of RemoteJWKSKeyStore is not an https URL."
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "The option URL of RemoteJWKSKeyStore must be https: over http anyone can forge it."
    if parts.username is not None or parts.password is not None:
        return "The option URL of RemoteJWKSKeyStore must not hold a user name or password."
    return None


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Return what opens http and https alone, and follows no redirect."""
    opener = urllib.request.OpenerDirector()
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ]
    if urlsplit(url).hostname not in _LOOPBACK:
        handlers.append(urllib.request.ProxyHandler())
    for handler in handlers:
        opener.add_handler(handler)
    return opener


def _bounded(response: http.client.HTTPResponse, timeout: float) -> bytes:
    """Read the body; neither its size nor a trickle of bytes holds us for long."""
    deadline, body = monotonic() + timeout, b""
    while chunk := response.read1(65536):
        body += chunk
        if len(body) > MAX_BYTES:
            raise ValueError(f"the answer is larger than {MAX_BYTES} bytes")
        if monotonic() > deadline:
            raise TimeoutError(f"the answer took longer than {timeout} s")
    return body


def _usable(jwks: list[Any]) -> Iterator[Key]:
    """Yield the keys that verify a signature, and log each of the others with its fault."""
    keys: dict[str, list[Key]] = {}
    for place, jwk in enumerate(jwks):
        try:
            key = _key(jwk)
        except InvalidKey as error:
            logger.warning("The key keys[%d] of the JWKS is left out: %s", place, error.reason)
        else:
            keys.setdefault(key.kid, []).append(key)
    for kid, same in keys.items():
        if any(not key.is_same(same[0]) for key in same):
            # Nothing tells which of them a token means.
            logger.warning("The keys %s of the JWKS are left out: they share a kid.", kid)
        else:
            yield same[0]


def _key(jwk: object) -> Key:
    if isinstance(jwk, dict) and "kid" not in jwk:
        raise InvalidKey("It has no kid, so no token can name it.")
    return key_from_jwk(jwk, kind="public")

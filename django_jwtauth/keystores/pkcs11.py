"""Keys on a PKCS#11 token, such as an HSM: it signs, and no private key is ever in this process."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from django_jwtauth.conf import Settings
from django_jwtauth.exceptions import InvalidKey, NoSigningKey
from django_jwtauth.keystores.base import KeyStore
from django_jwtauth.tokens.encoding import b64encode
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, key_from_jwk, key_from_pem

T = TypeVar("T")

#: For each algorithm the token's mechanism, and the hash that we make before it signs.
_MECHANISMS: Final = {
    "ES256": ("ECDSA", "sha256"),
    "ES384": ("ECDSA", "sha384"),
    "EdDSA": ("EDDSA", None),
    "RS256": ("SHA256_RSA_PKCS", None),
}
_ED25519_POINT: Final = b"\x04\x20"  # what an OCTET STRING of 32 bytes begins with
_ED25519_LENGTH: Final = 32
_PAUSE: Final = 0.1  # seconds, before the second try
_BROKEN: Final = -1

logger = logging.getLogger("django_jwtauth")


class PKCS11KeyStore(KeyStore):
    """``MODULE``: the library that speaks to the token; ``TOKEN_LABEL`` and ``PIN``: how to log in.

    ``LABELS``: the names of the key pairs there. All of them verify; the first that has a private
    half signs. Keys are made with the token's own tools: EC on P-256 or P-384, Ed25519, or RSA,
    which signs with RS256. Needs the extra ``pkcs11``.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "MODULE": "",
        "TOKEN_LABEL": "",
        "PIN": "",
        "LABELS": (),
    }
    why_none_signs = "No key pair of LABELS is on the PKCS#11 token with its private half."

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        super().__init__(options, settings)
        try:
            import pkcs11
        except ImportError:
            self._driver: Any = None
        else:
            self._driver = pkcs11
        self._token = _Token(self._driver, self.options)

    def load(self, now: float) -> KeyRing:
        """Read the public keys; see ``KeyStore.load``."""
        problems = self.check()
        if problems:
            raise ImproperlyConfigured(str(problems[0].msg))
        keys, unreadable = [], []
        for label in self.options["LABELS"]:
            try:
                keys.append(self._token.run(partial(self._key, label)))
            except InvalidKey as error:
                logger.error("The key %r of the PKCS#11 token is left out: %s", label, error.reason)  # noqa: TRY400
                unreadable.append(label)
        return KeyRing(keys, unreadable=unreadable)

    def check(self) -> list[CheckMessage]:
        """Check the options, and that the driver is there; the token is not asked."""
        messages = super().check()
        for name in ("MODULE", "TOKEN_LABEL", "PIN"):
            if not isinstance(self.options[name], str) or not self.options[name]:
                messages.append(self._wrong(name, "a string that is not empty"))
        labels = self.options["LABELS"]
        if not isinstance(labels, (list, tuple)) or not labels or not all(map(_is_text, labels)):
            messages.append(self._wrong("LABELS", "a list of names"))
        if self._driver is None:
            messages.append(
                Error(
                    "PKCS11KeyStore needs the package python-pkcs11.",
                    hint="Install django-rest-jwtauth[pkcs11].",
                    id="django_jwtauth.E206",
                )
            )
        return messages

    def _key(self, label: str, session: Any) -> Key:
        kinds = self._driver.ObjectClass
        public = _only(self._find(session, label, kinds.PUBLIC_KEY))
        if public is None:
            raise InvalidKey("There is not one public key of that name.")
        key = _public_key(self._driver, public)
        if _only(self._find(session, label, kinds.PRIVATE_KEY)) is None:
            return key
        return replace(key, signer=PKCS11Signer(self._token, label, key.algorithm))

    def _find(self, session: Any, label: str, kind: Any) -> list[Any]:
        attribute = self._driver.Attribute
        return list(session.get_objects({attribute.CLASS: kind, attribute.LABEL: label}))


@dataclass(frozen=True, slots=True)
class PKCS11Signer:
    """Has the token sign; it knows the name of the private key, and nothing else of it."""

    token: _Token = field(repr=False)
    label: str
    algorithm: str

    def sign(self, message: bytes, /) -> bytes:
        """See ``Signer.sign``; raises ``NoSigningKey`` where the token does not answer."""
        mechanism, digest = _MECHANISMS[self.algorithm]
        data = message if digest is None else hashlib.new(digest, message).digest()
        return self.token.run(partial(self._sign, data, mechanism))

    def _sign(self, data: bytes, mechanism: str, session: Any) -> bytes:
        private = self.token.private_key(session, self.label)
        signature: bytes = private.sign(data, mechanism=self.token.driver.Mechanism[mechanism])
        return signature


class _Token:
    """The token, with one session of this process that is logged in; opened when first needed."""

    def __init__(self, driver: Any, options: Mapping[str, Any]) -> None:
        self.driver = driver
        self._options = options
        self._session: Any = None
        self._private_keys: dict[str, Any] = {}
        self._forks = 0
        self._refusal: str | None = None

    def run(self, act: Callable[[Any], T]) -> T:
        """Call ``act`` with the session; once more, with the library begun anew, where it broke.

        Raises ``NoSigningKey`` where the token does not answer.
        """
        # The driver does not tell the library of our threads, so it is called by one at a time.
        with _one_at_a_time:
            try:
                return act(self._open())
            except self.driver.PKCS11Error:
                self._close()
            # A token that was pulled, or that many processes open at once, may be there again.
            time.sleep(_PAUSE)
            _begun[self._options["MODULE"]] = _BROKEN
            try:
                return act(self._open())
            except self.driver.PKCS11Error as error:
                self._close()
                raise NoSigningKey(self._says(error)) from None

    def private_key(self, session: Any, label: str) -> Any:
        """Return the handle of a private key, found once a session."""
        if label not in self._private_keys:
            kind = self.driver.ObjectClass.PRIVATE_KEY
            self._private_keys[label] = session.get_key(label=label, object_class=kind)
        return self._private_keys[label]

    def _open(self) -> Any:
        if self._refusal is not None:
            # A token locks itself after a few wrong PINs: it is tried once.
            raise NoSigningKey(self._refusal)
        if self._session is None or self._forks != _forks:
            library = _library(self.driver, self._options["MODULE"])
            token = library.get_token(token_label=self._options["TOKEN_LABEL"])
            self._session, self._forks, self._private_keys = self._login(token), _forks, {}
        return self._session

    def _login(self, token: Any) -> Any:
        driver = self.driver
        try:
            return token.open(user_pin=self._options["PIN"])
        except driver.UserAlreadyLoggedIn:
            return token.open()  # by another store of this process: a login counts for all of it
        except (
            driver.PinIncorrect,
            driver.PinInvalid,
            driver.PinLenRange,
            driver.PinLocked,
        ) as error:
            self._refusal = self._says(error)
            raise NoSigningKey(self._refusal) from None

    def _says(self, error: Exception) -> str:
        text = f"{type(error).__name__} {error}".rstrip()
        return f"The PKCS#11 token {self._options['TOKEN_LABEL']!r} says: {text}"

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(self.driver.PKCS11Error):
                session.close()


def _library(driver: Any, module: str) -> Any:
    library = driver.lib(module)
    if _begun.setdefault(module, _forks) != _forks:
        # It has failed, or was begun by the parent (PKCS#11 2.40, section 2.5.2).
        library.reinitialize()
        _begun[module] = _forks
    return library


def _public_key(driver: Any, public: Any) -> Key:
    kinds = driver.KeyType
    if public.key_type == kinds.EC:
        encoded = driver.util.ec.encode_ec_public_key(public)
        return key_from_pem(_pem("PUBLIC KEY", encoded), kind="public")
    if public.key_type == kinds.RSA:
        encoded = driver.util.rsa.encode_rsa_public_key(public)
        return key_from_pem(_pem("RSA PUBLIC KEY", encoded), kind="public")
    if public.key_type == kinds.EC_EDWARDS:
        point = bytes(public[driver.Attribute.EC_POINT])
        x = point.removeprefix(_ED25519_POINT) if len(point) > _ED25519_LENGTH else point
        return key_from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64encode(x)}, kind="public")
    raise InvalidKey("The key is neither EC, nor Ed25519, nor RSA.")


def _pem(name: str, der: bytes) -> str:
    return f"-----BEGIN {name}-----\n{base64.encodebytes(der).decode()}-----END {name}-----\n"


def _only(found: list[Any]) -> Any:
    return found[0] if len(found) == 1 else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


_one_at_a_time = threading.Lock()
_forks = 0
_begun: dict[str, int] = {}  # for each library the value of _forks when it was


def _after_fork_in_child() -> None:
    global _one_at_a_time, _forks  # noqa: PLW0603
    # A thread that held the lock has no twin in the child.
    _one_at_a_time = threading.Lock()
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

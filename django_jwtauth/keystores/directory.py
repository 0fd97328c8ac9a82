"""Keys that lie as files in a directory: a mounted secret, or what a rotation script writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from django.core.checks import CheckMessage, Warning  # noqa: A004 (Django's name)

from django_jwtauth.conf import Settings
from django_jwtauth.exceptions import InvalidKey, NoSigningKey
from django_jwtauth.keystores.base import KeyStore
from django_jwtauth.keystores.material import key_from_text
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key

_SUFFIXES: Final = (".pem", ".jwk", ".json")
_MAX_BYTES: Final = 65536  # an RSA key of 16384 bits is a fifth of it
_RETRY_AFTER: Final = 5.0  # seconds, for a file that may be half-written
_WORLD_READABLE: Final = 0o004

logger = logging.getLogger("django_jwtauth")


class DirectoryKeyStore(KeyStore):
    """``PATH``: a directory of ``*.pem``, ``*.jwk`` and ``*.json`` files, each one key or its half.

    The private key whose file name sorts last signs, so let names begin with a date; all verify.
    A key's ``kid`` is the JWK's own, else its thumbprint: a file may be renamed. To rotate, add
    the public half of the next key, wait until all services have fetched the JWKS, replace it by
    the private key, and remove the old file when its last token has expired.

    The directory is read every minute. Hidden files are left alone. A file that cannot be read
    is logged and tried again soon; where its name had a key before, that goes on meanwhile.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"PATH": None}
    why_none_signs = "The key directory holds no private key that can be read."

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        super().__init__(options, settings)
        self._known: dict[str, Key] = {}

    def load(self, now: float) -> KeyRing:
        """Read every file; raises ``NoSigningKey`` where the directory itself cannot be read."""
        unreadable = []
        keys: dict[str, Key] = {}
        for path in self._files():
            try:
                keys[path.name] = _read(path)
            except FileNotFoundError:
                continue  # it has just been removed
            except (InvalidKey, OSError) as error:
                logger.error("The key file %s cannot be used: %s", path, error)  # noqa: TRY400
                unreadable.append(path.name)
                if path.name in self._known:
                    keys[path.name] = self._known[path.name]
        self._known = keys
        self.reload_after = _RETRY_AFTER if unreadable else KeyStore.reload_after
        return KeyRing(_one_a_kid(keys), unreadable=unreadable)

    def check(self) -> list[CheckMessage]:
        """Check ``PATH``, each file, and that nobody else may read a private key."""
        messages = super().check()
        if not isinstance(self.options["PATH"], (str, Path)) or not str(self.options["PATH"]):
            return [*messages, self._wrong("PATH", "the path of a directory")]
        try:
            files = self._files()
        except NoSigningKey as error:
            hint = "Make it, and let the user that runs the site read it."
            return [*messages, Warning(error.reason, hint=hint, id="django_jwtauth.W201")]
        return [*messages, *(message for path in files for message in _check_file(path))]

    def _files(self) -> list[Path]:
        directory = Path(str(self.options["PATH"]))
        try:
            paths = [path for path in directory.iterdir() if path.suffix.lower() in _SUFFIXES]
        except OSError as error:
            raise NoSigningKey(
                f"The key directory {directory} cannot be read: {error.strerror}."
            ) from error
        return sorted(path for path in paths if not path.name.startswith("."))


def _read(path: Path) -> Key:
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InvalidKey(f"It is larger than {_MAX_BYTES} bytes.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidKey("It is not a text.") from None
    return key_from_text(text)


def _one_a_kid(keys: Mapping[str, Key]) -> list[Key]:
    """Return the keys, the last name first; of two halves of one key the private one."""
    chosen: dict[str, Key] = {}
    for name in sorted(keys, reverse=True):
        key = keys[name]
        other = chosen.setdefault(key.kid, key)
        if other is key:
            continue
        if other.public_key != key.public_key:
            logger.error("The key file %s is left out: another key has its kid.", name)
        elif other.signer is None:
            del chosen[key.kid]  # the place of the private half counts
            chosen[key.kid] = key
    return list(chosen.values())


def _check_file(path: Path) -> Iterator[CheckMessage]:
    try:
        is_private = _read(path).signer is not None
        is_readable = bool(path.stat().st_mode & _WORLD_READABLE)
    except (InvalidKey, OSError) as error:
        yield Warning(
            f"The key file {path} cannot be used: {error}",
            hint="Put a PEM or a JWK there, or take the file out of the directory.",
            id="django_jwtauth.W202",
        )
        return
    if is_private and is_readable:
        yield Warning(
            f"Every user of this machine can read the private key {path}.",
            hint=f"chmod 600 {path}",
            id="django_jwtauth.W203",
        )

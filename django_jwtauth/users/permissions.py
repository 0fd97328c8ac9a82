"""Permissions in a token (``PERMISSIONS: "token"``): packed at login, answered from in requests.

The claim ``perms`` is ``*`` for a superuser, else fingerprint ``.`` bitmap over the sorted names of
all permissions that the installed models have. Both sides know that list from their own app
registry, so a token carries one bit a permission; the fingerprint says whether the lists are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.base_user import AbstractBaseUser

from django_jwtauth.tokens.encoding import b64decode, b64encode
from django_jwtauth.users.rows import ORIGIN, has_database

#: Where a user of a request keeps the claim ``perms`` of its token.
PERMISSIONS: Final = "_jwtauth_permissions"

_SUPERUSER: Final = "*"
_MORE: Final = "+"  # the user holds a name outside the list


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The names ``app_label.codename`` of every installed model's permissions, sorted."""

    names: tuple[str, ...]
    positions: Mapping[str, int]
    of_app: Mapping[str, range]  # sorted, the positions of one app's names follow each other
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What the claim ``perms`` says; ``is_complete``: the user holds no name outside the list."""

    known: Listing
    bitmap: bytes
    is_complete: bool
    is_superuser: bool

    def holds(self, name: str) -> bool | None:
        """Tell whether the user holds a permission; None for a name outside the list."""
        position = self.known.positions.get(name)
        if position is None:
            return True if self.is_superuser else None
        return self._is_set(position)

    def holds_any_of(self, app_label: str) -> bool | None:
        """Tell whether the user holds a permission of an app; None where the list cannot tell."""
        positions = self.known.of_app.get(app_label, range(0))
        if self.is_superuser or any(map(self._is_set, positions)):
            return True
        return False if positions and self.is_complete else None

    def held(self) -> set[str]:
        """Return the names of the list that the user holds."""
        return {name for position, name in enumerate(self.known.names) if self._is_set(position)}

    def _is_set(self, position: int) -> bool:
        return bool(self.bitmap[position // 8] & 0x80 >> position % 8)


def listing() -> Listing:
    """Return the list of all permissions, from the app registry and without a query."""
    # The registry returns the same list until its apps change.
    models = apps.get_models()
    if not _listed or _listed[0][0] is not models:
        names = {name for model in models for name in _names_of(model)}
        _listed[:] = [(models, listing_of(names))]
    return _listed[0][1]


_listed: list[tuple[Any, Listing]] = []


def listing_of(names: Iterable[str]) -> Listing:
    """Return the list of these names, sorted."""
    ordered = tuple(sorted(names))
    ranges: dict[str, range] = {}
    for position, name in enumerate(ordered):
        app_label = name.partition(".")[0]
        ranges[app_label] = range(ranges.get(app_label, range(position, 0)).start, position + 1)
    return Listing(
        names=ordered,
        positions={name: position for position, name in enumerate(ordered)},
        of_app=ranges,
        fingerprint=b64encode(sha256("\n".join(ordered).encode()).digest()[:6]),
    )


def _names_of(model: Any) -> Iterable[str]:
    meta = model._meta
    for action in meta.default_permissions:
        yield f"{meta.app_label}.{get_permission_codename(action, meta)}"
    for codename, _ in meta.permissions:
        yield f"{meta.app_label}.{codename}"


def packed_permissions(user: AbstractBaseUser) -> str | None:
    """Return the claim ``perms`` of a user; None where the model knows no permissions.

    Costs what Django's backends ask for ``get_all_permissions``: two queries with ``ModelBackend``
    (own, and through groups), none for a superuser.
    """
    if user.is_active and getattr(user, "is_superuser", False):
        return _SUPERUSER
    if not hasattr(user, "get_all_permissions"):
        return None
    return pack(user.get_all_permissions())


def pack(names: Iterable[str]) -> str:
    """Return the claim ``perms`` for a user who holds ``names``."""
    known = listing()
    bitmap = bytearray(_size(known))
    more = ""
    for name in names:
        position = known.positions.get(name)
        if position is None:
            more = _MORE
        else:
            bitmap[position // 8] |= 0x80 >> position % 8
    return f"{known.fingerprint}.{b64encode(bytes(bitmap).rstrip(bytes(1)))}{more}"


@lru_cache(maxsize=1024)
def unpack(packed: str, known: Listing) -> Grant | None:
    """Return what the claim says; None where it was packed over another list."""
    size = _size(known)
    if packed == _SUPERUSER:
        return Grant(known, b"\xff" * size, is_complete=True, is_superuser=True)
    fingerprint, _, bits = packed.removesuffix(_MORE).partition(".")
    try:
        bitmap = b64decode(bits)
    except ValueError:
        return None
    if fingerprint != known.fingerprint or len(bitmap) > size:
        return None
    is_complete = not packed.endswith(_MORE)
    return Grant(known, bitmap.ljust(size, bytes(1)), is_complete, is_superuser=False)


def _size(known: Listing) -> int:
    return -(-len(known.names) // 8)  # bytes, rounded up


class TokenPermissions:
    """Answers questions about permissions from the token, where it can.

    That is: names of the list, without an object. Anything else, and a token packed over another
    list, asks the model's own method and so the backends. Where no database is configured, that
    answer is no; one that is configured and down raises its own error, as everywhere.
    """

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Tell whether the user holds a permission."""
        answer = _holds(self, perm, obj)
        return bool(_ask(self, "has_perm", perm, obj)) if answer is None else answer

    async def ahas_perm(self, perm: str, obj: Any = None) -> bool:
        """See ``has_perm``."""
        answer = _holds(self, perm, obj)
        return bool(await _aask(self, "ahas_perm", perm, obj)) if answer is None else answer

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """Tell whether the user holds all of these permissions."""
        return all(self.has_perm(perm, obj) for perm in _checked(perm_list))

    async def ahas_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        """See ``has_perms``."""
        for perm in _checked(perm_list):
            if not await self.ahas_perm(perm, obj):
                return False
        return True

    def has_module_perms(self, app_label: str) -> bool:
        """Tell whether the user holds any permission of an app."""
        answer = _holds_any_of(self, app_label)
        return bool(_ask(self, "has_module_perms", app_label)) if answer is None else answer

    async def ahas_module_perms(self, app_label: str) -> bool:
        """See ``has_module_perms``."""
        answer = _holds_any_of(self, app_label)
        return bool(await _aask(self, "ahas_module_perms", app_label)) if answer is None else answer

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """Return the names of all permissions that the user holds."""
        answer = _held(self, obj)
        return _ask(self, "get_all_permissions", obj) or set() if answer is None else answer

    async def aget_all_permissions(self, obj: Any = None) -> set[str]:
        """See ``get_all_permissions``."""
        answer = _held(self, obj)
        return await _aask(self, "aget_all_permissions", obj) or set() if answer is None else answer


def _grant(user: Any) -> Grant | None:
    if user.__dict__.get("is_active") is False:  # by the view itself, since the token was made
        return None
    return unpack(user.__dict__[PERMISSIONS], listing())


def _holds(user: Any, perm: str, obj: Any) -> bool | None:
    grant = _grant(user)
    if grant is None or (obj is not None and not grant.is_superuser):
        return None
    return grant.holds(perm)


def _holds_any_of(user: Any, app_label: str) -> bool | None:
    grant = _grant(user)
    return None if grant is None else grant.holds_any_of(app_label)


def _held(user: Any, obj: Any) -> set[str] | None:
    grant = _grant(user)
    if grant is None or obj is not None or not grant.is_complete:
        return None
    return grant.held()


def _checked(perm_list: Iterable[str]) -> Iterable[str]:
    # As Django's own has_perms: a string is an iterable of names that nobody holds.
    if not isinstance(perm_list, Iterable) or isinstance(perm_list, str):
        raise ValueError("perm_list must be an iterable of permissions.")  # noqa: TRY004
    return perm_list


def _ask(user: Any, method: str, *args: Any) -> Any:
    """Ask the user model itself; None where it has no such method, or no database to ask."""
    own = getattr(user.__class__, method, None)
    return own(user, *args) if own is not None and has_database(user.__class__) else None


async def _aask(user: Any, method: str, *args: Any) -> Any:
    """See ``_ask``; the row is read first, for the model's method touches it where none may be."""
    own = getattr(user.__class__, method, None)
    if own is None or not has_database(user.__class__):
        return None
    if ORIGIN in user.__dict__:
        await sync_to_async(user.refresh_from_db)(fields=())
    return await own(user, *args)

"""What a token says of its user and session besides the package's own times and ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.utils.module_loading import import_string

from django_jwtauth.conf import Settings, current, per_settings
from django_jwtauth.models import LoginSession
from django_jwtauth.tokens.claims import RESERVED
from django_jwtauth.tokens.encoding import json_bytes
from django_jwtauth.users.permissions import packed_permissions


def token_claims(user: AbstractBaseUser, session: LoginSession) -> dict[str, Any]:
    """Return the claims ``scope``, ``groups``, ``perms`` and those of ``EXTRA_CLAIMS``.

    Each stands there only where it says something. No query with ``PERMISSIONS: "database"``. With
    ``"token"``: one for the groups' names (none where the hook names them), and what the backends
    need for ``get_all_permissions``: with Django's own two, or none for a superuser. Raises
    ``ImproperlyConfigured`` for a hook that writes what it may not.
    """
    hook = _hook()
    claims = _checked(hook(user, session)) if hook else {}
    claims.setdefault("scope", session.scope)
    if current().PERMISSIONS == "token":
        if "groups" not in claims:
            claims["groups"] = _group_names(user)
        packed = packed_permissions(user)
        if packed is not None:
            claims["perms"] = packed
    for name in ("scope", "groups"):
        if not claims.get(name, True):
            del claims[name]
    return claims


@per_settings
def _hook(settings: Settings) -> Any:
    if settings.EXTRA_CLAIMS is None:
        return None
    try:
        return import_string(settings.EXTRA_CLAIMS)
    except ImportError as error:
        raise _wrong(f"{settings.EXTRA_CLAIMS} cannot be imported: {error}") from error


def _checked(claims: object) -> dict[str, Any]:
    if not isinstance(claims, Mapping) or not all(isinstance(name, str) for name in claims):
        raise _wrong("the hook must return a dictionary whose keys are strings")
    if reserved := sorted(RESERVED.intersection(claims)):
        raise _wrong(f"the hook may not write {', '.join(reserved)}")
    if not isinstance(claims.get("scope", ""), str):
        raise _wrong("scope must be a string")
    groups = claims.get("groups", [])
    if not isinstance(groups, list) or not all(isinstance(name, str) for name in groups):
        raise _wrong("groups must be a list of strings")
    copied = dict(claims)
    try:
        json_bytes(copied)
    except (TypeError, ValueError, RecursionError) as error:
        raise _wrong(f"a value is no JSON: {error}") from error
    return copied


def _wrong(message: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"JWTAUTH['EXTRA_CLAIMS']: {message}.")


def has_groups(model: Any) -> bool:
    """Tell whether users of this model are in Django's groups."""
    try:
        field = model._meta.get_field("groups")
    except FieldDoesNotExist:
        return False
    return field.related_model is not None and field.related_model._meta.label == "auth.Group"


def _group_names(user: Any) -> list[str]:
    if not has_groups(user):
        return []
    return list(user.groups.order_by("name").values_list("name", flat=True))

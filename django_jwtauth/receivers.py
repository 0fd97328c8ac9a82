"""What happens without being called: users and tables that change, faults. Wired in ``apps.py``.

A user who is deactivated, deleted or given another password loses every login session, whoever
saved it: the admin, a command, a project's own view. What ``QuerySet.update()`` changes sends no
signal, and is noticed at the next refresh.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import is_password_usable
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from django_jwtauth import clock, key_rotation, sessions, users
from django_jwtauth.error_reports import protect
from django_jwtauth.models import LoginSession
from django_jwtauth.revocation import feed

_EndReason = LoginSession.EndReason


def before_user_save(
    *, instance: AbstractBaseUser, using: str, update_fields: Any = None, **_kwargs: Any
) -> None:
    """Recognise the upgrade of a password's hash, which Django does at login."""
    if (
        instance.pk is not None
        and set(update_fields or ()) == {"password"}
        # What Django's set_password() leaves there until it is saved, an upgrade takes away. Who
        # assigns a hash leaves nothing there at all.
        and vars(instance).get("_password", "") is None
        and is_password_usable(instance.password)
    ):
        sessions.upgrade_password(instance, using)


def after_user_save(
    *,
    instance: AbstractBaseUser,
    created: bool = False,
    raw: bool = False,
    update_fields: Any = None,
    **_kwargs: Any,
) -> None:
    """End the sessions of a user who may not hold them any more."""
    if created or raw:
        return
    if update_fields is not None and not {"password", "is_active"} & set(update_fields):
        return
    if not users.is_usable(instance):
        sessions.end_all(instance, _EndReason.USER_INACTIVE)
    else:
        sessions.end_outdated(instance)


def before_user_delete(*, instance: AbstractBaseUser, **_kwargs: Any) -> None:
    """End the sessions of a user before they are deleted along: their tokens live on else."""
    sessions.end_all(instance, _EndReason.USER_INACTIVE)


def before_session_delete(*, instance: LoginSession, origin: Any = None, **_kwargs: Any) -> None:
    """End a live session that somebody deletes; one that goes with its user has ended by now."""
    model = origin.model if isinstance(origin, QuerySet) else type(origin)
    if origin is None or model is LoginSession:
        sessions.end(instance.pk)


def after_migrate(*, using: str, **_kwargs: Any) -> None:
    """Make the first key, and forget what was known of tables that may have been emptied."""
    feed().forget()
    key_rotation.forget_ring()
    key_rotation.ensure_signing_key(clock.now(), using=using)


def before_error_report(*, request: HttpRequest, **_kwargs: Any) -> None:
    """Hide our cookies from a report on any view: a browser sends them to all."""
    protect(request)


def user_models(model: type[AbstractBaseUser]) -> list[type[Model]]:
    """Return the user model with its proxies and subclasses: each sends its signals by itself."""
    return [other for other in apps.get_models() if issubclass(other, model)]

"""Whether ``JWTAUTH`` can be read, and says what may work."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_jwtauth import conf, keystores, revocation
from django_jwtauth.checks.table import message
from django_jwtauth.users.subject import SubjectField, subject_field


def check_settings() -> Iterator[CheckMessage]:
    """Tell of every wrong name and value, and go on with what they mean where all are right."""
    try:
        unknown, wrong = conf.unknown_names(), conf.wrong_values()
    except ImproperlyConfigured as error:  # JWTAUTH itself is no dictionary
        unknown, wrong = [], [str(error)]
    for name, nearest in unknown:
        known = f"It has {', '.join(conf.NAMES)}."
        yield message("E001", name=name, fix=f"Did you mean {nearest!r}?" if nearest else known)
    for sentence in wrong:
        yield message("E002", sentence=sentence)
    if wrong:
        return
    yield from _backends()
    yield from _references()
    yield from _retry_window()
    if not django_settings.DEBUG and conf.current().origin is None:
        yield message("W001", issuer=conf.current().ISSUER[0])


def _backends() -> Iterator[CheckMessage]:
    try:
        yield from keystores.store().check()
    except ImproperlyConfigured as error:
        yield message("E003", sentence=str(error), example=conf.DEFAULT_KEY_STORE)
    try:
        yield from revocation.make(conf.current()).check()
    except ImproperlyConfigured as error:
        yield message("E003", sentence=str(error), example=conf.DEFAULT_REVOCATION_FEED)


def _references() -> Iterator[CheckMessage]:
    try:
        subject = subject_field()
    except ImproperlyConfigured as error:
        yield message("E004", sentence=str(error))
    else:
        if not _is_unique(subject):
            yield message("E007", name=subject.attname)
    path = conf.current().EXTRA_CLAIMS
    if path is not None:
        try:
            import_string(path)
        except ImportError as error:
            yield message("E005", path=path, error=error)


def _is_unique(subject: SubjectField) -> bool:
    options = subject.model._meta  # noqa: SLF001 (Django's documented interface)
    return getattr(options.get_field(subject.attname), "unique", False) or any(
        constraint.fields == (subject.attname,) for constraint in options.total_unique_constraints
    )


def _retry_window() -> Iterator[CheckMessage]:
    settings = conf.current()
    window, lifetime = settings.REFRESH_RETRY_WINDOW, settings.ACCESS_TOKEN_LIFETIME
    if window >= lifetime / 2:
        yield message("E006", window=window, lifetime=lifetime)
    elif window > lifetime / 5:
        yield message("W002", window=window, lifetime=lifetime)

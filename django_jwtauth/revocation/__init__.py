"""How revocations reach this process: one class a file behind ``base.RevocationFeed``.

Chosen by ``REVOCATION_FEED``. This package alone writes ``Revocation``.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_jwtauth import conf
from django_jwtauth.revocation.base import RevocationFeed


@conf.per_settings
def feed(settings: conf.Settings) -> RevocationFeed:
    """Return this process's feed; raises ``ImproperlyConfigured`` where it cannot work."""
    close()
    made = make(settings)
    problems = [problem for problem in made.check() if problem.is_serious()]
    if problems:
        raise ImproperlyConfigured(str(problems[0].msg))
    _open.append(made)
    return made


def make(settings: conf.Settings) -> RevocationFeed:
    """Return a new feed whose options are yet to be checked; nothing is opened or read.

    Raises ``ImproperlyConfigured`` where ``BACKEND`` names no feed.
    """
    path = settings.REVOCATION_FEED.path
    try:
        backend = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"REVOCATION_FEED.BACKEND cannot be imported: {error}"
        ) from error
    if not (isinstance(backend, type) and issubclass(backend, RevocationFeed)):
        raise ImproperlyConfigured(f"REVOCATION_FEED.BACKEND {path!r} is no revocation feed.")
    return backend(settings.REVOCATION_FEED.options, settings)


def close() -> None:
    """Let the feed go, with its threads and connections: its settings are in force no more."""
    while _open:
        _open.pop().close()


_open: list[RevocationFeed] = []

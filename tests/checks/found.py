"""Runs the system checks as ``manage.py check`` does, and returns what this package found."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.checks import CheckMessage, run_checks
from django.test import override_settings

#: A project that nothing is to be said of, DEBUG off: a test changes one thing.
CLEAN: dict[str, Any] = {
    "DEBUG": False,
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "CSRF_COOKIE_SECURE": True,
}
JWTAUTH = {"ISSUER": "https://auth.example.com"}


def found(
    jwtauth: Any = None, *, databases: Sequence[str] | None = None, **settings: Any
) -> list[CheckMessage]:
    """Return what is said of a clean project with these settings."""
    given = {**JWTAUTH, **jwtauth} if isinstance(jwtauth, dict) else jwtauth or JWTAUTH
    with override_settings(**{**CLEAN, "JWTAUTH": given, **settings}):
        tags = ["jwtauth", "database"] if databases else ["jwtauth"]
        return run_checks(tags=tags, databases=databases)


def ids(messages: Iterable[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix("django_jwtauth.") for message in messages]


def one(number: str, jwtauth: Any = None, **settings: Any) -> CheckMessage:
    """Return the one message, which is this one."""
    messages = found(jwtauth, **settings)
    assert ids(messages) == [number], messages
    assert messages[0].hint
    return messages[0]

"""How a command names a mistake: in one line, and without ending 0."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import Error as DatabaseError

from django_jwtauth.exceptions import JWTAuthError


@contextmanager
def named_in_one_line() -> Iterator[None]:
    """Turn what an operator can mend into a ``CommandError``."""
    try:
        yield
    except (JWTAuthError, ImproperlyConfigured, DatabaseError) as error:
        raise CommandError(" ".join(str(error).split())) from error

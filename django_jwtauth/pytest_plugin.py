"""Fixtures for pytest, found by entry point wherever this package is installed.

Nothing of Django is imported before a test asks for a fixture: pytest loads this file in every
project, before ``DJANGO_SETTINGS_MODULE`` is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django_jwtauth.testing import JWTClient


@pytest.fixture
def jwt_client() -> JWTClient:
    """Return a ``JWTClient``: ``jwt_client.login_as(user)``."""
    from django_jwtauth.testing import JWTClient

    return JWTClient()


@pytest.fixture
def jwt_move_time() -> Iterator[Callable[[timedelta | float], None]]:
    """Return a function that moves this package's clock until the test ends; moves add up."""
    from django_jwtauth.testing import move_time

    with ExitStack() as moves:
        yield lambda by: moves.enter_context(move_time(by))


@pytest.fixture
def jwt_without_throttles() -> Iterator[None]:
    """Switch this package's throttles off for the test."""
    from django_jwtauth.testing import without_throttles

    with without_throttles():
        yield

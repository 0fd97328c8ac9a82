"""A user, and the clients that call for them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import set_script_prefix
from rest_framework.test import APIClient

from tests.devices import PASSWORD, Device


@pytest.fixture
def mounted_at() -> Iterator[str]:
    """Have the site stand under a path, as a server that hands it SCRIPT_NAME does."""
    set_script_prefix("/site/")  # what Django's WSGI handler does, and the test client does not
    yield "/site"
    set_script_prefix("/")


@pytest.fixture
def user(db: Any) -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def device(user: User) -> Device:
    """Return a device on which the user has logged in."""
    return Device(user.username)


@pytest.fixture
def api() -> APIClient:
    """Return a client that has no credentials."""
    return APIClient()

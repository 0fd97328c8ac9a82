"""A user, and the clients that call for them."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.views.devices import PASSWORD, Device


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

"""What a client is handed is short, end to end.

The tests of `users/` hold a project of 400 permissions to its limit.
"""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from tests.devices import PASSWORD, Device

pytestmark = pytest.mark.django_db

ISSUER = "https://auth.example.com"


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", password=PASSWORD, id=1234567)


def test_an_access_token_takes_450_bytes_at_most(ada: User, settings: Any) -> None:
    settings.JWTAUTH = {"ISSUER": ISSUER}
    device = Device()
    assert len(device.access) <= 450
    device.refreshed()
    assert len(device.access) <= 450


def test_a_refresh_token_takes_68_bytes(ada: User) -> None:
    assert len(Device().refresh_token) == 68


def test_permissions_cost_a_bit_each_and_not_a_name(ada: User, settings: Any) -> None:
    settings.JWTAUTH = {"ISSUER": ISSUER, "PERMISSIONS": "token"}
    none = len(Device().access)
    permissions = list(Permission.objects.all())
    ada.user_permissions.set(permissions)
    every = len(Device().access)
    # base64url of claim and payload: a bit takes 4/3 * 4/3 of an eighth of a byte.
    assert every - none <= len(permissions) * (4 / 3) ** 2 / 8 + 4
    assert every <= 560

"""The user whom the commands are about."""

import pytest
from django.contrib.auth.models import User


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("demo", password="demo-password")

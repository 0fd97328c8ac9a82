"""What is built from settings is forgotten with them: as under `override_settings`."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from django_jwtauth import revocation
from django_jwtauth.users.subject import subject_field


def test_another_user_model_is_read_anew() -> None:
    assert subject_field().model is User
    with override_settings(AUTH_USER_MODEL="notes.Note"):
        assert subject_field().model._meta.label == "notes.Note"
    assert subject_field().model is User


@pytest.mark.django_db(transaction=True)
def test_a_listener_ends_with_its_settings(redis_url: str) -> None:
    feed: dict[str, Any] = {
        "BACKEND": "django_jwtauth.revocation.redis.RedisFeed",
        "OPTIONS": {"URL": redis_url, "STREAM": "test:apps"},
    }
    before = set(threading.enumerate())
    with override_settings(JWTAUTH={"REVOCATION_FEED": feed}):
        revocation.feed().ensure_current()
        (listener,) = set(threading.enumerate()) - before
    listener.join(timeout=30)
    assert not listener.is_alive()

"""Whoever has a copy of the database, or `SECRET_KEY`, and not both, has no token and no key."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from rest_framework.test import APIClient

from django_jwtauth import clock, conf, key_rotation, sessions
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.models import LoginSession, SigningKey
from django_jwtauth.tokens import refresh_token

pytestmark = pytest.mark.django_db

OTHER_SECRET_KEY = "what-the-thief-guesses-who-has-only-the-database"


def refresh(token: str) -> Any:
    return APIClient().post("/auth/refresh/", {"refresh_token": token}, format="json")


def everything_in(table: str) -> list[bytes]:
    """Return each value of each row, as bytes."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        values = [value for row in cursor.fetchall() for value in row]
    return [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in values]


def test_a_copy_of_the_database_holds_no_refresh_token() -> None:
    pair = sessions.start(User.objects.create_user("ada"))
    encoded_mac = pair.refresh_token[-37:].encode()
    mac = refresh_token.parse(pair.refresh_token).mac

    for value in everything_in(LoginSession._meta.db_table):
        assert encoded_mac not in value
        assert mac not in value
        assert mac.hex().encode() not in value


def test_a_copy_of_the_database_derives_no_refresh_token() -> None:
    session = sessions.start(User.objects.create_user("ada")).session
    row = LoginSession.objects.get()
    with override_settings(SECRET_KEY=OTHER_SECRET_KEY, SECRET_KEY_FALLBACKS=[]):
        guesses = [*conf.server_secrets(), b"", bytes(row.secret), row.auth_hash.encode()]

    for guess in guesses:
        for generation in (0, 1, 2**32 - 1):
            forged = refresh_token.derive(session.id, generation, bytes(row.secret), guess)
            answer = refresh(forged)
            assert (answer.status_code, answer.json()["code"]) == (400, "refresh_token_invalid")
    row.refresh_from_db()
    assert row.ended_at is None


def test_secret_key_alone_derives_no_refresh_token() -> None:
    user = User.objects.create_user("ada")
    session, others = sessions.start(user).session, sessions.start(user).session
    guesses = [b"", bytes(32), session.id.bytes, session.auth_hash.encode(), bytes(others.secret)]

    for guess in guesses:
        forged = refresh_token.derive(session.id, 0, guess, conf.server_secrets()[0])
        answer = refresh(forged)
        assert (answer.status_code, answer.json()["code"]) == (400, "refresh_token_invalid")
    genuine = refresh_token.derive(session.id, 0, bytes(session.secret), conf.server_secrets()[0])
    assert refresh(genuine).status_code == 200  # both together are what it takes


def test_a_copy_of_the_database_yields_no_private_key() -> None:
    now = clock.now()
    key_rotation.ensure_signing_key(now)
    assert SigningKey.objects.exists()

    with override_settings(SECRET_KEY=OTHER_SECRET_KEY, SECRET_KEY_FALLBACKS=[]):
        key_rotation.forget_ring()
        with pytest.raises(NoSigningKey):
            key_rotation.signing_key(now)
    for value in everything_in(SigningKey._meta.db_table):
        assert b'"d"' not in value
        assert b"PRIVATE KEY" not in value

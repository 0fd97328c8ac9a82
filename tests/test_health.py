"""What a health endpoint hears: nothing while all is well, one sentence for each outage."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from time import sleep

import pytest
from django.db import connection
from django.db.models import Model
from django.test import override_settings

from django_jwtauth import clock, key_rotation
from django_jwtauth.health import Health, health
from django_jwtauth.models import Revocation, SigningKey
from django_jwtauth.testing import move_time
from django_jwtauth.tokens.keys import generate_private_jwk

committed = pytest.mark.django_db(transaction=True)


@contextmanager
def missing_table(model: type[Model]) -> Iterator[None]:
    """Take a table away, as a database that was never migrated, or the wrong one, does."""
    name = model._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(model, name, f"{name}_away")
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(model, f"{name}_away", name)


def assert_ok(state: Health) -> None:
    assert (state.ok, state.problems) == (True, ())


@committed
def test_all_is_well_after_the_first_look() -> None:
    state = health()
    assert_ok(state)
    assert state.feed_age is not None
    assert state.ring_age is not None
    assert 0 <= state.feed_age < 1.1
    assert 0 <= state.ring_age < 60
    assert state.signing_key == SigningKey.objects.get().kid
    assert state.signing_key_ends_at is None
    assert state.unreadable_keys == ()


@committed
def test_it_is_json_as_it_stands() -> None:
    assert set(json.loads(json.dumps(asdict(health())))) == {
        "ok",
        "feed_age",
        "ring_age",
        "signing_key",
        "signing_key_ends_at",
        "unreadable_keys",
        "problems",
    }


@committed
def test_the_ring_grows_old_until_it_is_read_again() -> None:
    before = health().ring_age
    sleep(0.05)
    older = health().ring_age
    assert before is not None
    assert older is not None
    assert older > before
    key_rotation.forget_ring()
    assert key_rotation.ring_age() is None
    fresh = health().ring_age
    assert fresh is not None
    assert fresh < older


def test_a_successor_tells_when_the_key_ends(db: None) -> None:
    now = clock.now()
    first = health().signing_key
    rotation = key_rotation.rotate(now)
    state = health()
    assert (state.signing_key, state.signing_key_ends_at) == (first, rotation.active_at)
    with move_time(timedelta(minutes=16)):
        state = health()
    assert_ok(state)
    assert (state.signing_key, state.signing_key_ends_at) == (rotation.kid, None)


def test_a_moment_of_ones_own_may_be_asked_about(db: None) -> None:
    rotation = key_rotation.rotate(clock.now())
    assert health(rotation.active_at + 1).signing_key == rotation.kid


def test_a_key_under_a_lost_secret_is_named(db: None) -> None:
    kid = health().signing_key
    with override_settings(SECRET_KEY="another-key-for-one-test-0123456789abcdef"):
        state = health()
    assert not state.ok
    assert state.unreadable_keys == (kid,)
    assert state.signing_key is None
    assert "SECRET_KEY_FALLBACKS" in state.problems[0]


def test_a_store_whose_only_key_is_revoked_cannot_sign(db: None) -> None:
    key = {"private_key": generate_private_jwk("ES256"), "kid": "only"}
    store = {
        "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
        "OPTIONS": {"KEYS": [key]},
    }
    with override_settings(JWTAUTH={"KEY_STORE": store}):
        assert_ok(health())
        key_rotation.revoke_key("only", clock.now())
        state = health()
    assert not state.ok
    assert len(state.problems) == 1


@committed
def test_a_feed_that_is_silent_for_too_long_is_told() -> None:
    # Long enough for a busy machine to answer the first question in time.
    options = {"MAX_AGE": 0.01, "MAX_STALENESS": 3.0}
    with override_settings(JWTAUTH={"REVOCATION_FEED": {"OPTIONS": options}}):
        assert_ok(health())
        with missing_table(Revocation):
            sleep(3.2)
            state = health()
        assert not state.ok
        assert "No revocation feed has answered" in state.problems[0]
        assert state.feed_age is not None
        assert state.feed_age > 3.0
        sleep(0.05)
        assert_ok(health())


@committed
def test_keys_that_cannot_be_read_are_told() -> None:
    with override_settings(JWTAUTH={}), missing_table(SigningKey):
        state = health()
    assert state.problems == ("The table of signing keys does not exist: run manage.py migrate.",)
    assert (state.ok, state.ring_age, state.signing_key) == (False, None, None)

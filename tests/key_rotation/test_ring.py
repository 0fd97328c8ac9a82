from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from django_jwtauth import key_rotation, keystores
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores.base import KeyStore
from django_jwtauth.models import SigningKey, to_datetime
from django_jwtauth.revocation import feed
from django_jwtauth.tokens.keyring import KeyRing
from tests.revocation.waiting import in_thread

AHEAD = 900


def test_the_ring_is_loaded_once(first: str, now: float, django_assert_num_queries: Any) -> None:
    ring = key_rotation.key_ring(now)
    with django_assert_num_queries(0):
        assert key_rotation.key_ring(now) is ring
        assert key_rotation.key_ring(now + 86400) is ring
        assert key_rotation.signing_key(now).kid == first


def test_a_change_elsewhere_is_loaded_with_the_news_of_it(first: str, now: float) -> None:
    ring = key_rotation.key_ring(now)
    rotation = in_thread(lambda: key_rotation.rotate(now))
    feed().ensure_current()
    assert key_rotation.key_ring(now) is not ring
    assert key_rotation.key_ring(now).find(rotation.kid) is not None


def test_a_reload_that_finds_the_same_keys_keeps_the_ring(first: str, now: float) -> None:
    ring = key_rotation.key_ring(now)
    feed().revoke(["ring:elsewhere"], expires_at=now + 60)
    assert key_rotation.key_ring(now) is ring


def test_an_unknown_kid_loads_the_ring_at_most_once_a_second(
    first: str, now: float, django_assert_num_queries: Any
) -> None:
    key_rotation.forget_ring()
    with django_assert_num_queries(1):
        key_rotation.ring_for_unknown_kid(now)
    with django_assert_num_queries(0):
        for _ in range(100):
            key_rotation.ring_for_unknown_kid(now)


def test_the_jwks_may_be_cached_for_five_minutes_and_never_past_the_next_change(
    first: str, now: float
) -> None:
    assert key_rotation.jwks_max_age(now) == 300
    rotation = key_rotation.rotate(now)
    assert key_rotation.jwks_max_age(now) == 300
    assert key_rotation.jwks_max_age(rotation.active_at - 100.5) == 100
    assert key_rotation.jwks_max_age(rotation.active_at - 0.5) == 0
    assert key_rotation.jwks_max_age(rotation.active_at) == 300  # then the old key's end
    assert key_rotation.jwks_max_age(rotation.active_at + 370 - 20) == 20
    assert key_rotation.jwks_max_age(rotation.active_at + 370) == 300


@pytest.fixture
def _broken_table(first: str) -> Iterator[None]:
    """The database answers no question about keys, as if it were down."""
    table, away = SigningKey._meta.db_table, "keys_away"
    with connection.schema_editor() as editor:
        editor.alter_db_table(SigningKey, table, away)
    yield
    with connection.schema_editor() as editor:
        editor.alter_db_table(SigningKey, away, table)


def test_while_the_database_does_not_answer_the_old_ring_goes_on(
    first: str, now: float, request: Any, caplog: Any
) -> None:
    ring = key_rotation.key_ring(now)
    request.getfixturevalue("_broken_table")
    feed().revoke(["ring:news"], expires_at=now + 60)
    assert key_rotation.key_ring(now) is ring
    assert key_rotation.signing_key(now).kid == first
    assert "The keys could not be loaded" in caplog.text


@pytest.mark.usefixtures("_broken_table")
def test_with_no_ring_at_all_the_service_is_unavailable(now: float) -> None:
    key_rotation.forget_ring()
    for act in (key_rotation.key_ring, key_rotation.signing_key, key_rotation.jwks):
        with pytest.raises(NoSigningKey):
            act(now)


def test_what_a_transaction_changes_is_in_its_own_ring_and_in_no_other(
    first: str, now: float
) -> None:
    outside = key_rotation.key_ring(now)
    with transaction.atomic():
        rotation = key_rotation.rotate(now)
        assert key_rotation.key_ring(now).find(rotation.kid) is not None
        assert key_rotation.ring_for_unknown_kid(now).find(rotation.kid) is not None
        assert in_thread(lambda: key_rotation.key_ring(now)) is outside
    assert in_thread(lambda: key_rotation.key_ring(now).find(rotation.kid)) is not None


def test_no_key_that_can_sign_yet_is_told_with_its_time(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now)
    SigningKey.objects.filter(kid=first).delete()
    SigningKey.objects.filter(kid=rotation.kid).update(predecessor="gone")
    old = SigningKey.objects.get(kid=rotation.kid)
    old.pk, old.predecessor = "expired", "x"
    old.active_at = old.retire_at = old.expire_at = old.created_at
    old.save(force_insert=True)
    key_rotation.forget_ring()
    with pytest.raises(NoSigningKey, match=r"signs from 20\d\d-.*rotate_jwt_keys --now"):
        key_rotation.signing_key(now)


def test_no_key_that_has_not_ended_is_told(first: str, now: float) -> None:
    SigningKey.objects.update(retire_at=to_datetime(now - 60))
    key_rotation.forget_ring()
    with pytest.raises(NoSigningKey, match="retired or revoked"):
        key_rotation.signing_key(now)
    assert SigningKey.objects.count() == 1


class BrokenStore(KeyStore):
    """One of a project's own, with what a driver of its own may raise."""

    def load(self, now: float) -> KeyRing:
        raise ConnectionRefusedError("the vault is closed")


def test_what_a_project_s_own_store_raises_makes_the_service_unavailable(
    settings: Any, now: float
) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": f"{__name__}.BrokenStore"}}
    with pytest.raises(NoSigningKey, match="the vault is closed"):
        key_rotation.key_ring(now)


def test_problems_of_a_ring(first: str, now: float, settings: Any) -> None:
    assert key_rotation.ring_problem(key_rotation.read_ring(now), now) is None
    rotation = key_rotation.rotate(now)
    SigningKey.objects.filter(kid=rotation.kid).update(private_jwk="x")
    problem = key_rotation.ring_problem(key_rotation.read_ring(now), now)
    assert problem is not None
    assert problem.startswith(f"The private key {rotation.kid} cannot be decrypted: put the former")
    key_rotation.revoke_key(rotation.kid, now)
    assert key_rotation.ring_problem(key_rotation.read_ring(now), now) is None
    key_rotation.revoke_key(first, now)
    assert key_rotation.ring_problem(key_rotation.read_ring(now), now) is None
    settings.SECRET_KEY = "lost" * 20
    problem = key_rotation.ring_problem(key_rotation.read_ring(now), now)
    assert problem is not None
    assert "SECRET_KEY_FALLBACKS" in problem


def test_an_empty_table_is_a_problem_until_something_signs(_no_keys: None, now: float) -> None:
    problem = key_rotation.ring_problem(key_rotation.read_ring(now), now)
    assert problem is not None
    assert "There is no signing key yet" in problem
    key_rotation.signing_key(now)
    assert key_rotation.ring_problem(key_rotation.read_ring(now), now) is None


@pytest.mark.django_db
def test_a_test_case_reloads_only_for_what_it_changes_itself(
    now: float, django_assert_num_queries: Any
) -> None:
    key_rotation.signing_key(now)
    held = key_rotation.key_ring(now)
    with django_assert_num_queries(0):
        assert key_rotation.key_ring(now) is held
        assert keystores.store().transaction() == "testcase"

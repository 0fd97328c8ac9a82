import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.models import Revocation, SigningKey
from tests.outages import missing_table
from tests.races.racing import Caller, race


class NotHere:
    """A router that keeps the keys out of every database."""

    def allow_migrate(self, *_args: Any, **_hints: Any) -> bool:
        return False


def make_first_key(caller: Caller) -> str:
    now = clock.now()
    caller.wait()
    return key_rotation.signing_key(now).kid


def test_migrate_makes_the_first_key(_no_keys: None) -> None:
    call_command("migrate", verbosity=0)
    row = SigningKey.objects.get()
    assert (row.algorithm, row.predecessor, row.retire_at) == ("ES256", "", None)
    call_command("migrate", verbosity=0)
    assert SigningKey.objects.count() == 1


def test_the_first_signature_makes_the_first_key(_no_keys: None, now: float) -> None:
    key = key_rotation.signing_key(now)
    assert SigningKey.objects.get().kid == key.kid
    assert key_rotation.signing_key(now) is key_rotation.key_ring(now).find(key.kid)
    assert Revocation.objects.filter(identifier=f"ring:{key.kid}").count() == 1


def test_the_first_key_signs_at_once_also_where_a_clock_is_behind(
    _no_keys: None, now: float
) -> None:
    key = key_rotation.signing_key(now)
    assert key_rotation.signing_key(now - conf.current().LEEWAY).kid == key.kid


def test_the_first_key_of_all_signs_before_its_time(first: str, now: float) -> None:
    assert key_rotation.signing_key(now - 86400).kid == first


@pytest.mark.parametrize("algorithm", ["ES384", "EdDSA", "RS256", "PS256"])
def test_the_first_key_is_for_the_algorithm_of_the_settings(
    _no_keys: None, now: float, settings: Any, algorithm: str
) -> None:
    settings.JWTAUTH = {"ALGORITHM": algorithm}
    assert key_rotation.signing_key(now).algorithm == algorithm


def test_a_kid_is_never_taken_for_an_option(_no_keys: None, now: float) -> None:
    for _ in range(150):  # one in 64 would begin with a dash
        SigningKey.objects.all().delete()
        key_rotation.ensure_signing_key(now)
    assert not SigningKey.objects.filter(kid__startswith="-").exists()


def test_processes_and_threads_that_start_on_an_empty_table_end_with_one_key(
    _no_keys: None,
) -> None:
    kids = race(4, 4, make_first_key)
    assert SigningKey.objects.count() == 1
    assert set(kids) == {SigningKey.objects.get().kid}


def test_processes_that_start_inside_a_transaction_end_with_one_key(_no_keys: None) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one transaction of two that read before they write fails there")

    def act(caller: Caller) -> str:
        with transaction.atomic():
            return make_first_key(caller)

    kids = race(2, 4, act)
    assert set(kids) == {SigningKey.objects.get().kid}


def test_a_block_that_began_before_another_made_the_key_signs_with_it(_no_keys: None) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("a reader keeps writers out")
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    try:
        with transaction.atomic():
            assert not SigningKey.objects.exists()  # from here on MariaDB shows an empty table
            (made,) = in_threads(lambda: key_rotation.signing_key(clock.now()).kid)
            assert key_rotation.signing_key(clock.now()).kid == made
    finally:
        connection.close()
    assert SigningKey.objects.count() == 1


def test_a_first_key_that_cannot_be_announced_is_not_made(_no_keys: None, now: float) -> None:
    with (
        missing_table(Revocation),
        pytest.raises(NoSigningKey, match="The first signing key could not be written: "),
    ):
        key_rotation.signing_key(now)
    assert not SigningKey.objects.exists()
    assert key_rotation.signing_key(now).kid == SigningKey.objects.get().kid


def test_a_block_that_cannot_see_the_first_key_of_another_makes_none(
    _no_keys: None, now: float
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("there a lock shows what was committed, or keeps others out")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert not SigningKey.objects.exists()  # from here on the table is empty
        (made,) = in_threads(lambda: key_rotation.signing_key(now).kid)
        with pytest.raises(NoSigningKey):
            key_rotation.signing_key(now)
    assert key_rotation.signing_key(now).kid == made == SigningKey.objects.get().kid


def test_a_key_that_was_rolled_back_is_in_nobody_s_ring(_no_keys: None, now: float) -> None:
    with transaction.atomic():
        ghost = key_rotation.signing_key(now).kid
        assert key_rotation.key_ring(now).find(ghost) is not None
        transaction.set_rollback(True)
    assert key_rotation.key_ring(now).find(ghost) is None
    assert key_rotation.signing_key(now).kid != ghost


def test_a_key_made_in_a_block_enters_the_ring_of_others_on_commit(
    _no_keys: None, now: float
) -> None:
    key_rotation.key_ring(now)  # this process knows the empty ring
    with transaction.atomic():
        kid = key_rotation.signing_key(now).kid
        assert in_threads(lambda: key_rotation.key_ring(now).find(kid)) == [None]
    assert key_rotation.key_ring(now).find(kid) is not None


def test_no_key_is_made_where_there_is_one(first: str, now: float) -> None:
    key_rotation.ensure_signing_key(now)
    assert SigningKey.objects.get().kid == first


def test_no_key_is_made_in_another_database_than_the_keys_own(_no_keys: None, now: float) -> None:
    key_rotation.ensure_signing_key(now, using="analytics")
    assert not SigningKey.objects.exists()


def test_no_key_is_made_where_the_router_keeps_the_table_out(
    _no_keys: None, now: float, settings: Any
) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.NotHere"]
    key_rotation.ensure_signing_key(now, using="default")
    assert not SigningKey.objects.exists()


def test_a_store_that_makes_no_keys_gets_none(_no_keys: None, now: float, settings: Any) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": "django_jwtauth.keystores.dummy.DummyKeyStore"}}
    key_rotation.ensure_signing_key(now)
    assert not SigningKey.objects.exists()


@pytest.mark.django_db
def test_a_test_case_signs_and_verifies_with_a_key_that_it_made(
    now: float, django_assert_num_queries: Any
) -> None:
    SigningKey.objects.all().delete()
    key_rotation.forget_ring()
    key = key_rotation.signing_key(now)
    assert key_rotation.key_ring(now).verification_key(key.kid, now) is not None
    key_rotation.forget_ring()


def in_threads(*acts: Any) -> list[Any]:
    """Run each in a thread and a connection of its own, one after the other."""
    results: list[Any] = []

    def run(act: Any) -> None:
        try:
            results.append(act())
        finally:
            connections.close_all()

    for act in acts:
        thread = threading.Thread(target=run, args=(act,))
        thread.start()
        thread.join()
    return results

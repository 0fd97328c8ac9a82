import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from django_jwtauth import clock, key_rotation
from django_jwtauth.models import SigningKey, to_datetime
from tests.key_material import only_key
from tests.management.commands import run, run_process
from tests.moments import move_on

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


@pytest.fixture
def first(db: None) -> Iterator[str]:
    yield from only_key()


def rotate(*arguments: str) -> str:
    ran = run("rotate_jwt_keys", *arguments)
    assert (ran.code, ran.error) == (0, "")
    return ran.out


def next_kid(first: str) -> str:
    return SigningKey.objects.exclude(kid=first).get().kid


def test_it_makes_the_next_key_and_says_what_happens_when(first: str) -> None:
    out = rotate()
    assert re.fullmatch(
        rf"Made the key {next_kid(first)} \(ES256\)\.\n"
        rf"It signs from {MOMENT} on \(in 15 min\)\.\n"
        rf"The key {first} signs until then, and verifies until {MOMENT}\.\n",
        out,
    )


def test_a_second_run_finds_the_key_of_the_first(first: str) -> None:
    rotate()
    assert f"The key {next_kid(first)} (ES256) is waiting to sign: no other was made." in rotate()
    assert SigningKey.objects.count() == 2


def test_now_makes_a_key_that_signs_in_five_seconds(first: str) -> None:
    out = rotate("--now")
    assert f"Made the key {next_kid(first)}" in out
    assert re.search(r"\(in [45] s\)", out)
    move_on(5)
    assert key_rotation.signing_key(clock.now()).kid == next_kid(first)


def test_now_lets_a_waiting_key_sign_sooner(first: str) -> None:
    rotate()
    assert f"The key {next_kid(first)} (ES256) was waiting, and signs sooner." in rotate("--now")


def test_the_algorithm_is_the_asked_for(first: str) -> None:
    assert "(EdDSA)" in rotate("--algorithm", "EdDSA")
    assert SigningKey.objects.get(kid=next_kid(first)).algorithm == "EdDSA"


def test_a_waiting_key_for_another_algorithm_is_a_mistake_in_one_line(first: str) -> None:
    rotate()
    ran = run("rotate_jwt_keys", "--algorithm", "EdDSA")
    assert ran.code == 1
    assert f"The key {next_kid(first)} is to sign next and is for ES256" in ran.error


def test_a_daily_job_rotates_only_an_old_key(first: str) -> None:
    out = rotate("--if-older-than", "30d")
    assert out == f"The key {first} (ES256) signs, and was made not long ago: nothing to do.\n"
    move_on(30 * 86400 + 1)
    assert "Made the key" in rotate("--if-older-than", "30d")
    assert "is waiting to sign" in rotate("--if-older-than", "30d")
    move_on(901)
    assert "nothing to do" in rotate("--if-older-than", "30d")
    assert SigningKey.objects.count() == 2


def test_a_dry_run_says_what_would_happen_and_changes_nothing(first: str) -> None:
    out = rotate("--dry-run")
    assert "Would make a key (ES256)." in out
    assert f"The key {first} signs until then" in out
    assert SigningKey.objects.count() == 1
    rotate()
    assert "would sign sooner" in rotate("--now", "--dry-run")


def test_the_first_key_signs_at_once(first: str) -> None:
    SigningKey.objects.all().delete()
    assert "It would sign at once." in rotate("--dry-run")
    assert "It signs at once, for no other key can." in rotate()


def test_keys_under_a_former_secret_are_encrypted_anew(first: str, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-next-secret-key-of-this-project-0123456789"
    assert "Would encrypt a private key anew, under the SECRET_KEY of" in rotate("--dry-run")
    assert "Encrypted a private key anew, under the SECRET_KEY of today." in rotate()
    settings.SECRET_KEY_FALLBACKS = []
    assert key_rotation.signing_key(clock.now()).kid == first


def test_a_store_that_makes_no_keys_is_a_mistake_in_one_line(settings: Any, db: None) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": "django_jwtauth.keystores.dummy.DummyKeyStore"}}
    ran = run("rotate_jwt_keys")
    assert (ran.code, "cannot make keys" in ran.error) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_two_that_an_operator_starts_at_once_end_0_and_make_one_key() -> None:
    key_rotation.signing_key(clock.now())
    before = SigningKey.objects.count()
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(run_process, "rotate_jwt_keys") for _ in range(2)]
    ran = [future.result() for future in both]
    assert [each.code for each in ran] == [0, 0], ran
    made, found = sorted((each.out for each in ran), key=lambda out: "is waiting to sign" in out)
    assert "Made the key" in made
    assert "is waiting to sign" in found
    assert SigningKey.objects.count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_the_daily_job_of_several_hosts_ends_0_and_makes_one_key() -> None:
    key_rotation.signing_key(clock.now())
    month_ago = to_datetime(clock.now() - 31 * 86400)
    SigningKey.objects.filter(retire_at=None).update(created_at=month_ago, active_at=month_ago)
    before = SigningKey.objects.count()
    with ThreadPoolExecutor() as pool:
        hosts = [
            pool.submit(run_process, "rotate_jwt_keys", "--if-older-than", "30d") for _ in range(4)
        ]
    ran = [future.result() for future in hosts]
    assert [each.code for each in ran] == [0] * 4, ran
    assert sum("Made the key" in each.out for each in ran) == 1
    assert sum("is waiting to sign" in each.out for each in ran) == 3
    assert SigningKey.objects.count() == before + 1
    key_rotation.forget_ring()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--algorithm", "HS256"], "invalid choice: 'HS256'"),
        (["--if-older-than", "soon"], "'soon' is no duration"),
    ],
)
def test_a_wrong_argument_is_named(db: None, arguments: list[str], words: str) -> None:
    ran = run("rotate_jwt_keys", *arguments)
    assert (ran.code, words in ran.error) == (1, True)

from collections.abc import Iterator
from typing import Any

import pytest

from django_jwtauth import clock, key_rotation
from django_jwtauth.revocation import feed
from tests.key_material import only_key, private_jwk
from tests.management.commands import run, run_process


@pytest.fixture
def first(db: None) -> Iterator[str]:
    yield from only_key()


def test_it_revokes_the_key_and_says_what_signs_now(first: str) -> None:
    ran = run("revoke_jwt_key", first)
    heir = key_rotation.signing_key(clock.now()).kid
    assert ran.code == 0
    assert ran.out == (
        f"The key {first} is revoked, and so is every token it signed.\n"
        f"The key {heir} was made for it, and signs now.\n"
    )
    assert first in feed().revoked_kids()


def test_a_key_that_did_not_sign_leaves_the_one_that_does(first: str) -> None:
    pending = key_rotation.rotate(clock.now()).kid
    ran = run("revoke_jwt_key", pending)
    assert ran.out.endswith(f"The key {first} signs now.\n")


def test_a_second_time_it_says_so_and_ends_0(first: str) -> None:
    run("revoke_jwt_key", first)
    ran = run("revoke_jwt_key", first)
    assert (ran.code, f"The key {first} was revoked before." in ran.out) == (0, True)


def test_an_unknown_key_is_a_mistake_in_one_line(first: str) -> None:
    ran = run("revoke_jwt_key", "nope")
    assert (ran.code, ran.error) == (1, f"There is no signing key nope; there are: {first}.")


def test_a_key_of_a_store_that_makes_none_is_refused_and_it_says_that_nothing_signs(
    settings: Any, db: None
) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {
                "KEYS": [{"private_key": private_jwk(), "kid": kid} for kid in ("a", "-b")]
            },
        }
    }
    assert "The key -b signs now." in run("revoke_jwt_key", "a").out
    ran = run("revoke_jwt_key", "--", "-b")
    assert ran.code == 0
    assert "No key can sign now" in ran.out


def test_where_nothing_can_refuse_the_key_it_does_not_say_that_it_did(
    settings: Any, db: None
) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {"KEYS": [{"private_key": private_jwk(), "kid": "a"}]},
        },
        "REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"},
    }
    ran = run("revoke_jwt_key", "a")
    assert (ran.code, "take the key out of the key store" in ran.error) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_a_running_process_hears_of_it_with_its_next_poll() -> None:
    kid = key_rotation.signing_key(clock.now()).kid
    ran = run_process("revoke_jwt_key", kid)
    assert ran.code == 0, ran.error
    feed().forget()
    feed().ensure_current()
    now = clock.now()  # the process may have taken a while
    assert kid in feed().revoked_kids()
    assert key_rotation.signing_key(now).kid != kid
    assert kid not in {jwk["kid"] for jwk in key_rotation.jwks(now)["keys"]}

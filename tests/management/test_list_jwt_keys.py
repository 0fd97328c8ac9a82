import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.keystores.dummy import DummyKeyStore
from django_jwtauth.management.durations import show_moment
from django_jwtauth.models import SigningKey, to_datetime
from tests.key_material import only_key, private_jwk
from tests.management.commands import run, run_process
from tests.moments import move_on


@pytest.fixture
def first(db: None) -> Iterator[str]:
    yield from only_key()


def listed() -> dict[str, dict[str, Any]]:
    return {key["kid"]: key for key in json.loads(run("list_jwt_keys", "--json").out)}


def row(kid: str) -> list[str]:
    (line,) = (line for line in run("list_jwt_keys").out.splitlines() if line.startswith(kid))
    return [cell for cell in line.split("  ") if cell]


def test_it_shows_each_key_with_its_state_age_and_times(first: str) -> None:
    cells = [cell.strip() for cell in row(first)]
    assert cells[:4] == [first, "ES256", "active", cells[3]]
    assert cells[3].endswith(" s")
    assert cells[4].endswith(" UTC")
    assert cells[5:] == ["-", "-"]
    out = run("list_jwt_keys").out
    assert out.startswith("KID ")
    assert out.endswith(f"\nThe key {first} signs now.\n")


def test_the_states_are_shown_as_they_are_at_the_moment(first: str) -> None:
    second = key_rotation.rotate(clock.now()).kid
    assert [listed()[kid]["state"] for kid in (first, second)] == ["active", "pending"]
    move_on(900)
    assert [listed()[kid]["state"] for kid in (first, second)] == ["retiring", "active"]
    move_on(370)
    assert [listed()[kid]["state"] for kid in (first, second)] == ["expired", "active"]
    key_rotation.revoke_key(first, clock.now())
    assert [listed()[kid]["state"] for kid in (first, second)] == ["revoked", "active"]
    assert row(first)[-1].strip() == "-"


def test_json_is_a_list_of_keys_with_times_in_iso_8601(first: str) -> None:
    key_rotation.rotate(clock.now())
    keys = json.loads(run("list_jwt_keys", "--json").out)
    assert len(keys) == 2
    for key in keys:
        assert list(key) == [
            "kid",
            "algorithm",
            "state",
            "created_at",
            "active_at",
            "retire_at",
            "expire_at",
        ]
    assert keys[1]["retire_at"] is keys[1]["expire_at"] is None
    for name in ("created_at", "active_at", "retire_at", "expire_at"):
        moment = datetime.fromisoformat(keys[0][name])
        assert moment.tzinfo is not None
        assert moment == getattr(SigningKey.objects.get(kid=keys[0]["kid"]), name)


def test_no_private_key_is_ever_shown(first: str) -> None:
    for arguments in ([], ["--json"]):
        out = run("list_jwt_keys", *arguments).out
        assert "gAAAA" not in out
        assert '"d"' not in out


def test_the_check_passes_where_a_key_can_sign(first: str) -> None:
    ran = run("list_jwt_keys", "--check")
    assert (ran.code, first in ran.out) == (0, True)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_the_check_fails_where_no_key_can_be_decrypted_and_shows_them_still(
    first: str, settings: Any, arguments: tuple[str, ...]
) -> None:
    settings.SECRET_KEY = "lost" * 20
    ran = run("list_jwt_keys", "--check", *arguments)
    assert ran.code == 1
    assert "SECRET_KEY_FALLBACKS" in ran.error
    assert first in ran.out


def test_the_check_fails_where_the_next_key_cannot_be_read(first: str) -> None:
    second = key_rotation.rotate(clock.now()).kid
    SigningKey.objects.filter(kid=second).update(private_jwk="x")
    ran = run("list_jwt_keys", "--check")
    assert ran.code == 1
    assert ran.error.startswith(f"The private key {second} cannot be decrypted: put the former")


def test_the_check_fails_where_there_is_no_key(first: str) -> None:
    SigningKey.objects.all().delete()
    key_rotation.forget_ring()
    ran = run("list_jwt_keys", "--check")
    assert (ran.code, "There is no signing key yet" in ran.error) == (1, True)


def test_without_the_check_a_problem_is_told_and_ends_0(first: str, settings: Any) -> None:
    settings.SECRET_KEY = "lost" * 20
    ran = run("list_jwt_keys")
    assert (ran.code, "SECRET_KEY_FALLBACKS" in ran.out) == (0, True)


def test_a_key_that_grows_old_is_told_with_what_to_do(first: str) -> None:
    assert "signing for" not in run("list_jwt_keys").out
    move_on(366 * 86400)
    ran = run("list_jwt_keys", "--check")
    assert ran.code == 0
    assert f"The key {first} has been signing for 366 days. Run manage.py rotate" in ran.out
    assert "signing for" not in run("list_jwt_keys", "--json").out


def test_a_last_key_that_ends_soon_is_told(settings: Any, db: None) -> None:
    ends = clock.now() + 86400
    settings.JWTAUTH = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {"KEYS": [{"private_key": private_jwk(), "retire_at": to_datetime(ends)}]},
        }
    }
    out = run("list_jwt_keys", "--check").out
    assert f"From {show_moment(ends)[:16]} UTC on no key can sign" in out


NEW = "the-next-secret-key-of-this-project-0123456789"


@pytest.fixture
def swapped(first: str, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [settings.SECRET_KEY]


def test_without_fallbacks_nothing_is_said_of_them(first: str) -> None:
    assert "FALLBACKS" not in run("list_jwt_keys").out


def test_a_key_that_needs_a_fallback_is_named_until_it_is_written_anew(
    first: str, swapped: None
) -> None:
    ran = run("list_jwt_keys", "--check")
    assert ran.code == 0
    assert f"The private key {first} lies under a former SECRET_KEY: " in ran.out
    assert "Run manage.py rotate_jwt_keys --if-older-than 30d" in ran.out
    key_rotation.rotate(clock.now(), if_older_than=86400)
    assert "private key" not in run("list_jwt_keys").out


def test_fallbacks_can_be_dropped_that_are_older_than_every_live_refresh_token(
    swapped: None,
) -> None:
    assert (
        "No refresh token is live: none needs SECRET_KEY_FALLBACKS.\n" in run("list_jwt_keys").out
    )
    user = User.objects.create_user("ada")
    refreshed = sessions.start(user)
    move_on(86400)
    made = clock.now()
    sessions.start(user)
    move_on(86400)
    sessions.refresh(refreshed.refresh_token)
    told = f"Every live refresh token was made after {show_moment(made - 1)}: none needs"
    assert told in run("list_jwt_keys").out
    assert "FALLBACKS" not in run("list_jwt_keys", "--json").out


class OnlyVerifies(DummyKeyStore):
    """Stands for the keys of another service."""

    only_verifies = True


def test_a_service_that_only_verifies_needs_no_secret(swapped: None, settings: Any) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": f"{__name__}.OnlyVerifies"}}
    assert "FALLBACKS" not in run("list_jwt_keys").out


def test_static_keys_are_listed_too(settings: Any, db: None) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {"KEYS": [{"private_key": private_jwk("EdDSA"), "kid": "mine"}]},
        }
    }
    assert [cell.strip() for cell in row("mine")] == ["mine", "EdDSA", "active", *["-"] * 4]
    assert listed()["mine"]["created_at"] is None
    assert run("list_jwt_keys", "--check").code == 0


def test_keys_that_cannot_be_loaded_are_a_mistake_in_one_line(settings: Any, db: None) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {"BACKEND": "django_jwtauth.keystores.static.StaticKeyStore", "OPTIONS": {}}
    }
    ran = run("list_jwt_keys")
    assert (ran.code, "needs the option KEYS" in ran.error) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_stdout_is_json_alone() -> None:
    kid = key_rotation.signing_key(clock.now()).kid
    ran = run_process("list_jwt_keys", "--json", "--check")
    assert ran.code == 0, ran.error
    assert [key["kid"] for key in json.loads(ran.out)] == [kid]

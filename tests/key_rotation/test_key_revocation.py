import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from django_jwtauth import clock, key_rotation
from django_jwtauth.exceptions import InvalidKey, NoSigningKey
from django_jwtauth.key_rotation import KeyRevocation, Rotation
from django_jwtauth.models import Revocation, SigningKey
from django_jwtauth.revocation import feed
from django_jwtauth.signals import signing_key_revoked
from tests.key_material import private_jwk, public_jwk
from tests.races.racing import Caller, race


def signing(now: float) -> str:
    return key_rotation.signing_key(now).kid


def published(now: float) -> set[str]:
    return {jwk["kid"] for jwk in key_rotation.jwks(now)["keys"]}


def test_the_key_that_signs_gets_a_successor_that_signs_at_once(first: str, now: float) -> None:
    result = key_rotation.revoke_key(first, now)
    assert result == KeyRevocation(first, result.signs_now, was_signing=True, made=True)
    assert result.signs_now not in ("", first)
    assert signing(now) == result.signs_now
    assert published(now) == {result.signs_now}


def test_a_revoked_key_is_refused_for_good(first: str, now: float) -> None:
    key_rotation.revoke_key(first, now)
    assert first in feed().revoked_kids()
    assert Revocation.objects.get(identifier=f"kid:{first}").expires_at is None


def test_a_revoked_key_stays_known_so_that_its_tokens_are_revoked_and_not_foreign(
    first: str, now: float
) -> None:
    key_rotation.revoke_key(first, now)
    assert key_rotation.key_ring(now).verification_key(first, now) is not None


def test_a_pending_key_is_promoted_when_the_one_that_signs_is_revoked(
    first: str, now: float
) -> None:
    pending = key_rotation.rotate(now)
    result = key_rotation.revoke_key(first, now)
    assert result == KeyRevocation(first, pending.kid, was_signing=True)
    assert signing(now) == pending.kid
    assert SigningKey.objects.count() == 2


def test_the_key_that_signs_goes_on_when_its_successor_is_revoked(first: str, now: float) -> None:
    pending = key_rotation.rotate(now)
    result = key_rotation.revoke_key(pending.kid, now)
    assert result == KeyRevocation(pending.kid, first)
    assert published(now) == {first}
    assert signing(pending.active_at + 86400) == first
    after = key_rotation.rotate(now + 60)
    assert (after.made, after.previous) == (True, pending.kid)
    assert signing(after.active_at) == after.kid


def test_a_retiring_key_is_revoked_and_nothing_else_changes(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now)
    later = rotation.active_at + 10
    result = key_rotation.revoke_key(first, later)
    assert result == KeyRevocation(first, rotation.kid)
    assert signing(later) == rotation.kid
    assert published(later) == {rotation.kid}


def test_a_retiring_key_is_revoked_and_the_next_one_comes_as_planned(
    first: str, now: float
) -> None:
    second = key_rotation.rotate(now)
    later = second.active_at + 10
    third = key_rotation.rotate(later)
    times = list(SigningKey.objects.exclude(kid=first).order_by("kid").values())
    assert key_rotation.revoke_key(first, later) == KeyRevocation(first, second.kid)
    assert list(SigningKey.objects.exclude(kid=first).order_by("kid").values()) == times
    assert signing(third.active_at) == third.kid


def test_revoking_twice_says_so_and_changes_nothing(first: str, now: float) -> None:
    heir = key_rotation.revoke_key(first, now).signs_now
    again = key_rotation.revoke_key(first, now + 60)
    assert again == KeyRevocation(first, heir, was_revoked=True)
    assert SigningKey.objects.count() == 2


def test_an_unknown_kid_is_a_clear_error(first: str, now: float) -> None:
    with pytest.raises(InvalidKey, match=f"There is no signing key nope; there are: {first}"):
        key_rotation.revoke_key("nope", now)
    assert not Revocation.objects.filter(identifier="kid:nope").exists()


def test_a_key_that_cannot_be_decrypted_can_be_revoked_and_makes_no_heir(
    first: str, now: float, settings: Any
) -> None:
    settings.SECRET_KEY = "lost" * 20
    result = key_rotation.revoke_key(first, now)
    assert result == KeyRevocation(first, "")
    assert SigningKey.objects.count() == 1
    with pytest.raises(NoSigningKey):
        key_rotation.signing_key(now)


def test_every_key_revoked_one_after_the_other_leaves_one_that_signs(
    first: str, now: float
) -> None:
    kid = first
    for _ in range(4):
        kid = key_rotation.revoke_key(kid, now).signs_now
    assert published(now) == {kid}
    assert signing(now) == kid
    assert key_rotation.rotate(now).previous == kid


def test_a_revoked_key_s_row_can_be_pruned_once_its_tokens_are_dead(first: str, now: float) -> None:
    key_rotation.revoke_key(first, now)
    row = SigningKey.objects.get(kid=first)
    assert row.expire_at is not None
    assert row.expire_at.timestamp() == pytest.approx(now + 370, abs=1)


def test_the_signal_and_one_line_of_the_log_come_after_commit(
    first: str, now: float, caplog: Any
) -> None:
    caplog.set_level(logging.INFO, "django_jwtauth.security")
    heard: list[dict[str, Any]] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)

    signing_key_revoked.connect(listen)
    try:
        with transaction.atomic():
            result = key_rotation.revoke_key(first, now)
            assert heard == []
    finally:
        signing_key_revoked.disconnect(listen)
    assert [(each["kid"], each["successor"]) for each in heard] == [(first, result.signs_now)]
    assert f"signing_key_revoked kid={first} successor={result.signs_now}" in caplog.messages


def test_a_revocation_that_was_rolled_back_has_not_been(first: str, now: float) -> None:
    with transaction.atomic():
        heir = key_rotation.revoke_key(first, now).signs_now
        assert signing(now) == heir
        transaction.set_rollback(True)
    assert signing(now) == first
    assert first not in feed().revoked_kids()
    assert published(now) == {first}


def test_revocations_of_one_key_at_once_leave_one_heir(first: str) -> None:
    def act(caller: Caller) -> KeyRevocation:
        caller.wait()
        return key_rotation.revoke_key(first, clock.now())

    results = race(3, 2, act)
    heirs = {result.signs_now for result in results}
    assert len(heirs) == 1
    assert SigningKey.objects.count() == 2
    assert [result.made for result in results].count(True) == 1
    feed().forget()
    feed().ensure_current()
    key_rotation.forget_ring()
    assert signing(clock.now()) in heirs


def test_a_revocation_and_a_rotation_at_once_leave_a_key_that_signs(first: str) -> None:
    def act(caller: Caller) -> KeyRevocation | Rotation:
        caller.wait()
        if caller.is_first:
            return key_rotation.revoke_key(first, clock.now())
        return key_rotation.rotate(clock.now())

    race(2, 2, act)
    feed().forget()
    feed().ensure_current()
    key_rotation.forget_ring()
    now = clock.now()
    for second in range(0, 2000, 100):
        assert signing(now + second) != first


@pytest.mark.django_db
def test_in_a_test_case_a_revoked_key_signs_no_more_and_comes_back_afterwards(
    now: float,
) -> None:
    before = signing(now)
    result = key_rotation.revoke_key(before, now)
    assert signing(now) == result.signs_now != before


def static(settings: Any, *keys: dict[str, Any], **names: Any) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {"KEYS": list(keys)},
        },
        **names,
    }


@pytest.mark.usefixtures("_no_keys")
def test_with_a_store_that_makes_no_keys_the_next_listed_key_signs(
    settings: Any, now: float
) -> None:
    static(
        settings,
        {"private_key": private_jwk(), "kid": "a"},
        {"private_key": private_jwk(), "kid": "b"},
    )
    assert signing(now) == "a"
    assert key_rotation.revoke_key("a", now) == KeyRevocation("a", "b", was_signing=True)
    assert signing(now) == "b"
    assert published(now) == {"b"}
    assert key_rotation.revoke_key("b", now) == KeyRevocation("b", "", was_signing=True)
    with pytest.raises(NoSigningKey, match="add a private_key"):
        signing(now)
    with pytest.raises(InvalidKey, match="there are: a, b"):
        key_rotation.revoke_key("c", now)


@pytest.mark.usefixtures("_no_keys")
def test_with_a_store_that_only_verifies_the_key_is_refused(settings: Any, now: float) -> None:
    static(settings, {"public_key": public_jwk(private_jwk()), "kid": "a"})
    assert key_rotation.revoke_key("a", now) == KeyRevocation("a", "")
    assert published(now) == set()


DUMMY_FEED = {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"}


def test_where_the_feed_revokes_nothing_the_key_ends_by_its_times(
    first: str, now: float, settings: Any
) -> None:
    settings.JWTAUTH = {"REVOCATION_FEED": DUMMY_FEED}
    result = key_rotation.revoke_key(first, now)
    assert result == KeyRevocation(first, result.signs_now, was_signing=True, made=True)
    assert signing(now) == result.signs_now
    assert key_rotation.key_ring(now).verification_key(first, now) is None
    assert published(now) == {result.signs_now}


def test_where_neither_feed_nor_store_can_refuse_a_key_it_says_what_to_do(
    settings: Any, now: float
) -> None:
    static(settings, {"private_key": private_jwk(), "kid": "a"}, REVOCATION_FEED=DUMMY_FEED)
    with pytest.raises(ImproperlyConfigured, match="take the key out of the key store"):
        key_rotation.revoke_key("a", now)

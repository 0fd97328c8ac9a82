import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.key_rotation import Rotation
from django_jwtauth.models import Revocation, SigningKey
from django_jwtauth.signals import signing_key_rotated
from tests.races.racing import Caller, race

AHEAD = 900  # PUBLISH_AHEAD
LIFE = 300 + 10 + 60  # of a retired key: ACCESS_TOKEN_LIFETIME, LEEWAY, and a minute


def signing(now: float) -> str:
    return key_rotation.signing_key(now).kid


def published(now: float) -> set[str]:
    return {jwk["kid"] for jwk in key_rotation.jwks(now)["keys"]}


def verifies(kid: str, now: float) -> bool:
    return key_rotation.key_ring(now).verification_key(kid, now) is not None


def test_the_next_key_is_published_first_and_signs_later(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now)
    assert rotation.made
    assert rotation.previous == first
    assert now + AHEAD - 1 < rotation.active_at <= now + AHEAD
    assert rotation.retires_at == rotation.active_at
    assert published(now) == {first, rotation.kid}
    assert signing(now) == first
    assert signing(rotation.active_at - 0.001) == first
    assert signing(rotation.active_at) == rotation.kid


def test_there_is_a_key_that_signs_at_every_moment_and_the_other_always_verifies(
    first: str, now: float
) -> None:
    rotation = key_rotation.rotate(now)
    for second in range(0, AHEAD + LIFE - 2, 7):
        moment = now + second
        assert signing(moment) in (first, rotation.kid)
        assert verifies(first, moment)
        assert verifies(rotation.kid, moment)


def test_the_old_key_verifies_until_its_last_token_has_expired(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now)
    end = rotation.active_at + LIFE
    assert verifies(first, end - 0.001)
    assert published(end - 0.001) == {first, rotation.kid}
    assert not verifies(first, end)
    assert published(end) == {rotation.kid}


def test_publish_ahead_is_an_option(first: str, now: float, settings: Any) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"OPTIONS": {"PUBLISH_AHEAD": 60}}}
    assert now + 59 < key_rotation.rotate(now).active_at <= now + 60


def test_a_rotation_while_one_is_pending_finds_it(first: str, now: float) -> None:
    made = key_rotation.rotate(now)
    found = key_rotation.rotate(now + 60)
    assert found == Rotation(made.kid, "ES256", made.active_at, first)
    assert SigningKey.objects.count() == 2


def test_keys_follow_each_other(first: str, now: float) -> None:
    kids = [first]
    for _ in range(4):
        rotation = key_rotation.rotate(now)
        assert rotation.previous == kids[-1]
        kids.append(rotation.kid)
        now = rotation.active_at
        assert signing(now) == rotation.kid
    assert len(set(kids)) == 5
    assert list(SigningKey.objects.order_by("active_at").values_list("predecessor", flat=True)) == [
        "",
        *kids[:-1],
    ]


def test_immediately_a_key_signs_in_five_seconds(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now, immediately=True)
    assert rotation.made
    assert now + 4 < rotation.active_at <= now + 5
    assert signing(now) == first
    assert signing(now + 5) == rotation.kid
    assert verifies(first, now + 5 + LIFE - 1)


def test_immediately_a_pending_key_is_promoted(first: str, now: float) -> None:
    pending = key_rotation.rotate(now)
    promoted = key_rotation.rotate(now + 10, immediately=True)
    assert (promoted.kid, promoted.made, promoted.promoted) == (pending.kid, False, True)
    assert signing(now + 15) == pending.kid
    assert SigningKey.objects.count() == 2
    row = SigningKey.objects.get(kid=first)
    assert row.retire_at is not None
    assert row.retire_at.timestamp() == promoted.active_at
    assert row.expire_at is not None
    assert row.expire_at.timestamp() == promoted.active_at + LIFE


def test_a_promotion_never_makes_a_key_wait_longer(first: str, now: float) -> None:
    soon = key_rotation.rotate(now, immediately=True)
    again = key_rotation.rotate(now + 3, immediately=True)
    assert again == Rotation(soon.kid, "ES256", soon.active_at, first)


def test_a_key_is_made_for_the_algorithm_that_is_asked_for(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now, algorithm="EdDSA", immediately=True)
    assert rotation.algorithm == "EdDSA"
    assert key_rotation.signing_key(now + 5).algorithm == "EdDSA"
    assert key_rotation.signing_key(now).algorithm == "ES256"


def test_an_unknown_algorithm_changes_nothing(first: str, now: float) -> None:
    with pytest.raises(InvalidKey, match="HS256"):
        key_rotation.rotate(now, algorithm="HS256")
    assert SigningKey.objects.get().retire_at is None


@pytest.mark.parametrize("immediately", [False, True])
def test_a_pending_key_for_another_algorithm_is_not_taken_for_what_was_asked(
    first: str, now: float, immediately: bool
) -> None:
    pending = key_rotation.rotate(now)
    with pytest.raises(InvalidKey, match=f"The key {pending.kid} .* is for ES256"):
        key_rotation.rotate(now, algorithm="EdDSA", immediately=immediately)


def test_a_young_key_stays_where_only_an_old_one_should_go(first: str, now: float) -> None:
    kept = key_rotation.rotate(now + 86399, if_older_than=86400)
    assert (kept.kid, kept.made) == (first, False)
    assert SigningKey.objects.count() == 1
    assert key_rotation.rotate(now + 86400, if_older_than=86400).made


def test_where_nothing_signs_even_a_young_key_is_followed_by_one_that_signs_at_once(
    first: str, now: float, settings: Any
) -> None:
    settings.SECRET_KEY = "lost" * 20
    rotation = key_rotation.rotate(now, if_older_than=86400)
    assert rotation.made
    assert signing(now) == rotation.kid
    assert verifies(first, now)


def test_an_undecryptable_pending_key_does_not_leave_a_time_without_a_signer(
    first: str, now: float
) -> None:
    lost = key_rotation.rotate(now)
    SigningKey.objects.filter(kid=lost.kid).update(private_jwk="x")
    key_rotation.forget_ring()
    rotation = key_rotation.rotate(now + 600)
    assert rotation.made
    for moment in range(int(now), int(now) + 3000, 50):
        assert signing(moment) == (first if moment < rotation.active_at else rotation.kid)


def test_a_dry_run_tells_and_changes_nothing(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now, dry_run=True)
    assert (rotation.kid, rotation.made, rotation.previous) == ("", True, first)
    assert SigningKey.objects.count() == 1
    pending = key_rotation.rotate(now)
    assert key_rotation.rotate(now, immediately=True, dry_run=True).promoted
    assert key_rotation.rotate(now).active_at == pending.active_at


def test_a_rotation_of_nothing_makes_the_first_key(_no_keys: None, now: float) -> None:
    rotation = key_rotation.rotate(now)
    assert (rotation.made, rotation.previous, rotation.retires_at) == (True, "", None)
    assert signing(now) == rotation.kid


def test_a_store_that_makes_no_keys_says_where_to_add_one(settings: Any, now: float) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": "django_jwtauth.keystores.dummy.DummyKeyStore"}}
    with pytest.raises(ImproperlyConfigured, match="DummyKeyStore cannot make keys"):
        key_rotation.rotate(now)


def test_each_change_is_news_to_every_process(first: str, now: float) -> None:
    rotation = key_rotation.rotate(now)
    key_rotation.rotate(now, immediately=True)
    rings = Revocation.objects.filter(identifier__startswith=f"ring:{rotation.kid}")
    assert rings.count() == 2
    for row in rings:
        assert row.expires_at is not None
        assert row.expires_at.timestamp() == pytest.approx(now + 3600)


def test_the_signal_and_one_line_of_the_log_come_after_commit(
    first: str, now: float, caplog: Any
) -> None:
    caplog.set_level(logging.INFO, "django_jwtauth.security")
    heard: list[dict[str, Any]] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)
        raise RuntimeError  # a failing receiver stops nothing

    signing_key_rotated.connect(listen)
    try:
        with transaction.atomic():
            rotation = key_rotation.rotate(now)
            assert (heard, caplog.messages) == ([], [])
    finally:
        signing_key_rotated.disconnect(listen)
    assert [(each["kid"], each["previous"]) for each in heard] == [(rotation.kid, first)]
    line = f"kid={rotation.kid} previous={first} algorithm=ES256 active_at={rotation.active_at:.0f}"
    logged = [record for record in caplog.records if record.name == "django_jwtauth.security"]
    assert [record.getMessage() for record in logged] == [f"signing_key_rotated {line}"]


def test_a_rotation_that_was_rolled_back_has_not_been(first: str, now: float) -> None:
    with transaction.atomic():
        rotation = key_rotation.rotate(now)
        assert published(now) == {first, rotation.kid}
        transaction.set_rollback(True)
    assert published(now) == {first}
    assert signing(now + AHEAD) == first


def rotate_at_once(caller: Caller) -> Rotation:
    caller.wait()
    return key_rotation.rotate(clock.now())


def rotate_at_once_and_immediately(caller: Caller) -> Rotation:
    caller.wait()
    return key_rotation.rotate(clock.now(), immediately=True)


@pytest.mark.parametrize("act", [rotate_at_once, rotate_at_once_and_immediately])
def test_rotations_at_once_are_one_and_each_names_its_key(first: str, act: Any) -> None:
    rotations = race(3, 3, act)
    made = [rotation for rotation in rotations if rotation.made]
    assert len(made) == 1
    assert {rotation.kid for rotation in rotations} == {made[0].kid}
    assert {rotation.previous for rotation in rotations} == {first}
    assert SigningKey.objects.count() == 2


def test_rotations_at_once_that_sign_at_once_make_one_chain(first: str, settings: Any) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"OPTIONS": {"PUBLISH_AHEAD": 0}}}
    rotations = race(3, 3, rotate_at_once)
    made = {rotation.kid for rotation in rotations if rotation.made}
    assert {rotation.kid for rotation in rotations} == made
    assert set(SigningKey.objects.values_list("kid", flat=True)) == {first, *made}
    assert SigningKey.objects.filter(retire_at=None).count() == 1


def test_rotations_at_once_inside_transactions_are_one(first: str) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one transaction of two that read before they write fails there")

    def act(caller: Caller) -> Rotation:
        with transaction.atomic():
            caller.wait()
            return key_rotation.rotate(clock.now())

    rotations = race(2, 3, act)
    assert [rotation.made for rotation in rotations].count(True) == 1
    assert len({rotation.kid for rotation in rotations}) == 1


@pytest.mark.django_db
def test_a_test_case_rotates_and_signs_with_the_next_key(now: float) -> None:
    before = signing(now)
    rotation = key_rotation.rotate(now, immediately=True)
    assert rotation.previous == before
    assert signing(now + 5) == rotation.kid


def test_the_lifetime_of_a_retired_key_follows_the_settings(
    first: str, now: float, settings: Any
) -> None:
    settings.JWTAUTH = {"ACCESS_TOKEN_LIFETIME": 1800, "LEEWAY": 60}
    rotation = key_rotation.rotate(now)
    assert verifies(first, rotation.active_at + 1800 + 60 + 59)
    assert not verifies(first, rotation.active_at + 1800 + 60 + 60)
    assert conf.current().revocation_lifetime == 1920

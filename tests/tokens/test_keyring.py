import dataclasses
from typing import Any

import pytest

from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, key_from_jwk
from tests.key_material import private_jwk, public_jwk

JWK = private_jwk()


def key(kid: str, *, can_sign: bool = True, **times: Any) -> Key:
    """Return a key of that name; what it is made of matters to no ring."""
    made = (
        key_from_jwk(JWK, kind="private", kid=kid)
        if can_sign
        else key_from_jwk(public_jwk(JWK), kind="public", kid=kid)
    )
    return dataclasses.replace(made, **times)


def signs(ring: KeyRing, now: float, *revoked: str) -> str | None:
    chosen = ring.signing_key(now, revoked)
    return None if chosen is None else chosen.kid


def test_of_the_active_keys_the_newest_signs() -> None:
    ring = KeyRing([key("a", active_at=10.0), key("b", active_at=20.0), key("c", active_at=15.0)])
    assert [signs(ring, now) for now in (9.0, 10.0, 15.0, 20.0, 99.0)] == [None, "a", "c", "b", "b"]


def test_of_keys_that_are_equally_new_the_first_signs() -> None:
    assert signs(KeyRing([key("a"), key("b")]), 0.0) == "a"
    assert signs(KeyRing([key("a", active_at=5.0), key("b", active_at=5.0)]), 5.0) == "a"


def test_a_key_with_a_time_goes_before_one_that_always_signed() -> None:
    for moment in (0.5, 10.0):
        assert signs(KeyRing([key("always"), key("later", active_at=moment)]), 10.0) == "later"


def test_what_is_retired_expired_revoked_or_public_does_not_sign() -> None:
    ring = KeyRing(
        [
            key("retired", active_at=5.0, retire_at=9.0, expire_at=20.0),
            key("expired", active_at=4.0, retire_at=5.0, expire_at=6.0),
            key("public", can_sign=False, active_at=8.0),
            key("old", active_at=1.0),
        ]
    )
    assert signs(ring, 10.0) == "old"
    assert signs(ring, 10.0, "old") is None
    assert signs(ring, 8.5, "retired") == "old"


def test_pending_active_and_retiring_keys_verify_and_expired_ones_do_not() -> None:
    ring = KeyRing([key("a", active_at=10.0, retire_at=20.0, expire_at=30.0)])
    for now in (0.0, 10.0, 20.0, 29.999):
        assert ring.verification_key("a", now) is ring.find("a")
    assert ring.verification_key("a", 30.0) is None
    assert ring.verification_key("b", 0.0) is None
    assert ring.find("a") is not None
    assert ring.find("b") is None


def test_the_jwks_shows_what_verifies_and_is_not_revoked() -> None:
    ring = KeyRing(
        [
            key("pending", active_at=20.0),
            key("active"),
            key("retiring", retire_at=5.0, expire_at=20.0),
            key("expired", retire_at=5.0, expire_at=10.0),
            key("revoked"),
        ]
    )
    shown = ring.jwks(10.0, {"revoked"})["keys"]
    assert [jwk["kid"] for jwk in shown] == ["pending", "active", "retiring"]
    assert all("d" not in jwk for jwk in shown)
    assert all(jwk["use"] == "sig" and jwk["alg"] == "ES256" for jwk in shown)


def test_the_next_change_is_the_nearest_moment_to_come() -> None:
    ring = KeyRing([key("a", active_at=10.0, retire_at=20.0), key("b", expire_at=15.0), key("c")])
    assert [ring.next_change(now) for now in (0.0, 10.0, 15.0, 20.0)] == [10.0, 15.0, 20.0, None]


def test_two_keys_of_one_name_are_no_ring() -> None:
    with pytest.raises(InvalidKey, match="same kid"):
        KeyRing([key("a"), key("a", active_at=1.0)])


def test_an_empty_ring_answers_everything() -> None:
    ring = KeyRing()
    assert (len(ring), list(ring), ring.jwks(0.0)) == (0, [], {"keys": []})
    assert ring.signing_key(0.0) is None
    assert ring.next_change(0.0) is None


def test_a_ring_that_was_loaded_again_is_the_same_until_something_changes() -> None:
    ring = KeyRing([key("a"), key("b")])
    assert ring.is_same(KeyRing([key("a"), key("b")]))
    assert not ring.is_same(KeyRing([key("a")]))
    assert not ring.is_same(KeyRing([key("a"), key("b", retire_at=1.0)]))
    assert not ring.is_same(KeyRing([key("a"), key("b")], unreadable=["b"]))
    assert not ring.is_same(KeyRing([key("a"), key("b", can_sign=False)]))

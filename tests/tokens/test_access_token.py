"""Making and verifying, without HTTP: properties of the parser. `tests/hostile` has the attacks."""

import dataclasses
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from django_jwtauth.exceptions import NoSigningKey, TokenInvalid, UnknownSigningKey
from django_jwtauth.tokens import access_token
from django_jwtauth.tokens.claims import AccessToken
from django_jwtauth.tokens.encoding import b64encode
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import ALGORITHMS, Key, generate_private_jwk, key_from_jwk
from tests.tokens.test_claims import CLAIMS, EXPECTED, IAT
from tests.tokens.test_encoding import json_objects

NOW = float(IAT)


@cache
def key(algorithm: str) -> Key:
    return key_from_jwk(generate_private_jwk(algorithm), kind="private")


def ring(*keys: Key) -> KeyRing:
    return KeyRing(keys or [key(algorithm) for algorithm in ALGORITHMS])


def verify(raw: str) -> AccessToken:
    return access_token.verify(raw, ring(), EXPECTED, NOW)


GOOD = access_token.make(CLAIMS, key("EdDSA"))  # of this one, each message has one signature

claims_of_projects = json_objects.map(
    lambda members: {name: value for name, value in members.items() if name not in CLAIMS}
)
#: Texts that have the form of a token more often than chance would have it.
near_tokens = (
    st.text()
    | st.lists(st.text(st.characters(codec="ascii")), min_size=2, max_size=4).map(".".join)
    | st.tuples(json_objects, json_objects, st.binary(max_size=70)).map(
        lambda parts: ".".join(
            b64encode(
                part if isinstance(part, bytes) else json.dumps(part).encode("utf-8", "replace")
            )
            for part in parts
        )
    )
)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_made_is_verified(algorithm: str) -> None:
    made = access_token.make(CLAIMS, key(algorithm))
    assert dict(verify(made)) == CLAIMS
    assert verify(made).kid == key(algorithm).kid
    header, claims = access_token.read_unverified(made)
    assert header == {"alg": algorithm, "typ": "at+jwt", "kid": key(algorithm).kid}
    assert claims == CLAIMS


@given(claims_of_projects)
def test_whatever_a_project_adds_is_verified(more: dict[str, Any]) -> None:
    assume(not {"nbf", "scope", "groups", "perms"} & set(more))
    made = access_token.make({**CLAIMS, **more}, key("ES256"))
    if len(made) <= access_token.MAX_LENGTH:
        assert dict(verify(made)) == {**CLAIMS, **more}


@given(near_tokens)
@example("")
@example("..")
@example("." * 10_000)
@example("e30.e30.e30")
@example(GOOD + "\ud800")
@example("\ud800.\ud800.\ud800")
def test_whatever_comes_is_refused_with_an_error_of_ours(raw: str) -> None:
    with pytest.raises(TokenInvalid):
        verify(raw)


@given(near_tokens)
def test_reading_unverified_refuses_as_well(raw: str) -> None:
    try:
        header, claims = access_token.read_unverified(raw)
    except TokenInvalid:
        return
    assert isinstance(header, dict)
    assert isinstance(claims, dict)


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_a_token_has_one_spelling(position: int, character: str) -> None:
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    assume(changed != GOOD)
    with pytest.raises(TokenInvalid):
        verify(changed)


@given(st.integers(0, len(GOOD)), st.text(max_size=3))
def test_nothing_can_be_put_into_a_token(position: int, text: str) -> None:
    assume(text)
    with pytest.raises(TokenInvalid):
        verify(GOOD[:position] + text + GOOD[position:])


def cuts() -> Iterator[str]:
    for position in range(len(GOOD)):
        yield GOOD[:position]
        yield GOOD[position + 1 :]
        yield GOOD[:position] + GOOD[position + 1 :]


def test_nothing_can_be_cut_from_a_token() -> None:
    for changed in cuts():
        with pytest.raises(TokenInvalid):
            verify(changed)


def test_a_token_as_long_as_may_be_is_read_and_one_longer_is_not() -> None:
    def padded(size: int) -> str:
        return access_token.make({**CLAIMS, "x": "x" * size}, key("ES256"))

    size = next(n for n in range(5000, 7000) if len(padded(n + 1)) > access_token.MAX_LENGTH)
    assert len(padded(size)) > access_token.MAX_LENGTH - 3
    assert verify(padded(size))["x"] == "x" * size
    with pytest.raises(TokenInvalid, match="too long"):
        verify(padded(size + 1))


def test_an_unknown_key_is_told_apart_so_that_the_ring_can_be_loaded_anew() -> None:
    stranger = key_from_jwk(generate_private_jwk("ES256"), kind="private")
    with pytest.raises(UnknownSigningKey):
        verify(access_token.make(CLAIMS, stranger))
    with pytest.raises(UnknownSigningKey):
        access_token.verify(GOOD, KeyRing(), EXPECTED, NOW)


def test_a_key_whose_time_is_over_is_as_good_as_unknown() -> None:
    ended = KeyRing([dataclasses.replace(key("EdDSA"), expire_at=NOW + 60)])
    assert access_token.verify(GOOD, ended, EXPECTED, NOW + 59.9).subject == "1"
    with pytest.raises(UnknownSigningKey):
        access_token.verify(GOOD, ended, EXPECTED, NOW + 60)


@pytest.mark.parametrize("kid", ["k", "k" * 64])
def test_a_key_of_any_name_that_it_may_have_is_found(kid: str) -> None:
    named = dataclasses.replace(key("EdDSA"), kid=kid)
    made = access_token.make(CLAIMS, named)
    assert access_token.verify(made, KeyRing([named]), EXPECTED, NOW).kid == kid


def test_a_key_that_cannot_sign_makes_no_token() -> None:
    public = key_from_jwk(key("ES256").public_jwk(), kind="public")
    with pytest.raises(NoSigningKey):
        access_token.make(CLAIMS, public)
    assert (
        access_token.verify(
            access_token.make(CLAIMS, key("ES256")), KeyRing([public]), EXPECTED, NOW
        ).subject
        == "1"
    )


def test_verifying_says_nothing_of_the_time() -> None:
    assert access_token.verify(GOOD, ring(), EXPECTED, NOW + 10**6).is_over(NOW + 10**6)

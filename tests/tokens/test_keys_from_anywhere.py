"""JWKs and PEMs of any kind are a key or a sentence, and never another error."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.tokens.keys import ALGORITHMS, Key, key_from_jwk, key_from_pem
from tests.key_material import private_jwk, private_pem
from tests.tokens.test_encoding import json_objects, json_values

KINDS: tuple[Literal["public", "private"], ...] = ("public", "private")


@cache
def good(algorithm: str) -> dict[str, Any]:
    return private_jwk(algorithm)


PEM = private_pem()
LOCKED = PEM.replace("PRIVATE KEY-----\n", "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1)
FRAME = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----"
NAMES = (
    *("kty", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "k", "oth"),
    *("kid", "alg", "use", "key_ops", "x5c"),
)
WORDS = (
    *("EC", "OKP", "RSA", "oct", "P-256", "P-384", "Ed25519", "Ed448", "ES256", "AQAB", "", "AA"),
    "sig",
)
values = json_values | st.sampled_from(WORDS)


def check(key: Key, kind: str) -> None:
    """A key that was loaded works, and shows nothing private."""
    assert key.algorithm in ALGORITHMS
    assert 0 < len(key.kid) <= 64
    assert not {"d", "p", "q", "k"} & set(key.public_jwk())
    assert not key.verify(b"message", b"signature")
    if kind == "private":
        assert key.signer is not None
        assert key.verify(b"message", key.signer.sign(b"message"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(changes=st.dictionaries(st.sampled_from(NAMES), values, max_size=3), lacking=st.sets(
    st.sampled_from(NAMES), max_size=2))  # fmt: skip
def test_a_jwk_with_anything_in_it_is_a_key_or_refused(
    kind: Literal["public", "private"], algorithm: str, changes: Any, lacking: set[str]
) -> None:
    jwk = {**good(algorithm), **changes}
    if kind == "public":
        jwk = {
            name: value
            for name, value in jwk.items()
            if name not in ("d", "p", "q", "dp", "dq", "qi")
        }
    jwk = {name: value for name, value in jwk.items() if name not in lacking}
    try:
        key = key_from_jwk(jwk, kind=kind)
    except InvalidKey:
        return
    check(key, kind)


@given(json_objects, st.sampled_from(KINDS))
def test_any_object_is_a_key_or_refused(jwk: Any, kind: Literal["public", "private"]) -> None:
    with pytest.raises(InvalidKey):
        key_from_jwk(jwk, kind=kind)


@given(st.text() | st.text().map(FRAME.format), st.sampled_from(KINDS))
@example("", "private")
@example("\ud800", "public")
@example("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "public")
@example(LOCKED, "private")
def test_any_text_is_no_pem(text: str, kind: Literal["public", "private"]) -> None:
    with pytest.raises(InvalidKey):
        key_from_pem(text, kind=kind)


@given(st.integers(0, len(PEM) - 1), st.characters())
def test_a_pem_with_one_other_character_is_a_key_or_refused(position: int, character: str) -> None:
    try:
        key = key_from_pem(PEM[:position] + character + PEM[position + 1 :], kind="private")
    except InvalidKey as error:
        assert PEM.splitlines()[1] not in str(error)  # noqa: PT017 (there may be none)
        return
    check(key, "private")


@given(values, values)
def test_any_kid_and_algorithm_beside_the_key_are_right_or_refused(
    kid: Any, algorithm: Any
) -> None:
    loads: list[Callable[[], Key]] = [
        lambda: key_from_jwk(good("ES256"), kind="private", kid=kid, algorithm=algorithm),
        lambda: key_from_pem(PEM, kind="private", kid=kid, algorithm=algorithm),
    ]
    for load in loads:
        try:
            key = load()
        except InvalidKey:
            continue
        check(key, "private")
        assert key.kid == kid or kid is None
        assert algorithm in (None, "ES256")


def test_a_refusal_shows_nothing_of_the_key() -> None:
    jwk = {**good("RS256"), "e": "AA"}
    with pytest.raises(InvalidKey) as caught:
        key_from_jwk(jwk, kind="private")
    shown = json.dumps(caught.value.reason)
    for name in ("n", "d", "p", "q"):
        assert jwk[name][:20] not in shown

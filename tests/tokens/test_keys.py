import dataclasses
import json
from typing import Any

import pytest

from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.tokens.keys import (
    ALGORITHMS,
    Key,
    KeyState,
    generate_private_jwk,
    key_from_jwk,
    key_from_pem,
    thumbprint_kid,
)
from tests.key_material import UNUSABLE, USABLE, private_jwk, private_pem, public_jwk, public_pem

EC = private_jwk("ES256")
EC_384 = private_jwk("ES384")
OKP = private_jwk("EdDSA")
RSA = private_jwk("RS256")
ZERO = "A" * 43  # 32 zero bytes


def fault(jwk: Any, kind: Any = "public", **options: Any) -> str:
    """Return the sentence with which the JWK is refused, after looking that it shows no key."""
    with pytest.raises(InvalidKey) as caught:
        key_from_jwk(jwk, kind=kind, **options)
    reason = caught.value.reason
    assert len(reason) < 160
    assert reason.endswith(".")
    secret = jwk.get("d")
    assert not (isinstance(secret, str) and len(secret) > 20 and secret in reason)
    return reason


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_generated_key_signs_what_its_public_half_verifies(algorithm: str) -> None:
    jwk = generate_private_jwk(algorithm)
    private = key_from_jwk(jwk, kind="private")
    public = key_from_jwk(private.public_jwk(), kind="public")
    assert private.signer is not None
    signature = private.signer.sign(b"message")
    assert public.verify(b"message", signature)
    assert not public.verify(b"another", signature)
    assert not public.verify(b"message", signature[:-1])
    assert not public.verify(b"message", b"")
    assert public.signer is None
    assert (public.kid, public.algorithm) == (private.kid, algorithm)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_public_jwk_has_no_private_member(algorithm: str) -> None:
    key = key_from_jwk(generate_private_jwk(algorithm), kind="private")
    members = {"EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}, "RSA": {"n", "e"}}
    jwk = key.public_jwk()
    assert set(jwk) == {"kty", "kid", "alg", "use", *members[jwk["kty"]]}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_representation_shows_the_private_key(algorithm: str) -> None:
    jwk = generate_private_jwk(algorithm)
    key = key_from_jwk(jwk, kind="private")
    assert jwk["d"] not in repr(key)
    assert "PrivateKey object" not in repr(key)
    assert "PrivateKey object" not in repr(key.signer)


def test_the_kid_is_the_beginning_of_the_thumbprint() -> None:
    # RFC 7638 section 3.1 has this key, and NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs for it.
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJ"
        "ECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW"
        "2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ"
        "Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256"}
    assert thumbprint_kid(jwk) == "NzbLsXh8uDA"
    assert key_from_jwk(jwk, kind="public").kid == "NzbLsXh8uDA"


def test_a_kid_is_the_given_one_before_the_jwk_s_own_before_the_thumbprint() -> None:
    jwk = public_jwk(EC, kid="own")
    assert key_from_jwk(jwk, kind="public", kid="given").kid == "given"
    assert key_from_jwk(jwk, kind="public").kid == "own"
    assert len(key_from_jwk(public_jwk(EC), kind="public").kid) == 11


@pytest.mark.parametrize("kid", ["", "a" * 65, "line\nbreak", "nul\0", 7, ["a"], {}])
def test_a_kid_that_no_token_can_carry_is_refused(kid: object) -> None:
    assert "kid" in fault(public_jwk(EC, kid=kid))


def test_rsa_is_for_the_algorithm_that_is_asked_for_and_rs256_else() -> None:
    bare = public_jwk(RSA)
    del bare["alg"]
    assert key_from_jwk(bare, kind="public").algorithm == "RS256"
    assert key_from_jwk({**bare, "alg": "PS256"}, kind="public").algorithm == "PS256"
    assert key_from_jwk(bare, kind="public", algorithm="PS256").algorithm == "PS256"


@pytest.mark.parametrize(
    ("jwk", "algorithm", "words"),
    [
        (EC, "ES384", "is for ES256"),
        (EC, "RS256", "is for ES256"),
        ({**EC, "alg": "ES384"}, None, "is for ES256"),
        ({**EC, "alg": "EdDSA"}, None, "is for ES256"),
        ({**OKP, "alg": "ES256"}, None, "is for EdDSA"),
        ({**RSA, "alg": "ES256"}, None, "cannot be used for ES256"),
        ({**RSA, "alg": "RS256"}, "PS256", "is for RS256"),
        ({**EC, "alg": "none"}, None, "not one of"),
        ({**RSA, "alg": "HS256"}, None, "not one of"),
        ({**RSA, "alg": "RS512"}, None, "not one of"),
        ({**RSA, "alg": "RSA-OAEP"}, None, "not one of"),
        ({**EC, "alg": ["ES256"]}, None, "not one of"),
        (EC, "HS256", "not one of"),
    ],
)
def test_a_contradiction_about_the_algorithm_is_refused(
    jwk: dict[str, Any], algorithm: str | None, words: str
) -> None:
    assert words in fault(jwk, "private", algorithm=algorithm)
    assert words in fault(public_jwk(jwk), "public", algorithm=algorithm)


OFF_THE_CURVE = {**public_jwk(EC), "x": private_jwk("ES256")["x"]}

HOSTILE_PUBLIC = {
    "a shared secret": {"kty": "oct", "k": "c2VjcmV0"},
    "a shared secret in disguise": {**public_jwk(EC), "k": "c2VjcmV0"},
    "a private key": EC,
    "a private RSA key without d": {**public_jwk(RSA), "p": RSA["p"]},
    "a private member that is null": {**public_jwk(EC), "d": None},
    "for encryption": public_jwk(EC, use="enc"),
    "a use that is no text": public_jwk(EC, use=["sig"]),
    "operations without verify": public_jwk(EC, key_ops=["sign"]),
    "operations that are a text": public_jwk(EC, key_ops="verify"),
    "no type": {**public_jwk(EC), "kty": None},
    "a type that is a list": {**public_jwk(EC), "kty": ["EC"]},
    "a type that is an object": {**public_jwk(EC), "kty": {}},
    "an unknown type": {**public_jwk(EC), "kty": "AKP"},
    "a type in another case": {**public_jwk(EC), "kty": "ec"},
    "an unknown curve": {**public_jwk(EC), "crv": "P-257"},
    "another key's curve": {**public_jwk(EC), "crv": "P-384"},
    "a curve that is no text": {**public_jwk(OKP), "crv": 7},
    "a curve for key agreement": {**public_jwk(OKP), "crv": "X25519"},
    "Ed448 as EdDSA": {**public_jwk(OKP), "crv": "Ed448", "x": "A" * 76},
    "a point off the curve": OFF_THE_CURVE,
    "the point at infinity": {**public_jwk(EC), "x": ZERO, "y": ZERO},
    "a short coordinate": {**public_jwk(EC), "x": "AAAA"},
    "a long coordinate": {**public_jwk(EC), "x": "A" * 100_000},
    "no coordinate": {"kty": "EC", "crv": "P-256", "x": EC["x"]},
    "a coordinate that is a number": {**public_jwk(EC), "x": 10**400},
    "a coordinate that is no base64": {**public_jwk(EC), "x": "é" * 43},
    "a lone surrogate": {**public_jwk(EC), "x": "\ud800"},
    "a short Ed25519 key": {**public_jwk(OKP), "x": "AAAA"},
    "an RSA key of 1024 bits": {"kty": "RSA", "n": "_" * 170 + "w", "e": "AQAB"},
    "an RSA key of 16392 bits": {"kty": "RSA", "n": "_" * 2731 + "w", "e": "AQAB"},
    "RSA with e = 1": {**public_jwk(RSA), "e": "AQ"},
    "RSA with an even e": {**public_jwk(RSA), "e": "BA"},
    "RSA with n = 0": {**public_jwk(RSA), "n": "AA"},
    "RSA without n": {"kty": "RSA", "e": "AQAB"},
    "nothing": {},
}


@pytest.mark.parametrize("jwk", HOSTILE_PUBLIC.values(), ids=HOSTILE_PUBLIC)
def test_a_hostile_public_jwk_is_refused_with_a_sentence(jwk: dict[str, Any]) -> None:
    assert fault(jwk, "public")


HOSTILE_PRIVATE = {
    "a public key": public_jwk(EC),
    "a private key that is null": {**EC, "d": None},
    "d = 0": {**EC, "d": ZERO},
    "an Ed25519 d that is too short": {**OKP, "d": "AAAA"},
    "operations without sign": {**EC, "key_ops": ["verify"]},
    "RSA with more than two primes": {**RSA, "oth": [{"r": "AQ", "d": "AQ", "t": "AQ"}]},
    "RSA with another key's d": {**RSA, "d": private_jwk("RS256")["d"]},
    "RSA with some of its primes": {k: v for k, v in RSA.items() if k != "q"},
    "P-384's d on P-256": {**EC, "d": EC_384["d"]},
}


@pytest.mark.parametrize("jwk", HOSTILE_PRIVATE.values(), ids=HOSTILE_PRIVATE)
def test_a_hostile_private_jwk_is_refused_with_a_sentence(jwk: dict[str, Any]) -> None:
    assert fault(jwk, "private")


@pytest.mark.parametrize("jwk", [EC, EC_384, OKP], ids=["EC", "EC 384", "OKP"])
def test_halves_of_two_keys_are_no_key(jwk: dict[str, Any]) -> None:
    other = private_jwk(jwk["alg"])
    assert fault({**jwk, "d": other["d"]}, "private")


def test_an_rsa_key_may_have_8192_bits() -> None:
    jwk = {"kty": "RSA", "n": "_" * 1365 + "w", "e": "AQAB"}
    assert key_from_jwk(jwk, kind="public").public_key.key_size == 8192


def test_an_rsa_key_of_which_only_d_is_known_signs() -> None:
    key = key_from_jwk({name: RSA[name] for name in ("kty", "n", "e", "d")}, kind="private")
    assert key.signer is not None
    assert key.verify(b"message", key.signer.sign(b"message"))


@pytest.mark.parametrize("algorithm", USABLE)
def test_a_pem_is_read_with_line_breaks_and_with_literal_ones(algorithm: str) -> None:
    private, public = private_pem(USABLE[algorithm]), public_pem(USABLE[algorithm])
    as_variable = "  " + private.replace("\n", "\\n")
    keys = [
        key_from_pem(private, kind="private"),
        key_from_pem(as_variable, kind="private"),
        key_from_pem(public, kind="public"),
        key_from_pem(public.replace("\n", "\r\n"), kind="public"),
    ]
    assert {key.kid for key in keys} == {keys[0].kid}
    assert {key.algorithm for key in keys} == {algorithm}


def test_a_pem_that_openssl_writes_with_parameters_is_read() -> None:
    pem = private_pem(USABLE["ES256"])
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert key_from_pem(parameters + pem, kind="private").algorithm == "ES256"


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_pem_of_another_kind_of_key_is_refused(name: str) -> None:
    for pem, kind in (
        (private_pem(UNUSABLE[name]), "private"),
        (public_pem(UNUSABLE[name]), "public"),
    ):
        with pytest.raises(InvalidKey):
            key_from_pem(pem, kind=kind)  # type: ignore[arg-type]


HOSTILE_PEM = {
    "nothing": "",
    "no PEM": "hunter2",
    "half of one": private_pem()[:90],
    "one with a password": private_pem(password=b"hunter2"),
    "a lone surrogate": "\udcff" + private_pem()[:50],
    "NUL": "\0" * 100,
    "a certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "a path": "/etc/ssl/private/key.pem",
}


@pytest.mark.parametrize("kind", ["public", "private"])
@pytest.mark.parametrize("pem", HOSTILE_PEM.values(), ids=HOSTILE_PEM)
def test_a_hostile_pem_is_refused_with_a_sentence(pem: str, kind: Any) -> None:
    with pytest.raises(InvalidKey) as caught:
        key_from_pem(pem, kind=kind)
    assert caught.value.reason.endswith(".")


def test_the_halves_of_a_pem_are_not_taken_for_each_other() -> None:
    private, public = private_pem(USABLE["ES256"]), public_pem(USABLE["ES256"])
    with pytest.raises(InvalidKey, match="private key where a public one"):
        key_from_pem(private, kind="public")
    with pytest.raises(InvalidKey, match="public key where a private one"):
        key_from_pem(public, kind="private")
    with pytest.raises(InvalidKey, match="private key where a public one"):
        key_from_pem(public + private, kind="public")


def test_a_pem_for_another_algorithm_than_asked_is_refused() -> None:
    with pytest.raises(InvalidKey, match="is for ES256, but EdDSA"):
        key_from_pem(private_pem(USABLE["ES256"]), kind="private", algorithm="EdDSA")
    rsa = private_pem(USABLE["RS256"])
    assert key_from_pem(rsa, kind="private", algorithm="PS256").algorithm == "PS256"


def test_no_key_is_generated_for_an_algorithm_that_we_do_not_make() -> None:
    with pytest.raises(InvalidKey, match="HS256"):
        generate_private_jwk("HS256")


def test_a_generated_jwk_is_json() -> None:
    for algorithm in ALGORITHMS:
        jwk = generate_private_jwk(algorithm)
        assert json.loads(json.dumps(jwk)) == jwk
        assert "key_ops" not in jwk


def key_with(**times: Any) -> Key:
    return dataclasses.replace(key_from_jwk(EC, kind="private"), **times)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (99.999, KeyState.PENDING),
        (100.0, KeyState.ACTIVE),
        (199.999, KeyState.ACTIVE),
        (200.0, KeyState.RETIRING),
        (299.999, KeyState.RETIRING),
        (300.0, KeyState.EXPIRED),
    ],
)
def test_a_state_begins_at_its_moment(now: float, state: KeyState) -> None:
    assert key_with(active_at=100.0, retire_at=200.0, expire_at=300.0).state(now) is state


def test_a_key_without_times_is_active_for_ever() -> None:
    assert key_with().state(0.0) is KeyState.ACTIVE
    assert key_with().state(1e12) is KeyState.ACTIVE


def test_a_key_that_was_retired_before_it_signed_never_signs() -> None:
    key = key_with(active_at=200.0, retire_at=100.0, expire_at=300.0)
    assert [key.state(now) for now in (50.0, 150.0, 250.0, 300.0)] == [
        KeyState.PENDING,
        KeyState.RETIRING,
        KeyState.RETIRING,
        KeyState.EXPIRED,
    ]


def test_a_key_that_was_loaded_twice_is_the_same_until_its_times_change() -> None:
    assert key_with(active_at=1.0).is_same(key_with(active_at=1.0))
    assert not key_with(active_at=1.0).is_same(key_with(active_at=1.0, retire_at=2.0))
    public = key_from_jwk(public_jwk(EC), kind="public")
    assert not public.is_same(key_from_jwk(EC, kind="private"))
    assert not public.is_same(
        key_from_jwk(public_jwk(private_jwk(), kid=public.kid), kind="public")
    )

"""What each refusal says, word for word: clients, operators and logs read these sentences."""

import json
from typing import Any

import pytest

from django_jwtauth.exceptions import InvalidKey, JWTAuthError
from django_jwtauth.tokens import access_token, refresh_token
from django_jwtauth.tokens.claims import check_claims
from django_jwtauth.tokens.encoding import b64decode, b64encode, json_bytes, json_object
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import generate_private_jwk, key_from_jwk, key_from_pem
from tests.key_material import UNUSABLE, USABLE, private_jwk, private_pem, public_jwk, public_pem
from tests.tokens.test_claims import CLAIMS, EXPECTED, IAT, token

EC, RSA = private_jwk("ES256"), private_jwk("RS256")
KEY = key_from_jwk(EC, kind="private", kid="key-1")
RING = KeyRing([KEY])
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "key-1"}
GOOD = access_token.make(CLAIMS, KEY)


def part(members: Any) -> str:
    return b64encode(members if isinstance(members, bytes) else json_bytes(members))


def signed(header: Any = HEADER, payload: Any = CLAIMS) -> str:
    """Return a token that our key has signed, whatever stands in it."""
    assert KEY.signer is not None
    message = f"{part(header)}.{part(payload)}"
    return f"{message}.{b64encode(KEY.signer.sign(message.encode()))}"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b'{"a":1,"a":1}', "a name occurs twice in a JSON object"),
        (b'{"a":{"b":1,"\\u0062":1}}', "a name occurs twice in a JSON object"),
        (b'{"a":NaN}', "NaN is no JSON"),
        (b'{"a":Infinity}', "Infinity is no JSON"),
        (b'{"a":-Infinity}', "-Infinity is no JSON"),
        (b'{"a":1e999}', "a number is out of range"),
        (b'{"a":-1e999}', "a number is out of range"),
        (b'{"a":' + b"[" * 100_000, "JSON nested too deeply"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
    ],
)
def test_json_that_could_be_read_in_two_ways(data: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        json_object(data)


@pytest.mark.parametrize("data", [b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'{"a":"\xff"}'])
def test_text_that_is_no_unicode(data: bytes) -> None:
    with pytest.raises(ValueError, match="utf-8"):
        json_object(data)


def test_what_is_escaped_is_read() -> None:
    assert json_object(b'{"a":"\\u00e9","b":"\\ud83d\\ude00"}') == {"a": "é", "b": "😀"}
    assert json_object(b' {"a":[1.5,-2e3,null,true]} ') == {"a": [1.5, -2000.0, None, True]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("A", "not base64url"),
        ("é", "not base64url"),
        ("\ud800", "not base64url"),
        ("QQ==", "not canonical base64url"),
        ("QR", "not canonical base64url"),
        ("QQ\n", "not base64url"),
        ("+/+/", "not canonical base64url"),
    ],
)
def test_base64_in_another_spelling(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        b64decode(text)


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff\xfe", b"abc", b"\xfb\xff\xbf"])
def test_base64_in_its_one_spelling(data: bytes) -> None:
    assert b64decode(b64encode(data)) == data


MALFORMED = "The token is malformed."
NO_JWT = "The token is not a signed JWT."
NO_KEY = "The token names no key."
OTHER_TYPE = "The token is not an access token."
UNSUPPORTED = "The token's header asks for what is not supported."
OTHER_ALGORITHM = "The token names another algorithm than its key."

TOKENS = [
    (GOOD + "A" * access_token.MAX_LENGTH, "The token is too long."),
    ("", NO_JWT),
    (GOOD.rpartition(".")[0], NO_JWT),
    (GOOD + ".", NO_JWT),
    ("A.e30.AAAA", MALFORMED),
    (signed(b"[]"), MALFORMED),
    (signed(HEADER, b"{"), MALFORMED),
    (GOOD + "=", MALFORMED),
    (signed({**HEADER, "kid": None}), NO_KEY),
    (signed({**HEADER, "kid": ""}), NO_KEY),
    (signed({**HEADER, "kid": ["key-1"]}), NO_KEY),
    (signed({**HEADER, "kid": "k" * 65}), NO_KEY),
    (signed({"alg": "ES256", "typ": "at+jwt"}), NO_KEY),
    (signed({**HEADER, "typ": "JWT"}), OTHER_TYPE),
    (signed({**HEADER, "typ": 1}), OTHER_TYPE),
    (signed({"alg": "ES256", "kid": "key-1"}), OTHER_TYPE),
    (signed({**HEADER, "crit": ["exp"]}), UNSUPPORTED),
    (signed({**HEADER, "b64": True}), UNSUPPORTED),
    (signed({**HEADER, "zip": "DEF"}), UNSUPPORTED),
    (signed({**HEADER, "alg": "ES384"}), OTHER_ALGORITHM),
    (signed({"typ": "at+jwt", "kid": "key-1"}), OTHER_ALGORITHM),
    (signed().rpartition(".")[0] + "." + "A" * 86, "The signature is wrong."),
    (f"{part(HEADER)}.{part(CLAIMS)}é.AAAA", "The signature is wrong."),
]


@pytest.mark.parametrize(("raw", "sentence"), TOKENS)
def test_an_access_token(raw: str, sentence: str) -> None:
    with pytest.raises(JWTAuthError) as caught:
        access_token.verify(raw, RING, EXPECTED, IAT)
    assert caught.value.reason == sentence


def test_an_access_token_that_is_as_long_as_may_be() -> None:
    longest = GOOD.ljust(access_token.MAX_LENGTH, "A")
    for raw, is_read in ((longest, True), (longest + "A", False)):
        with pytest.raises(JWTAuthError) as caught:
            access_token.verify(raw, RING, EXPECTED, IAT)
        assert (caught.value.reason != "The token is too long.") is is_read


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"])
def test_a_type_in_any_spelling_that_the_rfc_allows(kind: str) -> None:
    raw = signed({**HEADER, "typ": kind})
    assert access_token.verify(raw, RING, EXPECTED, IAT).subject == "1"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("A" * (access_token.MAX_LENGTH - 2) + "..A", NO_JWT),
        ("e30.e30", NO_JWT),
        ("e30.e30.AAAA.e30", NO_JWT),
        ("e30=.e30.AAAA", MALFORMED),
        ("e30.W10.AAAA", MALFORMED),
    ],
)
def test_an_access_token_that_is_only_shown(raw: str, sentence: str) -> None:
    with pytest.raises(JWTAuthError) as caught:
        access_token.read_unverified(raw)
    assert caught.value.reason == sentence


def test_the_longest_token_that_is_shown() -> None:
    header, claims = part({}), part({"x": "x" * 100})
    longest = f"{header}.{claims}.".ljust(access_token.MAX_LENGTH, "A")
    assert access_token.read_unverified(longest) == ({}, {"x": "x" * 100})


def test_a_key_that_cannot_sign() -> None:
    with pytest.raises(JWTAuthError) as caught:
        access_token.make(CLAIMS, key_from_jwk(public_jwk(EC), kind="public", kid="key-2"))
    assert caught.value.reason == "The key key-2 can only verify."


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        *[
            ({name: None}, f"The claim {name} is missing.")
            for name in ("iss", "sub", "client_id", "jti", "iat", "exp")
        ],
        *[
            ({name: value}, f"The claim {name} is malformed.")
            for name in ("iss", "sub", "client_id", "jti", "sid")
            for value in ("", "nul\0", 1, ["a"], "x" * 1025)
        ],
        *[
            ({name: value}, f"The claim {name} is not a time.")
            for name in ("iat", "exp", "nbf")
            for value in (-1, 1.0, "1", True, 253_402_300_800)
        ],
        *[
            ({name: value}, f"The claim {name} is malformed.")
            for name in ("scope", "perms", "groups")
            for value in (1, [1], {"a": 1})
        ],
        ({"iss": "https://c"}, "The token has another issuer."),
        ({"aud": None}, "The claim aud is missing or malformed."),
        ({"aud": 1}, "The claim aud is missing or malformed."),
        ({"aud": ["api", 1]}, "The claim aud is missing or malformed."),
        ({"aud": "other"}, "The token is meant for another audience."),
        ({"aud": []}, "The token is meant for another audience."),
    ],
)
def test_a_claim(claims: dict[str, Any], sentence: str) -> None:
    with pytest.raises(JWTAuthError) as caught:
        token(**claims)
    assert caught.value.reason == sentence


def test_a_claim_that_is_null_is_malformed_where_it_may_be_missing() -> None:
    for name in ("sid", "scope", "perms", "groups", "nbf"):
        with pytest.raises(JWTAuthError, match=f"^The claim {name} is "):
            check_claims({**CLAIMS, name: None}, EXPECTED)
    check_claims({**CLAIMS, "iss": "https://a", "iat": 0, "nbf": 0}, EXPECTED)


def test_a_token_from_the_future() -> None:
    with pytest.raises(JWTAuthError) as caught:
        token().check_time(IAT - 11)
    assert caught.value.reason == "The token is not valid yet."


@pytest.mark.parametrize("raw", ["", "jrt_", "jrt_" + "=" * 64, "jrt-" + "A" * 64])
def test_a_refresh_token(raw: str) -> None:
    with pytest.raises(JWTAuthError) as caught:
        refresh_token.parse(raw)
    assert caught.value.reason == "malformed"


def test_a_ring_with_two_keys_of_one_name() -> None:
    with pytest.raises(InvalidKey) as caught:
        KeyRing([KEY, KEY])
    assert caught.value.reason == "Two keys have the same kid."


ALGORITHMS = "ES256, ES384, EdDSA, RS256, PS256"
BROKEN = "The {} JWK is malformed or its numbers are not a key."
PRIVATE = "This is a private key where a public one is meant."
PUBLIC = "This is a public key where a private one is meant."
SHARED = "This is a shared secret where a key pair is meant."
BAD_KID = "A kid is 1 to 64 printable characters."
EC_PUBLIC, RSA_PUBLIC = public_jwk(EC), public_jwk(RSA)
LONG = "x" * 50

JWKS: list[tuple[Any, Any, str]] = [
    ("text", "public", "A JWK is a JSON object."),
    ({"kty": "oct"}, "public", SHARED),
    ({"kty": "oct"}, "private", SHARED),
    ({**EC_PUBLIC, "k": "AA"}, "public", SHARED),
    (EC, "public", PRIVATE),
    *[({**RSA_PUBLIC, name: "AA"}, "public", PRIVATE) for name in ("p", "q", "dp", "dq", "qi")],
    ({**RSA_PUBLIC, "oth": []}, "public", PRIVATE),
    (EC_PUBLIC, "private", PUBLIC),
    ({**EC_PUBLIC, "use": "enc"}, "public", "The key is meant for 'enc', not for signatures."),
    (
        {**EC_PUBLIC, "use": LONG},
        "public",
        f"The key is meant for '{'x' * 39}, not for signatures.",
    ),
    ({**EC_PUBLIC, "key_ops": ["sign"]}, "public", "The key's key_ops do not allow 'verify'."),
    ({**EC_PUBLIC, "key_ops": "verify"}, "public", "The key's key_ops do not allow 'verify'."),
    ({**EC, "key_ops": ["verify"]}, "private", "The key's key_ops do not allow 'sign'."),
    ({**EC_PUBLIC, "kty": "AKP"}, "public", "The key type 'AKP' is not one of EC, OKP, RSA."),
    ({**EC_PUBLIC, "kty": None}, "public", "The key type None is not one of EC, OKP, RSA."),
    (
        {**EC_PUBLIC, "alg": "none"},
        "public",
        f"The algorithm 'none' is not one of {ALGORITHMS}.",
    ),
    ({**EC_PUBLIC, "x": "AAAA"}, "public", BROKEN.format("EC")),
    ({"kty": "RSA", "e": "AQAB"}, "public", BROKEN.format("RSA")),
    ({**EC_PUBLIC, "alg": "EdDSA"}, "public", "The key is for ES256, but EdDSA was asked for."),
    ({**RSA_PUBLIC, "alg": "ES256"}, "public", "An RSA key cannot be used for ES256."),
    ({**EC_PUBLIC, "kid": ""}, "public", BAD_KID),
    ({**EC_PUBLIC, "kid": "x" * 65}, "public", BAD_KID),
    ({**EC_PUBLIC, "kid": "a\n"}, "public", BAD_KID),
    ({**EC_PUBLIC, "kid": 7}, "public", BAD_KID),
    (
        {"kty": "RSA", "n": "_" * 170 + "w", "e": "AQAB"},
        "public",
        "The RSA key has 1024 bits, not 2048 to 8192.",
    ),
]


@pytest.mark.parametrize(("jwk", "kind", "sentence"), JWKS)
def test_a_jwk(jwk: Any, kind: Any, sentence: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        key_from_jwk(jwk, kind=kind)
    assert caught.value.reason == sentence


PEMS: list[tuple[str, Any, str]] = [
    (private_pem(USABLE["ES256"]), "public", PRIVATE),
    (public_pem(USABLE["ES256"]), "private", PUBLIC),
    ("nothing", "public", "This is not a public key in PEM, or it is protected by a password."),
    ("\udcff", "private", "This is not a private key in PEM, or it is protected by a password."),
]


@pytest.mark.parametrize(("pem", "kind", "sentence"), PEMS)
def test_a_pem(pem: str, kind: Any, sentence: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        key_from_pem(pem, kind=kind)
    assert caught.value.reason == sentence


def test_a_pem_of_another_kind_of_key() -> None:
    sentences = set()
    for key in UNUSABLE.values():
        with pytest.raises(InvalidKey) as caught:
            key_from_pem(public_pem(key), kind="public")
        sentences.add(caught.value.reason)
    assert "The key is neither EC (P-256, P-384), nor Ed25519, nor RSA." in sentences
    assert "The curve secp521r1 is not P-256 or P-384." in sentences


@pytest.mark.parametrize(
    ("given", "own", "sentence"),
    [
        ("RS256", "PS256", "The key is for PS256, but RS256 was asked for."),
        ("HS256", None, f"The algorithm 'HS256' is not one of {ALGORITHMS}."),
        ("RS256", ["RS256"], f"The algorithm ['RS256'] is not one of {ALGORITHMS}."),
    ],
)
def test_an_algorithm(given: Any, own: Any, sentence: str) -> None:
    jwk = {**RSA_PUBLIC, "alg": own}
    with pytest.raises(InvalidKey) as caught:
        key_from_jwk(jwk, kind="public", algorithm=given)
    assert caught.value.reason == sentence


def test_an_algorithm_that_no_key_is_made_for() -> None:
    with pytest.raises(InvalidKey) as caught:
        generate_private_jwk("none")
    assert caught.value.reason == f"'none' is not one of {ALGORITHMS}."


def test_the_name_that_is_given_to_a_pem_is_its_kid() -> None:
    pem = private_pem(USABLE["ES256"])
    assert key_from_pem(pem, kind="private", kid="mine").kid == "mine"
    assert key_from_pem(public_pem(USABLE["ES256"]), kind="public", kid="x" * 64).kid == "x" * 64


def test_a_generated_jwk_says_its_algorithm_and_its_size() -> None:
    for algorithm in ALGORITHMS.split(", "):
        jwk = json.loads(json.dumps(generate_private_jwk(algorithm)))
        assert jwk["alg"] == algorithm
        key = key_from_jwk(jwk, kind="private")
        assert key.public_jwk()["kid"] == key.kid
        if jwk["kty"] == "RSA":
            assert (key.public_key.key_size, jwk["e"]) == (2048, "AQAB")

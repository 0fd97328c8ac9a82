import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores.static import StaticKeyStore
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import Key, KeyState
from tests.devices import PASSWORD, Device
from tests.key_material import USABLE, private_jwk, private_pem, public_jwk, public_pem

EC = private_jwk()
RSA_PEM = private_pem(USABLE["RS256"])
MOMENT = datetime(2030, 1, 31, 12, tzinfo=UTC)


def store(*entries: Any, **options: Any) -> StaticKeyStore:
    return StaticKeyStore({"KEYS": list(entries), **options}, conf.current())


def load(*entries: Any) -> KeyRing:
    return store(*entries).load(0.0)


def only(*entries: Any) -> Key:
    (key,) = load(*entries)
    return key


def fault(*entries: Any, **options: Any) -> str:
    """Return the sentence of a fault, which load raises and check reports."""
    faulty = store(*entries, **options)
    with pytest.raises(ImproperlyConfigured) as caught:
        faulty.load(0.0)
    (message,) = faulty.check()
    assert (message.id, message.msg) == ("django_jwtauth.E203", str(caught.value))
    assert message.is_serious()
    assert EC["d"] not in message.msg
    return str(message.msg)


@pytest.mark.parametrize(
    "given",
    [
        EC,
        json.dumps(EC),
        "\n " + json.dumps(EC, indent=2),
        json.dumps(EC).encode(),
        private_pem(USABLE["ES256"]),
        private_pem(USABLE["ES256"]).replace("\n", "\\n"),
        private_pem(USABLE["ES256"]).encode(),
    ],
    ids=["dict", "JSON", "indented JSON", "bytes", "PEM", "PEM in one line", "PEM in bytes"],
)
def test_a_key_is_a_pem_or_a_jwk_in_any_form_that_settings_give(given: Any) -> None:
    key = only({"private_key": given})
    assert key.signer is not None
    assert (key.algorithm, key.state(0.0)) == ("ES256", KeyState.ACTIVE)
    assert key.verify(b"message", key.signer.sign(b"message"))


def test_a_public_key_verifies_and_does_not_sign() -> None:
    private = only({"private_key": EC})
    for given in (public_jwk(EC), json.dumps(public_jwk(EC))):
        key = only({"public_key": given})
        assert (key.signer, key.kid) == (None, private.kid)
    assert only({"public_key": public_pem(USABLE["EdDSA"])}).algorithm == "EdDSA"


def test_kid_and_algorithm_are_the_given_ones_before_those_of_the_jwk() -> None:
    rsa = private_jwk("PS256", kid="own")
    assert only({"private_key": rsa}).kid == "own"
    assert only({"private_key": rsa, "kid": "given"}).kid == "given"
    assert only({"private_key": rsa}).algorithm == "PS256"
    assert only({"private_key": RSA_PEM}).algorithm == "RS256"
    assert only({"private_key": RSA_PEM, "algorithm": "PS256"}).algorithm == "PS256"
    assert len(only({"private_key": RSA_PEM}).kid) == 11


@pytest.mark.parametrize(
    "given",
    [
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=9))),
        MOMENT.replace(tzinfo=None),
        "2030-01-31T12:00:00Z",
        "2030-01-31T21:00:00+09:00",
        "2030-01-31 12:00:00",
    ],
)
def test_a_moment_is_a_datetime_or_iso_8601_in_utc_where_it_names_no_zone(given: Any) -> None:
    assert only({"private_key": EC, "active_at": given}).active_at == MOMENT.timestamp()


def test_a_retired_key_verifies_until_its_last_token_has_expired() -> None:
    key = only({"private_key": EC, "retire_at": "2030-01-31"})
    retire_at = datetime(2030, 1, 31, tzinfo=UTC).timestamp()
    assert key.retire_at == retire_at
    assert key.expire_at == retire_at + 300 + 10  # ACCESS_TOKEN_LIFETIME and LEEWAY
    assert key.state(retire_at - 1) is KeyState.ACTIVE
    assert key.state(retire_at + 309) is KeyState.RETIRING
    assert key.state(retire_at + 310) is KeyState.EXPIRED


def test_the_newest_active_key_signs_else_the_first() -> None:
    ring = load(
        {"private_key": private_jwk(), "kid": "first"},
        {"private_key": private_jwk(), "kid": "second"},
        {"private_key": private_jwk(), "kid": "old", "active_at": "2030-01-01"},
        {"private_key": private_jwk(), "kid": "new", "active_at": "2031-01-01"},
        {"public_key": public_jwk(EC), "kid": "public", "active_at": "2032-01-01"},
    )
    for year, kid in ((2029, "first"), (2030, "old"), (2031, "new"), (2032, "new")):
        key = ring.signing_key(datetime(year, 6, 1, tzinfo=UTC).timestamp())
        assert key is not None
        assert key.kid == kid


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("a text", "KEYS[0] must be a dictionary"),
        ({}, "either private_key or public_key"),
        ({"private_key": EC, "public_key": EC}, "either private_key or public_key"),
        ({"privat_key": EC}, "did you mean 'private_key'?"),
        ({"private_key": EC, "colour": 1}, "no member 'colour': it has private_key, public_key"),
        ({"private_key": ""}, "private_key is empty"),
        ({"private_key": None}, "private_key is empty"),
        ({"private_key": "  "}, "is empty"),
        ({"private_key": 7}, "neither a PEM nor a JWK but int"),
        ({"private_key": "{"}, "is no JWK"),
        ({"private_key": '{"kty": "EC", "kty": "EC"}'}, "a name occurs twice"),
        ({"private_key": "/run/secrets/key.pem"}, "not a private key in PEM"),
        ({"private_key": private_pem(password=b"x")}, "protected by a password"),
        ({"private_key": public_jwk(EC)}, "public key where a private one"),
        ({"public_key": EC}, "private key where a public one"),
        ({"public_key": private_pem()}, "private key where a public one"),
        ({"private_key": EC, "algorithm": "RS256"}, "is for ES256, but RS256"),
        ({"private_key": EC, "algorithm": "HS256"}, "'HS256' is not one of"),
        ({"private_key": RSA_PEM, "algorithm": "ES256"}, "cannot be used for ES256"),
        ({"private_key": EC, "kid": ""}, "A kid is"),
        ({"private_key": EC, "kid": "a" * 65}, "A kid is"),
        ({"private_key": EC, "active_at": "tomorrow"}, "active_at must be a datetime or ISO 8601"),
        ({"private_key": EC, "retire_at": 1893456000}, "retire_at must be a datetime or ISO 8601"),
        (
            {"private_key": EC, "active_at": "2030-01-02", "retire_at": "2030-01-01"},
            "retire_at is not after active_at",
        ),
    ],
)
def test_a_fault_is_one_sentence(entry: Any, words: str) -> None:
    assert words in fault(entry)


def test_a_fault_names_the_place_of_the_key() -> None:
    assert fault({"private_key": EC}, {"private_key": "x"}).startswith("KEYS[1]: ")


def test_a_second_equal_kid_is_a_fault() -> None:
    assert "same kid" in fault({"private_key": EC}, {"public_key": public_jwk(EC)})


@pytest.mark.parametrize("keys", [(), {}, None, "PEM", {"a": 1}])
def test_keys_that_are_missing_or_no_list_are_a_fault(keys: Any) -> None:
    assert "needs the option KEYS" in fault(KEYS=keys)


def test_an_unknown_option_and_a_fault_are_both_reported() -> None:
    faulty = StaticKeyStore({"KEY": []}, conf.current())
    assert [message.id for message in faulty.check()] == [
        "django_jwtauth.E201",
        "django_jwtauth.E203",
    ]


def test_good_keys_pass_the_check() -> None:
    assert store({"private_key": EC}).check() == []


def use(settings: Any, *entries: Any) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {"KEYS": list(entries)},
        },
        "REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"},
    }


def test_a_static_key_signs_without_a_database(settings: Any) -> None:
    use(settings, {"private_key": EC})
    now = clock.now()
    assert key_rotation.signing_key(now).algorithm == "ES256"
    assert len(key_rotation.jwks(now)["keys"]) == 1
    assert key_rotation.jwks_max_age(now) == 300


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["environment", "file"])
def test_logins_are_signed_by_a_key_from_the_environment_or_a_file(
    place: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = private_pem(USABLE["ES384"])
    monkeypatch.setenv("JWT_KEY", pem.strip().replace("\n", "\\n"))
    (tmp_path / "key.pem").write_text(pem)
    assert "\n" not in os.environ["JWT_KEY"]
    from_file = (tmp_path / "key.pem").read_text()
    use(settings, {"private_key": os.environ["JWT_KEY"] if place == "environment" else from_file})
    User.objects.create_user("ada", password=PASSWORD)
    device = Device()
    assert jwt.get_unverified_header(device.access)["alg"] == "ES384"
    assert device.get("/auth/me/").status_code == 200


def test_without_a_private_key_nothing_signs_and_the_reason_says_where_to_add_one(
    settings: Any,
) -> None:
    use(settings, {"public_key": public_jwk(EC)})
    with pytest.raises(NoSigningKey, match="add a private_key"):
        key_rotation.signing_key(clock.now())


def test_a_fault_makes_the_service_unavailable_and_is_logged(settings: Any, caplog: Any) -> None:
    use(settings, {"private_key": "x"})
    with pytest.raises(NoSigningKey, match=r"KEYS\[0\]"):
        key_rotation.signing_key(clock.now())
    assert "KEYS[0]" in caplog.text

"""Keys on a real PKCS#11 token. SoftHSM keeps them in files, and speaks as an HSM does."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import jwt
import pkcs11
import pytest
from django.contrib.auth.models import User
from pkcs11 import Attribute, ObjectClass
from rest_framework.test import APIClient

from django_jwtauth import clock, conf, key_rotation
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores.pkcs11 import PKCS11KeyStore
from django_jwtauth.tokens.keyring import KeyRing
from tests.answers import assert_error, body_of
from tests.devices import PASSWORD, Device
from tests.keystores.softhsm import LABEL, PIN, SoftHSM

ALGORITHMS = ["ES256", "ES384", "EdDSA", "RS256"]
PATH = "django_jwtauth.keystores.pkcs11.PKCS11KeyStore"


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHSM:
    hsm = SoftHSM(tmp_path_factory.mktemp("softhsm"))
    for algorithm in ALGORITHMS:
        hsm.make_key(algorithm, algorithm)
    hsm.make_key("verifies")
    hsm.remove("verifies", ObjectClass.PRIVATE_KEY)
    hsm.make_key("twice")
    hsm.make_key("twice")
    for kind in ("P-521", "Ed448"):
        hsm.make_key(kind, kind)
    hsm.make_key("1024 bits", "RS256", bits=1024)
    return hsm


@pytest.fixture(autouse=True)
def _logged_out(hsm: SoftHSM) -> None:
    """A login counts for the whole process, so a wrong PIN would pass in the next test."""
    hsm.restart()


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def store(hsm: SoftHSM, *labels: str, **options: Any) -> PKCS11KeyStore:
    return PKCS11KeyStore({**hsm.options, "LABELS": list(labels), **options}, conf.current())


def use(settings: Any, hsm: SoftHSM, *labels: str, **options: Any) -> None:
    """Let the site sign with these keys."""
    own = {**hsm.options, "LABELS": list(labels), **options}
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": PATH, "OPTIONS": own}}


def login() -> Any:
    return APIClient().post("/auth/login/", {"username": "ada", "password": PASSWORD}, "json")


def signs(ring: KeyRing) -> None:
    key = ring.signing_key(clock.now())
    assert key is not None
    assert key.signer is not None
    assert key.verify(b"a message", key.signer.sign(b"a message"))
    assert not key.verify(b"another", key.signer.sign(b"a message"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_login_is_signed_by_the_token_and_verified_by_the_jwks(
    settings: Any, hsm: SoftHSM, user: User, algorithm: str
) -> None:
    use(settings, hsm, algorithm)
    device = Device()
    assert device.get("/auth/me/").status_code == 200
    assert device.refresh().status_code == 200
    (key,) = jwt.PyJWKSet.from_dict(body_of(device.api.get("/.well-known/jwks.json"))).keys
    claims = jwt.decode(device.access, key, [algorithm], audience="django-jwtauth")
    assert claims["sub"] == str(user.pk)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_token_never_gives_the_private_key_away(hsm: SoftHSM, algorithm: str) -> None:
    (key,) = store(hsm, algorithm).load(clock.now())
    assert PIN not in repr(key.signer)
    private = Attribute.PRIVATE_EXPONENT if algorithm == "RS256" else Attribute.VALUE
    with hsm.session() as session:
        handle = session.get_key(label=algorithm, object_class=ObjectClass.PRIVATE_KEY)
        with pytest.raises(pkcs11.AttributeSensitive):
            handle[private]


def test_the_first_label_signs_and_all_verify(settings: Any, hsm: SoftHSM, user: User) -> None:
    use(settings, hsm, "ES256", "EdDSA")
    device = Device()
    assert jwt.get_unverified_header(device.access)["alg"] == "ES256"
    use(settings, hsm, "EdDSA", "ES256")
    assert device.get("/auth/me/").status_code == 200
    device.refreshed()
    assert jwt.get_unverified_header(device.access)["alg"] == "EdDSA"


def test_a_key_without_its_private_half_verifies_only(hsm: SoftHSM) -> None:
    ring = store(hsm, "verifies", "ES384").load(clock.now())
    assert len(ring) == 2
    key = ring.signing_key(clock.now())
    assert key is not None
    assert key.algorithm == "ES384"


def test_where_no_key_can_sign_a_login_is_503(settings: Any, hsm: SoftHSM, user: User) -> None:
    use(settings, hsm, "verifies")
    assert_error(login(), 503, "temporarily_unavailable")
    problem = key_rotation.ring_problem(key_rotation.read_ring(clock.now()), clock.now())
    assert problem == PKCS11KeyStore.why_none_signs


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("nowhere", "There is not one public key of that name."),
        ("twice", "There is not one public key of that name."),
        ("P-521", "The curve secp521r1 is not P-256 or P-384."),
        ("Ed448", "The OKP JWK is malformed or its numbers are not a key."),
        ("1024 bits", "The RSA key has 1024 bits, not 2048 to 8192."),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_the_others_go_on(
    hsm: SoftHSM, caplog: pytest.LogCaptureFixture, label: str, sentence: str
) -> None:
    ring = store(hsm, label, "ES256").load(clock.now())
    assert ring.unreadable == (label,)
    assert f"The key {label!r} of the PKCS#11 token is left out: {sentence}" in caplog.text
    signs(ring)


def test_a_revoked_key_signs_no_more_and_the_next_does(
    settings: Any, hsm: SoftHSM, user: User
) -> None:
    use(settings, hsm, "ES256", "ES384")
    device = Device()
    kid = jwt.get_unverified_header(device.access)["kid"]
    key_rotation.revoke_key(kid, clock.now())
    assert device.get("/auth/me/").status_code == 401
    device.refreshed()
    assert jwt.get_unverified_header(device.access)["alg"] == "ES384"


def test_an_hsm_that_restarts_fails_no_request(settings: Any, hsm: SoftHSM, user: User) -> None:
    use(settings, hsm, "ES256")
    device = Device()
    for _ in range(3):
        hsm.restart()
        device.refreshed()


@pytest.fixture
def gone(hsm: SoftHSM) -> Iterator[Any]:
    """Take the token away, as when its cable is pulled."""
    away = hsm.tokens.with_name("away")

    def pull() -> None:
        hsm.tokens.rename(away)
        hsm.tokens.mkdir()
        hsm.restart()

    yield pull
    if away.exists():
        hsm.tokens.rmdir()
        away.rename(hsm.tokens)


def test_while_the_hsm_is_gone_logins_are_503_and_tokens_go_on(
    settings: Any, hsm: SoftHSM, user: User, gone: Any, caplog: pytest.LogCaptureFixture
) -> None:
    use(settings, hsm, "ES256")
    device = Device()
    gone()
    assert_error(login(), 503, "temporarily_unavailable")
    assert_error(device.refresh(), 503, "temporarily_unavailable")
    assert device.get("/auth/me/").status_code == 200
    assert f"The PKCS#11 token {LABEL!r} says: NoSuchToken" in caplog.text


@pytest.mark.parametrize("pin", ["wrong-pin", "1", "x" * 1000])
def test_a_wrong_pin_is_tried_once_and_never_shown(
    hsm: SoftHSM, caplog: pytest.LogCaptureFixture, pin: str
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = store(hsm, "ES256", PIN=pin)
    with pytest.raises(NoSigningKey) as caught:
        wrong.load(clock.now())
    assert caught.value.reason.startswith(f"The PKCS#11 token {LABEL!r} says: Pin")
    assert pin not in caught.value.reason.split("says:")[1]
    # A token that counts wrong PINs locks itself: even the right one is not sent now.
    assert isinstance(wrong.options, dict)
    wrong.options["PIN"] = PIN
    with pytest.raises(NoSigningKey):
        wrong.load(clock.now())
    assert "wrong-pin" not in caplog.text


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"MODULE": "/nowhere/lib.so"}, "cannot open shared object file"),
        ({"TOKEN_LABEL": "another"}, "NoSuchToken"),
    ],
)
def test_what_does_not_answer_is_told_in_one_sentence(
    hsm: SoftHSM, options: dict[str, str], word: str
) -> None:
    with pytest.raises(NoSigningKey, match=word):
        store(hsm, "ES256", **options).load(clock.now())


def test_two_stores_of_a_process_share_its_login(hsm: SoftHSM) -> None:
    first, second = store(hsm, "ES256"), store(hsm, "ES384")
    rings = [first.load(clock.now()), second.load(clock.now())]
    for ring in rings:
        signs(ring)


def test_many_threads_sign_at_once(hsm: SoftHSM) -> None:
    ring = store(hsm, "ES256").load(clock.now())
    done = []

    def work() -> None:
        for _ in range(25):
            signs(ring)
        done.append(True)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 8


FORKING = """
import os, sys, django
django.setup()
from django_jwtauth import conf
from django_jwtauth.keystores.pkcs11 import PKCS11KeyStore
module, token, pin = sys.argv[1:]
options = {"MODULE": module, "TOKEN_LABEL": token, "PIN": pin, "LABELS": ["ES256"]}
(key,) = PKCS11KeyStore(options, conf.current()).load(0)
def sign(who):
    is_right = key.verify(b"message", key.signer.sign(b"message"))
    os.write(1, f"{who} {is_right}\\n".encode())  # in one piece: all write to the same pipe
sign("before")
children = []
for name in ("one", "two"):
    pid = os.fork()
    if not pid:
        sign(name)
        os._exit(0)
    children.append(pid)
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
sign("after")
print(codes)
"""


def test_processes_forked_from_one_that_has_signed_sign_too(hsm: SoftHSM) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, *hsm.options.values()],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = sorted(done.stdout.splitlines())
    assert lines == ["[0, 0]", "after True", "before True", "one True", "two True"], done.stderr


# The options


def test_right_options_are_well(hsm: SoftHSM) -> None:
    assert store(hsm, "ES256").check() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"MODULE": ""},
        {"TOKEN_LABEL": None},
        {"PIN": 4711},
        {"LABELS": "ES256"},
        {"LABELS": []},
        {"LABELS": ["ES256", 1]},
        {"LABEL": "ES256"},
    ],
)
def test_a_wrong_option_is_named_and_its_value_is_not(
    settings: Any, hsm: SoftHSM, user: User, wrong: dict[str, Any]
) -> None:
    (message,) = store(hsm, "ES256", **wrong).check()
    (name,) = wrong
    assert name in message.msg
    assert "4711" not in message.msg
    use(settings, hsm, "ES256", **wrong)
    assert_error(login(), 503, "temporarily_unavailable")


def test_without_the_driver_the_extra_is_named(
    hsm: SoftHSM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    (message,) = store(hsm, "ES256").check()
    assert message.id == "django_jwtauth.E206"
    assert message.hint == "Install django-rest-jwtauth[pkcs11]."

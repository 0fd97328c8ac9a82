"""docs/signers.md, held to what it says: its blocks of code are run."""

import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.answers import assert_error, body_of
from tests.devices import PASSWORD, Device
from tests.example_project.servers import ROOT
from tests.key_material import public_pem
from tests.keystores.softhsm import LABEL, PIN, SoftHSM

PAGE = (ROOT / "docs" / "signers.md").read_text(encoding="utf-8")
PKCS11, KMS, SETTINGS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class Error(Exception):
    """What the client of a KMS raises."""


class Client:
    """A KMS that keeps its keys, and signs as KMS do: DER, over a digest."""

    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("2030-01", "2029-07")}
    is_down = False

    def public_pem(self, name: str) -> str:
        return public_pem(self.keys[name])

    def sign_digest(self, name: str, digest: bytes) -> bytes:
        if self.is_down:
            raise Error("no answer")
        return self.keys[name].sign(digest, ec.ECDSA(utils.Prehashed(SHA256())))


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """A project with the two files that the page shows."""
    for name, members in {"your_kms": {"Client": Client, "Error": Error}, "mysite": {}}.items():
        module = ModuleType(name)
        module.__dict__.update(members)
        monkeypatch.setitem(sys.modules, name, module)
    module = ModuleType("mysite.kms")
    exec(compile(KMS, "mysite/kms.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "mysite.kms", module)
    written: dict[str, Any] = {}
    exec(compile(SETTINGS, "mysite/settings.py", "exec"), written)
    settings.JWTAUTH = written["JWTAUTH"]
    yield
    Client.is_down = False


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def test_the_kms_that_the_page_shows_signs_logins(kms: None, user: User) -> None:
    device = Device()
    assert device.get("/auth/me/").status_code == 200
    keys = jwt.PyJWKSet.from_dict(body_of(device.api.get("/.well-known/jwks.json")))
    assert len(keys.keys) == 2
    key = keys[jwt.get_unverified_header(device.access)["kid"]]
    assert key.key == Client.keys["2030-01"].public_key()
    assert jwt.decode(device.access, key, ["ES256"], audience="django-jwtauth")


def test_while_the_kms_is_down_logins_are_503_and_tokens_go_on(kms: None, user: User) -> None:
    device = Device()
    Client.is_down = True
    credentials = {"username": user.username, "password": PASSWORD}
    answer = APIClient().post("/auth/login/", credentials, "json")
    assert_error(answer, 503, "temporarily_unavailable")
    assert device.get("/auth/me/").status_code == 200


def test_the_hsm_that_the_page_shows_signs_logins(
    settings: Any, user: User, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hsm = SoftHSM(tmp_path)
    hsm.make_key("2030-01")
    assert LABEL in PKCS11
    monkeypatch.setenv("HSM_PIN", PIN)
    source = PKCS11.replace("/usr/lib/softhsm/libsofthsm2.so", hsm.module)
    written: dict[str, Any] = {}
    exec(f"import os\n{source}", written)
    settings.JWTAUTH = written["JWTAUTH"]
    assert Device().get("/auth/me/").status_code == 200

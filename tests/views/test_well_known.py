"""`.well-known/jwks.json` and `.well-known/oauth-authorization-server`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from django.urls import include, path
from rest_framework.test import APIClient

from django_jwtauth import clock, key_rotation
from django_jwtauth.models import SigningKey, to_datetime
from tests.answers import assert_error, body_of
from tests.devices import Device
from tests.moments import move_on

JWKS = "/.well-known/jwks.json"
METADATA = "/.well-known/oauth-authorization-server"
ISSUER = "https://auth.example.com"

pytestmark = pytest.mark.django_db

urlpatterns = [
    path("accounts/tokens/", include("django_jwtauth.urls")),
    path(".well-known/", include("django_jwtauth.well_known_urls")),
]


@pytest.fixture(autouse=True)
def _keys_as_they_were() -> Iterator[None]:
    """Forget the keys that a test has made or changed: its transaction is rolled back."""
    yield
    key_rotation.forget_ring()


def assert_public(answer: Any, max_age: int = 300) -> None:
    assert answer["Cache-Control"] == f"public, max-age={max_age}"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.has_header("Pragma")
    assert not answer.has_header("Vary")
    assert not answer.cookies


# jwks.json


def test_the_jwks_verifies_a_token_without_us(api: APIClient, user: User) -> None:
    token = Device().access
    answer = api.get(JWKS)
    assert answer.status_code == 200
    assert_public(answer)
    (key,) = jwt.PyJWKSet.from_dict(body_of(answer)).keys
    claims = jwt.decode(token, key, ["ES256"], audience="django-jwtauth", issuer="django-jwtauth")
    assert claims["sub"] == str(user.pk)


def test_a_key_shows_its_public_half_alone(api: APIClient) -> None:
    (key,) = body_of(api.get(JWKS))["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")


def test_who_has_the_set_already_is_told_so(api: APIClient) -> None:
    etag = api.get(JWKS)["ETag"]
    answer = api.get(JWKS, headers={"if-none-match": etag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["ETag"] == etag
    assert_public(answer)
    assert api.get(JWKS, headers={"if-none-match": '"another"'}).status_code == 200


def test_a_changed_set_has_another_etag(api: APIClient) -> None:
    before = api.get(JWKS)["ETag"]
    key_rotation.rotate(clock.now())
    key_rotation.forget_ring()
    answer = api.get(JWKS, headers={"if-none-match": before})
    assert answer.status_code == 200
    assert len(body_of(answer)["keys"]) == 2


def test_the_set_may_not_be_kept_past_the_next_change(api: APIClient) -> None:
    row = SigningKey.objects.get()
    row.retire_at = to_datetime(clock.now()) + timedelta(seconds=100.5)
    row.save()
    key_rotation.forget_ring()
    assert_public(api.get(JWKS), 100)
    move_on(60)
    assert_public(api.get(JWKS), 40)


@pytest.mark.parametrize("address", [JWKS, METADATA])
@override_settings(JWTAUTH={"ISSUER": ISSUER})
def test_head_is_get_without_the_body(api: APIClient, address: str) -> None:
    answer: Any = api.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert_public(answer)


@pytest.mark.parametrize("address", [JWKS, METADATA])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@override_settings(JWTAUTH={"ISSUER": ISSUER})
def test_other_methods_are_told_which_there_are(api: APIClient, address: str, method: str) -> None:
    answer = getattr(api, method)(address)
    assert_error(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD, OPTIONS"
    assert answer["Access-Control-Allow-Origin"] == "*"


@override_settings(
    JWTAUTH={
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.dummy.DummyKeyStore",
        }
    }
)
def test_a_store_without_keys_has_an_empty_set(api: APIClient) -> None:
    assert body_of(api.get(JWKS)) == {"keys": []}


# oauth-authorization-server


@override_settings(JWTAUTH={"ISSUER": ISSUER})
def test_the_metadata_name_the_endpoints(api: APIClient) -> None:
    answer = api.get(METADATA, headers={"host": "evil.example"})
    assert answer.status_code == 200
    assert_public(answer)
    assert body_of(answer) == {
        "issuer": ISSUER,
        "token_endpoint": f"{ISSUER}/auth/refresh/",
        "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
        "introspection_endpoint": f"{ISSUER}/auth/introspect/",
        "revocation_endpoint": f"{ISSUER}/auth/revoke/",
        "response_types_supported": ["none"],
        "grant_types_supported": ["refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
    }


@override_settings(JWTAUTH={"ISSUER": ISSUER}, ROOT_URLCONF=__name__)
def test_the_metadata_follow_the_projects_urls(api: APIClient) -> None:
    body = body_of(api.get(METADATA))
    assert body["token_endpoint"] == f"{ISSUER}/accounts/tokens/refresh/"


@override_settings(JWTAUTH={"ISSUER": ISSUER})
def test_the_metadata_know_where_the_site_is_mounted(api: APIClient, mounted_at: str) -> None:
    body = body_of(api.get(METADATA, SCRIPT_NAME=mounted_at))
    assert body["token_endpoint"] == f"{ISSUER}/site/auth/refresh/"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://auth.example.com",
        "https://auth.example.com/",
        "https://auth.example.com:8443",
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://[::1]:8000",
    ],
)
def test_the_issuer_is_told_byte_for_byte(api: APIClient, issuer: str) -> None:
    with override_settings(JWTAUTH={"ISSUER": issuer}):
        assert body_of(api.get(METADATA))["issuer"] == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "django-jwtauth",
        "http://auth.example.com",
        "http://localhost.example.com",
        "https://auth.example.com/?tenant=1",
        "https://auth.example.com/#here",
        "ftp://localhost",
        "https://",
        "https:auth.example.com",
        "//auth.example.com",
        "https://[::1",
        "https://user:secret@auth.example.com",
    ],
)
def test_an_issuer_that_no_client_would_accept_has_no_metadata(api: APIClient, issuer: str) -> None:
    with override_settings(JWTAUTH={"ISSUER": issuer}):
        answer = api.get(METADATA)
        assert_error(answer, 404, "not_found")
        assert answer["Access-Control-Allow-Origin"] == "*"


def test_of_several_issuers_the_first_counts(api: APIClient) -> None:
    with override_settings(JWTAUTH={"ISSUER": [ISSUER, "https://old.example.com"]}):
        assert body_of(api.get(METADATA))["issuer"] == ISSUER
    with override_settings(JWTAUTH={"ISSUER": ["old-name", ISSUER]}):
        assert api.get(METADATA).status_code == 404


@override_settings(JWTAUTH={"ISSUER": f"{ISSUER}/tenant/one"})
def test_an_issuer_with_a_path_is_served_behind_it_too(api: APIClient) -> None:
    for address in (METADATA, f"{METADATA}/tenant/one"):
        body = body_of(api.get(address))
        assert body["issuer"] == f"{ISSUER}/tenant/one"
        assert body["token_endpoint"] == f"{ISSUER}/auth/refresh/"
    for wrong in ("tenant", "tenant/two", "tenant/one/more", "x"):
        assert_error(api.get(f"{METADATA}/{wrong}"), 404, "not_found")


@override_settings(JWTAUTH={"ISSUER": ISSUER})
def test_who_has_the_metadata_already_is_told_so(api: APIClient) -> None:
    etag = api.get(METADATA)["ETag"]
    assert api.get(METADATA, headers={"if-none-match": etag}).status_code == 304


@override_settings(JWTAUTH={"ISSUER": ISSUER}, ROOT_URLCONF="django_jwtauth.well_known_urls")
def test_without_the_endpoints_there_is_nothing_to_tell(api: APIClient) -> None:
    assert_error(api.get("/oauth-authorization-server"), 404, "not_found")

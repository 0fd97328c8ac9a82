"""Python's `authlib`, `joserfc` and PyJWT's `PyJWKClient`, against the example over HTTP."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import joserfc.errors
import joserfc.jwt
import jwt
import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6749.requests import OAuth2Request
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

from django_jwtauth.tokens.keys import ALGORITHMS
from tests.clients.conftest import SERVICE
from tests.example_project.servers import Server

REQUIRED = ("iss", "aud", "sub", "client_id", "iat", "exp", "jti")


@pytest.fixture(scope="module")
def metadata(server: Server) -> dict[str, Any]:
    return server.call("GET", "/.well-known/oauth-authorization-server").json()


@pytest.fixture
def pair(server: Server) -> dict[str, Any]:
    return server.login()


@pytest.fixture
def app(metadata: dict[str, Any]) -> Iterator[OAuth2Session]:
    """A public client made with Authlib."""
    with OAuth2Session(
        "web-app",
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
        **{name: url for name, url in metadata.items() if name.endswith("_endpoint")},
    ) as session:
        yield session


@pytest.fixture
def service() -> Iterator[OAuth2Session]:
    """A service that introspects, made with Authlib."""
    with OAuth2Session(*SERVICE) as session:
        yield session


def changed(token: str) -> str:
    """Return the token with another signature."""
    signed, _, signature = token.rpartition(".")
    other = bytes(byte ^ 1 for byte in urlsafe_b64decode(signature + "=="))
    return f"{signed}.{urlsafe_b64encode(other).decode().rstrip('=')}"


def jwks_at(url: str) -> KeySet:
    return KeySet.import_key_set(requests.get(url, timeout=30).json())


# Authlib


def test_authlib_finds_nothing_wrong_with_the_metadata(
    metadata: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the example is served on loopback
    AuthorizationServerMetadata(metadata).validate()


def test_authlib_refreshes_and_is_let_in(
    server: Server, app: OAuth2Session, pair: dict[str, Any]
) -> None:
    token = app.refresh_token(refresh_token=pair["refresh_token"])
    assert token["token_type"] == "Bearer"
    assert token["expires_at"] > time.time() + 200
    assert app.get(f"{server.url}/notes/").status_code == 200
    # And again with what it keeps.
    assert app.refresh_token()["refresh_token"].startswith("jrt_")


def test_authlib_reads_why_a_refresh_is_refused(app: OAuth2Session) -> None:
    with pytest.raises(OAuthError) as caught:
        app.refresh_token(refresh_token="jrt_nonsense")
    assert caught.value.error == "invalid_grant"


def test_authlib_introspects_and_revokes(
    server: Server,
    metadata: dict[str, Any],
    app: OAuth2Session,
    service: OAuth2Session,
    pair: dict[str, Any],
) -> None:
    endpoint, token = metadata["introspection_endpoint"], pair["access_token"]
    claims = service.introspect_token(endpoint, token, "access_token").json()
    assert claims["active"] is True
    assert all(claims[name] for name in REQUIRED)

    assert app.revoke_token(metadata["revocation_endpoint"], token).status_code == 200

    assert service.introspect_token(endpoint, token).json() == {"active": False}
    assert server.call("GET", "/notes/", token).status_code == 401


class Validator(JWTBearerTokenValidator):  # type: ignore[misc] # Authlib has no types
    """Authlib's resource server of RFC 9068."""

    def get_jwks(self) -> Any:
        return jwks_at(f"{self.issuer}/.well-known/jwks.json")


def test_authlib_takes_the_token_for_one_of_rfc_9068(server: Server, pair: dict[str, Any]) -> None:
    validator = Validator(server.url, server.url)
    request = OAuth2Request("GET", f"{server.url}/notes/")
    token = validator.authenticate_token(pair["access_token"])
    validator.validate_token(token, [], request)

    with pytest.raises(InvalidTokenError):
        validator.authenticate_token(changed(pair["access_token"]))
    stranger = Validator(server.url, "https://another.example.com")
    token = stranger.authenticate_token(pair["access_token"])
    with pytest.raises(InvalidTokenError):
        stranger.validate_token(token, [], request)


# joserfc


def test_joserfc_verifies_the_token(
    server: Server, metadata: dict[str, Any], pair: dict[str, Any]
) -> None:
    keys = jwks_at(metadata["jwks_uri"])
    token = joserfc.jwt.decode(pair["access_token"], keys, ["ES256"])
    assert token.header["typ"] == "at+jwt"
    demands: dict[str, Any] = {name: {"essential": True} for name in REQUIRED}
    demands["iss"] = demands["aud"] = {"essential": True, "value": server.url}
    joserfc.jwt.JWTClaimsRegistry(**demands).validate(token.claims)
    for name in ("iss", "aud"):
        other: dict[str, Any] = {**demands, name: {"value": "https://another.example.com"}}
        with pytest.raises(joserfc.errors.InvalidClaimError, match=name):
            joserfc.jwt.JWTClaimsRegistry(**other).validate(token.claims)
    with pytest.raises(joserfc.errors.BadSignatureError):
        joserfc.jwt.decode(changed(pair["access_token"]), keys, ["ES256"])


# PyJWT


def test_pyjwkclient_finds_the_key_of_the_token(
    server: Server, metadata: dict[str, Any], pair: dict[str, Any]
) -> None:
    client = jwt.PyJWKClient(metadata["jwks_uri"])
    token = pair["access_token"]
    key = client.get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key,
        ["ES256"],
        issuer=server.url,
        audience=server.url,
        options={"require": list(REQUIRED)},
    )
    assert claims["exp"] - claims["iat"] == pair["expires_in"]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(changed(token), key, ["ES256"], audience=server.url)
    with pytest.raises(jwt.InvalidIssuerError):
        jwt.decode(token, key, ["ES256"], audience=server.url, issuer=f"{server.url}/")
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, ["ES256"], audience="https://another.example.com")


# Every algorithm


# RFC 9864 has a newer name for EdDSA, which not all verifiers know yet.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_joserfc_verifies_every_algorithm(signed: dict[str, Any], algorithm: str) -> None:
    keys = KeySet.import_key_set(signed["jwks"])
    token = joserfc.jwt.decode(signed["tokens"][algorithm], keys, [algorithm])
    assert token.claims["iss"] == signed["issuer"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_pyjwt_verifies_every_algorithm(signed: dict[str, Any], algorithm: str) -> None:
    token = signed["tokens"][algorithm]
    key = jwt.PyJWKSet.from_dict(signed["jwks"])[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, [algorithm], audience=signed["issuer"])
    assert claims["iss"] == signed["issuer"]

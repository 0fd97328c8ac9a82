"""Every hostile token is refused over HTTP: 401 with a right challenge, never 500, never 200."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.http import parse_cookie
from django.urls import include, path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth import clock, sessions
from django_jwtauth.models import Revocation
from django_jwtauth.revocation import feed
from django_jwtauth.tokens import access_token
from tests.devices import FORM
from tests.hostile import claims, headers, signatures, spellings
from tests.hostile.forge import Forge, b64, dump, private_jwk
from tests.moments import move_to

ALGORITHMS = ("ES256", "ES384", "EdDSA", "RS256", "PS256")
ISSUER, AUDIENCE = "https://auth.example.com", "https://api.example.com"
CHALLENGE = re.compile(
    r'Bearer realm="api", error="invalid_token", error_description="[\x20\x21\x23-\x5b\x5d-\x7e]+"'
)
NO_TOKEN = (401, 'Bearer realm="api"')
CODES = {"token_invalid", "token_expired", "user_not_found"}


class NameView(APIView):
    """Touches its user, so that one who is not there is noticed."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"name": request.user.get_username()})


urlpatterns = [path("name/", NameView.as_view()), path("auth/", include("django_jwtauth.urls"))]

client = APIClient(raise_request_exception=False)

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(params=ALGORITHMS)
def forge(request: pytest.FixtureRequest, settings: Any) -> Forge:
    """Return a forge around a token that a real login has given, signed with this algorithm."""
    algorithm: str = request.param
    # A second key of another kind is in the ring: nothing may be verified with the wrong one.
    other = "EdDSA" if algorithm != "EdDSA" else "ES256"
    settings.JWTAUTH = {
        "COOKIES": {"ENABLED": True},
        "RESOURCE_SERVERS": {"shop": "secret"},
        "ISSUER": ISSUER,
        "AUDIENCE": AUDIENCE,
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {
                "KEYS": [
                    {"private_key": private_jwk(algorithm, "ours")},
                    {"private_key": private_jwk(other, "the second of ours")},
                ]
            },
        },
    }
    move_to(int(clock.now()) + 3600.1)  # a second begins: what is in time stays so for a while
    user = User.objects.create_user("ada")
    header, members = access_token.read_unverified(sessions.start(user).access_token)
    assert header["alg"] == algorithm
    return Forge(algorithm, header, members)


def as_header(token: str) -> str:
    return token.encode().decode("latin-1")  # the bytes of a header, as WSGI hands them on


def call(token: str) -> Any:
    return client.get("/name/", headers={"authorization": f"Bearer {as_header(token)}"})


def corpus(forge: Forge) -> Iterator[tuple[str, str]]:
    for family in (headers, signatures, spellings, claims):
        for kind in family.ALL:
            for name, token in kind(forge):
                yield f"{kind.__name__}: {name}", token


def fault(forge: Forge, token: str) -> str | None:
    """Return what is wrong with the refusal of a token."""
    move_to(forge.claims["iat"] + 0.1)  # however long the corpus takes
    answer = call(token)
    if answer.status_code != 401:
        return f"status {answer.status_code}"
    if not CHALLENGE.fullmatch(answer["WWW-Authenticate"]):
        return f"challenge {answer['WWW-Authenticate']}"
    if answer.json()["code"] not in CODES or set(answer.json()) != {"detail", "code"}:
        return f"body {answer.content!r}"
    return None


def test_every_hostile_token_is_refused(forge: Forge) -> None:
    assert call(forge.good).status_code == 200
    tokens = dict(corpus(forge))
    distinct = set(tokens.values())
    assert forge.good not in distinct
    faults = {name: found for name, token in tokens.items() if (found := fault(forge, token))}
    assert faults == {}
    assert len(distinct) >= 1000
    assert call(forge.good).status_code == 200  # and nothing that came has harmed it


def test_a_hostile_token_is_nothing_wherever_else_a_token_enters(
    forge: Forge, settings: Any
) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"jwt_refresh": None}}
    basic = {"authorization": "Basic c2hvcDpzZWNyZXQ="}
    found = {}
    rows = Revocation.objects.count()
    for name, token in list(corpus(forge))[::3]:
        if len(token) > 100_000:
            continue
        move_to(forge.claims["iat"] + 0.1)
        body = urlencode({"token": token})
        introspected = client.generic("POST", "/auth/introspect/", body, FORM, headers=basic)
        if introspected.status_code != 400 and introspected.json() != {"active": False}:
            found[f"introspect {name}"] = introspected.content
        cookie = f"__Host-access={as_header(token)}"
        if parse_cookie(cookie)["__Host-access"] == as_header(token):  # no syntax of cookies' own
            answer = client.get("/name/", headers={"cookie": cookie})
            is_nobody = answer.json().get("code") == "user_not_found"  # found out in the view
            if (answer.status_code, answer.get("WWW-Authenticate")) != NO_TOKEN and not is_nobody:
                found[f"cookie {name}"] = answer.content
        body = urlencode({"refresh_token": token})
        answer = client.generic("POST", "/auth/refresh/", body, FORM)
        if answer.status_code != 400:
            found[f"refresh {name}"] = answer.content
    assert found == {}
    assert Revocation.objects.count() == rows
    assert call(forge.good).status_code == 200


@pytest.mark.parametrize("depth", [50, 500, 900, 1500, 2600])
def test_what_is_nested_however_deep_is_no_fault(forge: Forge, depth: int) -> None:
    nested = b'{"x":' + b"[" * depth + b"]" * depth + b","
    for token in (
        forge.signed(nested + dump(forge.header)[1:], dump(forge.claims)),
        forge.signed(dump(forge.header), nested + dump(forge.claims)[1:]),
    ):
        assert len(token) < 8192
        assert call(token).status_code in (200, 401)  # as deep as this Python reads


@pytest.mark.parametrize("kind", ["jti:{jti}", "sid:{sid}", "kid:{kid}", "*{iat}"])
def test_each_kind_of_revocation_refuses_a_good_token(forge: Forge, kind: str) -> None:
    assert call(forge.good).status_code == 200
    identifier = kind.format(**forge.header, **forge.claims)
    feed().revoke([identifier], expires_at=clock.now() + 600)
    answer = call(forge.good)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
    assert CHALLENGE.fullmatch(answer["WWW-Authenticate"])


def valid_variants(forge: Forge) -> Iterator[tuple[str, str]]:
    """What a good issuer might well send, spelled otherwise than we do."""
    members = forge.claims
    now = members["iat"]
    yield (
        "claims in another order",
        forge.signed(dump(forge.header), dump(dict(reversed(members.items())))),
    )
    yield (
        "header in another order",
        forge.signed(dump(dict(reversed(forge.header.items()))), dump(members)),
    )
    pretty = json.dumps(members, indent=4).encode()
    yield "white space in the payload", forge.signed(dump(forge.header), b"\r\n\t " + pretty + b" ")
    yield (
        "white space in the header",
        forge.signed(json.dumps(forge.header, indent=1).encode(), dump(members)),
    )
    yield (
        "escapes",
        forge.signed(
            dump(forge.header),
            dump(members).replace(b'"sub"', b'"\\u0073ub"').replace(b"/", b"\\/"),
        ),
    )
    yield (
        "unknown claims",
        forge.token(
            x=1,
            email="ad\u00e1@example.com",
            roles=[{"a": None}],
            emoji="\U0001f600",
            f=1.5,
            big=10**300,
        ),
    )
    yield (
        "a claim in bare UTF-8",
        forge.signed(
            dump(forge.header),
            json.dumps({**members, "x": "\u00e9\U0001f600"}, ensure_ascii=False).encode(),
        ),
    )
    yield "unknown header members", forge.headed(x=1, cty="x", foo=["bar"])
    yield (
        "a key that the header brings along and nobody reads",
        forge.headed(jwk=forge.stranger().public_jwk(), jku="https://evil.example/"),
    )
    yield "aud as a list", forge.token(aud=[AUDIENCE])
    yield "aud among others", forge.token(aud=["https://other.example", AUDIENCE])
    yield "typ in upper case", forge.headed(typ="AT+JWT")
    yield "typ as a media type", forge.headed(typ="application/at+jwt")
    yield "typ as a media type in capitals", forge.headed(typ="Application/AT+JWT")
    yield "no sid, as a foreign issuer has none", forge.token(without="sid")
    yield "another client", forge.token(client_id="some other client")
    yield "nbf", forge.token(nbf=now)
    yield "nbf long ago", forge.token(nbf=0)
    yield "nbf within the leeway", forge.token(nbf=now + 5)
    yield "iat within the leeway", forge.token(iat=now + 5)
    yield "exp within the leeway", forge.token(exp=now - 3, iat=now - 200)
    yield "exp at the end of time, which iat bounds", forge.token(exp=253_402_300_799)
    yield "scope, groups, perms", forge.token(scope="a b", groups=["staff", ""], perms="x.y")
    yield "an empty scope", forge.token(scope="", groups=[])
    yield "a long jti", forge.token(jti="x" * 64, sid="x" * 64)
    yield "nearly as long as may be", forge.token(x="x" * 5000)


def test_every_valid_variant_is_accepted(forge: Forge) -> None:
    answers = {name: call(token) for name, token in valid_variants(forge)}
    refused = {
        name: answer.content for name, answer in answers.items() if answer.status_code != 200
    }
    assert refused == {}


@pytest.mark.parametrize("forge", ["ES256", "ES384"], indirect=True)
def test_the_twin_of_a_signature_is_the_same_token_to_a_revocation(forge: Forge) -> None:
    """ECDSA has two signatures for each message, s and n - s, and JWS forbids neither."""
    message, _, signature = forge.good.rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    width = len(raw) // 2
    s = signatures.ORDERS[forge.algorithm] - int.from_bytes(raw[width:])
    twin = f"{message}.{b64(raw[:width] + s.to_bytes(width))}"
    assert twin != forge.good
    assert call(twin).status_code == 200
    sessions.revoke(forge.good)
    for token in (twin, forge.good):
        assert call(token).json()["code"] == "token_revoked"

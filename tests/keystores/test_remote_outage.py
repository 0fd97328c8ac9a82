"""A service that trusts a remote JWKS, over a day of the other side: every clock is moved."""

import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth import clock
from django_jwtauth.keystores import held_ring
from django_jwtauth.tokens import access_token
from django_jwtauth.tokens.keys import key_from_jwk
from tests.key_material import private_jwk, public_jwk
from tests.keystores.jwks_server import JWKSServer
from tests.moments import move_on

KNOWN, NEXT = private_jwk(kid="known"), private_jwk("EdDSA", kid="next")
ISSUER = "https://auth.example.com"
HOUR = 3600


class View(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"pk": request.user.pk})


urlpatterns = [path("", View.as_view())]

pytestmark = pytest.mark.urls(__name__)


class Service:
    """This process; time passes only when it is told to, however slow the machine is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = monotonic()
        monkeypatch.setattr(held_ring, "monotonic", lambda: self._now)

    def wait(self, seconds: float) -> None:
        self._now += seconds
        move_on(seconds)

    def status(self, jwk: dict[str, Any]) -> int:
        """Send a new token that the issuer has just signed with this key."""
        now = int(clock.now())
        claims = {"iss": ISSUER, "aud": ISSUER, "sub": "7", "client_id": "app", "jti": "j"}
        key = key_from_jwk(jwk, kind="private")
        token = access_token.make({**claims, "iat": now, "exp": now + 300}, key)
        answer = APIClient().get("/", headers={"authorization": f"Bearer {token}"})
        for thread in threading.enumerate():  # a load in the background ends before time passes
            if thread.name == "jwtauth-key-ring":
                thread.join()
        return answer.status_code


@pytest.fixture
def server() -> Iterator[JWKSServer]:
    with JWKSServer().running() as running:
        running.keys = [public_jwk(KNOWN)]
        yield running


@pytest.fixture
def service(server: JWKSServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Service:
    settings.JWTAUTH = {
        "ISSUER": ISSUER,
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.remote_jwks.RemoteJWKSKeyStore",
            "OPTIONS": {"URL": server.url},
        },
        "REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"},
        "AUDIENCE": ISSUER,
    }
    return Service(monkeypatch)


def test_known_keys_go_on_while_the_other_side_is_down_for_an_hour(
    service: Service, server: JWKSServer
) -> None:
    assert service.status(KNOWN) == 200
    server.status = 503
    for _ in range(HOUR // 60):
        service.wait(60)
        assert service.status(KNOWN) == 200
    assert len(server.requests) > 30  # it went on asking
    server.status, server.keys = 200, [public_jwk(KNOWN), public_jwk(NEXT)]
    service.wait(60)
    service.status(KNOWN)
    assert service.status(NEXT) == 200


def test_a_set_is_fetched_before_its_time_is_over_and_not_earlier(
    service: Service, server: JWKSServer
) -> None:
    server.headers["Cache-Control"] = "max-age=600"
    for _ in range(47):
        assert service.status(KNOWN) == 200
        service.wait(10)
    assert len(server.requests) == 1
    service.wait(20)  # 490 of 600 seconds
    assert service.status(KNOWN) == 200
    assert len(server.requests) == 2


def test_an_unknown_kid_is_asked_for_at_most_every_thirty_seconds(
    service: Service, server: JWKSServer
) -> None:
    assert service.status(KNOWN) == 200
    for _ in range(29):
        service.wait(1)
        assert service.status(NEXT) == 401
    assert len(server.requests) == 1
    server.keys.append(public_jwk(NEXT))
    service.wait(2)
    assert service.status(NEXT) == 200
    assert len(server.requests) == 2

"""What the start page asks for besides the package's own endpoints."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_jwtauth import cookies, key_rotation
from django_jwtauth.authentication import bearer_token
from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.models import Revocation


class Token(APIView):
    """The access token that comes with the request, in its three parts.

    Of one in a cookie the signature is kept back: no script may read such a token, and the claims
    without their signature are none.
    """

    def get(self, request: Request) -> Response:
        http = request._request  # noqa: SLF001 (DRF's wrapper)
        raw = bearer_token(http)
        in_cookie = raw is None
        header, claims, signature = (raw or cookies.read_access_token(http) or "..").split(".")
        parts = {
            "header": header,
            "claims": claims,
            "signature": None if in_cookie else signature,
            "signature_length": len(signature),
            "username": request.user.get_username(),
            "is_staff": request.user.is_staff,
            "now": time.time(),
        }
        return Response(parts, headers={"Cache-Control": "no-store"})


class Keys(APIView):
    """The signing keys, oldest first, with their states and times."""

    permission_classes = [IsAdminUser]

    def get(self, request: Request) -> Response:
        now = time.time()
        ring, revoked = key_rotation.read_ring(now), revoked_keys()
        signing = ring.signing_key(now, revoked)
        keys = [
            {
                "kid": key.kid,
                "algorithm": key.algorithm,
                "state": "revoked" if key.kid in revoked else key.state(now),
                "signs": key is signing,
                "created_at": moment(key.created_at),
                "active_at": moment(key.active_at),
                "retire_at": moment(key.retire_at),
                "expire_at": moment(key.expire_at),
                "revoked_at": revoked.get(key.kid),
            }
            for key in sorted(ring, key=lambda key: key.created_at or 0)
        ]
        return Response({"now": moment(now), "keys": keys})


class RotationSerializer(serializers.Serializer):
    immediately = serializers.BooleanField(default=False)


class RotateKeys(APIView):
    """Makes the next key; as `manage.py rotate_jwt_keys` does, and its `--now`."""

    permission_classes = [IsAdminUser]

    def post(self, request: Request) -> Response:
        wish = RotationSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        rotation = key_rotation.rotate(time.time(), **wish.validated_data)
        return Response({**asdict(rotation), "active_at": moment(rotation.active_at)})


class RevokeKey(APIView):
    """Refuses a key, and each token that it signed; as `manage.py revoke_jwt_key` does."""

    permission_classes = [IsAdminUser]

    def post(self, request: Request, kid: str) -> Response:
        try:
            result: Any = key_rotation.revoke_key(kid, time.time())
        except InvalidKey as error:
            raise NotFound(str(error)) from None
        return Response(asdict(result))


def revoked_keys() -> dict[str, datetime]:
    """Return when each key was revoked, by its `kid`."""
    rows = Revocation.objects.filter(identifier__startswith="kid:")
    return {row.identifier.removeprefix("kid:"): row.revoked_at for row in rows}


def moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC).isoformat()

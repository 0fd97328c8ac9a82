"""The one view that is measured, with and without authentication, and a login for sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import auth
from django.utils.module_loading import import_string
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers.base import Peer


class OpenView(APIView):
    """Lets anybody in."""

    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = (AllowAny,)

    def get(self, request: Request) -> Response:
        """Answer."""
        return Response({"ok": True})


def closed_view(peer: Peer) -> Any:
    """Return the same view for those alone who are logged in."""

    class ClosedView(OpenView):
        authentication_classes = (import_string(peer.authentication),)
        permission_classes = (IsAuthenticated,)

    return ClosedView.as_view()


@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def login(request: Request) -> Response:
    """Django's login behind JSON: Django itself has only one for browsers."""
    http = request._request
    user = auth.authenticate(http, **cast("dict[str, Any]", request.data))
    if user is None:
        return Response(status=400)
    auth.login(http, user)
    return Response(status=204)


@api_view(["POST"])
@authentication_classes([])
@permission_classes([])
def logout(request: Request) -> Response:
    """Django's logout, likewise."""
    auth.logout(request._request)
    return Response(status=204)

"""One view that asks who calls, and the endpoints of this package."""

from typing import Any

from django.urls import include, path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from django_jwtauth.permissions import HasScope


@api_view(["GET"])
def who(request: Any) -> Response:
    return Response({"pk": request.user.pk, "scope": request.auth.scope})


@api_view(["GET"])
@permission_classes([HasScope("orders:read")])
def orders(request: Request) -> Response:
    return Response([])


urlpatterns = [
    path("who/", who),
    path("orders/", orders),
    path("auth/", include("django_jwtauth.urls")),
]

"""All that is known of a caller stands in the token: the key of the user, a scope, groups."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_jwtauth.permissions import HasScope
from django_jwtauth.tokens.claims import AccessToken

ORDERS = [
    {"id": 1, "customer": 1, "text": "three pencils"},
    {"id": 2, "customer": 2, "text": "a notebook"},
]


class IsManager(BasePermission):
    """By the groups in the token: to ask `request.user.groups` would take a database."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        return isinstance(token, AccessToken) and "managers" in token.groups


class OwnOrders(APIView):
    permission_classes = [HasScope("orders:read")]

    def get(self, request: Request) -> Response:
        customer = request.user.pk
        own = [order for order in ORDERS if order["customer"] == customer]
        return Response({"customer": customer, "orders": own})


class AllOrders(APIView):
    permission_classes = [HasScope("orders:read") & IsManager]

    def get(self, request: Request) -> Response:
        return Response({"orders": ORDERS})

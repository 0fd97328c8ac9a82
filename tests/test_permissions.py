"""`HasScope` in a project's own views."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import path
from rest_framework.authentication import BasicAuthentication
from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth import sessions
from django_jwtauth.authentication import JWTAuthentication
from django_jwtauth.permissions import HasScope
from tests.answers import CHALLENGE
from tests.devices import PASSWORD


class Nobody(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class OKView(APIView):
    authentication_classes = (JWTAuthentication, BasicAuthentication)

    def get(self, request: Request) -> Response:
        return Response({})


class NameSerializer(ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("username",)


class ObjectView(RetrieveAPIView[User]):
    queryset = User.objects.all()
    serializer_class = NameSerializer


A, B = HasScope("orders:read"), HasScope("orders:write")

#: Which permissions, with which scope, and whether they let in: False is DRF's own 403, and a scope
#: the 403 of RFC 6750 that names it.
CASES: dict[str, tuple[Any, dict[str, bool | str]]] = {
    "alone": ([A], {"": "orders:read", "orders:read": True, "orders:write": "orders:read"}),
    "listed": ([IsAuthenticated, A], {"": "orders:read", "orders:read": True}),
    "both": (
        [A, B],
        {
            "": "orders:read",
            "orders:read": "orders:write",
            "orders:write": "orders:read",
            "orders:write orders:read": True,
        },
    ),
    "and": (
        [A & B],
        {"": "orders:read", "orders:read": "orders:write", "orders:read orders:write": True},
    ),
    "under-and": ([IsAuthenticated & A], {"": "orders:read", "orders:read": True}),
    "and-before": ([A & IsAdminUser], {"": "orders:read", "orders:read": False}),
    "deep-and": (
        [IsAuthenticated & (AllowAny & (A & B))],
        {"orders:read": "orders:write", "orders:read orders:write": True},
    ),
    "or": ([A | B], {"": False, "orders:read": True, "orders:write": True}),
    "or-else": ([A | AllowAny], {"": True, "orders:read": True}),
    "or-nobody": ([Nobody | A], {"": False, "orders:read": True}),
    "not": ([~A], {"": True, "orders:read": False}),
    "not-not": ([~~A], {"": False, "orders:read": True}),
    "not-and": (
        [~(A & B)],
        {"": True, "orders:read": True, "orders:read orders:write": False},
    ),
    "and-in-or": (
        [(A & B) | Nobody],
        {"": False, "orders:read": False, "orders:read orders:write": True},
    ),
    "or-in-and": (
        [A & (B | Nobody)],
        {"": "orders:read", "orders:read": False, "orders:read orders:write": True},
    ),
    "not-in-and": (
        [A & ~B],
        {"": "orders:read", "orders:read": True, "orders:read orders:write": False},
    ),
}

urlpatterns = [
    *(
        path(f"{name}/", OKView.as_view(permission_classes=permissions))
        for name, (permissions, _) in CASES.items()
    ),
    path("object/<int:pk>/", ObjectView.as_view(permission_classes=[A])),
    path("object-not/<int:pk>/", ObjectView.as_view(permission_classes=[~A])),
    path("object-or/<int:pk>/", ObjectView.as_view(permission_classes=[A | ~B])),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def call(user: User, address: str, scope: str) -> Any:
    token = sessions.start(user, scope=scope).access_token
    return APIClient().get(address, headers={"authorization": f"Bearer {token}"})


def assert_lacking(answer: Any, scope: str) -> None:
    """Check the 403 of RFC 6750 section 3.1."""
    assert answer.status_code == 403
    assert answer.json() == {
        "detail": "The access token does not have the required scope.",
        "code": "insufficient_scope",
    }
    assert answer["WWW-Authenticate"] == (
        f'{CHALLENGE}, error="insufficient_scope", scope="{scope}", '
        'error_description="The access token does not have the required scope."'
    )


def assert_drfs_own(answer: Any) -> None:
    assert answer.status_code == 403
    assert answer.json() == {"detail": "You do not have permission to perform this action."}
    assert not answer.has_header("WWW-Authenticate")


@pytest.mark.parametrize(
    ("name", "scope", "expected"),
    [
        (name, scope, expected)
        for name, (_, cases) in CASES.items()
        for scope, expected in cases.items()
    ],
)
def test_a_scope_lets_in_and_its_lack_is_named_where_it_decides(
    user: User, name: str, scope: str, expected: bool | str
) -> None:
    answer = call(user, f"/{name}/", scope)
    if expected is True:
        assert answer.status_code == 200
    elif expected is False:
        assert_drfs_own(answer)
    else:
        assert_lacking(answer, str(expected))


@pytest.mark.parametrize(
    "scope",
    ["orders", "orders:readonly", "ORDERS:READ", "orders:read,orders:write", "xorders:read", "*"],
)
def test_a_scope_that_only_looks_like_it_is_another(user: User, scope: str) -> None:
    assert_lacking(call(user, "/alone/", scope), "orders:read")


def test_without_a_token_it_is_401_and_no_403(user: User) -> None:
    answer: Any = APIClient().get("/alone/")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, CHALLENGE)


def test_another_kind_of_login_has_no_scope(user: User) -> None:
    api = APIClient(headers={"authorization": "Basic YWRhOmEgcGFzc3dvcmQgb2YgYWRhJ3MgNDcxMQ=="})
    assert_drfs_own(api.get("/alone/"))
    assert api.get("/not/").status_code == 200
    assert_drfs_own(api.get("/or-nobody/"))


def test_for_an_object_it_answers_as_for_the_view(user: User) -> None:
    for address, scope, status in (
        ("object", "orders:read", 200),
        ("object", "", 403),
        ("object-not", "", 200),
        ("object-not", "orders:read", 403),
        ("object-or", "", 200),
        ("object-or", "orders:write", 403),
        ("object-or", "orders:read orders:write", 200),
    ):
        answer = call(user, f"/{address}/{user.pk}/", scope)
        assert answer.status_code == status, (address, scope)


@pytest.mark.parametrize("scope", ["", " ", "a b", 'a"b', "a\\b", "a\n", "\u00e9", "a\r\nX: y"])
def test_what_is_not_one_scope_is_refused_when_the_view_is_written(scope: str) -> None:
    with pytest.raises(ValueError, match="is not one scope"):
        HasScope(scope)

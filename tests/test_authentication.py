"""`JWTAuthentication` in a project's own views."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import override_settings
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.decorators import api_view
from rest_framework.permissions import AllowAny, DjangoModelPermissions, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth import sessions
from django_jwtauth.authentication import JWTAuthentication, bearer_token
from django_jwtauth.exceptions import TokenInvalid
from django_jwtauth.models import LoginSession, Revocation
from django_jwtauth.revocation import feed
from django_jwtauth.tokens.claims import AccessToken
from tests.answers import CHALLENGE
from tests.devices import PASSWORD
from tests.moments import move_on
from tests.outages import missing_table

NO_JWT = ("token_invalid", "The access token is invalid.", "The token is not a signed JWT.")
INACTIVE = "The user account is inactive."
NOT_FOUND = "The user account no longer exists."

seen: list[Request] = []


class KeyView(APIView):
    """Needs to know of its user that there is one, and which."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        seen.append(request)
        return Response({"pk": request.user.pk})


class NameView(APIView):
    """Reads a field of its user."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"name": request.user.get_username()})


class OpenView(APIView):
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        return Response({"anonymous": request.user.is_anonymous})


class ModelView(APIView):
    """Reads the permissions of its user before it is ever called."""

    permission_classes = (DjangoModelPermissions,)
    queryset = User.objects.all()

    def post(self, request: Request) -> Response:
        return Response({})


@api_view(["GET"])
def name_function(request: Request) -> Response:
    return Response({"name": request.user.get_username()})


def second_to(*first: Any) -> Any:
    return NameView.as_view(authentication_classes=[*first, JWTAuthentication])


urlpatterns = [
    path("key/", KeyView.as_view()),
    path("name/", NameView.as_view()),
    path("function/", name_function),
    path("open/", OpenView.as_view()),
    path("model/", ModelView.as_view()),
    path("after-session/", second_to(SessionAuthentication)),
    path("after-basic/", second_to(BasicAuthentication)),
    path(
        "open-after-session/",
        OpenView.as_view(authentication_classes=[SessionAuthentication, JWTAuthentication]),
    ),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def access(user: User) -> str:
    seen.clear()
    return sessions.start(user).access_token


def call(address: str, header: str | None, method: str = "get") -> Any:
    headers = {} if header is None else {"authorization": header}
    return getattr(APIClient(), method)(address, headers=headers)


def bearer(address: str, token: str, method: str = "get") -> Any:
    return call(address, f"Bearer {token}", method)


def assert_bad(answer: Any, code: str, detail: str, description: str = "") -> None:
    """In a project's own view the rest of the answer is DRF's."""
    description = description or detail
    assert answer.status_code == 401, answer.content
    assert answer.json() == {"detail": detail, "code": code}
    assert answer["WWW-Authenticate"] == (
        f'{CHALLENGE}, error="invalid_token", error_description="{description}"'
    )


def test_a_request_costs_no_statement(
    access: str, user: User, django_assert_num_queries: Any
) -> None:
    for _ in range(2):  # a token new to this process, and one that it has seen
        with django_assert_num_queries(0):
            answer = bearer("/key/", access)
        assert answer.json() == {"pk": user.pk}


def test_touching_a_field_costs_one_statement(access: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert bearer("/name/", access).json() == {"name": "ada"}


@override_settings(JWTAUTH={"USER_LOADING": "database"})
def test_the_user_can_be_loaded_with_each_request(
    access: str, user: User, django_assert_num_queries: Any
) -> None:
    bearer("/key/", access)  # under these settings the process loads its keys anew
    with django_assert_num_queries(1):
        assert bearer("/key/", access).json() == {"pk": user.pk}
    User.objects.update(is_active=False)
    assert_bad(bearer("/key/", access), "user_inactive", INACTIVE)
    assert_bad(bearer("/open/", access), "user_inactive", INACTIVE)
    LoginSession.objects.all()._raw_delete("default")
    User.objects.all()._raw_delete("default")
    assert_bad(bearer("/key/", access), "user_not_found", NOT_FOUND)


def test_the_view_sees_the_verified_token(access: str) -> None:
    bearer("/key/", access)
    token = seen[0].auth
    assert isinstance(token, AccessToken)
    assert set(token) == {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid"}
    assert token.session_id == LoginSession.objects.get().sid
    assert (token.scope, token.groups) == ("", [])
    with pytest.raises(TypeError):
        token["sub"] = "2"  # type: ignore[index]  # that is the test
    assert access not in repr(token)


# Which headers.


@pytest.mark.parametrize(
    "shape",
    [
        "Bearer {}",
        "bearer {}",
        "BEARER {}",
        "bEaReR {}",
        "Bearer    {}",
        "Bearer {} ",
        "  Bearer {}\t",
    ],
)
def test_the_scheme_is_matched_in_any_case(access: str, shape: str) -> None:
    assert call("/key/", shape.format(access)).status_code == 200


@pytest.mark.parametrize(
    "shape",
    [
        "Bearer",
        "Bearer ",
        "bearer",
        "Bearer {} {}",
        "Bearer {} x",
        "Bearer x {}",
        "Bearer {},",
        "Bearer {}, Bearer {}",
        "Bearer Bearer {}",
        'Bearer "{}"',
        "Bearer token={}",
        "Bearer {}\t{}",
        "Bearer \t{}",
        "Bearer \x0b{}",
        "Bearer \xa0{}",
        "Bearer {}\xa0",
        "Bearer \u00e9",
        "Bearer <{}>",
        "Bearer {}%20",
    ],
)
@pytest.mark.parametrize("address", ["/key/", "/open/"])
def test_our_scheme_with_anything_but_one_token_is_refused(
    access: str, shape: str, address: str
) -> None:
    answer = call(address, shape.format(access, access))
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_invalid"
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


@pytest.mark.parametrize(
    "shape",
    [
        "",
        " ",
        "Basic {}",
        "Token {}",
        "JWT {}",
        "{}",
        "Bearer{}",
        "Bearer:{}",
        "Bearer\t{}",
        "Bearer\xa0{}",
        "Bearer,{}",
        "\u00e9 {}",
        "DPoP {}",
        "X Bearer {}",
        "\x00",
    ],
)
def test_another_scheme_is_not_ours_to_judge(access: str, shape: str) -> None:
    header = shape.format(access)
    assert call("/open/", header).json() == {"anonymous": True}
    answer = call("/key/", header)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, CHALLENGE)


def test_a_token_elsewhere_than_in_the_header_is_none(access: str) -> None:
    for address in (f"/key/?access_token={access}", f"/key/?token={access}"):
        assert call(address, None).status_code == 401
    api = APIClient()
    api.cookies["__Host-access"] = access
    assert api.get("/key/").status_code == 401
    answer: Any = api.generic(
        "GET", "/key/", f"access_token={access}", "application/x-www-form-urlencoded"
    )
    assert answer.status_code == 401


def test_no_token_is_drfs_own_answer(user: User) -> None:
    answer = call("/key/", None)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}
    assert answer["WWW-Authenticate"] == CHALLENGE


def test_a_bad_token_is_refused_where_the_view_is_open_to_all(access: str) -> None:
    assert call("/open/", None).json() == {"anonymous": True}
    assert_bad(bearer("/open/", "x"), *NO_JWT)
    move_on(3600)
    assert_bad(bearer("/open/", access), "token_expired", "The access token has expired.")


# Users who have changed, noticed when the view touches them.

TOUCHING = [
    ("/name/", "get"),
    ("/function/", "get"),
    ("/model/", "post"),
    ("/after-session/", "get"),
    ("/after-basic/", "get"),
]


@pytest.mark.parametrize(("address", "method"), TOUCHING)
def test_a_user_gone_in_the_meantime_is_401_inside_the_view(
    access: str, address: str, method: str
) -> None:
    LoginSession.objects.all()._raw_delete("default")
    User.objects.all()._raw_delete("default")
    assert_bad(bearer(address, access, method), "user_not_found", NOT_FOUND)
    assert bearer("/key/", access).status_code == 200  # nothing was touched


@pytest.mark.parametrize(("address", "method"), TOUCHING)
def test_a_user_deactivated_in_the_meantime_is_401_inside_the_view(
    access: str, address: str, method: str
) -> None:
    User.objects.update(is_active=False)
    assert_bad(bearer(address, access, method), "user_inactive", INACTIVE)


# Not the first in the list of authentication classes.


@pytest.mark.parametrize("address", ["/after-session/", "/after-basic/"])
def test_behind_another_class_a_good_token_is_good(access: str, address: str) -> None:
    assert bearer(address, access).json() == {"name": "ada"}


@pytest.mark.parametrize("address", ["/after-session/", "/after-basic/", "/open-after-session/"])
def test_behind_another_class_a_bad_token_is_401_with_our_challenge(
    access: str, address: str
) -> None:
    assert_bad(bearer(address, "x"), *NO_JWT)
    move_on(3600)
    assert_bad(bearer(address, access), "token_expired", "The access token has expired.")


def test_behind_another_class_no_token_is_answered_as_the_first_class_has_it(user: User) -> None:
    assert call("/after-session/", None).status_code == 403
    answer = call("/after-basic/", None)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="api"')


# What the operator has to mend.


@pytest.mark.django_db(transaction=True)
def test_where_revocations_are_unknown_nobody_is_let_in(access: str) -> None:
    feed().forget()
    with missing_table(Revocation):
        for address in ("/key/", "/open/"):
            answer = bearer(address, access)
            assert answer.status_code == 503
            assert answer.json() == {
                "detail": "The service is temporarily unavailable. Please try again.",
                "code": "temporarily_unavailable",
            }
            assert answer["Retry-After"] == "5"
            assert not answer.has_header("WWW-Authenticate")
    feed().forget()
    assert bearer("/key/", access).status_code == 200


# Whatever the header holds.


@pytest.mark.parametrize("token", ["abc", "XabcX", "a,b"])
def test_the_token_is_what_follows_the_scheme(token: str) -> None:
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = f"Bearer  {token} "
    assert bearer_token(request) == token


@pytest.mark.parametrize("header", ["Bearer", "Bearer  ", "Bearer a b", "bearer a  b"])
def test_of_another_number_of_tokens_is_told(header: str) -> None:
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = header
    with pytest.raises(TokenInvalid, match=r"^The Authorization header must hold one token\.$"):
        bearer_token(request)


def test_a_request_that_no_view_has_seen_is_authenticated_as_well(access: str, user: User) -> None:
    http = HttpRequest()
    http.META["HTTP_AUTHORIZATION"] = f"Bearer {access}"
    answer = JWTAuthentication().authenticate(Request(http))
    assert answer is not None
    assert answer[0].pk == user.pk


@given(
    st.text()
    | st.text(st.sampled_from("Bearer bEARER\t,.=x\xa0\x0b\0"), max_size=30)
    | st.text().map("Bearer ".__add__)
)
def test_a_header_is_one_token_or_none_or_refused(header: str) -> None:
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = header
    try:
        token = bearer_token(request)
    except TokenInvalid:
        assert header.strip().lower().startswith("bearer")
        return
    if token is not None:
        assert token
        assert " " not in token
        assert header.strip(" \t").lower().startswith("bearer ")
        assert header.strip(" \t").endswith(token)

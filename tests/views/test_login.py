"""`POST login/`."""

from typing import Any

import pytest
from django.contrib.auth import user_logged_in, user_login_failed
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from rest_framework import exceptions
from rest_framework.test import APIClient

from django_jwtauth import clock
from django_jwtauth.models import LoginSession, Revocation
from django_jwtauth.tokens import access_token
from django_jwtauth.views import LoginView
from tests.answers import (
    CHALLENGE,
    assert_error,
    assert_grant_refused,
    assert_invalid_request,
    assert_not_cached,
    assert_pair,
    body_of,
)
from tests.devices import PASSWORD, Device
from tests.moments import move_on

GOOD = {"username": "ada", "password": PASSWORD}


class AskingView(LoginView):
    """A project's login that asks for more."""

    error: exceptions.APIException | None = None

    def check_user(self, request: Any, user: Any) -> None:
        if AskingView.error is not None:
            raise AskingView.error


class SlowHasher(PBKDF2PasswordHasher):
    """Takes so long that the user has chosen another password meanwhile, or is gone."""

    algorithm = "slow"
    iterations = 1
    user_goes = False

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        User.objects.update(password=super().encode("another password", salt, iterations))
        if SlowHasher.user_goes:
            User.objects.all().delete()
        return super().encode(password, salt, iterations)


urlpatterns = [
    path("auth/login/", AskingView.as_view()),
    path("auth/", include("django_jwtauth.urls")),
]


def log_in(api: APIClient, data: Any = GOOD, kind: str = "json") -> Any:
    return api.post("/auth/login/", data, kind)


@pytest.mark.parametrize("content_type", ["json", "application/x-www-form-urlencoded"])
def test_the_right_password_gives_a_pair_of_tokens(
    api: APIClient, user: User, content_type: str
) -> None:
    data: Any = GOOD
    if content_type != "json":
        data = "username=ada&password=a+password+of+ada%27s+4711"
        answer = api.generic("POST", "/auth/login/", data, content_type)
    else:
        answer = log_in(api)
    pair = assert_pair(answer)
    header, claims = access_token.read_unverified(pair["access_token"])
    assert set(header) == {"alg", "typ", "kid"}
    assert claims["sub"] == str(user.pk)
    assert pair["expires_in"] == claims["exp"] - claims["iat"]
    assert pair["refresh_token"].startswith("jrt_")
    assert pair["refresh_expires_in"] == 14 * 86400


def test_a_login_does_not_bring_back_the_password_that_was_changed_meanwhile(
    api: APIClient, user: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher", *settings.PASSWORD_HASHERS]
    assert_grant_refused(log_in(api), "invalid_credentials")
    assert not LoginSession.objects.exists()
    user.refresh_from_db()
    assert user.check_password("another password")


def test_a_login_of_a_user_who_is_deleted_meanwhile_is_refused(
    api: APIClient, user: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher", *settings.PASSWORD_HASHERS]
    monkeypatch.setattr(SlowHasher, "user_goes", True)
    assert_grant_refused(log_in(api), "invalid_credentials")


def test_an_access_token_lives_95_to_100_percent_of_its_lifetime(user: User) -> None:
    lifetimes = {assert_pair(log_in(APIClient()))["expires_in"] for _ in range(30)}
    assert min(lifetimes) >= 285
    assert max(lifetimes) <= 300
    assert len(lifetimes) > 1


def test_a_login_costs_three_statements(api: APIClient, user: User) -> None:
    log_in(api)  # the process has its keys by now
    with CaptureQueriesContext(connection) as captured:
        assert_pair(log_in(api))
    statements = [query["sql"].split()[0] for query in captured]
    assert [word for word in statements if word not in ("SAVEPOINT", "RELEASE")] == [
        "SELECT",
        "INSERT",
        "UPDATE",
    ]


def test_a_login_starts_one_session_that_knows_where_it_came_from(
    api: APIClient, user: User
) -> None:
    api.post(
        "/auth/login/", GOOD, "json", headers={"user-agent": "telephone\r\n\t 2.0" + "x" * 300}
    )
    session = LoginSession.objects.get()
    assert session.user_id == user.pk
    assert session.user_agent.startswith("telephone 2.0x")
    assert len(session.user_agent) == 255
    assert session.ip_address == "127.0.0.1"
    assert session.client_id == "first-party"
    assert session.ended_at is None


@pytest.mark.parametrize(
    ("proxies", "forwarded", "stored"),
    [
        (None, "203.0.113.9", "127.0.0.1"),
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (3, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (1, "", "127.0.0.1"),
        (1, "unknown", None),
        (1, "203.0.113.9:443", "203.0.113.9"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "not an address:443", None),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_address_is_that_which_the_last_trusted_proxy_saw(
    api: APIClient, user: User, proxies: int | None, forwarded: str, stored: str | None
) -> None:
    with override_settings(REST_FRAMEWORK={"NUM_PROXIES": proxies}):
        assert_pair(api.post("/auth/login/", GOOD, "json", headers={"x-forwarded-for": forwarded}))
    assert LoginSession.objects.get().ip_address == stored


def test_wrong_password_unknown_user_and_inactive_user_look_alike(
    api: APIClient, user: User
) -> None:
    User.objects.create_user("bob", password=PASSWORD, is_active=False)
    answers = [
        log_in(api, {"username": name, "password": password})
        for name, password in (("ada", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD))
    ]
    for answer in answers:
        assert_grant_refused(answer, "invalid_credentials")
        assert answer.content == answers[0].content
        assert answer.headers == answers[0].headers
    assert not LoginSession.objects.exists()


@override_settings(
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.AllowAllUsersModelBackend"]
)
def test_an_inactive_user_is_refused_whatever_the_backend_says(api: APIClient, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert_grant_refused(log_in(api), "invalid_credentials")
    assert not LoginSession.objects.exists()


def test_a_user_without_a_usable_password_is_refused(api: APIClient, user: User) -> None:
    user.set_unusable_password()
    user.save()
    assert_grant_refused(log_in(api), "invalid_credentials")


REQUIRED = ["This field is required."]
BLANK = ["This field may not be blank."]
NULL = ["This field may not be null."]
NO_STRING = ["Not a valid string."]


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({}, {"username": REQUIRED, "password": REQUIRED}),
        ({"username": "ada"}, {"password": REQUIRED}),
        ({"password": PASSWORD}, {"username": REQUIRED}),
        ({"email": "ada", "password": PASSWORD}, {"username": REQUIRED}),
        ({**GOOD, "username": ""}, {"username": BLANK}),
        ({**GOOD, "password": ""}, {"password": BLANK}),
        ({**GOOD, "username": None}, {"username": NULL}),
        ({**GOOD, "password": ["x"]}, {"password": NO_STRING}),
        ({**GOOD, "password": {"x": 1}}, {"password": NO_STRING}),
        ({**GOOD, "username": True}, {"username": NO_STRING}),
        ({**GOOD, "username": "a\0da"}, {"username": ["Null characters are not allowed."]}),
        (
            {**GOOD, "password": "x" * 4097},
            {"password": ["Ensure this field has no more than 4096 characters."]},
        ),
        ({**GOOD, "client_id": "a b"}, {"client_id": ["Enter a valid value."]}),
        ({**GOOD, "client_id": "web\n"}, {"client_id": ["Enter a valid value."]}),
        ({**GOOD, "client_id": ""}, {"client_id": BLANK}),
        ({**GOOD, "client_id": "x" * 65}, {"client_id": ["Enter a valid value."]}),
        ({**GOOD, "transport": "pigeon"}, {"transport": ['"pigeon" is not a valid choice.']}),
    ],
)
def test_a_missing_or_malformed_field_is_named(
    api: APIClient, user: User, data: Any, fields: dict[str, Any]
) -> None:
    assert_invalid_request(log_in(api, data), **fields)
    assert not LoginSession.objects.exists()


def test_a_cookie_login_is_refused_where_cookies_are_not_enabled(
    api: APIClient, user: User
) -> None:
    assert_invalid_request(
        log_in(api, {**GOOD, "transport": "cookie"}),
        transport=["JWTAUTH['COOKIES']['ENABLED'] is off."],
    )
    assert not LoginSession.objects.exists()


def test_a_login_may_say_that_its_tokens_travel_in_headers(api: APIClient, user: User) -> None:
    assert_pair(log_in(api, {**GOOD, "transport": "header"}))


@pytest.mark.parametrize("client_id", ["x", "my.app_2-B", "x" * 64])
def test_a_login_may_name_its_client(api: APIClient, user: User, client_id: str) -> None:
    pair = assert_pair(log_in(api, {**GOOD, "client_id": client_id}))
    _header, claims = access_token.read_unverified(pair["access_token"])
    assert claims["client_id"] == client_id
    assert LoginSession.objects.get().client_id == client_id


def test_spaces_around_a_password_belong_to_it(api: APIClient, user: User) -> None:
    user.set_password("  spaced  ")
    user.save()
    assert_pair(log_in(api, {"username": "ada", "password": "  spaced  "}))
    assert_grant_refused(
        log_in(api, {"username": "ada", "password": "spaced"}), "invalid_credentials"
    )


# What a project's code that listens to Django's own login relies on.


def test_a_login_tells_djangos_signal_and_moves_last_login(api: APIClient, user: User) -> None:
    heard: list[dict[str, Any]] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)

    user_logged_in.connect(listen)
    try:
        assert_pair(log_in(api))
    finally:
        user_logged_in.disconnect(listen)
    (arguments,) = heard
    assert arguments["sender"] is User
    assert arguments["user"] == user
    assert arguments["request"].META["PATH_INFO"] == "/auth/login/"
    assert type(arguments["request"]).__name__ == "WSGIRequest"
    user.refresh_from_db()
    assert user.last_login is not None
    assert abs(user.last_login.timestamp() - clock.now()) < 60


def test_a_failed_login_tells_djangos_signal_without_the_password(
    api: APIClient, user: User
) -> None:
    heard: list[dict[str, Any]] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)

    user_login_failed.connect(listen)
    try:
        log_in(api, {"username": "ada", "password": "wrong"})
    finally:
        user_login_failed.disconnect(listen)
    (arguments,) = heard
    assert arguments["credentials"]["username"] == "ada"
    assert set(arguments["credentials"]["password"]) == {"*"}
    user.refresh_from_db()
    assert user.last_login is None


# The hook between "password right" and "tokens issued".


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (
            exceptions.PermissionDenied("Enter the code.", code="mfa_required"),
            403,
            {"detail": "Enter the code.", "code": "mfa_required"},
        ),
        (
            exceptions.PermissionDenied({"code": "mfa_required", "methods": ["totp"]}),
            403,
            {"code": "mfa_required", "methods": ["totp"]},
        ),
        (
            exceptions.AuthenticationFailed("Not from here.", code="wrong_place"),
            401,
            {"detail": "Not from here.", "code": "wrong_place"},
        ),
        (
            exceptions.PermissionDenied(["one", "two"]),
            403,
            {"detail": ["one", "two"], "code": "permission_denied"},
        ),
    ],
)
def test_what_check_user_raises_reaches_the_client_and_nothing_is_started(
    user: User,
    monkeypatch: pytest.MonkeyPatch,
    error: exceptions.APIException,
    status: int,
    body: dict[str, Any],
) -> None:
    monkeypatch.setattr(AskingView, "error", error)
    answer = log_in(APIClient())
    assert (answer.status_code, body_of(answer)) == (status, body)
    assert answer.get("WWW-Authenticate") == (CHALLENGE if status == 401 else None)
    assert_not_cached(answer)
    assert not LoginSession.objects.exists()
    assert not Revocation.objects.exclude(identifier__startswith="ring:").exists()
    user.refresh_from_db()
    assert user.last_login is None


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(PermissionDenied(), 403, "permission_denied"), (Http404(), 404, "not_found")],
)
def test_djangos_own_refusals_are_answered_in_our_shape(
    user: User, monkeypatch: pytest.MonkeyPatch, error: Any, status: int, code: str
) -> None:
    monkeypatch.setattr(AskingView, "error", error)
    assert_error(log_in(APIClient()), status, code)
    assert not LoginSession.objects.exists()


@pytest.mark.urls(__name__)
def test_check_user_is_not_asked_about_a_wrong_password(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AskingView, "error", exceptions.PermissionDenied(code="mfa_required"))
    assert_grant_refused(
        log_in(api, {"username": "ada", "password": "wrong"}), "invalid_credentials"
    )


@pytest.mark.urls(__name__)
def test_a_login_that_check_user_lets_through_is_like_any_other(
    api: APIClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AskingView, "error", None)
    assert_pair(log_in(api))


def test_a_second_login_leaves_the_first_device_alone(user: User) -> None:
    first = Device()
    move_on(100)
    second = Device()
    assert first.sid != second.sid
    assert first.get("/auth/me/").status_code == 200
    assert second.get("/auth/me/").status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "trace"])
def test_other_methods_are_told_which_there_are(api: APIClient, method: str) -> None:
    answer = getattr(api, method)("/auth/login/")
    if method == "head":
        assert (answer.status_code, answer.content) == (405, b"")
    else:
        assert_error(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST, OPTIONS"

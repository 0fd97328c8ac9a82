"""The browser transport: which cookies are set, when they count, and what never deletes them."""

from collections.abc import Iterator
from http.cookies import Morsel
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import override_settings
from django.urls import include, path, set_script_prefix
from django.views.decorators.cache import cache_page
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth import sessions
from django_jwtauth.authentication import JWTAuthentication
from django_jwtauth.models import LoginSession
from django_jwtauth.views import LoginView
from tests.answers import (
    CHALLENGE,
    assert_dead_token,
    assert_error,
    assert_grant_refused,
    assert_invalid_request,
    assert_no_token,
    assert_not_cached,
    assert_pair,
    body_of,
)
from tests.moments import move_on
from tests.urls import urlpatterns as suite_urls

PASSWORD = "a password of ada's 4711"
ACCESS, REFRESH = "__Host-access", "__Secure-refresh"
COOKIES = {"COOKIES": {"ENABLED": True}}


class WhoView(APIView):
    """A project's own view: says who calls, and takes something."""

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.pk})

    def post(self, request: Request) -> Response:
        return Response({"user": request.user.pk})


class TalkativeView(WhoView):
    """One that says itself what its answer depends on, beside what REST framework says of it."""

    renderer_classes = [JSONRenderer, BrowsableAPIRenderer]

    def get(self, request: Request) -> Response:
        return Response({}, headers={"Vary": "Accept-Language"})


class OwnLoginView(LoginView):
    """A project's own login, at an address of its own."""


own_api = [
    path("own-login/", OwnLoginView.as_view()),
    path("auth/", include("django_jwtauth.urls")),
]
urlpatterns = [
    *suite_urls,
    path("who/", WhoView.as_view(permission_classes=[IsAuthenticated])),
    path("cached/", cache_page(60)(WhoView.as_view(permission_classes=[IsAuthenticated]))),
    path("open/", WhoView.as_view(permission_classes=[AllowAny])),
    path("talkative/", TalkativeView.as_view()),
    path("own-login/", OwnLoginView.as_view()),
    path("v1/", include("django_jwtauth.urls", namespace="v1")),
    path("accounts/", include(([path("login/", OwnLoginView.as_view())], "accounts"))),
    path("api/", include((own_api, "api"))),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _enabled(settings: Any) -> None:
    settings.JWTAUTH = COOKIES


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


class Browser:
    """Keeps cookies, and sends the CSRF token as the page's script does."""

    def __init__(self, *, secure: bool = True) -> None:
        self.api = APIClient(enforce_csrf_checks=True)
        self.secure = secure
        self.csrf: str | None = None

    def call(
        self, method: str, address: str, data: Any = None, *, csrf: bool = True, **headers: str
    ) -> Any:
        headers["origin"] = "https://testserver" if self.secure else "http://testserver"
        if csrf and self.csrf is not None:
            headers["x-csrftoken"] = self.csrf
        kwargs: dict[str, Any] = {"headers": headers, "secure": self.secure}
        if method != "get":
            kwargs |= {"data": data or {}, "format": "json"}
        return getattr(self.api, method)(address, **kwargs)

    def get(self, address: str, **options: Any) -> Any:
        return self.call("get", address, **options)

    def post(self, address: str, data: Any = None, **options: Any) -> Any:
        return self.call("post", address, data, **options)

    def log_in(self, address: str = "/auth/login/") -> Any:
        self.csrf = body_of(self.get("/auth/csrf/"))["csrf_token"]
        answer = self.post(
            address, {"username": "ada", "password": PASSWORD, "transport": "cookie"}
        )
        assert answer.status_code == 200, answer.content
        self.csrf = body_of(answer)["csrf_token"]
        return answer

    def cookie(self, name: str) -> str:
        return str(self.api.cookies[name].value)


@pytest.fixture
def browser(user: User) -> Browser:
    """Return a browser in which the user has logged in."""
    browser = Browser()
    browser.log_in()
    return browser


def ours(answer: Any) -> dict[str, Morsel[str]]:
    """Return the cookies of the answer that hold tokens."""
    return {
        name: cookie
        for name, cookie in answer.cookies.items()
        if name.endswith(("access", "refresh"))
    }


def attributes(cookie: Morsel[str]) -> dict[str, Any]:
    return {name: value for name, value in cookie.items() if value and name != "expires"}


def assert_cleared(answer: Any, *, path: str = "/auth/") -> None:
    cleared = ours(answer)
    assert {name: (cookie.value, cookie["path"]) for name, cookie in cleared.items()} == {
        ACCESS: ("", "/"),
        REFRESH: ("", path),
    }
    for cookie in cleared.values():
        assert cookie["max-age"] == 0
        # A browser takes a __Host- or __Secure- cookie, and so its end, only with this.
        assert cookie["secure"] is True


# Login.


def test_a_cookie_login_puts_both_tokens_into_cookies_and_none_into_the_body(user: User) -> None:
    answer = Browser().log_in()
    body = body_of(answer)
    assert {name: type(value) for name, value in body.items()} == {
        "expires_in": int,
        "refresh_expires_in": int,
        "csrf_token": str,
    }
    assert_not_cached(answer)
    shared = {"secure": True, "httponly": True, "samesite": "Lax"}
    cookies = ours(answer)
    assert {name: attributes(cookie) for name, cookie in cookies.items()} == {
        ACCESS: {**shared, "path": "/", "max-age": body["expires_in"]},
        REFRESH: {**shared, "path": "/auth/", "max-age": body["refresh_expires_in"]},
    }
    for cookie in cookies.values():
        assert cookie.value not in answer.content.decode()
    assert cookies[REFRESH].value.startswith("jrt_")


def test_a_cookie_login_needs_the_csrf_token(user: User) -> None:
    data = {"username": "ada", "password": PASSWORD, "transport": "cookie"}
    browser = Browser()
    for _ in range(2):
        answer = browser.post("/auth/login/", data)
        assert_error(answer, 403, "csrf_failed")
        assert not ours(answer)
        browser.csrf = "x" * 32
    assert not LoginSession.objects.exists()


def test_a_cookie_login_from_another_origin_is_refused(user: User) -> None:
    browser = Browser()
    browser.csrf = body_of(browser.get("/auth/csrf/"))["csrf_token"]
    answer = browser.api.post(
        "/auth/login/",
        {"username": "ada", "password": PASSWORD, "transport": "cookie"},
        "json",
        secure=True,
        headers={"origin": "https://evil.example", "x-csrftoken": browser.csrf},
    )
    assert_error(answer, 403, "csrf_failed")


def test_a_login_for_headers_needs_no_csrf_token_and_sets_no_cookie(user: User) -> None:
    assert_pair(Browser().post("/auth/login/", {"username": "ada", "password": PASSWORD}))


def test_a_wrong_password_deletes_no_cookie(browser: Browser) -> None:
    data = {"username": "ada", "password": "wrong", "transport": "cookie"}
    answer = browser.post("/auth/login/", data)
    assert_grant_refused(answer, "invalid_credentials")
    assert not ours(answer)
    assert browser.get("/who/").status_code == 200


def test_the_csrf_secret_is_another_one_after_the_login(user: User) -> None:
    browser = Browser()
    browser.get("/auth/csrf/")
    before = browser.cookie("csrftoken")
    browser.log_in()
    assert browser.cookie("csrftoken") != before


# The CSRF token.


@pytest.mark.parametrize("with_middleware", [True, False])
def test_the_csrf_token_is_good_with_djangos_middleware_and_without(
    user: User, settings: Any, with_middleware: bool
) -> None:
    if not with_middleware:
        settings.MIDDLEWARE = []
    browser = Browser()
    answer = browser.get("/auth/csrf/")
    assert set(body_of(answer)) == {"csrf_token"}
    assert_not_cached(answer)
    assert answer.cookies["csrftoken"].value
    browser.log_in()
    assert browser.post("/who/").status_code == 200
    # Asking again takes no other tab's token away.
    browser.get("/auth/csrf/")
    assert browser.post("/who/").status_code == 200


def test_the_csrf_token_may_live_in_djangos_session(user: User, settings: Any) -> None:
    settings.CSRF_USE_SESSIONS = True
    browser = Browser()
    browser.log_in()
    assert browser.post("/who/").status_code == 200
    assert_error(browser.post("/auth/refresh/", csrf=False), 403, "csrf_failed")


def test_csrf_needs_a_get(browser: Browser) -> None:
    answer = browser.post("/auth/csrf/")
    assert_error(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


# Requests.


def test_the_cookie_opens_what_a_header_would(browser: Browser, user: User) -> None:
    assert body_of(browser.get("/who/", csrf=False)) == {"user": user.pk}
    assert body_of(browser.post("/who/")) == {"user": user.pk}
    assert browser.get("/auth/me/").status_code == 200
    assert len(body_of(browser.get("/auth/sessions/"))) == 1


def test_a_writing_call_by_cookie_needs_the_csrf_token(browser: Browser) -> None:
    for address in ("/who/", "/open/"):
        answer = browser.post(address, csrf=False)
        assert answer.status_code == 403
        assert body_of(answer)["code"] == "csrf_failed"
        assert not answer.cookies
    assert browser.post("/who/").status_code == 200


@pytest.mark.parametrize("address", ["/auth/logout/all/", "/auth/refresh/", "/auth/logout/"])
def test_our_own_endpoints_need_it_too(browser: Browser, address: str) -> None:
    answer = browser.post(address, csrf=False)
    assert_error(answer, 403, "csrf_failed")
    assert not answer.cookies
    assert browser.get("/who/").status_code == 200


def test_a_header_wins_over_a_cookie(browser: Browser, user: User) -> None:
    other = User.objects.create_user("bob", password=PASSWORD)
    bearer = f"Bearer {sessions.start(other).access_token}"
    assert body_of(browser.get("/who/", authorization=bearer)) == {"user": other.pk}
    # And so no CSRF token is asked for: a header is sent by scripts alone.
    answer = browser.post("/who/", csrf=False, authorization=bearer)
    assert body_of(answer) == {"user": other.pk}
    answer = browser.get("/open/", authorization="Bearer rubbish")
    assert answer.status_code == 401


def test_a_header_of_another_scheme_leaves_the_cookie_its_word(
    browser: Browser, user: User
) -> None:
    assert body_of(browser.get("/who/", authorization="Basic YTpi")) == {"user": user.pk}


def bad_cookies(browser: Browser) -> Iterator[str]:
    good = browser.cookie(ACCESS)
    yield from ("", "x", "a.b.c", good + "x", good[:-4] + "AAAA", browser.cookie(REFRESH))
    yield from ("x" * 10_000, "\u00e9", '"quoted"')


def test_a_cache_gives_nobody_what_was_for_somebody_else(browser: Browser, user: User) -> None:
    eve = sessions.start(User.objects.create_user("eve")).access_token
    by_header = {"authorization": f"Bearer {eve}"}
    for _ in range(2):
        assert body_of(browser.get("/cached/")) == {"user": user.pk}
        assert body_of(Browser().get("/cached/", **by_header))["user"] not in (None, user.pk)
        assert Browser().get("/cached/").status_code == 401


def test_what_else_a_cache_is_told_stays(browser: Browser) -> None:
    told = browser.get("/talkative/").headers["Vary"].split(", ")
    assert sorted(told) == ["Accept", "Accept-Language", "Authorization", "Cookie"]


def test_a_request_without_a_view_is_authenticated_too(browser: Browser, user: User) -> None:
    http = HttpRequest()
    http.COOKIES[ACCESS] = browser.cookie(ACCESS)
    http.method = "GET"
    authenticated = JWTAuthentication().authenticate(Request(http))
    assert authenticated is not None
    assert authenticated[0] == user


def test_a_bad_cookie_counts_as_none(browser: Browser) -> None:
    for value in bad_cookies(browser):
        browser.api.cookies[ACCESS] = value
        assert body_of(browser.get("/open/")) == {"user": None}
        assert browser.post("/open/", csrf=False).status_code == 200
        answer = browser.get("/who/")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, CHALLENGE)
        assert_no_token(browser.get("/auth/me/"))


def test_an_expired_cookie_counts_as_none(browser: Browser) -> None:
    move_on(3600)
    assert body_of(browser.get("/open/")) == {"user": None}
    assert_no_token(browser.get("/auth/me/"))


@pytest.mark.parametrize("names", [(ACCESS,), (REFRESH,), (ACCESS, REFRESH)])
def test_bad_cookies_block_no_login_refresh_or_logout(user: User, names: tuple[str, ...]) -> None:
    def bad() -> Browser:
        browser = Browser()
        for name in names:
            browser.api.cookies[name] = "jrt_rubbish"
        return browser

    data = {"username": "ada", "password": PASSWORD}
    pair = assert_pair(bad().post("/auth/login/", data))
    bad().log_in()
    body = {"refresh_token": pair["refresh_token"]}
    assert_pair(bad().post("/auth/refresh/", body))
    answer = bad().post("/auth/logout/", body)
    assert answer.status_code == 204
    assert_cleared(answer)


# Refresh.


def test_a_refresh_by_cookie_answers_in_cookies(browser: Browser) -> None:
    before = browser.cookie(ACCESS), browser.cookie(REFRESH)
    answer = browser.post("/auth/refresh/")
    assert answer.status_code == 200
    assert_not_cached(answer)
    body = body_of(answer)
    assert set(body) == {"expires_in", "refresh_expires_in", "csrf_token"}
    cookies = ours(answer)
    assert (cookies[ACCESS]["max-age"], cookies[REFRESH]["max-age"]) == (
        body["expires_in"],
        body["refresh_expires_in"],
    )
    assert browser.cookie(ACCESS) != before[0]
    assert browser.cookie(REFRESH) != before[1]
    assert browser.get("/who/").status_code == 200


def test_a_token_in_the_body_is_answered_in_the_body(browser: Browser) -> None:
    body = {"refresh_token": browser.cookie(REFRESH)}
    answer = browser.post("/auth/refresh/", body, csrf=False)
    assert_pair(answer)


def test_a_failed_refresh_deletes_nothing(browser: Browser) -> None:
    stale = browser.cookie(REFRESH)
    browser.post("/auth/refresh/")
    move_on(60)
    current = browser.cookie(REFRESH)
    for value, code in (("x", "refresh_token_invalid"), (stale, "refresh_token_reused")):
        browser.api.cookies[REFRESH] = value
        answer = browser.post("/auth/refresh/")
        assert_grant_refused(answer, code)
        assert not answer.cookies
    browser.api.cookies[REFRESH] = current
    answer = browser.post("/auth/refresh/")
    assert_grant_refused(answer, "session_ended", reason="reuse")
    assert not answer.cookies


def test_two_tabs_that_refresh_at_once_end_with_the_same_cookie(browser: Browser) -> None:
    stale = browser.cookie(REFRESH)
    browser.post("/auth/refresh/")
    first = browser.cookie(REFRESH)
    browser.api.cookies[REFRESH] = stale
    assert browser.post("/auth/refresh/").status_code == 200
    assert browser.cookie(REFRESH) == first


def test_a_refresh_without_any_token_names_the_field(user: User) -> None:
    assert_invalid_request(
        Browser().post("/auth/refresh/"), refresh_token=["This field is required."]
    )


# Logout.


def assert_ended(browser: Browser, token: str) -> None:
    answer = APIClient().get("/auth/me/", headers={"authorization": f"Bearer {token}"})
    assert_dead_token(answer, "token_revoked", "The access token has been revoked.")


def test_a_logout_by_cookie_ends_the_session_and_clears(browser: Browser) -> None:
    access = browser.cookie(ACCESS)
    answer = browser.post("/auth/logout/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_cleared(answer)
    assert_ended(browser, access)


@pytest.mark.parametrize("lost", [ACCESS, REFRESH])
def test_either_cookie_proves_the_session(browser: Browser, lost: str) -> None:
    access = browser.cookie(ACCESS)
    del browser.api.cookies[lost]
    answer = browser.post("/auth/logout/")
    assert answer.status_code == 204
    assert_cleared(answer)
    assert_ended(browser, access)


def test_cookies_that_prove_nothing_are_cleared(user: User) -> None:
    browser = Browser()
    browser.api.cookies[ACCESS] = "rubbish"
    answer = browser.post("/auth/logout/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_cleared(answer)


def test_a_logout_after_the_logout_is_well(browser: Browser) -> None:
    kept = browser.cookie(REFRESH)
    browser.post("/auth/logout/")
    browser.api.cookies[REFRESH] = kept
    answer = browser.post("/auth/logout/")
    assert answer.status_code == 204
    assert_cleared(answer)


def test_logout_everywhere_clears_and_keeping_the_session_does_not(browser: Browser) -> None:
    Browser().log_in()
    answer = browser.post("/auth/logout/all/", {"keep_current": True})
    assert body_of(answer) == {"ended": 1}
    assert not ours(answer)
    answer = browser.post("/auth/logout/all/")
    assert body_of(answer) == {"ended": 1}
    assert_cleared(answer)


def test_ending_the_very_session_clears_and_ending_another_does_not(browser: Browser) -> None:
    Browser().log_in()
    rows = {row["current"]: row["sid"] for row in body_of(browser.get("/auth/sessions/"))}
    answer = browser.call("delete", f"/auth/sessions/{rows[False]}/")
    assert answer.status_code == 204
    assert not ours(answer)
    answer = browser.call("delete", f"/auth/sessions/{rows[True]}/")
    assert answer.status_code == 204
    assert_cleared(answer)


def test_who_proves_another_session_takes_no_cookie_away(browser: Browser) -> None:
    # A form on a sibling's page: the browser sends the cookies along, and asks nobody.
    token = sessions.start(User.objects.create_user("eve")).refresh_token
    answer = browser.api.post(
        "/auth/logout/",
        f"refresh_token={token}",
        content_type="application/x-www-form-urlencoded",
        secure=True,
        headers={"origin": "https://evil.testserver"},
    )
    assert answer.status_code == 204
    assert not ours(answer)
    assert browser.get("/who/").status_code == 200


def test_who_proves_the_same_session_takes_its_cookies_away(browser: Browser) -> None:
    answer = browser.post("/auth/logout/", {"refresh_token": browser.cookie(REFRESH)}, csrf=False)
    assert answer.status_code == 204
    assert_cleared(answer)


def test_a_client_without_cookies_is_sent_none(user: User) -> None:
    token = sessions.start(user).refresh_token
    answer = Browser().post("/auth/logout/", {"refresh_token": token})
    assert answer.status_code == 204
    assert not answer.cookies


# Names, paths and schemes.


@override_settings(DEBUG=True)
def test_in_development_over_http_the_names_lose_what_browsers_would_refuse(user: User) -> None:
    browser = Browser(secure=False)
    cookies = ours(browser.log_in())
    assert set(cookies) == {"access", "refresh"}
    for cookie in cookies.values():
        assert not cookie["secure"]
        assert cookie["httponly"] is True
    assert browser.get("/who/").status_code == 200
    assert set(ours(browser.post("/auth/refresh/"))) == {"access", "refresh"}
    assert set(ours(browser.post("/auth/logout/"))) == {"access", "refresh"}


@override_settings(DEBUG=True)
def test_each_scheme_reads_only_its_own_names(user: User) -> None:
    browser = Browser(secure=False)
    browser.log_in()
    browser.secure = True
    assert_no_token(browser.get("/auth/me/"))
    cookies = ours(browser.log_in())
    assert set(cookies) == {ACCESS, REFRESH}
    for name in ("access", "refresh"):
        del browser.api.cookies[name]
    browser.secure = False
    assert_no_token(browser.get("/auth/me/"))


def test_in_production_the_names_are_the_same_over_http(user: User) -> None:
    # A proxy that ends TLS and does not say so: the cookies must still be the secure ones.
    assert set(ours(Browser(secure=False).log_in())) == {ACCESS, REFRESH}


def test_names_same_site_and_path_can_be_chosen(user: User, settings: Any) -> None:
    settings.JWTAUTH = {
        "COOKIES": {
            "ENABLED": True,
            "ACCESS_NAME": "my_access",
            "REFRESH_NAME": "my_refresh",
            "PATH": "/elsewhere/",
            "SAMESITE": "Strict",
        }
    }
    browser = Browser()
    cookies = ours(browser.log_in())
    assert {name: (cookie["path"], cookie["samesite"]) for name, cookie in cookies.items()} == {
        "my_access": ("/", "Strict"),
        "my_refresh": ("/elsewhere/", "Strict"),
    }
    cleared = ours(browser.post("/auth/logout/"))
    assert {name: cookie["path"] for name, cookie in cleared.items()} == {
        "my_access": "/",
        "my_refresh": "/elsewhere/",
    }


def test_the_refresh_cookie_follows_the_endpoints_to_another_place(user: User) -> None:
    answer = Browser().log_in("/v1/login/")
    assert ours(answer)[REFRESH]["path"] == "/v1/"


@pytest.mark.parametrize(
    ("login", "endpoints"),
    [
        ("/own-login/", "/auth/"),
        ("/accounts/login/", "/auth/"),
        ("/api/own-login/", "/api/auth/"),
    ],
)
def test_the_refresh_cookie_of_a_projects_own_login_goes_to_our_endpoints(
    user: User, login: str, endpoints: str
) -> None:
    browser = Browser()
    assert ours(browser.log_in(login))[REFRESH]["path"] == endpoints
    assert browser.post(f"{endpoints}refresh/").status_code == 200


def test_the_refresh_cookie_knows_where_the_site_is_mounted(user: User) -> None:
    set_script_prefix("/site/")  # what Django's WSGI handler does, and the test client does not
    try:
        assert ours(Browser().log_in())[REFRESH]["path"] == "/site/auth/"
    finally:
        set_script_prefix("/")


# Where cookies are not enabled.


@override_settings(JWTAUTH={})
def test_where_they_are_not_enabled_cookies_are_nothing(user: User) -> None:
    pair = sessions.start(user)
    browser = Browser()
    browser.api.cookies[ACCESS] = pair.access_token
    browser.api.cookies[REFRESH] = pair.refresh_token
    assert_no_token(browser.get("/auth/me/"))
    assert_invalid_request(
        browser.post("/auth/refresh/"), refresh_token=["This field is required."]
    )
    assert_no_token(browser.post("/auth/logout/"))
    assert browser.post("/open/", csrf=False).status_code == 200
    assert LoginSession.objects.get().ended_at is None

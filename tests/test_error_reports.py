"""What is hidden from Django's reports, and what is left for those who look for a fault.

That nothing secret is shown anywhere is searched for in `test_no_secret_leaks.py`.
"""

import inspect
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.views.debug import (
    SafeExceptionReporterFilter,
    get_default_exception_reporter_filter,
    get_exception_reporter_filter,
)
from rest_framework.request import Request

from django_jwtauth.authentication import JWTAuthentication
from django_jwtauth.error_reports import protect

HIDDEN = SafeExceptionReporterFilter.cleansed_substitute


def fault(request: HttpRequest) -> HttpResponse:
    """Fail as a view of the project may that knows nothing of tokens."""
    raise RuntimeError


urlpatterns = [path("fault/", fault)]


class ProjectFilter(SafeExceptionReporterFilter):
    """A project's own filter, which hides a cookie of its own."""

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_safe_cookies(request), "theme": "hidden by the project"}


@pytest.fixture
def request_() -> HttpRequest:
    request = RequestFactory().post("/", {"username": "ada", "password": "secret"})
    request.COOKIES = {
        "__Host-access": "a",
        "__Secure-refresh": "b",
        "access": "c",
        "refresh": "d",
        "theme": "dark",
    }
    return request


@pytest.mark.parametrize("debug", [True, False])
def test_our_cookies_are_hidden_and_no_others(
    request_: HttpRequest, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    protect(request_)
    assert get_exception_reporter_filter(request_).get_safe_cookies(request_) == {
        "__Host-access": HIDDEN,
        "__Secure-refresh": HIDDEN,
        "access": HIDDEN,
        "refresh": HIDDEN,
        "theme": "dark",
    }


def test_cookies_of_another_name_are_hidden_by_it(request_: HttpRequest, settings: Any) -> None:
    settings.JWTAUTH = {"COOKIES": {"ACCESS_NAME": "__Host-theme"}}
    protect(request_)
    shown = get_exception_reporter_filter(request_).get_safe_cookies(request_)
    assert (shown["theme"], shown["access"]) == (HIDDEN, "c")


@pytest.mark.parametrize("debug", [True, False])
def test_a_form_is_hidden_where_it_is_ours(
    request_: HttpRequest, settings: Any, debug: bool
) -> None:
    settings.DEBUG = debug
    protect(request_)
    shown = get_exception_reporter_filter(request_).get_post_parameters(request_)
    assert dict(shown) == {"username": "ada", "password": "secret"}
    protect(request_, form=True)
    shown = get_exception_reporter_filter(request_).get_post_parameters(request_)
    assert dict(shown) == {"username": HIDDEN, "password": HIDDEN}


def test_where_authentication_fails_by_a_fault_the_cookies_are_hidden(
    request_: HttpRequest, settings: Any
) -> None:
    settings.JWTAUTH = {"COOKIES": {"ENABLED": True}}
    request_.META["HTTP_AUTHORIZATION"] = "Bearer x"
    request: Any = Request(request_)
    request.accepted_renderer = object()  # a project's fault: no renderer
    with pytest.raises(AttributeError):
        JWTAuthentication().authenticate(request)
    shown = get_exception_reporter_filter(request_).get_safe_cookies(request_)
    assert shown["__Host-access"] == HIDDEN


@pytest.mark.urls(__name__)
def test_a_fault_in_a_view_that_knows_no_tokens_shows_no_cookie_of_ours(settings: Any) -> None:
    settings.DEBUG = True
    client = Client(raise_request_exception=False)
    client.cookies.load({"__Host-access": "a-token", "theme": "dark"})
    answer = client.get("/fault/", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert b"dark" in answer.content
    assert b"a-token" not in answer.content


def test_variables_of_others_are_shown(request_: HttpRequest, settings: Any) -> None:
    settings.DEBUG = True
    mine = "to be seen"
    protect(request_)
    frame = inspect.currentframe()
    assert frame is not None
    shown = dict(
        get_exception_reporter_filter(request_).get_traceback_frame_variables(request_, frame)
    )
    assert shown["mine"] == mine


def test_what_the_projects_own_filter_hides_stays_hidden(
    request_: HttpRequest, settings: Any
) -> None:
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = f"{__name__}.ProjectFilter"
    default: Any = get_default_exception_reporter_filter
    default.cache_clear()
    try:
        protect(request_)
        protect(request_, form=True)
        shown = get_exception_reporter_filter(request_)
        assert isinstance(shown, ProjectFilter)
        assert shown.get_safe_cookies(request_)["theme"] == "hidden by the project"
        assert shown.get_safe_cookies(request_)["access"] == HIDDEN
    finally:
        default.cache_clear()


def test_a_filter_that_the_project_set_for_the_request_stays(request_: HttpRequest) -> None:
    request_.exception_reporter_filter = ProjectFilter()
    protect(request_)
    shown = get_exception_reporter_filter(request_)
    assert isinstance(shown, ProjectFilter)
    assert shown.get_safe_cookies(request_)["refresh"] == HIDDEN

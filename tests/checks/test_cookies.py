"""What ``manage.py check`` says of the cookies, where they are enabled."""

from typing import Any

import pytest
from django.conf import settings

from tests.checks.found import found, ids, one

CROSS_SITE: dict[str, Any] = {
    "CSRF_COOKIE_SAMESITE": "None",
    "CSRF_COOKIE_SECURE": True,
    "CSRF_TRUSTED_ORIGINS": ["https://app.example.org"],
}


def cookies(**changes: Any) -> dict[str, Any]:
    return {"COOKIES": {"ENABLED": True, **changes}}


def test_the_defaults_are_fine_over_https() -> None:
    assert found(cookies()) == []


@pytest.mark.parametrize(
    "changes",
    [{"REFRESH_NAME": "__Host-refresh"}, {"SAMESITE": "None"}, {"ACCESS_NAME": "a b"}],
)
def test_nothing_is_said_where_cookies_are_not_enabled(changes: dict[str, Any]) -> None:
    assert found(cookies(**changes) | {"COOKIES": changes}) == []


@pytest.mark.parametrize(("at", "expected"), [(None, ["E401"]), ("/auth/", ["E401"]), ("/", [])])
def test_the_prefix_host_needs_the_root_as_path(at: str | None, expected: list[str]) -> None:
    assert ids(found(cookies(REFRESH_NAME="__Host-refresh", PATH=at))) == expected


@pytest.mark.parametrize("names", [("__Host-a", "__Host-a"), ("sessionid", "__Secure-b")])
def test_a_name_of_two_cookies_is_an_error(names: tuple[str, str]) -> None:
    messages = found(cookies(ACCESS_NAME=names[0], REFRESH_NAME=names[1], PATH="/"))
    assert set(ids(messages)) == {"E402"}
    assert repr(names[0]) in messages[0].msg


@pytest.mark.parametrize("name", ["", "a b", "a;b", "a=b", "a,b", "zugriff-ü", "a\r\nSet-Cookie"])
def test_what_is_no_name_is_an_error(name: str) -> None:
    one("E403", cookies(ACCESS_NAME=name))


@pytest.mark.parametrize("at", ["auth/", "", "/auth/; Domain=example.org"])
def test_what_is_no_path_is_an_error(at: str) -> None:
    one("E404", cookies(PATH=at))


def test_a_csrf_token_in_the_session_needs_sessions() -> None:
    without = [name for name in settings.MIDDLEWARE if "SessionMiddleware" not in name]
    one("E405", cookies(), CSRF_USE_SESSIONS=True, MIDDLEWARE=without)
    assert found(cookies(), CSRF_USE_SESSIONS=True, CSRF_COOKIE_SECURE=False) == []


@pytest.mark.parametrize(
    ("changed", "lacking"),
    [
        ({"CSRF_COOKIE_SAMESITE": "Lax"}, "CSRF_COOKIE_SAMESITE is not"),
        ({"CSRF_COOKIE_SECURE": False}, "CSRF_COOKIE_SECURE is off"),
        ({"CSRF_TRUSTED_ORIGINS": []}, "CSRF_TRUSTED_ORIGINS is empty"),
    ],
)
def test_pages_of_other_sites_need_djangos_csrf_cookie_too(
    changed: dict[str, Any], lacking: str
) -> None:
    assert lacking in one("W401", cookies(SAMESITE="None"), **CROSS_SITE | changed).msg
    assert found(cookies(SAMESITE="None"), **CROSS_SITE) == []


def test_names_without_a_prefix_are_told_in_production() -> None:
    jwtauth = cookies(ACCESS_NAME="access", REFRESH_NAME="refresh")
    assert ids(found(jwtauth)) == ["W402", "W402"]
    assert found(jwtauth, DEBUG=True) == []


def test_a_csrf_cookie_over_plain_http_is_told_in_production() -> None:
    one("W403", cookies(), CSRF_COOKIE_SECURE=False)
    assert found(cookies(), CSRF_COOKIE_SECURE=False, DEBUG=True) == []


def test_pages_of_other_sites_cannot_be_tried_over_plain_http() -> None:
    one("W404", cookies(SAMESITE="None"), DEBUG=True, **CROSS_SITE)

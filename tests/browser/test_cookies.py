"""The cookie transport as a browser has it: over https and in development, and from a sibling."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.site import API, APP, OTHER, PASSWORD, Site
from tests.browser.tabs import Person, Tab, record

ACCESS, REFRESH = "__Host-access", "__Secure-refresh"
DAY = 86_400
GARBAGE = "eyJhbGciOiJub25lIn0.e30."
POST = '{method: "POST", body: "a body"}'


@pytest.fixture
def ada(secure_site: Site, new_person: Callable[[Site, str], Person]) -> Person:
    """Return a browser that visits the site over https."""
    return new_person(secure_site, "cookie")


@pytest.fixture
def name(secure_site: Site) -> str:
    return secure_site.new_user()


@pytest.fixture
def tab(ada: Person, name: str) -> Tab:
    """Return a tab in which somebody has logged in."""
    tab = ada.open()
    tab.log_in(name)
    return tab


def attributes(cookie: dict[str, Any]) -> dict[str, Any]:
    kept = ("domain", "path", "secure", "httpOnly", "sameSite")
    return {name: cookie[name] for name in kept}


def lifetime(tab: Tab, cookie: dict[str, Any]) -> float:
    return float(cookie["expires"]) - tab.run("Date.now()") / 1000


def assert_no_token_in_reach(person: Person, tab: Tab, *names: str) -> None:
    """No script of the page can read a token."""
    values = [person.cookies()[name]["value"] for name in names]
    reach = tab.run("document.cookie + JSON.stringify([localStorage, sessionStorage, seen])")
    assert tab.run("auth.accessToken ?? null") is None
    assert [value in reach for value in values] == [False] * len(names)


def test_over_https_the_cookies_have_prefixes_paths_and_flags(ada: Person, tab: Tab) -> None:
    cookies = ada.cookies()
    shared = {"domain": "localhost", "secure": True, "httpOnly": True, "sameSite": "Lax"}
    assert attributes(cookies[ACCESS]) == {"path": "/", **shared}
    assert attributes(cookies[REFRESH]) == {"path": "/auth/", **shared}
    assert 0 < lifetime(tab, cookies[ACCESS]) <= 300
    assert 13 * DAY < lifetime(tab, cookies[REFRESH]) <= 14 * DAY
    assert_no_token_in_reach(ada, tab, ACCESS, REFRESH)
    # The refresh token travels to the auth endpoints alone.
    assert tab.fetch("/api/own/")[1]["cookies"] == [ACCESS, "csrftoken"]


def test_in_development_over_http_they_go_without(
    site: Site, new_person: Callable[[Site, str], Person]
) -> None:
    person = new_person(site, "cookie")
    tab = person.open()
    tab.log_in(site.new_user())
    cookies = person.cookies()
    shared = {"domain": "localhost", "secure": False, "httpOnly": True, "sameSite": "Lax"}
    assert attributes(cookies["access"]) == {"path": "/", **shared}
    assert attributes(cookies["refresh"]) == {"path": "/auth/", **shared}
    assert_no_token_in_reach(person, tab, "access", "refresh")
    assert tab.fetch("/api/own/")[1]["cookies"] == ["access", "csrftoken"]
    tab.log_out()
    assert set(person.cookies()) == {"csrftoken"}


def test_a_logout_clears_both_cookies_and_what_the_page_kept(ada: Person, tab: Tab) -> None:
    tab.log_out()
    assert set(ada.cookies()) == {"csrftoken"}
    assert record(tab)["user"] is None
    assert tab.fetch("/api/own/")[0] == 401


def test_a_request_without_csrf_token_changes_nothing(ada: Person, tab: Tab) -> None:
    plain = """path => fetch(path, {method: "POST"})
        .then(async answer => [answer.status, (await answer.json()).code])"""
    for path in ("/api/own/", "/auth/refresh/", "/auth/logout/", "/auth/logout/all/"):
        assert tab.run(plain, path) == [403, "csrf_failed"]
    assert tab.fetch("/api/own/", method="POST", body="a body")[0] == 200


def test_another_site_posts_without_the_cookies(ada: Person, tab: Tab) -> None:
    """They are SameSite=Lax."""
    page = ada.context.new_page()
    page.goto(ada.site.at(f"/form/?to={ada.site.at('/api/own/')}", OTHER))
    page.get_by_role("button").click()
    page.get_by_text("Authentication credentials were not provided.").wait_for()
    assert tab.fetch("/api/own/")[0] == 200


def test_csrf_is_asked_for_only_where_the_cookie_proves_who_calls(ada: Person, tab: Tab) -> None:
    other = ada.site.new_user()
    pair = ada.site.log_in(other)
    call = f"""token => fetch("/api/own/", {{...{POST},
        headers: {{Authorization: `Bearer ${{token}}`}}}}).then(answer => answer.status)"""
    assert tab.run(call, pair["access_token"]) == 200
    # The header wins over the cookie, also where it is the bad one.
    who = """token => fetch("/api/own/", {headers: {Authorization: `Bearer ${token}`}})
        .then(async answer => [answer.status, (await answer.json()).user])"""
    mine = tab.fetch("/api/own/")[1]["user"]
    status, user = tab.run(who, pair["access_token"])
    assert status == 200
    assert user != mine
    assert tab.run(who, GARBAGE)[0] == 401
    # A public page that a stranger may post to takes it without a login, and so without a token.
    ada.context.clear_cookies()
    assert tab.run(f"fetch('/api/open/', {POST}).then(answer => answer.status)") == 200


def test_a_csrf_token_that_fails_is_asked_for_anew(ada: Person, tab: Tab) -> None:
    ada.context.clear_cookies(name="csrftoken")
    ada.site.log()
    assert tab.fetch("/api/own/", method="POST", body="a body") == (
        200,
        {"user": tab.run("auth.user.id"), "body": "a body"},
    )
    assert ada.site.log() == ["POST /api/own/ 403", "GET /auth/csrf/ 200", "POST /api/own/ 200"]


def test_bad_cookies_block_nothing(ada: Person, name: str) -> None:
    def spoil() -> None:
        ada.context.add_cookies(
            [
                {
                    "name": cookie,
                    "value": GARBAGE,
                    "domain": "localhost",
                    "path": path,
                    "secure": True,
                }
                for cookie, path in ((ACCESS, "/"), (REFRESH, "/auth/"))
            ]
        )

    tab = ada.open()
    spoil()
    status, body = tab.fetch("/api/open/")
    assert (status, body["user"]) == (200, None)
    assert tab.fetch("/api/open/", method="POST", body="a body")[0] == 200
    tab.log_in(name)
    assert tab.fetch("/api/own/")[0] == 200
    spoil()
    tab.log_out()
    assert set(ada.cookies()) == {"csrftoken"}
    spoil()
    tab.log_in(name)
    assert tab.fetch("/api/own/")[0] == 200


def test_neither_a_race_nor_a_failure_deletes_cookies_that_live(ada: Person, tab: Tab) -> None:
    site = ada.site
    csrf = record(tab)["csrf_token"]
    refresh = """csrf => fetch("/auth/refresh/", {method: "POST", headers: {"X-CSRFToken": csrf}})
        .then(answer => answer.status)"""
    race = f"csrf => Promise.all(Array.from({{length: 8}}, () => ({refresh})(csrf)))"
    assert tab.run(race, csrf) == [200] * 8
    assert tab.fetch("/api/own/")[0] == 200

    before = ada.cookies()
    assert tab.run(refresh, "wrong") == 403
    site.fault("/auth/refresh/", status=503, times=1)
    assert tab.run(refresh, csrf) == 503
    # One that another tab had sent before, whose answer says that its token was dead.
    dead = """csrf => fetch("/auth/refresh/", {method: "POST", body: '{"refresh_token": "jrt_old"}',
        headers: {"X-CSRFToken": csrf, "Content-Type": "application/json"}})
        .then(answer => answer.status)"""
    assert tab.run(dead, csrf) == 400
    assert ada.cookies() == before
    assert tab.fetch("/api/own/")[0] == 200


def test_a_browser_that_has_forgotten_the_cookie_is_logged_out(ada: Person, tab: Tab) -> None:
    ada.context.clear_cookies()
    assert tab.fetch("/api/own/")[0] == 401
    assert tab.user is None
    assert tab.seen[-1]["ended"] == {"code": "refresh_token_expired"}


def test_a_login_that_another_page_made_is_taken_over(ada: Person, name: str) -> None:
    """As where a page that the server renders logs in."""
    tab = ada.open()
    tab.run(
        """async fields => {
            const {csrf_token} = await (await fetch("/auth/csrf/")).json();
            const headers = {"X-CSRFToken": csrf_token, "Content-Type": "application/json"};
            await fetch("/auth/login/", {method: "POST", headers, body: JSON.stringify(fields)});
        }""",
        {"username": name, "password": PASSWORD, "transport": "cookie"},
    )
    assert tab.user is None
    assert tab.run("auth.login({}, 'refresh/')")["username"] == name
    assert tab.fetch("/api/own/")[0] == 200


# An API on a sibling of the page's host, with django-cors-headers.


@pytest.mark.parametrize("transport", ["header", "cookie"])
def test_a_page_logs_in_at_an_api_on_a_sibling_host(
    secure_site: Site, new_person: Callable[[Site, str], Person], name: str, transport: str
) -> None:
    ada = new_person(secure_site, transport)
    api = secure_site.at(host=API)
    tab = ada.open(APP, baseUrl=f"{api}/auth/")
    tab.log_in(name)
    assert tab.fetch(f"{api}/api/own/", method="POST", body="a body")[1]["body"] == "a body"

    # Refused once: both the challenge and the answers of the auth endpoints can be read over there.
    got = tab.fetch(f"{api}/api/own/")[1]
    token = (got["authorization"] or "").removeprefix("Bearer ") or ada.cookies()[ACCESS]["value"]
    secure_site.revoke(token)
    assert tab.fetch(f"{api}/api/own/")[0] == 200
    tab.log_out()
    assert tab.fetch(f"{api}/api/own/")[0] == 401
    assert set(ada.cookies()) <= {"csrftoken"}


def test_the_cookies_stay_with_the_host_that_set_them(
    secure_site: Site, new_person: Callable[[Site, str], Person], name: str
) -> None:
    ada = new_person(secure_site, "cookie")
    tab = ada.open(APP, baseUrl=secure_site.at("/auth/", API))
    tab.log_in(name)
    cookies = ada.cookies()
    assert {cookies[cookie]["domain"] for cookie in (ACCESS, REFRESH, "csrftoken")} == {API}
    assert tab.fetch("/api/open/")[1]["cookies"] == []


def test_another_sibling_can_neither_log_in_nor_act(
    secure_site: Site, new_person: Callable[[Site, str], Person], name: str
) -> None:
    ada = new_person(secure_site, "cookie")
    api = secure_site.at(host=API)
    tab = ada.open(APP, baseUrl=f"{api}/auth/")
    tab.log_in(name)
    # The same site, so the cookies go along; the browser lets it read nothing, and CSRF fails.
    other = ada.open(OTHER, baseUrl=f"{api}/auth/")
    assert other.run("auth.login({}, 'refresh/').catch(error => error.name)") == "TypeError"
    page = ada.context.new_page()
    page.goto(secure_site.at(f"/form/?to={api}/api/own/", OTHER))
    page.get_by_role("button").click()
    page.get_by_text("csrf_failed").wait_for()
    assert tab.fetch(f"{api}/api/own/")[0] == 200

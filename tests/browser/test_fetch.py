"""`auth.fetch`: whom it sends the login to, and what it sends once more."""

from typing import Any

import pytest

from tests.browser.site import Site
from tests.browser.tabs import LIMIT, Person, Tab

REFRESHED = "POST /auth/refresh/ 200"
READ = "async answer => [answer.status, (await answer.json()).body]"


@pytest.fixture
def tab(person: Person, site: Site) -> Tab:
    """Return a tab in which somebody has just logged in."""
    tab = person.open()
    tab.log_in(site.new_user())
    site.log()
    return tab


def revoke_access_token(person: Person, site: Site, tab: Tab) -> None:
    """Have the next request refused as one with a token that was revoked."""
    cookie = person.cookies().get("access")
    token = cookie["value"] if cookie else tab.run("auth.accessToken")
    site.revoke(token)
    site.log()


def test_a_refused_token_is_refreshed_and_the_request_sent_once_more(
    person: Person, site: Site, tab: Tab
) -> None:
    revoke_access_token(person, site, tab)
    assert tab.fetch("/api/own/")[0] == 200
    assert site.log() == ["GET /api/own/ 401", REFRESHED, "GET /api/own/ 200"]


def test_a_request_that_stays_refused_is_sent_twice_and_ends_nothing(site: Site, tab: Tab) -> None:
    assert tab.fetch("/api/refuse/Bearer/")[0] == 401
    refused = "GET /api/refuse/Bearer/ 401"
    assert site.log() == [refused, REFRESHED, refused]
    assert tab.user is not None


def test_a_401_that_asks_for_something_else_is_the_pages_own(site: Site, tab: Tab) -> None:
    assert tab.fetch("/api/refuse/Other/")[0] == 401
    assert site.log() == ["GET /api/refuse/Other/ 401"]


BODIES = {
    "text": """auth.fetch("/api/own/", {method: "POST", body: "a body"})""",
    "blob": """auth.fetch("/api/own/", {method: "POST", body: new Blob(["a ", "body"])})""",
    "request": """auth.fetch(new Request("/api/own/", {method: "POST", body: "a body"}))""",
    "request with a stream read from": """(async () => {
        const whole = new Request("/api/own/", {method: "POST", body: "a body"});
        return auth.fetch(new Request(whole, {headers: {"X-More": "1"}}));
    })()""",
}


@pytest.mark.parametrize("person", ["header"], indirect=True)
@pytest.mark.parametrize("call", BODIES.values(), ids=BODIES)
def test_a_body_is_sent_once_more_as_well(person: Person, site: Site, tab: Tab, call: str) -> None:
    revoke_access_token(person, site, tab)
    assert tab.run(f"{call}.then({READ})") == [200, "a body"]
    assert site.log() == ["POST /api/own/ 401", REFRESHED, "POST /api/own/ 200"]


def test_many_requests_at_once_refresh_once(person: Person, site: Site, tab: Tab) -> None:
    revoke_access_token(person, site, tab)
    statuses = tab.run(
        "Promise.all(Array.from({length: 20}, async () => (await auth.fetch('/api/own/')).status))"
    )
    assert statuses == [200] * 20
    assert site.log().count(REFRESHED) == 1


def test_an_aborted_request_does_not_wait_for_the_refresh(
    person: Person, site: Site, tab: Tab
) -> None:
    revoke_access_token(person, site, tab)
    site.fault("/auth/refresh/", hold=True)
    with tab.page.expect_request("**/auth/refresh/", timeout=LIMIT):
        tab.run(
            """() => {
                const plain = window.fetch;
                let open = 0;
                window.fetch = (...request) => (open++, plain(...request).finally(() => open--));
                const stop = new AbortController();
                window.stop = () => stop.abort();
                window.held = auth
                    .fetch("/api/own/", {signal: stop.signal})
                    .catch(({name}) => [name, open]);
            }"""
        )
    tab.run("stop()")
    assert tab.run("held") == ["AbortError", 1]  # the refresh is still open
    site.reset()
    # Another request had no part in that.
    assert tab.fetch("/api/own/")[0] == 200


def test_the_login_goes_to_no_other_origin(person: Person, site: Site, tab: Tab) -> None:
    elsewhere = site.at("/api/open/", "127.0.0.1")
    # Its server would take an Authorization header, and cookies, from this page.
    sent = tab.run(
        """url => fetch(url, {headers: {Authorization: "Basic mine"}}).then(a => a.json())""",
        elsewhere,
    )
    assert sent["authorization"] == "Basic mine"
    status, got = tab.fetch(elsewhere)
    assert (status, got) == (200, {"user": None, "authorization": None, "cookies": []})


def test_the_login_goes_to_an_origin_that_the_page_names(new_person: Any, site: Site) -> None:
    tab = new_person(site, "header").open(origins=site.at(host="127.0.0.1"))
    tab.log_in(site.new_user())
    status, got = tab.fetch(site.at("/api/own/", "127.0.0.1"))
    assert status == 200
    assert got["authorization"] == f"Bearer {tab.run('auth.accessToken')}"


def test_without_a_login_a_request_goes_as_it_is(person: Person, site: Site) -> None:
    tab = person.open()
    site.log()
    assert tab.fetch("/api/own/")[0] == 401
    assert tab.fetch("/api/open/") == (200, {"user": None, "authorization": None, "cookies": []})
    assert site.log() == ["GET /api/own/ 401", "GET /api/open/ 200"]

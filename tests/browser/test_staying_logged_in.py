"""What must not log anybody out: many tabs, sleep, lost answers, bad networks and servers."""

from typing import Any

import pytest

from tests.browser.site import Site
from tests.browser.tabs import Person, Tab

REFRESHED = "POST /auth/refresh/ 200"
LIFETIME = 300  # seconds; the server's default
HOUR = 3600


@pytest.fixture
def tab(person: Person, site: Site) -> Tab:
    """Return a tab in which somebody has just logged in, and whose clock the test can move."""
    person.can_move_time()
    tab = person.open()
    tab.log_in(site.new_user())
    site.log()
    return tab


def pass_time(site: Site, tab: Tab, seconds: float = LIFETIME) -> None:
    """Let the time pass, first on the server, for then the page may refresh at once."""
    site.forward(seconds)
    tab.forward(seconds)


def wait_for_log(site: Site, tab: Tab, line: str) -> list[str]:
    """Wait until a request is in the log, while the page runs; return the log up to then."""
    log = site.log()
    while line not in log:
        tab.page.wait_for_timeout(50)
        log += site.log()
    return log


def restored_at_once(person: Person, site: Site, name: str, count: int) -> list[Tab]:
    """Return tabs that begin at the same moment, of a login whose access token has expired."""
    first = person.open()
    first.log_in(name)
    first.page.close()
    site.forward(2 * LIFETIME)
    person.can_move_time(ahead=2 * LIFETIME)
    tabs = [person.open(wait="yes") for _ in range(count)]
    site.log()

    tabs[0].run("new BroadcastChannel('start').postMessage('go')")
    for tab in tabs:
        tab.wait_for("window.auth?.user")
    return tabs


def test_ten_tabs_restored_at_once_refresh_once(person: Person, site: Site) -> None:
    name = site.new_user()
    tabs = restored_at_once(person, site, name, 10)
    assert [tab.fetch("/api/own/")[0] for tab in tabs] == [200] * 10
    assert [tab.user for tab in tabs] == [name] * 10
    log = site.log()
    assert log.count(REFRESHED) == 1
    assert "GET /api/own/ 401" not in log


def test_a_laptop_that_slept_for_an_hour_refreshes_by_itself(tab: Tab, site: Site) -> None:
    pass_time(site, tab, HOUR)
    assert wait_for_log(site, tab, REFRESHED) == [REFRESHED]
    assert tab.fetch("/api/own/")[0] == 200


def test_a_tab_out_of_sight_waits_until_it_is_looked_at(tab: Tab, site: Site) -> None:
    tab.run("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    sent: list[str] = []
    tab.page.on("request", lambda request: sent.append(request.url))
    pass_time(site, tab, HOUR)
    tab.run("fetch('/api/open/')")
    assert sent == [site.at("/api/open/")]
    site.log()
    tab.run(
        """() => {
            delete document.hidden;
            document.dispatchEvent(new Event("visibilitychange", {bubbles: true}));
        }"""
    )
    assert wait_for_log(site, tab, REFRESHED) == [REFRESHED]


def test_requests_right_after_the_sleep_wait_for_the_refresh(tab: Tab, site: Site) -> None:
    tab.run("Object.defineProperty(document, 'hidden', {value: true})")  # no refresh by itself
    pass_time(site, tab, HOUR)
    statuses = tab.run(
        "Promise.all(Array.from({length: 20}, async () => (await auth.fetch('/api/own/')).status))"
    )
    assert statuses == [200] * 20
    assert site.log() == [REFRESHED, *["GET /api/own/ 200"] * 20]


def test_a_lost_answer_is_asked_for_again(tab: Tab, site: Site) -> None:
    site.fault("/auth/refresh/", lose=True, times=1)
    pass_time(site, tab)
    log = wait_for_log(site, tab, REFRESHED)
    log += wait_for_log(site, tab, REFRESHED) if log == [REFRESHED] else []
    assert log == [REFRESHED, REFRESHED]
    # The tab got the token that the server takes for the current one: it goes on much later.
    pass_time(site, tab, HOUR)
    wait_for_log(site, tab, REFRESHED)
    assert tab.fetch("/api/own/")[0] == 200
    assert tab.user is not None


def test_an_offline_hour_keeps_the_login(tab: Tab, person: Person, site: Site) -> None:
    person.context.set_offline(offline=True)
    pass_time(site, tab, HOUR)
    failed = tab.run("auth.fetch('/api/own/').catch(error => error.name)")
    assert failed == "TypeError"
    assert tab.user is not None
    assert site.log(reset=True) == []

    person.context.set_offline(offline=False)
    wait_for_log(site, tab, REFRESHED)
    assert tab.fetch("/api/own/")[0] == 200
    assert [state["user"] is not None for state in tab.seen] == [False, True]


BROKEN: dict[str, dict[str, Any]] = {
    "unavailable": {"status": 503, "headers": {"Retry-After": "1"}},
    "fault": {"status": 500, "body": "<h1>Server Error</h1>"},
    "gateway": {"status": 502, "headers": {"Content-Type": "text/html"}, "body": "<html>"},
    "another page": {"status": 200, "body": "<title>Log in to this network</title>"},
    "forbidden": {"status": 403, "body": '{"code": "blocked"}'},
    "hangs up": {"lose": True, "status": 200},
}


@pytest.mark.parametrize(
    ("person", "fault"),
    [*(("header", fault) for fault in BROKEN), ("cookie", "unavailable")],
    indirect=["person"],
)
def test_a_server_that_cannot_refresh_keeps_the_login(tab: Tab, site: Site, fault: str) -> None:
    site.fault("/auth/refresh/", **BROKEN[fault])
    pass_time(site, tab)
    wait_for_log(site, tab, f"POST /auth/refresh/ {BROKEN[fault]['status']}")
    assert tab.user is not None
    site.reset()
    tab.forward(60)
    wait_for_log(site, tab, REFRESHED)
    assert tab.fetch("/api/own/")[0] == 200
    assert [state["user"] is not None for state in tab.seen] == [False, True]


def throttle_refresh(site: Site) -> None:
    """Guess at refresh tokens until the server refuses all from here, for most of a minute."""
    wait = 0
    while wait < 40:
        site.forward(wait)
        answer = site.post("/auth/refresh/", {"refresh_token": "jrt_guess"})
        wait = int(answer.headers.get("Retry-After", 0))
    site.log()


def test_a_throttled_refresh_waits_as_long_as_it_is_told_to(tab: Tab, site: Site) -> None:
    site.forward(2 * LIFETIME)
    throttle_refresh(site)
    tab.forward(2 * LIFETIME)
    throttled = "POST /auth/refresh/ 429"
    wait_for_log(site, tab, throttled)
    # Not even a request with a dead token asks again before the time that Retry-After told.
    assert tab.fetch("/api/own/")[0] == 401
    assert tab.user is not None
    assert throttled not in site.log(reset=True)
    pass_time(site, tab, 61)
    wait_for_log(site, tab, REFRESHED)
    assert tab.fetch("/api/own/")[0] == 200


def test_where_a_browser_has_no_locks_the_retry_window_serves_all_tabs(
    person: Person, site: Site
) -> None:
    name = site.new_user()
    person.context.add_init_script("delete Navigator.prototype.locks")
    tabs = restored_at_once(person, site, name, 4)
    assert [tab.fetch("/api/own/")[0] for tab in tabs] == [200] * 4
    assert set(site.log()) == {REFRESHED, "GET /api/own/ 200"}
    pass_time(site, tabs[0], HOUR)
    wait_for_log(site, tabs[0], REFRESHED)

"""What must not log anybody out: many tabs, sleep, bad networks and servers; and what must."""

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


def test_ten_tabs_restored_at_once_refresh_once(person: Person, site: Site) -> None:
    name = site.new_user()
    first = person.open()
    first.log_in(name)
    first.page.close()
    site.forward(2 * LIFETIME)
    person.can_move_time(ahead=2 * LIFETIME)
    tabs = [person.open(wait="yes") for _ in range(10)]
    site.log()

    tabs[0].run("new BroadcastChannel('start').postMessage('go')")
    for tab in tabs:
        tab.wait_for("window.auth?.user")
    assert [tab.fetch("/api/own/")[0] for tab in tabs] == [200] * 10
    assert [tab.user for tab in tabs] == [name] * 10
    log = site.log()
    assert log.count(REFRESHED) == 1
    assert "GET /api/own/ 401" not in log


def test_a_laptop_that_slept_for_an_hour_refreshes_by_itself(tab: Tab, site: Site) -> None:
    pass_time(site, tab, HOUR)
    assert wait_for_log(site, tab, REFRESHED) == [REFRESHED]
    assert tab.fetch("/api/own/")[0] == 200


def test_a_request_right_after_the_sleep_waits_for_the_refresh(tab: Tab, site: Site) -> None:
    site.forward(HOUR)
    tab.run("Date.now = (now => () => now() + 3_600_000)(Date.now)")
    statuses = tab.run(
        "Promise.all(Array.from({length: 20}, async () => (await auth.fetch('/api/own/')).status))"
    )
    assert statuses == [200] * 20
    assert site.log().count(REFRESHED) == 1


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

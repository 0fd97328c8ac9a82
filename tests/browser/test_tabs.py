"""What every tab of a person, and the person, is told: logins, logouts, another user, theft."""

from typing import Any

import pytest

from tests.browser.site import Site
from tests.browser.tabs import Person

RETRY_WINDOW = 30  # seconds; the server's default
REUSED = "The refresh token was used before. The session has been ended for safety."


@pytest.fixture
def name(site: Site) -> str:
    return site.new_user()


def name_and_end(state: dict[str, Any]) -> tuple[Any, Any]:
    """Return who is logged in, or why nobody is any more."""
    user, ended = state["user"], state["ended"]
    return user and user["username"], ended and ended["code"]


def test_a_login_and_a_logout_in_one_tab_are_seen_in_all(
    person: Person, site: Site, name: str
) -> None:
    one, two, three = (person.open() for _ in range(3))
    one.log_in(name)
    for tab in (one, two, three):
        tab.shows(f"Logged in as {name}.")
    assert two.fetch("/api/own/")[0] == 200
    kept = person.refresh_token(one)

    two.log_out()
    for tab in (one, two, three):
        tab.shows("Logged out.")
        assert tab.user is None
        assert [name_and_end(state) for state in tab.seen] == [
            (None, None),
            (name, None),
            (None, None),
        ]
    assert site.post("/auth/refresh/", {"refresh_token": kept}).json()["reason"] == "logout"
    assert three.fetch("/api/own/")[0] == 401
    assert person.open().user is None


def test_another_user_is_seen_in_all_tabs(person: Person, site: Site, name: str) -> None:
    other = site.new_user()
    one, two = person.open(), person.open()
    one.log_in(name)
    two.shows(f"Logged in as {name}.")
    two.log_in(other)
    one.shows(f"Logged in as {other}.")
    states = [*one.seen]
    assert name_and_end(states[1]) == (name, None)
    assert name_and_end(states[-1]) == (other, None)
    assert one.fetch("/api/own/")[1]["user"] == states[-1]["user"]["id"]


def test_no_request_is_repeated_in_another_users_name(
    person: Person, site: Site, name: str
) -> None:
    one, two = person.open(), person.open()
    one.log_in(name)
    two.shows(f"Logged in as {name}.")
    site.fault("/api/refuse/Bearer/", hold=True)
    site.log()
    one.run("""void (window.held = auth.fetch("/api/refuse/Bearer/", {method: "POST"}))""")
    two.log_in(site.new_user())
    site.log(reset=True)
    assert one.run("held.then(answer => answer.status)") == 401
    assert site.log() == ["POST /api/refuse/Bearer/ 401"]


def test_who_had_a_token_stolen_reads_it(person: Person, site: Site, name: str) -> None:
    """The thief used it first: the owner's own token is the old one."""
    person.can_move_time()
    tab, other_tab = person.open(), person.open()
    tab.log_in(name)
    other_tab.shows(f"Logged in as {name}.")
    stolen = person.refresh_token(tab)
    assert site.post("/auth/refresh/", {"refresh_token": stolen}).status_code == 200

    site.forward(10 * RETRY_WINDOW)
    tab.forward(10 * RETRY_WINDOW)
    for each in (tab, other_tab):
        each.shows(f"Logged out: {REUSED}")
        assert name_and_end(each.seen[-1]) == (None, "refresh_token_reused")
    # So does who opens a tab later, until the next login.
    later = person.open()
    later.shows(f"Logged out: {REUSED}")
    later.log_in(name)
    tab.shows(f"Logged in as {name}.")


def test_who_was_faster_than_the_thief_reads_it_as_well(
    person: Person, site: Site, name: str
) -> None:
    """The owner refreshed first: the thief's token is the old one."""
    person.can_move_time()
    tab = person.open()
    tab.log_in(name)
    stolen = person.refresh_token(tab)
    site.forward(10 * RETRY_WINDOW)
    tab.forward(10 * RETRY_WINDOW)
    tab.wait_for("auth.fetch('/api/own/').then(answer => answer.ok)")
    site.forward(RETRY_WINDOW)
    refused = site.post("/auth/refresh/", {"refresh_token": stolen}).json()
    assert refused["code"] == "refresh_token_reused"

    # While the refresh of before comes to its end, a fetch waits for it and begins no other.
    tab.wait_for("navigator.locks.query().then(({ held }) => held.length === 0)")
    assert tab.fetch("/api/own/")[0] == 401
    ended = tab.seen[-1]["ended"]
    assert (ended["code"], ended["reason"]) == ("session_ended", "reuse")
    tab.shows("Logged out: The session has ended.")


def test_a_logout_everywhere_ends_the_other_browser_with_its_reason(
    person: Person, site: Site, name: str
) -> None:
    tab = person.open()
    tab.log_in(name)
    elsewhere = site.log_in(name)["access_token"]
    answer = site.post("/auth/logout/all/", Authorization=f"Bearer {elsewhere}")
    assert answer.json() == {"ended": 2}
    assert tab.fetch("/api/own/")[0] == 401
    assert tab.seen[-1]["ended"]["reason"] == "logout_all"


def test_a_logout_that_reaches_nobody_ends_nothing(person: Person, site: Site, name: str) -> None:
    tab = person.open()
    tab.log_in(name)
    site.fault("/auth/logout/", status=503, times=1)
    assert tab.run("auth.logout().catch(error => error.status)") == 503
    assert tab.user == name
    assert tab.fetch("/api/own/")[0] == 200
    tab.log_out()
    tab.log_out()  # nor is there anything to end
    assert tab.user is None


def test_a_wrong_password_rejects_with_the_servers_words(person: Person, name: str) -> None:
    tab = person.open()
    refused = tab.run(
        """name => auth.login({username: name, password: "wrong"})
            .catch(({message, code, status}) => [message, code, status])""",
        name,
    )
    assert refused == ["No active account matches these credentials.", "invalid_credentials", 400]
    assert tab.user is None


def test_a_listener_that_throws_harms_no_other(person: Person, name: str) -> None:
    tab = person.open()
    tab.run(
        """() => {
            let calls = 0;
            auth.onChange(() => { if (calls++) throw new Error("a fault of the page's own") });
            window.later = [];
            window.stop = auth.onChange(state => later.push(state.user?.username ?? null));
        }"""
    )
    tab.log_in(name)
    assert tab.run("later") == [None, name]
    tab.run("stop()")
    tab.log_out()
    assert tab.run("later") == [None, name]

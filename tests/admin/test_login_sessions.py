"""The admin's list of login sessions, its filters, its search, and the action that ends some."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from django_jwtauth import sessions
from django_jwtauth.exceptions import TokenRevoked
from django_jwtauth.models import LoginSession
from django_jwtauth.sessions import TokenPair
from tests.admin.people import act, listed, page, said, staff, superuser, text_of
from tests.moments import move_on

pytestmark = pytest.mark.django_db

DAY = 86400


def log_in(
    name: str, *, agent: str = "Firefox", address: str = "192.0.2.1", label: str = ""
) -> Any:
    user, _ = User.objects.get_or_create(username=name)
    request = RequestFactory().get("/", headers={"user-agent": agent}, REMOTE_ADDR=address)
    return sessions.start(user, request, label=label)


def test_the_list_tells_who_where_when_and_what_became_of_it() -> None:
    sessions.end(log_in("ada", label="Ada's phone", address="2001:db8::7").session.pk, "logout_all")
    log_in("bob", agent="curl/8", address="198.51.100.9")
    shown = text_of(superuser().get(page(LoginSession)))
    for text in (
        *("ada", "Ada's phone", "2001:db8::7", "ended", "logged out everywhere"),
        *("bob", "curl/8", "198.51.100.9", "live"),
    ):
        assert text in shown


def test_the_page_of_a_session_shows_all_that_is_no_secret_and_has_no_form() -> None:
    session = log_in("ada", label="Ada's phone").session
    answer = superuser().get(page(LoginSession, session))
    shown = text_of(answer)
    for text in ("ada", "Ada's phone", "Firefox", "192.0.2.1", session.sid, "live", "first-party"):
        assert text in shown
    html = answer.content.decode()
    assert 'name="_save"' not in html
    assert "deletelink" not in html
    assert not answer.context["adminform"].form.fields


def test_the_filter_by_state_agrees_with_the_sessions() -> None:
    live = log_in("ada").session
    ended = log_in("ada").session
    sessions.end(ended.pk)
    move_on(13 * DAY)
    fresh = log_in("ada").session
    move_on(2 * DAY)  # the first has been idle too long by now, and the third has not
    client = superuser()
    for state, expected in {"live": fresh, "expired": live, "ended": ended}.items():
        answer = client.get(page(LoginSession), {"state": state})
        assert listed(answer) == [expected]
        assert f" {state} " in text_of(answer)
    assert len(listed(client.get(page(LoginSession), {"state": "nonsense"}))) == 3


def test_the_filter_by_reason_finds_what_was_stolen() -> None:
    stolen = log_in("ada").session
    sessions.end(stolen.pk, "reuse")
    sessions.end(log_in("bob").session.pk)
    assert listed(superuser().get(page(LoginSession), {"end_reason__exact": "reuse"})) == [stolen]


@pytest.mark.parametrize(
    "term", ["ada", "AD", "phone", "firefox", "192.0.2.", "ada firefox", "the sid", " the sid "]
)
def test_a_search_finds_by_name_device_address_and_sid(term: str) -> None:
    session = log_in("ada", label="A phone").session
    log_in("bob", agent="curl", address="2001:db8::1")
    term = term.replace("the sid", session.sid)
    assert listed(superuser().get(page(LoginSession), {"q": term})) == [session]


@pytest.mark.parametrize("term", ["nobody", "%", "\\", "A" * 22, "\U0001f600"])
def test_a_search_for_what_is_not_there_finds_nothing(term: str) -> None:
    log_in("ada")
    assert listed(superuser().get(page(LoginSession), {"q": term})) == []


@pytest.mark.parametrize("query", [{}, {"state": "live"}, {"q": "user"}, {"_facets": "True"}])
def test_a_list_makes_as_many_statements_for_many_rows_as_for_one(query: dict[str, str]) -> None:
    client = superuser()
    log_in("user 0")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(LoginSession), query).status_code == 200
        return len(captured)

    statements()  # the feed, and Django's own memory of content types
    one = statements()
    for number in range(1, 30):
        log_in(f"user {number}")
    assert len(listed(client.get(page(LoginSession), query))) == 30
    assert statements() == one
    assert one <= 7 + 3 * len(query)


def assert_ended(pair: TokenPair) -> None:
    with pytest.raises(TokenRevoked):
        sessions.authenticate(pair.access_token)
    assert LoginSession.objects.get(pk=pair.session.pk).end_reason == "revoked"


def test_selected_sessions_end_and_are_counted() -> None:
    first, second, other = log_in("ada"), log_in("bob"), log_in("cleo")
    client = staff("django_jwtauth.change_loginsession")
    answer = act(client, LoginSession, "end_selected", first.session, second.session)
    assert said(answer) == ["2 login sessions have been ended."]
    assert_ended(first)
    assert_ended(second)
    sessions.authenticate(other.access_token)
    again = act(client, LoginSession, "end_selected", second.session, other.session)
    assert said(again) == ["1 login session has been ended."]
    assert said(act(client, LoginSession, "end_selected", other.session)) == [
        "0 login sessions have been ended."
    ]


def test_all_that_a_search_found_can_be_ended_at_once() -> None:
    pairs, other = [log_in("ada") for _ in range(3)], log_in("bob")
    form = {"action": "end_selected", "select_across": "1", "index": "0"}
    form["_selected_action"] = str(pairs[0].session.pk)
    answer = superuser().post(f"{page(LoginSession)}?q=ada", form, follow=True)
    assert said(answer) == ["3 login sessions have been ended."]
    for pair in pairs:
        assert_ended(pair)
    sessions.authenticate(other.access_token)


def test_the_history_tells_who_ended_it() -> None:
    session = log_in("ada").session
    client = superuser()
    act(client, LoginSession, "end_selected", session)
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.change_message) == ("root", "Ended")
    shown = text_of(client.get(page(LoginSession, session).replace("/change/", "/history/")))
    assert "root" in shown
    assert "Ended" in shown


def test_a_session_is_not_deleted_by_hand() -> None:
    session = log_in("ada").session
    client = superuser()
    address = page(LoginSession, session).replace("/change/", "/delete/")
    assert client.get(address).status_code == 403
    assert client.post(address, {"post": "yes"}).status_code == 403
    act(client, LoginSession, "delete_selected", session, post="yes")
    assert LoginSession.objects.get().ended_at is None

"""`GET me/`, `GET sessions/` and `DELETE sessions/<sid>/`."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from django_jwtauth import clock, sessions
from django_jwtauth.models import LoginSession, to_sid
from tests.answers import (
    assert_dead_token,
    assert_error,
    assert_grant_refused,
    assert_no_token,
    assert_not_cached,
    body_of,
)
from tests.devices import Device
from tests.moments import move_on

REVOKED = ("token_revoked", "The access token has been revoked.")


def listed(device: Device) -> list[dict[str, Any]]:
    answer = device.get("/auth/sessions/")
    assert answer.status_code == 200
    assert_not_cached(answer)
    return list(body_of(answer))


# me/


def test_me_tells_who_i_am(device: Device, user: User) -> None:
    answer = device.get("/auth/me/")
    assert (answer.status_code, body_of(answer)) == (200, {"id": user.pk, "username": "ada"})
    assert_not_cached(answer)


def test_me_costs_one_statement(device: Device) -> None:
    with CaptureQueriesContext(connection) as captured:
        device.get("/auth/me/")
    assert len(captured) == 1


def test_me_shows_the_subject_field(user: User) -> None:
    with override_settings(JWTAUTH={"SUBJECT_FIELD": "username"}):
        assert body_of(Device().get("/auth/me/")) == {"id": "ada", "username": "ada"}


def test_me_of_a_user_deleted_past_the_signals(device: Device, user: User) -> None:
    LoginSession.objects.all()._raw_delete("default")
    User.objects.filter(pk=user.pk)._raw_delete("default")
    assert_dead_token(
        device.get("/auth/me/"), "user_not_found", "The user account no longer exists."
    )


def test_me_of_a_user_deactivated_past_the_signals(device: Device, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert_dead_token(device.get("/auth/me/"), "user_inactive", "The user account is inactive.")


# sessions/


def test_the_list_shows_where_the_user_is_logged_in_newest_use_first(user: User) -> None:
    began = clock.now()
    first = Device()
    move_on(100)
    second = Device()
    move_on(100)
    first.refreshed()
    rows = listed(second)
    assert [row["sid"] for row in rows] == [first.sid, second.sid]
    assert [row["current"] for row in rows] == [False, True]
    for row in rows:
        assert set(row) == {
            "sid",
            "current",
            "label",
            "created_at",
            "last_used_at",
            "expires_at",
            "user_agent",
            "ip_address",
        }
        assert (row["label"], row["user_agent"], row["ip_address"]) == ("", "", "127.0.0.1")
    times = {
        name: datetime.fromisoformat(rows[0][name]).timestamp() - began
        for name in rows[0]
        if name.endswith("_at")
    }
    assert times == {
        "created_at": pytest.approx(0, abs=5),
        "last_used_at": pytest.approx(200, abs=5),
        "expires_at": pytest.approx(90 * 86400, abs=5),
    }


def test_the_list_costs_one_statement_however_long_it_is(user: User) -> None:
    device = Device()
    for _ in range(3):
        Device()
    with CaptureQueriesContext(connection) as captured:
        assert len(listed(device)) == 4
    assert len(captured) == 1


def test_the_list_leaves_out_what_is_over_and_what_is_others(user: User) -> None:
    User.objects.create_user("bob", password="another password of bob's")
    Device("bob", "another password of bob's")
    ended, idle, live = Device(), Device(), Device()
    sessions.end(ended.sid)
    LoginSession.objects.filter(pk=idle.session.pk).update(idle_expires_at=idle.session.created_at)
    assert [row["sid"] for row in listed(live)] == [live.sid]


def test_the_label_of_a_session_is_shown(user: User) -> None:
    sessions.start(user, label="Ada's telephone")
    assert {row["label"] for row in listed(Device())} == {"", "Ada's telephone"}


# sessions/<sid>/


def test_a_user_ends_another_session_of_their_own(user: User) -> None:
    here, there = Device(), Device()
    answer = here.delete(f"/auth/sessions/{there.sid}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_not_cached(answer)
    assert_dead_token(there.get("/auth/me/"), *REVOKED)
    assert_grant_refused(there.refresh(), "session_ended", reason="revoked")
    assert here.get("/auth/me/").status_code == 200


def test_a_user_ends_the_very_session_they_use(device: Device) -> None:
    assert device.delete(f"/auth/sessions/{device.sid}/").status_code == 204
    assert_dead_token(device.get("/auth/me/"), *REVOKED)


def test_ending_an_ended_session_is_as_good_as_the_first_time(user: User) -> None:
    here, there = Device(), Device()
    for _ in range(2):
        assert here.delete(f"/auth/sessions/{there.sid}/").status_code == 204


def test_another_users_session_is_none(user: User) -> None:
    User.objects.create_user("bob", password="another password of bob's")
    mine, theirs = Device(), Device("bob", "another password of bob's")
    unknown = to_sid(uuid4())
    bodies = {
        assert_error(mine.delete(f"/auth/sessions/{sid}/"), 404, "not_found")["detail"]
        for sid in (theirs.sid, unknown)
    }
    assert len(bodies) == 1
    assert theirs.get("/auth/me/").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "x",
        "{sid}A",
        "{sid}=",
        "{sid}%0A",
        "%20{sid}",
        "%00",
        "%C3%A9%F0%9F%92%A9",
        "%ff",
        "{uuid}",
        "{hex}",
        "AAAAAAAAAAAAAAAAAAAAAB",
        "%2e%2e",
        "x{sid}" * 200,
    ],
)
def test_a_malformed_sid_is_none(device: Device, change: str) -> None:
    pk = device.session.pk
    sid = change.format(sid=device.sid, uuid=pk, hex=pk.hex)
    assert_error(device.delete(f"/auth/sessions/{sid}/"), 404, "not_found")
    assert device.get("/auth/me/").status_code == 200


# All of them.

ENDPOINTS = [
    ("get", "/auth/me/", "GET, HEAD, OPTIONS"),
    ("get", "/auth/sessions/", "GET, HEAD, OPTIONS"),
    ("delete", "/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA/", "DELETE, OPTIONS"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), ENDPOINTS)
def test_they_ask_for_an_access_token(
    api: APIClient, db: None, method: str, path: str, allowed: str
) -> None:
    assert_no_token(getattr(api, method)(path))


@pytest.mark.parametrize(("method", "path", "allowed"), ENDPOINTS)
def test_other_methods_are_told_which_there_are(
    device: Device, method: str, path: str, allowed: str
) -> None:
    for other in {"get", "post", "put", "patch", "delete"} - {method}:
        answer = getattr(device.api, other)(path, headers=device.bearer)
        assert_error(answer, 405, "method_not_allowed")
        assert answer["Allow"] == allowed


@pytest.mark.parametrize("path", ["/auth/me/", "/auth/sessions/"])
def test_head_is_get_without_the_body(device: Device, path: str) -> None:
    answer: Any = device.api.head(path, headers=device.bearer)
    assert (answer.status_code, answer.content) == (200, b"")
    assert_not_cached(answer)

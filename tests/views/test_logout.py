"""`POST logout/` and `POST logout/all/`."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from django_jwtauth import sessions
from django_jwtauth.models import LoginSession, Revocation
from django_jwtauth.testing import access_token_for
from tests.answers import (
    assert_dead_token,
    assert_error,
    assert_grant_refused,
    assert_invalid_request,
    assert_no_token,
    assert_not_cached,
    body_of,
)
from tests.devices import Device, post_form
from tests.moments import move_on

REVOKED = ("token_revoked", "The access token has been revoked.")


def log_out(api: APIClient, *, token: str | None = None, header: str | None = None) -> Any:
    data = {} if token is None else {"refresh_token": token}
    headers = {} if header is None else {"authorization": header}
    return api.post("/auth/logout/", data, "json", headers=headers)


def assert_logged_out(answer: Any, device: Device) -> None:
    assert (answer.status_code, answer.content) == (204, b"")
    assert_not_cached(answer)
    assert not answer.cookies
    assert_dead_token(device.get("/auth/me/"), *REVOKED)
    assert device.session.end_reason == "logout"


def test_a_refresh_token_proves_the_session_to_end(device: Device) -> None:
    assert_logged_out(log_out(device.api, token=device.refresh_token), device)
    assert_grant_refused(device.refresh(), "session_ended", reason="logout")


def test_a_form_does_as_well(device: Device) -> None:
    answer = post_form(device.api, "/auth/logout/", {"refresh_token": device.refresh_token})
    assert_logged_out(answer, device)


def test_an_access_token_proves_the_session_to_end(device: Device) -> None:
    assert_logged_out(log_out(device.api, header=f"Bearer {device.access}"), device)


def test_a_superseded_refresh_token_ends_its_session_without_being_reuse(device: Device) -> None:
    old = device.refresh_token
    device.refreshed()
    move_on(60)
    assert_logged_out(log_out(device.api, token=old), device)


def test_an_expired_access_token_still_proves_its_session(device: Device) -> None:
    move_on(3600)
    assert_dead_token(device.get("/auth/me/"), "token_expired", "The access token has expired.")
    assert log_out(device.api, header=f"Bearer {device.access}").status_code == 204
    assert_grant_refused(device.refresh(), "session_ended", reason="logout")


def test_a_revoked_access_token_still_proves_its_session(device: Device) -> None:
    assert sessions.revoke(device.access)
    assert_dead_token(device.get("/auth/me/"), *REVOKED)
    assert log_out(device.api, header=f"Bearer {device.access}").status_code == 204
    assert_grant_refused(device.refresh(), "session_ended", reason="logout")


def test_a_second_logout_is_as_good_as_the_first(device: Device) -> None:
    assert log_out(device.api, token=device.refresh_token).status_code == 204
    rows = Revocation.objects.count()
    assert log_out(device.api, token=device.refresh_token).status_code == 204
    assert log_out(device.api, header=f"Bearer {device.access}").status_code == 204
    assert Revocation.objects.count() == rows
    assert device.session.end_reason == "logout"


def test_a_logout_after_the_session_was_pruned_is_as_good_as_any(device: Device) -> None:
    LoginSession.objects.all()._raw_delete("default")
    assert log_out(device.api, header=f"Bearer {device.access}").status_code == 204


def test_a_logout_of_a_session_that_ended_otherwise_keeps_its_reason(
    device: Device, user: User
) -> None:
    sessions.end_all(user, "revoked")
    assert log_out(device.api, token=device.refresh_token).status_code == 204
    assert device.session.end_reason == "revoked"


def test_the_body_comes_before_the_header(user: User) -> None:
    first, second = Device(), Device()
    answer = log_out(first.api, token=first.refresh_token, header=f"Bearer {second.access}")
    assert_logged_out(answer, first)
    assert second.get("/auth/me/").status_code == 200


def test_what_proves_nothing_in_the_body_leaves_the_word_to_the_header(device: Device) -> None:
    answer = log_out(device.api, token="jrt_rubbish", header=f"Bearer {device.access}")
    assert_logged_out(answer, device)


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer x", "Bearer a b", "Basic YTpi", "", "bearer e30.e30.e30"]
)
def test_a_rubbish_header_does_not_hinder_a_logout(device: Device, header: str) -> None:
    assert_logged_out(log_out(device.api, token=device.refresh_token, header=header), device)


def test_the_users_other_devices_stay_logged_in(user: User) -> None:
    first, second = Device(), Device()
    log_out(first.api, token=first.refresh_token)
    assert second.get("/auth/me/").status_code == 200


def test_a_logout_without_any_proof_says_so(api: APIClient, db: None) -> None:
    assert_no_token(log_out(api))
    assert_no_token(log_out(api, header="Basic YTpi"))
    # An empty body without a type, as `curl -X POST` sends it.
    assert_no_token(api.generic("POST", "/auth/logout/"))


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer a b", "bEaReR e30.e30.e30"])
def test_a_logout_with_rubbish_alone_says_so(api: APIClient, db: None, header: str) -> None:
    assert_dead_token(log_out(api, header=header), "token_invalid", "The access token is invalid.")


@pytest.mark.parametrize("token", ["x", "jrt_", "jrt_" + "A" * 64, "x" * 100_000])
def test_a_logout_with_a_token_that_is_none_of_ours_says_so(
    api: APIClient, db: None, token: str
) -> None:
    assert_dead_token(log_out(api, token=token), "token_invalid", "The access token is invalid.")


@pytest.mark.parametrize("sid", [None, "x", "A" * 22 + "B"])
def test_a_good_token_that_belongs_to_no_session_of_ours_proves_none(
    api: APIClient, user: User, sid: str | None
) -> None:
    token = access_token_for(user, sid=sid)  # as a foreign issuer's
    assert api.get("/auth/me/", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert_dead_token(
        log_out(api, header=f"Bearer {token}"), "token_invalid", "The access token is invalid."
    )


@pytest.mark.parametrize(
    "token", ["null", "[]", "{}", "true", "7", "0.5", '"a\\u0000b"', '"\\ud800"']
)
def test_what_is_no_text_is_malformed(api: APIClient, db: None, token: str) -> None:
    body = f'{{"refresh_token": {token}}}'
    answer = api.generic("POST", "/auth/logout/", body, "application/json")
    assert_invalid_request(answer, refresh_token=body_of(answer)["refresh_token"])


def test_a_logout_costs_three_statements(device: Device) -> None:
    with CaptureQueriesContext(connection) as captured:
        log_out(device.api, token=device.refresh_token)
    words = [query["sql"].split()[0] for query in captured]
    assert [word for word in words if word not in ("SAVEPOINT", "RELEASE")] == [
        "SELECT",
        "UPDATE",
        "INSERT",
    ]


# Everywhere.


def test_logout_all_ends_every_session_of_the_user_and_nobody_elses(user: User) -> None:
    User.objects.create_user("bob", password="another password of bob's")
    devices = [Device() for _ in range(3)]
    other = Device("bob", "another password of bob's")
    answer = devices[0].post("/auth/logout/all/")
    assert (answer.status_code, body_of(answer)) == (200, {"ended": 3})
    assert_not_cached(answer)
    for device in devices:
        assert_dead_token(device.get("/auth/me/"), *REVOKED)
        assert_grant_refused(device.refresh(), "session_ended", reason="logout_all")
    assert other.get("/auth/me/").status_code == 200


@pytest.mark.parametrize("keep", [True, "true", "1"])
def test_logout_all_can_keep_the_session_that_asks(user: User, keep: Any) -> None:
    devices = [Device() for _ in range(3)]
    answer = devices[0].post("/auth/logout/all/", {"keep_current": keep})
    assert (answer.status_code, body_of(answer)) == (200, {"ended": 2})
    assert devices[0].get("/auth/me/").status_code == 200
    assert_dead_token(devices[1].get("/auth/me/"), *REVOKED)


def test_logout_all_takes_a_form(user: User) -> None:
    devices = [Device() for _ in range(2)]
    answer = post_form(
        devices[0].api,
        "/auth/logout/all/",
        {"keep_current": "true"},
        authorization=f"Bearer {devices[0].access}",
    )
    assert body_of(answer) == {"ended": 1}


def test_logout_all_says_what_is_no_yes_and_no_no(device: Device) -> None:
    values: list[Any] = ["perhaps", 2, [], None]
    for value in values:
        answer = device.post("/auth/logout/all/", {"keep_current": value})
        assert_invalid_request(answer, keep_current=body_of(answer)["keep_current"])
    assert device.get("/auth/me/").status_code == 200


def test_logout_all_asks_for_an_access_token(device: Device) -> None:
    assert_no_token(device.api.post("/auth/logout/all/", {}, "json"))
    answer = device.api.post("/auth/logout/all/", {"refresh_token": device.refresh_token}, "json")
    assert_no_token(answer)
    assert device.get("/auth/me/").status_code == 200


@pytest.mark.parametrize("path", ["/auth/logout/", "/auth/logout/all/"])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_told_which_there_are(device: Device, path: str, method: str) -> None:
    answer = getattr(device.api, method)(path, headers=device.bearer)
    assert_error(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST, OPTIONS"


@override_settings(
    JWTAUTH={"REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"}}
)
def test_without_a_feed_a_logout_ends_the_session_alone(user: User) -> None:
    device = Device()
    assert log_out(device.api, token=device.refresh_token).status_code == 204
    assert_grant_refused(device.refresh(), "session_ended", reason="logout")
    assert device.get("/auth/me/").status_code == 200

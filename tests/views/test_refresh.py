"""`POST refresh/`: the token endpoint of RFC 6749 section 6."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from rest_framework.test import APIClient

from django_jwtauth import clock
from django_jwtauth.models import LoginSession
from django_jwtauth.tokens import access_token
from tests.answers import (
    assert_dead_token,
    assert_error,
    assert_grant_refused,
    assert_invalid_request,
    assert_pair,
)
from tests.devices import FORM, PASSWORD, Device, post_form
from tests.moments import move_on, move_to

DAY = 86400


def assert_reused(answer: Any) -> None:
    assert_grant_refused(answer, "refresh_token_reused")


def assert_ended(answer: Any, reason: str) -> None:
    assert_grant_refused(answer, "session_ended", reason=reason)


def assert_revoked(answer: Any) -> None:
    assert_dead_token(answer, "token_revoked", "The access token has been revoked.")


def statements(captured: CaptureQueriesContext) -> list[str]:
    words = [query["sql"].split()[0] for query in captured]
    return [word for word in words if word not in ("SAVEPOINT", "RELEASE")]


# What goes in.


def test_a_refresh_token_buys_the_next_pair(device: Device) -> None:
    first = device.refresh_token
    pair = device.refreshed()
    assert pair["refresh_token"] != first
    _header, claims = access_token.read_unverified(pair["access_token"])
    assert claims["sid"] == device.sid
    assert pair["expires_in"] == claims["exp"] - claims["iat"]
    assert pair["refresh_expires_in"] == 14 * DAY
    assert device.get("/auth/me/").status_code == 200


@pytest.mark.parametrize(
    "content_type", [FORM, f"{FORM};charset=UTF-8", f'{FORM}; charset="utf-8"']
)
def test_the_form_of_an_oauth_client_is_taken(device: Device, content_type: str) -> None:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": device.refresh_token,
        "client_id": "some-app",
        "scope": "unknown parameters are ignored",
    }
    assert_pair(device.api.generic("POST", "/auth/refresh/", urlencode(form), content_type))


def test_json_is_taken(device: Device) -> None:
    answer = device.api.post("/auth/refresh/", {"refresh_token": device.refresh_token}, "json")
    assert_pair(answer)


def test_a_missing_token_is_named(api: APIClient, db: None) -> None:
    for answer in (api.post("/auth/refresh/", {}, "json"), post_form(api, "/auth/refresh/", {})):
        assert_invalid_request(answer, refresh_token=["This field is required."])


def test_a_token_in_the_query_string_is_none(device: Device) -> None:
    answer = device.api.post(f"/auth/refresh/?refresh_token={device.refresh_token}", {}, "json")
    assert_invalid_request(answer, refresh_token=["This field is required."])


@pytest.mark.parametrize(
    "grant", ["password", "authorization_code", "refresh-token", "REFRESH_TOKEN"]
)
def test_another_grant_is_unsupported(device: Device, grant: str) -> None:
    for fields in ({}, {"refresh_token": device.refresh_token}):
        answer = device.api.post("/auth/refresh/", {"grant_type": grant, **fields}, "json")
        assert_error(answer, 400, "unsupported_grant_type", error="unsupported_grant_type")
    assert_pair(device.refresh())


@pytest.mark.parametrize("token", ["", None, 5.5e9, [], {}, True])
def test_what_is_no_text_is_malformed(device: Device, token: Any) -> None:
    answer = device.api.post("/auth/refresh/", {"refresh_token": token}, "json")
    if token == 5.5e9:  # a number is read as text
        assert_grant_refused(answer, "refresh_token_invalid")
    else:
        assert answer.json()["refresh_token"]
        assert answer.json()["code"] == "invalid_request"
        assert answer.status_code == 400


@pytest.mark.parametrize("body", [None, [], "text", 1])
def test_what_is_no_object_is_malformed(api: APIClient, db: None, body: Any) -> None:
    text = json.dumps(body)
    assert_invalid_request(api.generic("POST", "/auth/refresh/", text, "application/json"))


@pytest.mark.parametrize(("name", "longest"), [("grant_type", 128), ("client_id", 1024)])
def test_who_sends_too_long_a_text_is_told_in_his_own_language(
    api: APIClient, db: None, settings: Any, name: str, longest: int
) -> None:
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    told = []
    for language in ("de", "en", "de", "fr"):
        with translation.override(None):  # the middleware leaves the client's language on
            answer = api.post(
                "/auth/refresh/",
                {"refresh_token": "x", name: "x" * (longest + 1)},
                "json",
                headers={"accept-language": language},
            )
        body = answer.json()
        assert (answer.status_code, body["code"]) == (400, "invalid_request")
        told += body[name]
    assert told[1] == f"Ensure this field has no more than {longest} characters."
    assert told[0] == told[2]
    assert len(set(told)) == 3
    assert all(str(longest) in words for words in told)


def test_a_refresh_costs_two_statements_and_no_row(device: Device) -> None:
    move_on(60)
    with CaptureQueriesContext(connection) as captured:
        device.refreshed()
    assert statements(captured) == ["SELECT", "UPDATE"]
    assert LoginSession.objects.count() == 1


def test_a_retried_refresh_costs_one_statement(device: Device) -> None:
    device.refresh()
    with CaptureQueriesContext(connection) as captured:
        assert_pair(device.refresh())
    assert statements(captured) == ["SELECT"]


def rubbish(token: str) -> list[str]:
    """Return what looks like a token, more or less."""
    return [
        "0",
        token[:-1],
        token + "A",
        token + "=",
        token + "\n",
        " " + token,
        token.removeprefix("jrt_"),
        token.upper(),
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[:4] + "\u00e9" + token[5:],
        token[:4] + "+" + token[5:],
        "jrt_" + "A" * 64,
        "jrt_" + "\u00e9" * 64,
        "jrt_" + "_" * 64,
        "x" * 5000,
        "x" * 2_000_000,
        "eyJhbGciOiJub25lIn0.e30.",
    ]


@override_settings(REST_FRAMEWORK={"DEFAULT_THROTTLE_RATES": {"jwt_refresh": None}})
def test_what_is_no_refresh_token_of_ours_is_refused_and_ends_nothing(device: Device) -> None:
    for token in rubbish(device.refresh_token):
        with CaptureQueriesContext(connection) as captured:
            assert_grant_refused(device.refresh(token), "refresh_token_invalid")
        assert len(captured) <= 1  # malformed: not even a SELECT
    assert_pair(device.refresh())
    assert device.get("/auth/me/").status_code == 200


def test_an_access_token_is_no_refresh_token(device: Device) -> None:
    assert_grant_refused(device.refresh(device.access), "refresh_token_invalid")


def test_a_refresh_token_is_no_access_token(device: Device) -> None:
    answer = device.api.get(
        "/auth/me/", headers={"authorization": f"Bearer {device.refresh_token}"}
    )
    assert_dead_token(answer, "token_invalid", "The token is not a signed JWT.")


def test_a_token_of_a_pruned_session_is_invalid(device: Device) -> None:
    LoginSession.objects.all()._raw_delete("default")
    assert_grant_refused(device.refresh(), "refresh_token_invalid")


# Which client.


@pytest.mark.parametrize(
    ("login", "refresh", "is_right"),
    [
        ("web", "web", True),
        ("web", None, True),
        ("web", "other", False),
        ("web", "WEB", False),
        ("web", "first-party", False),
        (None, "anything at all", True),
        (None, None, True),
    ],
)
def test_a_refresh_names_the_client_of_its_login(
    user: User, login: str | None, refresh: str | None, is_right: bool
) -> None:
    device = Device(**({"client_id": login} if login else {}))
    data = {"refresh_token": device.refresh_token, **({"client_id": refresh} if refresh else {})}
    answer = device.api.post("/auth/refresh/", data, "json")
    if is_right:
        assert_pair(answer)
    else:
        assert_grant_refused(answer, "refresh_token_invalid")
        assert_pair(device.refresh())  # the client itself loses nothing by it


# Retries, races and theft.


def test_a_retry_within_the_window_gets_the_identical_refresh_token(device: Device) -> None:
    first = assert_pair(device.refresh())
    move_on(29)
    second = assert_pair(device.refresh())
    assert second["refresh_token"] == first["refresh_token"]
    for pair in (first, second):
        answer = device.api.get(
            "/auth/me/", headers={"authorization": f"Bearer {pair['access_token']}"}
        )
        assert answer.status_code == 200


def test_a_token_superseded_within_the_window_always_works(device: Device) -> None:
    old = device.refresh_token
    current = device.refreshed()["refresh_token"]
    for _ in range(3):
        assert device.refreshed()["refresh_token"] == current  # at most one rotation a window
        assert assert_pair(device.refresh(old))["refresh_token"] == current


def test_after_the_window_a_superseded_token_ends_the_session(device: Device) -> None:
    old = device.refresh_token
    device.refreshed()
    move_on(30.1)
    assert_reused(device.refresh(old))
    assert_ended(device.refresh(), "reuse")
    assert_revoked(device.get("/auth/me/"))
    assert device.session.end_reason == "reuse"


def test_a_token_two_generations_old_is_reuse_even_within_the_window(device: Device) -> None:
    oldest = device.refresh_token
    device.refreshed()
    move_on(31)
    device.refreshed()
    assert_reused(device.refresh(oldest))


def test_a_thief_who_comes_second_ends_the_session_for_both(user: User) -> None:
    victim, bystander = Device(), Device()
    stolen = victim.refresh_token  # B copies it
    victim.refreshed()  # A refreshes
    move_on(31)  # the window passes
    assert_reused(victim.refresh(stolen))  # B uses the old one
    assert_ended(victim.refresh(), "reuse")
    assert_revoked(victim.get("/auth/me/"))
    assert_ended(victim.refresh(stolen), "reuse")
    assert_pair(bystander.refresh())


def test_a_thief_who_comes_first_is_found_out_by_the_victim(device: Device) -> None:
    thief = assert_pair(device.refresh())
    move_on(31)
    assert_reused(device.refresh())
    assert_ended(device.refresh(thief["refresh_token"]), "reuse")
    assert_revoked(
        device.api.get("/auth/me/", headers={"authorization": f"Bearer {thief['access_token']}"})
    )


@override_settings(JWTAUTH={"REFRESH_RETRY_WINDOW": 0})
def test_without_a_window_every_second_use_is_reuse(device: Device) -> None:
    old = device.refresh_token
    device.refreshed()
    device.refreshed()
    assert_reused(device.refresh(old))
    assert_ended(device.refresh(), "reuse")


def test_a_clock_that_jumps_back_takes_no_retry_for_theft(user: User) -> None:
    move_on(DAY)  # the signing key is no younger than the jump is wide
    device = Device()
    old = device.refresh_token
    device.refreshed()
    move_on(-20)
    assert_pair(device.refresh(old))
    assert_pair(device.refresh())


def test_a_refresh_that_comes_after_the_clock_jumped_far_back_still_works(user: User) -> None:
    move_on(DAY)
    device = Device()
    device.refreshed()
    move_on(-3600)
    device.refreshed()
    move_on(3600)
    device.refreshed()


# What ends a session, and what is said of it then.


def test_a_session_that_was_idle_too_long_has_expired(device: Device) -> None:
    move_on(14 * DAY - 5)
    device.refreshed()
    move_on(14 * DAY + 1)
    assert_grant_refused(device.refresh(), "refresh_token_expired")


@override_settings(JWTAUTH={"SESSION_LIFETIME": 20 * DAY})
def test_a_session_has_an_absolute_end_however_it_is_used(user: User) -> None:
    device, began = Device(), clock.now()
    move_on(10 * DAY)
    assert abs(device.refreshed()["refresh_expires_in"] - 10 * DAY) <= 1
    move_to(began + 20 * DAY - 100)
    pair = device.refreshed()
    # Neither token outlives the session.
    assert 95 <= pair["expires_in"] <= 100
    assert 95 <= pair["refresh_expires_in"] <= 100
    move_to(began + 20 * DAY)
    assert_grant_refused(device.refresh(), "refresh_token_expired")


def test_a_changed_password_ends_the_session(device: Device, user: User) -> None:
    user.set_password("another")
    user.save()
    assert_ended(device.refresh(), "password_changed")
    assert_revoked(device.get("/auth/me/"))


def test_a_password_changed_past_the_signals_is_noticed_at_the_refresh(
    device: Device, user: User
) -> None:
    User.objects.filter(pk=user.pk).update(password="md5$x$y")
    assert_ended(device.refresh(), "password_changed")
    assert_revoked(device.get("/auth/me/"))


def test_a_deactivated_user_is_refused(device: Device, user: User) -> None:
    user.is_active = False
    user.save()
    assert_ended(device.refresh(), "user_inactive")
    assert_revoked(device.get("/auth/me/"))


def test_a_user_deactivated_past_the_signals_is_noticed_at_the_refresh(
    device: Device, user: User
) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert_ended(device.refresh(), "user_inactive")
    assert_revoked(device.get("/auth/me/"))


def test_a_deleted_user_is_refused(device: Device, user: User) -> None:
    user.delete()
    assert_grant_refused(device.refresh(), "refresh_token_invalid")
    assert_revoked(device.get("/auth/me/"))


@pytest.mark.parametrize(
    ("path", "method", "reason"),
    [
        ("/auth/logout/", "post", "logout"),
        ("/auth/logout/all/", "post", "logout_all"),
        ("/auth/sessions/{sid}/", "delete", "revoked"),
    ],
)
def test_an_ended_session_tells_why_it_ended(
    device: Device, path: str, method: str, reason: str
) -> None:
    assert getattr(device, method)(path.format(sid=device.sid)).status_code in (200, 204)
    assert_ended(device.refresh(), reason)


def test_claims_are_built_anew_from_the_user_as_they_are(user: User) -> None:
    with override_settings(JWTAUTH={"EXTRA_CLAIMS": f"{__name__}.name_claim"}):
        device = Device()
        User.objects.filter(pk=user.pk).update(first_name="Ada")
        _header, claims = access_token.read_unverified(device.refreshed()["access_token"])
    assert claims["name"] == "Ada"


def name_claim(user: User, session: LoginSession) -> dict[str, Any]:
    return {"name": user.first_name}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_told_which_there_are(api: APIClient, db: None, method: str) -> None:
    answer = getattr(api, method)("/auth/refresh/")
    assert_error(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST, OPTIONS"


def test_a_password_is_no_grant(api: APIClient, user: User) -> None:
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    assert_error(
        post_form(api, "/auth/refresh/", form),
        400,
        "unsupported_grant_type",
        error="unsupported_grant_type",
    )

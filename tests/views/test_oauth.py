"""`POST introspect/` (RFC 7662) and `POST revoke/` (RFC 7009)."""

from base64 import b64encode
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
from django_jwtauth.tokens import access_token
from tests.answers import (
    assert_dead_token,
    assert_error,
    assert_grant_refused,
    assert_invalid_request,
    assert_not_cached,
    assert_pair,
    body_of,
)
from tests.devices import Device, post_form
from tests.moments import move_on

SERVERS = {"shop": "secret", "a b:c%": "p&s:s %/\u00e9"}
REVOKED = ("token_revoked", "The access token has been revoked.")


@pytest.fixture(autouse=True)
def _resource_servers(settings: Any) -> None:
    settings.JWTAUTH = {"RESOURCE_SERVERS": SERVERS}


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def introspect(token: str, authorization: str | None = basic("shop:secret"), **form: str) -> Any:
    headers = {} if authorization is None else {"authorization": authorization}
    return post_form(APIClient(), "/auth/introspect/", {"token": token, **form}, **headers)


def revoke(token: str, **form: str) -> Any:
    return post_form(APIClient(), "/auth/revoke/", {"token": token, **form})


def assert_inactive(answer: Any) -> None:
    assert (answer.status_code, body_of(answer)) == (200, {"active": False})
    assert_not_cached(answer)


# introspect/


def test_a_good_access_token_is_active_and_says_what_it_says(device: Device) -> None:
    answer = introspect(device.access)
    _header, claims = access_token.read_unverified(device.access)
    assert answer.status_code == 200
    assert body_of(answer) == {"active": True, "token_type": "Bearer", **claims}
    assert_not_cached(answer)


def test_an_introspection_costs_one_statement(device: Device) -> None:
    introspect(device.access)
    with CaptureQueriesContext(connection) as captured:
        introspect(device.access)
    assert len(captured) == 1


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_is_only_a_hint(device: Device, hint: str) -> None:
    assert body_of(introspect(device.access, token_type_hint=hint))["active"] is True
    assert_inactive(introspect(device.refresh_token, token_type_hint=hint))


def test_what_is_no_live_access_token_is_inactive_and_nothing_more(
    device: Device, user: User
) -> None:
    for token in (device.refresh_token, "x", "a.b.c", device.access + "x", "x" * 10_000):
        assert_inactive(introspect(token))
    move_on(3600)
    assert_inactive(introspect(device.access))


def test_a_token_is_inactive_once_its_session_or_user_is(user: User) -> None:
    device = Device()
    LoginSession.objects.update(ended_at=device.session.created_at)
    assert_inactive(introspect(device.access))
    device = Device()
    User.objects.update(is_active=False)
    assert_inactive(introspect(device.access))
    User.objects.update(is_active=True)
    device = Device()
    sessions.end(device.sid)
    assert_inactive(introspect(device.access))
    device = Device()
    user.delete()
    assert_inactive(introspect(device.access))


def test_a_token_is_inactive_once_its_subject_is_not_its_user(user: User) -> None:
    with override_settings(JWTAUTH={"RESOURCE_SERVERS": SERVERS, "SUBJECT_FIELD": "username"}):
        device = Device()
        assert body_of(introspect(device.access))["active"] is True
        User.objects.update(username="countess")
        assert_inactive(introspect(device.access))
        # Not even where somebody else has the name by now: to a request it would be them.
        User.objects.create_user("ada")
        assert_inactive(introspect(device.access))


def test_a_token_without_a_session_is_active_while_its_user_is(user: User) -> None:
    token = access_token_for(user, sid=None)  # as a foreign issuer's
    assert body_of(introspect(token))["active"] is True
    assert_inactive(introspect(access_token_for(user, sid="x")))
    User.objects.update(is_active=False)
    assert_inactive(introspect(token))


def active_claim(user: User, session: LoginSession) -> dict[str, Any]:
    return {"active": False, "token_type": "N_A", "exp_note": 1}


def test_no_claim_of_a_hook_can_say_whether_the_token_is_active(user: User) -> None:
    with override_settings(
        JWTAUTH={"RESOURCE_SERVERS": SERVERS, "EXTRA_CLAIMS": f"{__name__}.active_claim"}
    ):
        body = body_of(introspect(Device().access))
    assert (body["active"], body["token_type"], body["exp_note"]) == (True, "Bearer", 1)


@pytest.mark.parametrize(
    "authorization",
    [
        basic("shop:secret"),
        basic("shop:secret").replace("Basic", "bAsIc"),
        basic("shop:%73ecret"),
        basic("a+b%3Ac%25:p%26s%3As+%25%2F%C3%A9"),
        basic("a%20b%3Ac%25:p%26s%3As%20%25%2f%c3%a9"),
    ],
)
def test_a_resource_server_proves_itself_percent_decoded(
    device: Device, authorization: str
) -> None:
    assert body_of(introspect(device.access, authorization))["active"] is True


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic x",
        "Basic \u00e9",
        "Basic c2hvcDpzZWNyZXQ",
        "Bearer c2hvcDpzZWNyZXQ=",
        basic("shop"),
        basic("shop:"),
        basic("shop:Secret"),
        basic("shop:secret "),
        basic(":secret"),
        basic("nobody:secret"),
        basic("nobody:"),
        basic(":"),
        basic("shop:%ff"),
        basic("shop:\0"),
        "Basic " + b64encode(b"shop:\xff\xfe").decode(),
        "Basic " + "A" * 8000,
    ],
)
def test_who_is_no_resource_server_is_told_nothing(
    device: Device, authorization: str | None
) -> None:
    for token in (device.access, ""):
        answer = introspect(token, authorization)
        assert_error(
            answer, 401, "invalid_client", error="invalid_client", challenge='Basic realm="api"'
        )


def test_an_access_token_is_no_credential_of_a_resource_server(device: Device) -> None:
    answer = introspect(device.access, f"Bearer {device.access}")
    assert_error(
        answer, 401, "invalid_client", error="invalid_client", challenge='Basic realm="api"'
    )


# revoke/


def test_revoking_an_access_token_ends_that_token_alone(device: Device) -> None:
    answer = revoke(device.access)
    assert (answer.status_code, answer.content) == (200, b"")
    assert_not_cached(answer)
    assert_dead_token(device.get("/auth/me/"), *REVOKED)
    assert_pair(device.refresh())


def test_revoking_a_refresh_token_ends_its_session(device: Device) -> None:
    assert revoke(device.refresh_token).status_code == 200
    assert_dead_token(device.get("/auth/me/"), *REVOKED)
    assert_grant_refused(device.refresh(), "session_ended", reason="revoked")


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense", ""])
def test_a_wrong_hint_hinders_no_revocation(device: Device, hint: str) -> None:
    assert revoke(device.access, token_type_hint=hint).status_code == 200
    assert_dead_token(device.get("/auth/me/"), *REVOKED)


def test_revoking_what_is_dead_or_none_of_ours_is_well(device: Device) -> None:
    for _ in range(2):
        assert revoke(device.access).status_code == 200
        assert revoke(device.refresh_token).status_code == 200
    rows = Revocation.objects.count()
    for token in ("x", "jrt_x", "a.b.c", "jrt_" + "A" * 64, device.access + "x", "x" * 10_000):
        assert revoke(token).status_code == 200
    assert Revocation.objects.count() == rows


# Both.

BOTH = ["/auth/introspect/", "/auth/revoke/"]


@pytest.mark.parametrize("path", BOTH)
def test_a_missing_token_is_named(path: str, db: None) -> None:
    for form, message in (
        ({}, "This field is required."),
        ({"token": ""}, "This field may not be blank."),
    ):
        answer = post_form(APIClient(), path, form, authorization=basic("shop:secret"))
        assert_invalid_request(answer, token=[message])


@pytest.mark.parametrize("path", BOTH)
def test_json_is_not_taken(path: str, db: None) -> None:
    api = APIClient(headers={"authorization": basic("shop:secret")})
    assert_error(api.post(path, {"token": "x"}, "json"), 415, "unsupported_media_type")


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_told_which_there_are(path: str, method: str, db: None) -> None:
    answer = getattr(APIClient(), method)(path)
    assert_error(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST, OPTIONS"

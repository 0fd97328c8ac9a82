"""Errors as a contract: each code, provoked over HTTP, and what none of them may do."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import override_settings
from django.urls import path
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth import exceptions, key_rotation, sessions
from django_jwtauth.api_exceptions import APIError, BearerAuthenticationFailed, api_exception
from django_jwtauth.exceptions import JWTAuthError
from django_jwtauth.models import LoginSession, Revocation, SigningKey, to_datetime
from django_jwtauth.permissions import HasScope
from django_jwtauth.revocation import feed
from tests.answers import CHALLENGE, assert_error, assert_grant_refused, assert_pair
from tests.devices import PASSWORD, Device, post_form
from tests.moments import move_on
from tests.outages import missing_table
from tests.urls import urlpatterns as suite_urls


class ScopedView(APIView):
    permission_classes = (HasScope("orders:read"),)

    def get(self, request: Any) -> None:
        raise AssertionError("nobody in this file has the scope")


urlpatterns = [*suite_urls, path("orders/", ScopedView.as_view())]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture(autouse=True)
def _keys_as_they_were() -> Iterator[None]:
    """Forget the keys that a test has made or changed: its transaction is rolled back."""
    yield
    key_rotation.forget_ring()


def post(address: str, data: Any) -> Any:
    return APIClient().post(address, data, "json")


# One provocation for each code of the contract; the rest of each answer is checked where its
# endpoint is tested, and its shape here.


def invalid_credentials(user: User) -> Any:
    return post("/auth/login/", {"username": "ada", "password": "wrong"})


def not_authenticated(user: User) -> Any:
    return APIClient().get("/auth/me/")


def token_invalid(user: User) -> Any:
    return APIClient().get("/auth/me/", headers={"authorization": "Bearer x"})


def token_expired(user: User) -> Any:
    device = Device()
    move_on(3600)
    return device.get("/auth/me/")


def token_revoked(user: User) -> Any:
    device = Device()
    device.post("/auth/logout/")
    return device.get("/auth/me/")


def user_inactive(user: User) -> Any:
    device = Device()
    User.objects.update(is_active=False)
    return device.get("/auth/me/")


def user_not_found(user: User) -> Any:
    device = Device()
    LoginSession.objects.all()._raw_delete("default")
    User.objects.all()._raw_delete("default")
    return device.get("/auth/me/")


def session_ended(user: User) -> Any:
    device = Device()
    device.post("/auth/logout/")
    return device.refresh()


def refresh_token_invalid(user: User) -> Any:
    return post("/auth/refresh/", {"refresh_token": "x"})


def refresh_token_expired(user: User) -> Any:
    device = Device()
    move_on(14 * 86400)
    return device.refresh()


def refresh_token_reused(user: User) -> Any:
    device = Device()
    device.refresh()
    move_on(60)
    return device.refresh()


def insufficient_scope(user: User) -> Any:
    return Device().get("/orders/")


def csrf_failed(user: User) -> Any:
    with override_settings(JWTAUTH={"COOKIES": {"ENABLED": True}}):
        data = {"username": "ada", "password": PASSWORD, "transport": "cookie"}
        return APIClient(enforce_csrf_checks=True).post("/auth/login/", data, "json")


def invalid_request(user: User) -> Any:
    return post("/auth/login/", {"username": "ada"})


def unsupported_grant_type(user: User) -> Any:
    return post("/auth/refresh/", {"grant_type": "password"})


def invalid_client(user: User) -> Any:
    return post_form(APIClient(), "/auth/introspect/", {"token": "x"})


def not_found(user: User) -> Any:
    return Device().delete("/auth/sessions/x/")


def method_not_allowed(user: User) -> Any:
    return APIClient().get("/auth/login/")


def unsupported_media_type(user: User) -> Any:
    return APIClient().post("/auth/login/", {"username": "ada"}, "multipart")


def throttled(user: User) -> Any:
    for _ in range(21):  # in whichever two minutes
        answer = invalid_credentials(user)
        if answer.status_code == 429:
            return answer
    raise AssertionError("nothing was throttled")


def temporarily_unavailable(user: User) -> Any:
    store = {"BACKEND": "django_jwtauth.keystores.dummy.DummyKeyStore"}
    with override_settings(JWTAUTH={"KEY_STORE": store}):
        return post("/auth/login/", {"username": "ada", "password": PASSWORD})


#: Status, OAuth's word, and what the challenge begins with.
CONTRACT: dict[Callable[[User], Any], tuple[int, str | None, str | None]] = {
    invalid_credentials: (400, "invalid_grant", None),
    not_authenticated: (401, None, CHALLENGE),
    token_invalid: (401, None, f'{CHALLENGE}, error="invalid_token"'),
    token_expired: (401, None, f'{CHALLENGE}, error="invalid_token"'),
    token_revoked: (401, None, f'{CHALLENGE}, error="invalid_token"'),
    user_inactive: (401, None, f'{CHALLENGE}, error="invalid_token"'),
    user_not_found: (401, None, f'{CHALLENGE}, error="invalid_token"'),
    session_ended: (400, "invalid_grant", None),
    refresh_token_invalid: (400, "invalid_grant", None),
    refresh_token_expired: (400, "invalid_grant", None),
    refresh_token_reused: (400, "invalid_grant", None),
    insufficient_scope: (403, None, f'{CHALLENGE}, error="insufficient_scope"'),
    csrf_failed: (403, None, None),
    invalid_request: (400, "invalid_request", None),
    unsupported_grant_type: (400, "unsupported_grant_type", None),
    invalid_client: (401, "invalid_client", "Basic "),
    not_found: (404, None, None),
    method_not_allowed: (405, None, None),
    unsupported_media_type: (415, None, None),
    throttled: (429, None, None),
    temporarily_unavailable: (503, None, None),
}


@pytest.mark.parametrize("provoke", CONTRACT, ids=lambda provoke: provoke.__name__)
def test_each_code_of_the_contract_can_be_met(user: User, provoke: Callable[[User], Any]) -> None:
    status, oauth_error, challenge = CONTRACT[provoke]
    answer = provoke(user)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, provoke.__name__)
    assert body.get("error") == oauth_error
    assert isinstance(body["detail"], str)
    assert answer["Content-Type"] == "application/json"
    if provoke is not insufficient_scope:  # met in a project's own view
        assert answer["Cache-Control"] == "no-store"
    if challenge is None:
        assert not answer.has_header("WWW-Authenticate")
    else:
        assert answer["WWW-Authenticate"].startswith(challenge)
    assert answer.has_header("Retry-After") == (status in (429, 503))


def all_errors(error: type[JWTAuthError] = JWTAuthError) -> list[type[JWTAuthError]]:
    return [error, *(found for child in error.__subclasses__() for found in all_errors(child))]


def test_no_error_has_a_code_that_the_contract_does_not_know() -> None:
    known = {provoke.__name__ for provoke in CONTRACT}
    # A key that cannot be used never reaches a client; the abstract ones have no code of their own.
    known |= {"error", "invalid_key"}
    assert {error.code for error in all_errors()} <= known


def test_what_an_error_says_of_itself_is_plain_ascii() -> None:
    for error in all_errors():
        assert error.detail.isascii()
        assert '"' not in error.detail
        assert "\\" not in error.detail


def test_an_error_is_translated_in_the_body_and_not_in_the_challenge() -> None:
    error = api_exception(exceptions.TokenExpired())
    assert isinstance(error, BearerAuthenticationFailed)
    assert error.auth_header == (
        f'{CHALLENGE}, error="invalid_token", error_description="The access token has expired."'
    )


def test_whatever_drf_writes_over_it_an_error_keeps_status_and_challenge() -> None:
    error = api_exception(exceptions.TokenExpired())
    error.status_code = 403
    error.auth_header = "Basic"  # type: ignore[attr-defined]  # as DRF does
    assert error.status_code == 401
    assert error.auth_header.startswith("Bearer")  # type: ignore[attr-defined]
    assert APIError.status_code == 500  # of the class, as DRF's own


# Where no key can sign.


def no_key_signs() -> None:
    row = SigningKey.objects.get()
    row.retire_at = to_datetime(row.created_at.timestamp())
    row.save()
    key_rotation.forget_ring()


def some_key_signs() -> None:
    SigningKey.objects.update(retire_at=None)
    key_rotation.forget_ring()


def test_where_no_key_can_sign_the_refresh_token_stays_good(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    device = Device()
    before = LoginSession.objects.values().get()
    no_key_signs()
    for _ in range(3):
        assert_error(device.refresh(), 503, "temporarily_unavailable")
        assert device.refresh()["Retry-After"] == "5"
    assert LoginSession.objects.values().get() == before
    assert "rotate_jwt_keys --now" in caplog.text  # the operator is told what to do
    # Verifying goes on, and so does the way out.
    assert device.get("/auth/me/").status_code == 200
    some_key_signs()
    assert_pair(device.refresh())


def test_where_no_key_can_sign_no_session_is_started(user: User) -> None:
    no_key_signs()
    answer = post("/auth/login/", {"username": "ada", "password": PASSWORD})
    assert_error(answer, 503, "temporarily_unavailable")
    assert not LoginSession.objects.exists()
    user.refresh_from_db()
    assert user.last_login is None
    assert_grant_refused(invalid_credentials(user), "invalid_credentials")


def test_where_no_key_can_sign_a_logout_still_ends_the_session(user: User) -> None:
    device = Device()
    no_key_signs()
    assert device.post("/auth/logout/").status_code == 204
    assert_grant_refused(device.refresh(), "session_ended", reason="logout")


# Where the database does not answer.


@pytest.mark.django_db(transaction=True)
def test_without_tables_everything_is_503_and_the_log_says_what_to_do(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    device = Device()
    with missing_table(LoginSession):
        answers = [
            post("/auth/login/", {"username": "ada", "password": PASSWORD}),
            device.refresh(),
            device.get("/auth/sessions/"),
            device.post("/auth/logout/"),
        ]
    for answer in answers:
        assert_error(answer, 503, "temporarily_unavailable")
        assert answer["Retry-After"] == "5"
    assert "manage.py migrate" in caplog.text
    assert_pair(device.refresh())


@pytest.mark.django_db(transaction=True)
def test_where_revocations_are_unknown_nothing_is_signed_and_nothing_is_believed(
    user: User,
) -> None:
    device = Device()
    feed().forget()
    with missing_table(Revocation):
        answers = [
            post("/auth/login/", {"username": "ada", "password": PASSWORD}),
            device.refresh(),
            device.get("/auth/me/"),
            APIClient().get("/.well-known/jwks.json"),
        ]
    for answer in answers:
        assert_error(answer, 503, "temporarily_unavailable")
    feed().forget()
    assert device.get("/auth/me/").status_code == 200
    assert_pair(device.refresh())


# What is a fault, and stays one.


def broken_claims(user: User, session: LoginSession) -> Any:
    return {"sub": "another"}


def test_a_projects_own_fault_is_not_hidden(user: User) -> None:
    with override_settings(JWTAUTH={"EXTRA_CLAIMS": f"{__name__}.broken_claims"}):
        with pytest.raises(ImproperlyConfigured, match="may not write sub"):
            post("/auth/login/", {"username": "ada", "password": PASSWORD})
        api = APIClient(raise_request_exception=False)
        answer = api.post("/auth/login/", {"username": "ada", "password": PASSWORD}, "json")
    assert answer.status_code == 500
    assert not LoginSession.objects.exists()


def test_an_error_rolls_nothing_back(user: User) -> None:
    with transaction.atomic():
        device = Device()
        device.refresh()
        move_on(60)
        assert_grant_refused(device.refresh(), "refresh_token_reused")
        # DRF's own handler would have marked the block; the next statement would fail.
        assert LoginSession.objects.get().end_reason == "reuse"
    assert not sessions.active(user).exists()


def test_refusals_are_no_errors_in_the_log(user: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "django_jwtauth"):
        token_invalid(user)
        refresh_token_invalid(user)
        invalid_credentials(user)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

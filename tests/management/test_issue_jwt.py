"""``issue_jwt`` prints a token that opens the API, and how to use it unseen."""

import subprocess
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from pytest_django.live_server_helper import LiveServer

from django_jwtauth import sessions
from django_jwtauth.exceptions import AccessTokenError
from django_jwtauth.models import LoginSession
from django_jwtauth.testing import move_time
from django_jwtauth.tokens.access_token import read_unverified
from tests.management.commands import run, run_process


def me(raw: str) -> int:
    return Client().get("/auth/me/", headers={"Authorization": f"Bearer {raw}"}).status_code


def test_the_token_opens_the_api(user: User) -> None:
    ran = run("issue_jwt", "demo")
    assert ran.code == 0
    assert me(ran.out.splitlines()[0]) == 200


def test_the_session_bears_its_label_and_ends_with_the_token(user: User) -> None:
    raw = run("issue_jwt", "demo", "--lifetime", "2m").out.splitlines()[0]
    _, claims = read_unverified(raw)
    assert claims["exp"] - claims["iat"] == 120
    (session,) = sessions.active(user)
    assert (session.label, session.sid) == ("issue_jwt", claims["sid"])
    assert int(session.expires_at.timestamp()) == claims["exp"]
    with move_time(timedelta(minutes=2, seconds=1)):
        assert not sessions.active(user).exists()


def test_without_a_lifetime_it_lives_as_long_as_a_token_may(user: User) -> None:
    _, claims = read_unverified(run("issue_jwt", "demo").out.splitlines()[0])
    assert claims["exp"] - claims["iat"] == 300


@pytest.mark.parametrize("lifetime", ["301s", "6m", "1d", "0s"])
def test_a_lifetime_that_no_token_has_is_refused_and_nothing_starts(
    user: User, lifetime: str
) -> None:
    ran = run("issue_jwt", "demo", "--lifetime", lifetime)
    assert (ran.code, ran.out) == (1, "")
    assert ran.error.startswith("An access token lives from 1 to 300 seconds, not ")
    assert not LoginSession.objects.exists()


def test_what_is_no_duration_is_named(user: User) -> None:
    assert "'soon' is no duration" in run("issue_jwt", "demo", "--lifetime", "soon").error


def test_an_unknown_user_is_named(user: User) -> None:
    assert run("issue_jwt", "nobody").error == "There is no user whose username is 'nobody'."


def test_an_inactive_user_gets_none(user: User) -> None:
    User.objects.update(is_active=False)
    ran = run("issue_jwt", "demo")
    assert (ran.code, ran.out, ran.error) == (1, "", "The user account is inactive.")


def test_quietly_it_prints_the_token_alone(user: User) -> None:
    (raw,) = run("issue_jwt", "demo", "-v", "0").out.splitlines()
    assert me(raw) == 200


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("django-jwtauth", "http://127.0.0.1:8000/auth/me/"),
        ("https://auth.example.com", "https://auth.example.com/auth/me/"),
        ("https://example.com/tenant", "https://example.com/auth/me/"),
    ],
)
def test_the_curl_line_asks_this_project(user: User, issuer: str, url: str) -> None:
    with override_settings(JWTAUTH={"ISSUER": issuer}):
        line = run("issue_jwt", "demo").out.splitlines()[-1]
    assert line == f"printf 'Authorization: Bearer %s' \"$TOKEN\" | curl -H @- {url}"


def test_a_project_that_serves_no_endpoints_gets_a_line_too(user: User) -> None:
    with override_settings(ROOT_URLCONF="tests.management.commands"):
        line = run("issue_jwt", "demo").out.splitlines()[-1]
    assert line.endswith("| curl -H @- http://127.0.0.1:8000/")


@pytest.mark.django_db(transaction=True)
def test_the_curl_line_works_in_a_shell_as_it_stands(live_server: LiveServer) -> None:
    User.objects.create_user("demo")
    ran = run_process("issue_jwt", "demo")
    raw, line = ran.out.splitlines()[0], ran.out.splitlines()[-1]
    assert ran.error == ""
    answer = subprocess.run(
        ["sh", "-c", line.replace("http://127.0.0.1:8000", live_server.url) + " --silent"],
        env={"TOKEN": raw, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"username":"demo"' in answer.stdout


def test_the_token_can_be_forced_to_expire_by_its_session(user: User) -> None:
    raw = run("issue_jwt", "demo", "-v", "0").out.strip()
    sessions.end(read_unverified(raw)[1]["sid"])
    with pytest.raises(AccessTokenError):
        sessions.authenticate(raw)

"""``inspect_jwt`` shows what a token says, and exactly why it is refused; it changes nothing."""

import json
import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.models import LoginSession, Revocation
from django_jwtauth.testing import (
    access_token_for,
    expired_access_token_for,
    move_time,
    revoked_access_token_for,
)
from django_jwtauth.tokens import access_token
from django_jwtauth.tokens.encoding import b64encode, json_bytes
from django_jwtauth.tokens.keys import generate_private_jwk, key_from_jwk
from tests.management.commands import Ran, run, run_process
from tests.processes.commands import command


def inspect(raw: str) -> Ran:
    ran = run("inspect_jwt", "-", stdin=raw)
    assert raw not in ran.out + ran.error
    assert ran.code == (1 if ran.error else 0)
    return ran


def why(raw: str) -> str:
    ran = inspect(raw)
    assert ran.error.startswith("Not valid: ")
    return ran.error.removeprefix("Not valid: ")


def shown(ran: Ran) -> dict[str, str]:
    """Return the lines below the headings, by their names."""
    lines = re.findall(r"^  (\S.*?)  +(.*)$", ran.out, re.MULTILINE)
    return dict(lines)


def forged(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(b64encode(part) for part in (json_bytes(header), json_bytes(claims), b"x" * 64))


class TestGoodAccessToken:
    def test_header_claims_key_and_user_are_shown(self, user: User) -> None:
        pair = sessions.start(user, scope="orders:read")
        ran = inspect(pair.access_token)
        facts = shown(ran)
        assert re.findall(r"^\w.*$", ran.out, re.MULTILINE)[:4] == [
            "header",
            "claims",
            "key",
            "user",
        ]
        assert (facts["alg"], facts["typ"], facts["state"]) == ("ES256", "at+jwt", "active")
        assert (facts["sub"], facts["name"]) == (str(user.pk), "demo")
        assert (facts["sid"], facts["scope"]) == (pair.session.sid, "orders:read")
        assert re.fullmatch(r"\d+ \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)", facts["exp"])
        assert re.search(r"Valid: it opens the API for \d+ (min|s) more\.$", ran.out.strip())

    def test_a_list_and_a_number_are_shown_as_json(self, user: User) -> None:
        facts = shown(inspect(access_token_for(user, groups=["über", "staff"], level=3)))
        assert (facts["groups"], facts["level"]) == ('["über", "staff"]', "3")

    def test_it_may_stand_on_the_command_line(self, user: User) -> None:
        assert run("inspect_jwt", access_token_for(user)).code == 0

    def test_nothing_changes(self, user: User) -> None:
        raw = access_token_for(user)
        before = LoginSession.objects.values().get()
        inspect(raw)
        assert LoginSession.objects.values().get() == before


class TestRefusedAccessToken:
    def test_an_expired_one(self, user: User) -> None:
        sentence = why(expired_access_token_for(user))
        assert re.fullmatch(r"The access token has expired\. Its exp was 1\d s ago\.", sentence)

    def test_one_that_is_older_than_its_exp_admits(self, user: User) -> None:
        now = int(clock.now())
        raw = access_token_for(user, iat=now - 400, exp=now + 10_000)
        assert why(raw).startswith("The access token has expired. Its exp is yet to come, but it")

    def test_one_from_the_future(self, user: User) -> None:
        raw = access_token_for(user)
        with move_time(-60):
            assert why(raw) == "The token is not valid yet."

    def test_one_that_was_revoked_alone(self, user: User) -> None:
        assert why(revoked_access_token_for(user)) == (
            "The access token has been revoked. It was revoked alone; its login session goes on."
        )

    def test_one_whose_session_has_ended_and_why(self, user: User) -> None:
        pair = sessions.start(user)
        sessions.end(pair.session.pk, LoginSession.EndReason.LOGOUT)
        assert re.fullmatch(
            r"The access token has been revoked\. Its login session ended at .* UTC: logged out\.",
            why(pair.access_token),
        )

    def test_one_whose_session_has_ended_and_was_pruned(self, user: User) -> None:
        pair = sessions.start(user)
        sessions.end(pair.session.pk)
        LoginSession.objects.all()._raw_delete("default")
        assert "revoked" in why(pair.access_token)

    def test_one_whose_key_was_revoked(self, user: User) -> None:
        raw = access_token_for(user)
        kid = access_token.read_unverified(raw)[0]["kid"]
        key_rotation.revoke_key(kid, clock.now())
        assert why(raw) == (
            f"The access token has been revoked. Its signing key {kid} was revoked."
        )
        assert shown(inspect(raw))["state"] == "revoked"

    def test_one_of_the_time_before_everybody_was_logged_out(self, user: User) -> None:
        raw = access_token_for(user)
        sessions.end_everything()
        assert "So was every token until " in why(raw)

    def test_one_of_a_user_who_is_gone_or_inactive(self, user: User) -> None:
        raw = access_token_for(user)
        User.objects.update(is_active=False)
        assert why(raw) == "The user account is inactive."
        for model in (LoginSession, User):  # past the signals, which would revoke the token
            model.objects.all()._raw_delete("default")
        assert why(raw) == "The user account no longer exists."

    def test_one_whose_signature_is_wrong(self, user: User) -> None:
        raw = access_token_for(user)
        assert why(raw[:-6] + "AAAAAA") == "The signature is wrong."

    def test_one_of_another_issuer_that_our_key_signed(self, user: User) -> None:
        raw = access_token_for(user, iss="https://somebody.else")
        assert why(raw) == "The token has another issuer."

    def test_a_foreign_one(self, db: None) -> None:
        key = key_from_jwk(generate_private_jwk("ES256"), kind="private")
        ran = inspect(access_token.make({"iss": "https://somebody.else", "sub": "7"}, key))
        assert ran.error == (
            "Not valid: The token was signed with an unknown key. It names another issuer, too."
        )
        assert shown(ran)["kid"].startswith("unknown here")
        assert shown(ran)["iss"] == "https://somebody.else"

    def test_an_id_token_of_another_type(self, user: User) -> None:
        kid = access_token.read_unverified(access_token_for(user))[0]["kid"]
        raw = forged({"alg": "ES256", "typ": "JWT", "kid": kid}, {"sub": "1"})
        assert why(raw) == "The token is not an access token."

    @pytest.mark.parametrize(
        "raw", ["rubbish", "a.b", "a.b.c", "ä.ö.ü", "x" * 9000, "eyJhIjoxfQ.eyJhIjoxfQ"]
    )
    def test_what_is_malformed(self, db: None, raw: str) -> None:
        assert re.fullmatch(r"The token is (not a signed JWT|malformed)\.", why(raw))

    def test_an_empty_stdin(self, db: None) -> None:
        assert run("inspect_jwt", "-").error == "There was no token on stdin."

    def test_odd_claims_are_shown_and_cannot_steer_a_terminal(self, db: None) -> None:
        raw = forged(
            {"alg": "none", "kid": ["x"], "\x1b[2J": 1},
            {"sub": "\x1b]0;owned\x07", "exp": 10**40, "iat": True, "nbf": None, "x": ["\x9b"]},
        )
        ran = inspect(raw)
        assert ran.out.replace("\n", "").isprintable()
        assert shown(ran)["sub"] == json.dumps("\x1b]0;owned\x07")

    def test_where_no_keys_can_be_read_it_says_so(self, user: User) -> None:
        raw = access_token_for(user)
        broken = {"BACKEND": "django_jwtauth.keystores.static.StaticKeyStore"}
        with override_settings(JWTAUTH={"KEY_STORE": broken}):
            ran = inspect(raw)
        assert ran.error == (
            "StaticKeyStore needs the option KEYS: a list of dictionaries, one a key."
        )


class TestRefreshToken:
    def test_the_current_one(self, user: User) -> None:
        pair = sessions.start(user, label="laptop")
        ran = inspect(pair.refresh_token)
        facts = shown(ran)
        assert (facts["session"], facts["generation"]) == (pair.session.sid, "0")
        assert (facts["state"], facts["label"], facts["name"]) == ("live", "laptop", "demo")
        assert ran.out.endswith("Valid: a refresh answers with the next token.\n")

    def test_no_secret_is_shown(self, user: User) -> None:
        pair = sessions.start(user)
        out = inspect(pair.refresh_token).out
        secret = bytes(pair.session.secret)
        for hidden in (secret.hex(), b64encode(secret), pair.session.auth_hash):
            assert hidden not in out
        assert pair.refresh_token[30:] not in out

    def test_one_that_was_just_used_is_forgiven(self, user: User) -> None:
        pair = sessions.start(user)
        sessions.refresh(pair.refresh_token)
        ran = inspect(pair.refresh_token)
        assert ran.out.endswith("another answers with the same token.\n")

    def test_a_superseded_one_would_end_the_session_and_does_not(self, user: User) -> None:
        pair = sessions.start(user)
        current = sessions.refresh(pair.refresh_token).refresh_token
        with move_time(31):
            assert why(pair.refresh_token) == (
                "It was superseded 1 generation ago: a refresh would end the login session, for "
                "it may be stolen."
            )
            sessions.refresh(current)

    def test_one_whose_session_has_ended_and_why(self, user: User) -> None:
        pair = sessions.start(user)
        sessions.end(pair.session.pk, LoginSession.EndReason.REUSE)
        assert re.fullmatch(
            r"The login session ended at .* UTC: a refresh token was reused\.",
            why(pair.refresh_token),
        )

    def test_one_that_was_idle_for_too_long(self, user: User) -> None:
        pair = sessions.start(user)
        with move_time(timedelta(days=14)):
            assert why(pair.refresh_token) == (
                "The refresh token has expired. Its login session was idle for too long."
            )

    def test_one_at_its_latest_end(self, user: User) -> None:
        with override_settings(JWTAUTH={"REFRESH_TOKEN_LIFETIME": timedelta(days=365)}):
            pair = sessions.start(user)
        with move_time(timedelta(days=90)):
            assert why(pair.refresh_token).endswith("Its login session has reached its latest end.")

    def test_one_of_a_user_who_may_not_hold_it_any_more(self, user: User) -> None:
        pair = sessions.start(user)
        User.objects.update(password="another")
        assert why(pair.refresh_token) == (
            "A refresh would end the login session: password changed."
        )
        User.objects.update(is_active=False)
        assert why(pair.refresh_token).endswith("user deactivated.")
        assert LoginSession.objects.get().ended_at is None

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            ("jrt_rubbish", "malformed"),
            ("jrt_" + "A" * 64, "no such session"),
        ],
    )
    def test_what_is_not_ours(self, db: None, raw: str, reason: str) -> None:
        assert why(raw) == f"The refresh token is invalid. Namely: {reason}."

    def test_a_guessed_one_ends_nothing(self, user: User) -> None:
        pair = sessions.start(user)
        guessed = pair.refresh_token[:-8] + secrets.token_urlsafe(6)
        assert why(guessed) == "The refresh token is invalid. Namely: the MAC is wrong."
        assert not Revocation.objects.filter(identifier__startswith="sid:").exists()


@pytest.mark.django_db(transaction=True)
def test_another_process_finds_the_same() -> None:
    user = User.objects.create_user("demo")
    good = run_process("inspect_jwt", "-", stdin=access_token_for(user))
    assert (good.code, good.error) == (0, "")
    dead = run_process("inspect_jwt", "-", stdin=revoked_access_token_for(user))
    assert dead.code == 1
    assert dead.error.startswith("CommandError: Not valid: The access token has been revoked.")


@pytest.mark.parametrize("database", ["django.db.backends.dummy", "django.db.backends.sqlite3"])
def test_a_service_without_a_table_of_users_shows_the_rest(database: str) -> None:
    key = {"private_key": generate_private_jwk("ES256")}
    jwtauth = {
        "KEY_STORE": {
            "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
            "OPTIONS": {"KEYS": [key]},
        },
        "REVOCATION_FEED": {"BACKEND": "django_jwtauth.revocation.dummy.DummyFeed"},
    }
    now = int(clock.now())
    claims = {
        **dict.fromkeys(("iss", "aud", "client_id"), "django-jwtauth"),
        "sub": "7",
        "iat": now,
        "exp": now + 300,
        "jti": "a-token",
        "sid": "A" * 22,
    }
    raw = access_token.make(claims, key_from_jwk(key["private_key"], kind="private"))
    databases = {"default": {"ENGINE": database, "NAME": ":memory:"}}
    ran = command("", "inspect_jwt", raw, JWTAUTH=jwtauth, DATABASES=databases)
    assert ran.returncode == 0, ran.stderr
    assert "not looked up: there is no table of users here" in ran.stdout
    assert "Valid: it opens the API for" in ran.stdout

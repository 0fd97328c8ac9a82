"""Processes that sign and verify each other's tokens while their keys change."""

import multiprocessing
from time import monotonic
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_jwtauth import clock, conf, key_rotation, sessions
from django_jwtauth.exceptions import JWTAuthError, TokenRevoked
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.authenticate import accept
from django_jwtauth.tokens import access_token
from tests.races.racing import Caller, race

#: Seconds that a race lasts: the change, the five until it takes effect, and some after it.
LASTS = 8.0


def token(template: dict[str, Any]) -> str:
    """Sign a token as a login or a refresh does."""
    now = clock.now()
    feed().ensure_current()
    issued = {"iat": int(now), "exp": int(now) + conf.current().ACCESS_TOKEN_LIFETIME}
    return access_token.make({**template, **issued}, key_rotation.signing_key(now))


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(60)
def test_no_process_refuses_another_s_token_while_keys_are_rotated() -> None:
    user = User.objects.create_user("demo")
    _, template = access_token.read_unverified(sessions.start(user).access_token)
    shared: Any = multiprocessing.get_context("fork").Array("c", 2048)

    def act(caller: Caller) -> tuple[set[str], list[str]]:
        kids: set[str] = set()
        refused: list[str] = []
        caller.wait()
        began, is_rotated = monotonic(), False
        while monotonic() < began + LASTS:
            if caller.is_first and not is_rotated and monotonic() > began + 1:
                key_rotation.rotate(clock.now(), immediately=True)
                is_rotated = True
            other, shared.value = shared.value, token(template).encode()
            for raw in filter(None, (other, shared.value)):
                try:
                    kids.add(accept(raw.decode(), clock.now()).kid)
                except JWTAuthError as error:
                    refused.append(repr(error))
        return kids, refused

    results = race(3, 2, act)
    assert [refused for _, refused in results if refused] == []
    assert all(len(kids) == 2 for kids, _ in results)  # each has seen both keys


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(60)
def test_every_process_refuses_a_revoked_key_within_a_second_and_signs_with_its_heir() -> None:
    user = User.objects.create_user("demo")
    raw = sessions.start(user).access_token
    _, template = access_token.read_unverified(raw)
    revoked_at = multiprocessing.get_context("fork").Value("d", 0.0)

    def act(caller: Caller) -> float:
        accept(raw, clock.now())
        caller.wait()
        if caller.is_first:
            kid = key_rotation.signing_key(clock.now()).kid
            key_rotation.revoke_key(kid, clock.now())
            revoked_at.value = monotonic()
        until = monotonic() + LASTS
        while monotonic() < until:
            try:
                accept(raw, clock.now())
            except TokenRevoked:
                seen_at = monotonic()
                assert accept(token(template), clock.now()).kid
                return seen_at
        raise AssertionError("never refused")

    seen = race(3, 1, act)
    assert max(seen) - revoked_at.value < 1.1 + 0.5  # MAX_AGE, a poll, and a busy machine

"""A refresh token whose MAC is wrong: forged, or made under a secret that was dropped."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from django_jwtauth import sessions
from django_jwtauth.exceptions import RefreshTokenInvalid
from django_jwtauth.models import LoginSession, Revocation, to_sid
from django_jwtauth.sessions import TokenPair

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> TokenPair:
    return sessions.start(User.objects.create_user("ada"))


@pytest.mark.parametrize("act", [sessions.refresh, sessions.revoke])
def test_the_security_log_tells_of_a_token_made_under_a_dropped_secret(
    pair: TokenPair, settings: Any, caplog: pytest.LogCaptureFixture, act: Any
) -> None:
    caplog.clear()
    settings.SECRET_KEY = "a-secret-key-without-a-fallback-0123456789"
    with pytest.raises(RefreshTokenInvalid):
        act(pair.refresh_token)
    # Another logger tells of the signing key, which cannot be decrypted either.
    (line,) = [one.message for one in caplog.records if one.name == "django_jwtauth.security"]
    session = pair.session
    assert line.startswith(f"refresh_token_mac_wrong user={session.user_id} sid={session.sid} ")
    assert "SECRET_KEY_FALLBACKS" in line
    assert pair.refresh_token not in line
    assert LoginSession.objects.get().ended_at is None
    assert not Revocation.objects.filter(identifier=f"sid:{to_sid(session.pk)}").exists()


def test_a_guess_that_names_no_session_is_not_worth_a_line(
    pair: TokenPair, caplog: pytest.LogCaptureFixture
) -> None:
    LoginSession.objects.all().delete()
    caplog.clear()
    with pytest.raises(RefreshTokenInvalid):
        sessions.refresh(pair.refresh_token)
    assert caplog.messages == []

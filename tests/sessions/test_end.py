"""`sessions.end`, `end_all`, `end_own`, `revoke`, `active`: called from a project's own code."""

import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from django_jwtauth import clock, sessions, signals
from django_jwtauth.exceptions import (
    RefreshTokenInvalid,
    SessionEnded,
    SessionNotFound,
    TokenInvalid,
    TokenRevoked,
)
from django_jwtauth.models import LoginSession, Revocation, to_sid
from django_jwtauth.sessions import TokenPair
from django_jwtauth.tokens import access_token
from tests.moments import move_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password="a password of ada's")


@pytest.fixture
def pair(user: User) -> TokenPair:
    return sessions.start(user)


def assert_ended(pair: TokenPair, reason: str) -> None:
    with pytest.raises(TokenRevoked):
        sessions.authenticate(pair.access_token)
    with pytest.raises(SessionEnded) as caught:
        sessions.refresh(pair.refresh_token)
    assert caught.value.end_reason == reason


def add_rows_like(row: LoginSession, count: int) -> None:
    times = ("created_at", "last_used_at", "idle_expires_at", "expires_at")
    fields: Any = {name: getattr(row, name) for name in ("user", *times)}
    LoginSession.objects.bulk_create(LoginSession(**fields) for _ in range(count))


@pytest.mark.parametrize("spell", [lambda row: row.pk, lambda row: row.sid])
def test_a_session_ends_by_uuid_and_by_sid(pair: TokenPair, spell: Any) -> None:
    assert sessions.end(spell(pair.session)) is True
    assert sessions.end(spell(pair.session)) is False
    assert_ended(pair, "revoked")


def test_the_reason_is_kept(pair: TokenPair) -> None:
    sessions.end(pair.session.pk, "logout")
    sessions.end(pair.session.pk, "revoked")
    assert_ended(pair, "logout")


def test_what_is_not_there_cannot_be_ended() -> None:
    assert sessions.end(uuid4()) is False
    assert sessions.end(to_sid(uuid4())) is False


@pytest.mark.parametrize(
    "sid", ["", "x", "A" * 23, "A" * 21 + "B", "\u00e9", "\0", str(UUID(int=1))]
)
def test_what_is_no_sid_is_told(user: User, sid: str) -> None:
    with pytest.raises(SessionNotFound):
        sessions.end(sid)
    with pytest.raises(SessionNotFound):
        sessions.end_own(user, sid)


def test_a_user_ends_only_their_own(user: User, pair: TokenPair) -> None:
    other = User.objects.create_user("bob")
    with pytest.raises(SessionNotFound):
        sessions.end_own(other, pair.session.sid)
    sessions.authenticate(pair.access_token)
    assert sessions.end_own(user, pair.session.sid) is True
    assert_ended(pair, "revoked")


@pytest.mark.parametrize("spell", [lambda row: row.pk, lambda row: row.sid])
def test_all_of_a_user_end_but_the_one_that_is_kept(user: User, spell: Any) -> None:
    pairs = [sessions.start(user) for _ in range(3)]
    bystander = sessions.start(User.objects.create_user("bob"))
    assert sessions.end_all(user, "logout_all", except_session=spell(pairs[0].session)) == 2
    sessions.authenticate(pairs[0].access_token)
    assert_ended(pairs[1], "logout_all")
    assert sessions.end_all(user, "revoked") == 1
    assert sessions.end_all(user) == 0
    assert_ended(pairs[0], "revoked")
    sessions.authenticate(bystander.access_token)


def test_more_than_one_batch_ends(user: User) -> None:
    pair = sessions.start(user)
    row = pair.session
    add_rows_like(row, 1100)
    assert sessions.end_all(user) == 1101
    assert Revocation.objects.filter(identifier__startswith="sid:").count() == 1101
    assert_ended(pair, "logout_all")


def test_an_access_token_is_revoked_alone(pair: TokenPair) -> None:
    assert sessions.revoke(pair.access_token) is True
    assert sessions.revoke(pair.access_token) is False
    with pytest.raises(TokenRevoked):
        sessions.authenticate(pair.access_token)
    sessions.authenticate(sessions.refresh(pair.refresh_token).access_token)


def test_a_refresh_token_is_revoked_with_its_session(pair: TokenPair) -> None:
    assert sessions.revoke(pair.refresh_token) is True
    assert sessions.revoke(pair.refresh_token) is False
    assert_ended(pair, "revoked")


def test_a_dead_access_token_leaves_no_revocation(pair: TokenPair) -> None:
    move_on(3600)
    assert sessions.revoke(pair.access_token) is False
    assert not Revocation.objects.filter(identifier__startswith="jti:").exists()


@pytest.mark.parametrize("raw", ["", "x", "a.b.c", "jrt_", "jrt_" + "A" * 64, "\0", "\ud800"])
def test_what_is_no_token_of_ours_is_told(pair: TokenPair, raw: str) -> None:
    with pytest.raises((TokenInvalid, RefreshTokenInvalid)):
        sessions.revoke(raw)


def test_the_active_ones_are_listed_newest_use_first(user: User) -> None:
    first = sessions.start(user)
    move_on(10)
    second = sessions.start(user)
    move_on(10)
    sessions.refresh(first.refresh_token)
    sessions.end(sessions.start(user).session.pk)
    sessions.start(User.objects.create_user("bob"))
    assert list(sessions.active(user)) == [first.session, second.session]
    move_on(14 * 86400 - 5)
    assert list(sessions.active(user)) == [first.session]


def test_of_those_used_last_in_one_moment_the_newest_login_comes_first(user: User) -> None:
    first = sessions.start(user).session
    move_on(10)
    second = sessions.start(user).session
    LoginSession.objects.update(last_used_at=second.created_at)
    assert list(sessions.active(user)) == [second, first]


@pytest.mark.django_db(transaction=True)
def test_listeners_hear_of_each_session_that_ended_and_of_no_other(user: User) -> None:
    heard: list[tuple[UUID, object, str]] = []

    def listen(sender: Any, *, session_id: UUID, user_id: object, reason: str, **_: Any) -> None:
        assert sender is LoginSession
        heard.append((session_id, user_id, reason))

    pairs = [sessions.start(user) for _ in range(2)]
    signals.session_ended.connect(listen)
    try:
        sessions.end(pairs[0].session.pk)
        sessions.end(pairs[0].session.pk)
        sessions.end_all(user)
    finally:
        signals.session_ended.disconnect(listen)
    assert heard == [
        (pairs[0].session.pk, user.pk, "revoked"),
        (pairs[1].session.pk, user.pk, "logout_all"),
    ]


@pytest.mark.django_db(transaction=True)
def test_an_ending_that_is_rolled_back_has_not_happened(user: User, pair: TokenPair) -> None:
    heard: list[Any] = []

    def listen(**arguments: Any) -> None:
        heard.append(arguments)

    signals.session_ended.connect(listen)
    try:
        with transaction.atomic():
            sessions.end_all(user)
            # For whoever ended it, it is over at once.
            with pytest.raises(TokenRevoked):
                sessions.authenticate(pair.access_token)
            transaction.set_rollback(True)
    finally:
        signals.session_ended.disconnect(listen)
    assert heard == []
    sessions.authenticate(pair.access_token)
    assert sessions.refresh(pair.refresh_token).access_token


def test_the_security_log_has_a_line_for_each_event(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "django_jwtauth.security"):
        pair = sessions.start(user)
        old = pair.refresh_token
        sessions.refresh(old)
        move_on(60)
        with pytest.raises(Exception, match="used before"):
            sessions.refresh(old)
        other = sessions.start(user)
        sessions.revoke(other.access_token)
        sessions.end_everything()
    lines = [record.getMessage() for record in caplog.records]
    words = [line.split()[0] for line in lines]
    assert words == [
        "session_started",
        "session_ended",
        "refresh_token_reused",
        "session_started",
        "token_revoked",
        "all_sessions_ended",
    ]
    jti = access_token.read_unverified(other.access_token)[1]["jti"]
    assert lines[1] == f"session_ended sid={pair.session.sid} reason=reuse user={user.pk}"
    assert lines[4:] == [
        f"token_revoked user={user.pk} jti={jti}",
        "all_sessions_ended reason=revoked sessions=1",
    ]
    for secret in (old, pair.access_token, other.access_token, other.refresh_token):
        assert secret not in caplog.text


# When, and for how long: 300 seconds of an access token's life, 10 of leeway, 60 to be sure.

ENDINGS: dict[str, tuple[Any, str]] = {
    "end": (lambda pair: sessions.end(pair.session.pk), "sid:"),
    "end_own": (lambda pair: sessions.end_own(pair.session.user, pair.session.sid), "sid:"),
    "end_all": (lambda pair: sessions.end_all(pair.session.user), "sid:"),
    "revoke the refresh token": (lambda pair: sessions.revoke(pair.refresh_token), "sid:"),
    "revoke the access token": (lambda pair: sessions.revoke(pair.access_token), "jti:"),
    "end_everything": (lambda _pair: sessions.end_everything(), "*"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_is_dated_and_revoked_until_its_last_token_has_expired(
    pair: TokenPair, ending: str
) -> None:
    move_on(100)
    act, prefix = ENDINGS[ending]
    before = clock.now()
    assert act(pair)
    after = clock.now()
    row = LoginSession.objects.get()
    assert (row.ended_at is None) is (prefix == "jti:")
    if row.ended_at is not None:
        assert before - 0.001 <= row.ended_at.timestamp() <= after
    revocations = Revocation.objects.filter(identifier__startswith=prefix)
    assert revocations
    for revocation in revocations:
        assert revocation.expires_at is not None
        assert before - 0.001 <= revocation.expires_at.timestamp() - 370 <= after


def test_everything_that_ends_at_once_is_named_by_the_second(
    pair: TokenPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([pair.session.created_at.timestamp() + 1, *[clock.now() + 5] * 20])
    last = clock.now() + 5
    monkeypatch.setattr(clock, "now", lambda: next(moments, last))
    assert sessions.end_everything("logout_all") == 1
    named = set(Revocation.objects.filter(identifier__startswith="*").values_list("pk", flat=True))
    # Before the sessions end, and after.
    assert named == {f"*{int(pair.session.created_at.timestamp() + 1)}", f"*{int(last)}"}
    assert LoginSession.objects.get().end_reason == "logout_all"


def test_everybodys_sessions_end_in_batches(user: User) -> None:
    row = sessions.start(user).session
    gone = sessions.start(user)
    sessions.end(gone.session.pk, "logout")
    add_rows_like(row, 1000)
    with CaptureQueriesContext(connection) as captured:
        assert sessions.end_everything() == 1001
    statements = [one["sql"] for one in captured]
    assert sum(sql.startswith("UPDATE") and "loginsession" in sql for sql in statements) == 3
    assert set(LoginSession.objects.values_list("end_reason", flat=True)) == {"logout", "revoked"}

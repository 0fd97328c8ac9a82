"""`sessions.prune`, batch by batch; `tests/management/test_prune_jwt.py` has the command."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_jwtauth import clock, sessions
from django_jwtauth.models import LoginSession, Revocation, SigningKey, to_datetime
from django_jwtauth.sessions import prune

pytestmark = pytest.mark.django_db

HOUR = 3600.0


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada")


def row(user: User, **since: float) -> LoginSession:
    """Return a session whose times were so many seconds ago; it began a day before."""
    ago = {"created_at": 24 * HOUR, "idle_expires_at": -HOUR, "expires_at": -HOUR, **since}
    times: Any = {name: to_datetime(clock.now() - seconds) for name, seconds in ago.items()}
    return LoginSession(user=user, last_used_at=times["created_at"], **times)


def a_key(kid: str, expire_at: datetime) -> None:
    moment = to_datetime(clock.now())
    SigningKey.objects.create(
        kid=kid,
        predecessor=kid,
        created_at=moment,
        active_at=moment,
        expire_at=expire_at,
        public_jwk={},
    )


def pruned(**options: Any) -> list[tuple[str, int]]:
    return [(batch.what, batch.rows) for batch in prune(**options)]


def test_what_is_over_goes_for_each_of_the_reasons_and_nothing_else_does(user: User) -> None:
    key = SigningKey.objects.get().pk
    live = row(user)
    over = [
        row(user, ended_at=0.2),
        row(user, ended_at=5),
        row(user, expires_at=5),
        row(user, idle_expires_at=5),
        row(user, idle_expires_at=6),
    ]
    LoginSession.objects.bulk_create([live, *over])
    moment = to_datetime(clock.now())
    for seconds in (-5, 5):
        name, then = f"{seconds:+}", to_datetime(clock.now() + seconds)
        Revocation.objects.create(identifier=f"jti:{name}", revoked_at=moment, expires_at=then)
        a_key(name, expire_at=then)
    Revocation.objects.create(identifier="jti:for good", revoked_at=moment)

    assert pruned() == [
        ("login sessions", 2),
        ("login sessions", 1),
        ("login sessions", 2),
        ("revocations", 1),
        ("signing keys", 1),
    ]
    assert list(LoginSession.objects.all()) == [live]
    tokens = Revocation.objects.filter(pk__startswith="jti:")
    assert set(tokens.values_list("pk", flat=True)) == {"jti:+5", "jti:for good"}
    assert set(SigningKey.objects.values_list("pk", flat=True)) == {key, "+5"}
    assert pruned() == []


def test_keep_is_for_sessions_and_keys_and_not_for_revocations(user: User) -> None:
    over = (
        [row(user, ended_at=seconds) for seconds in (HOUR - 5, HOUR + 5)]
        + [row(user, expires_at=seconds) for seconds in (HOUR - 5, HOUR + 5)]
        + [row(user, idle_expires_at=seconds) for seconds in (HOUR - 5, HOUR + 5)]
    )
    LoginSession.objects.bulk_create(over)
    moment = to_datetime(clock.now() - 5)
    Revocation.objects.create(identifier="jti:x", revoked_at=moment, expires_at=moment)
    assert pruned(keep=HOUR) == [("login sessions", 1)] * 3 + [("revocations", 1)]
    assert pruned() == [("login sessions", 1)] * 3


def test_a_batch_is_of_a_thousand_rows_where_nobody_says_how_many(user: User) -> None:
    LoginSession.objects.bulk_create(row(user, ended_at=5) for _ in range(1001))
    assert pruned() == [("login sessions", 1000), ("login sessions", 1)]


def test_each_kind_goes_in_batches_past_the_signals(user: User) -> None:
    for reason in ("ended_at", "expires_at", "idle_expires_at"):
        LoginSession.objects.bulk_create(row(user, **{reason: 5}) for _ in range(3))
        with CaptureQueriesContext(connection) as captured:
            assert pruned(batch_size=2) == [("login sessions", 2), ("login sessions", 1)]
        deletes = [one["sql"] for one in captured if one["sql"].startswith("DELETE")]
        assert len(deletes) == 2
    past = to_datetime(clock.now() - 5)
    for name in "abc":
        Revocation.objects.create(identifier=f"jti:{name}", revoked_at=past, expires_at=past)
        a_key(name, expire_at=past)
    assert pruned(batch_size=2) == [
        ("revocations", 2),
        ("revocations", 1),
        ("signing keys", 2),
        ("signing keys", 1),
    ]
    assert not Revocation.objects.filter(pk__startswith="sid:").exists()


def test_the_idle_are_found_in_the_order_of_an_index(user: User) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert pruned() == []
    (sql,) = [one["sql"] for one in captured if "idle_expires_at" in one["sql"]]
    found, _, order = sql.replace("`", '"').partition(" ORDER BY ")
    assert '"created_at" <' in found
    assert '"expires_at" ASC, ' in order


def test_the_latest_session_is_left_where_another_of_its_user_goes(user: User) -> None:
    gone, stays = sessions.start(user), sessions.start(user)
    sessions.end(gone.session.pk)
    LoginSession.objects.filter(pk=gone.session.pk).update(ended_at=to_datetime(clock.now() - 5))
    assert pruned() == [("login sessions", 1)]
    assert sessions.refresh(stays.refresh_token).session == stays.session

"""Login sessions and the password that they began under: which end, which follow, at what cost."""

import re
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_jwtauth import clock, sessions
from django_jwtauth.exceptions import TokenRevoked
from django_jwtauth.models import LoginSession

pytestmark = pytest.mark.django_db

OLD, NEW = "md5$a$old", "md5$b$new"  # both with a salt that Django finds too short
TYPED = "what the user types"


@pytest.fixture
def user() -> User:
    return User.objects.create(username="ada", password=OLD)


def upgrade(user: User, to: str = NEW) -> None:
    """Do what happens when Django saves a hash that it has made at login."""
    user.password = to
    sessions.upgrade_password(user, "default")


def statements(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    words = [query["sql"].split()[0] for query in captured]
    return [word for word in words if word not in ("SAVEPOINT", "RELEASE")]


def test_sessions_of_the_password_as_it_is_go_on(user: User) -> None:
    for _ in range(2):
        sessions.start(user)
    assert sessions.end_outdated(user) == 0
    assert statements(lambda: sessions.end_outdated(user)) == ["SELECT"]
    assert sessions.active(user).count() == 2


def test_those_of_another_password_end_and_no_others(user: User) -> None:
    gone = sessions.start(user)
    sessions.end(gone.session.pk, "logout")
    outdated = [sessions.start(user) for _ in range(2)]
    stranger = sessions.start(User.objects.create(username="bob", password=OLD))
    user.password = NEW
    User.objects.filter(pk=user.pk).update(password=NEW)
    current = sessions.start(user)
    before = clock.now()
    assert sessions.end_outdated(user) == 2

    for pair in outdated:
        with pytest.raises(TokenRevoked):
            sessions.authenticate(pair.access_token)
        row = LoginSession.objects.get(pk=pair.session.pk)
        assert row.end_reason == "password_changed"
        assert row.ended_at is not None
        assert before - 0.001 <= row.ended_at.timestamp() <= clock.now()
    gone.session.refresh_from_db()
    assert gone.session.end_reason == "logout"
    for pair in (current, stranger):
        sessions.refresh(pair.refresh_token)


def test_to_find_the_outdated_costs_one_statement_however_many_there_are(user: User) -> None:
    for _ in range(2):
        sessions.start(user)
    user.password = NEW
    few = statements(lambda: sessions.end_outdated(user))
    for _ in range(6):
        sessions.start(user)
    user.password = OLD
    assert statements(lambda: sessions.end_outdated(user)) == few


def test_where_only_the_hash_is_new_those_of_that_password_follow(user: User) -> None:
    gone, followed = sessions.start(user), sessions.start(user)
    sessions.end(gone.session.pk)
    user.password = "md5$c$another"
    outdated = sessions.start(user)
    stranger = sessions.start(User.objects.create(username="bob", password=OLD))
    upgrade(user)
    assert User.objects.get(pk=user.pk).password == NEW
    assert sessions.end_outdated(user) == 1
    assert list(sessions.active(user)) == [followed.session]
    outdated.session.refresh_from_db()
    assert outdated.session.end_reason == "password_changed"
    for untouched in (gone.session, stranger.session):
        untouched.refresh_from_db()
        assert untouched.auth_hash == untouched.hash_of(OLD)


def test_many_follow_in_statements_of_200_rows(user: User) -> None:
    row = sessions.start(user).session
    others = []
    for _ in range(200):
        other = LoginSession(
            user=user,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            idle_expires_at=row.idle_expires_at,
            expires_at=row.expires_at,
        )
        other.auth_hash = other.hash_of(OLD)
        others.append(other)
    LoginSession.objects.bulk_create(others)
    with CaptureQueriesContext(connection) as captured:
        upgrade(user)
    updates = [
        query for query in captured if re.match("UPDATE .django_jwtauth_loginsession", query["sql"])
    ]
    assert len(updates) == 2
    assert sessions.end_outdated(user) == 0


def test_of_two_upgrades_at_once_the_later_takes_the_hash_of_the_first(user: User) -> None:
    first = make_password(TYPED)
    User.objects.filter(pk=user.pk).update(password=first)
    with sessions.typed_password(TYPED):
        upgrade(user, make_password(TYPED))
    assert user.password == User.objects.get().password == first


@pytest.mark.parametrize("typed", [None, "another password"])
def test_a_hash_that_may_be_of_another_password_is_not_taken(user: User, typed: str | None) -> None:
    stored, own = make_password(TYPED), make_password("another password")
    User.objects.filter(pk=user.pk).update(password=stored)
    kept = sessions.start(User.objects.get()).session
    known = sessions.typed_password(typed) if typed else nullcontext()
    with known, pytest.raises(PermissionDenied) if typed else nullcontext():
        upgrade(user, own)
    assert user.password == own
    assert User.objects.get().password == stored
    kept.refresh_from_db()
    assert kept.auth_hash == kept.hash_of(stored)


@pytest.mark.parametrize("stored", ["rot13$x$y", "!unusable", ""])
def test_what_no_hasher_made_is_not_upgraded(user: User, stored: str) -> None:
    User.objects.filter(pk=user.pk).update(password=stored)
    upgrade(user)
    assert User.objects.get().password == stored


def test_what_was_typed_is_known_around_one_call_only(user: User) -> None:
    with pytest.raises(LookupError), sessions.typed_password(TYPED):
        raise LookupError
    User.objects.filter(pk=user.pk).update(password=make_password(TYPED))
    upgrade(user)
    assert user.password == NEW


def test_a_user_who_is_gone_meanwhile_is_left_alone(user: User) -> None:
    User.objects.all().delete()
    upgrade(user)
    assert not User.objects.exists()

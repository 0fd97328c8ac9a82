"""Revocations in a transaction that is still open, and in Django's own test cases."""

import unittest
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from django_jwtauth.models import Revocation
from django_jwtauth.revocation import feed
from tests.revocation.conftest import MakeFeed
from tests.revocation.tokens import a_token
from tests.revocation.waiting import in_thread

SOON = 2_000_000_000.0


class Undo(Exception):
    """Roll back."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("identifier", ["jti:jti-1", "sid:sid-1", "kid:kid-1", "*2000000000"])
def test_it_holds_for_its_own_thread_until_the_commit_and_then_for_all(
    identifier: str, database_feed: MakeFeed
) -> None:
    ours, token = database_feed(), a_token()
    ours.ensure_current()
    with transaction.atomic():
        ours.revoke([identifier], expires_at=SOON)
        assert ours.is_revoked(token)
        assert not in_thread(lambda: ours.is_revoked(token))
    assert ours.is_revoked(token)
    assert in_thread(lambda: ours.is_revoked(token))


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_holds_at_once(database_feed: MakeFeed) -> None:
    ours = database_feed()
    ours.revoke(["jti:jti-1"], expires_at=SOON)
    assert in_thread(lambda: ours.is_revoked(a_token()))


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_holds_for_nobody(database_feed: MakeFeed) -> None:
    ours = database_feed()
    with suppress(Undo), transaction.atomic():
        ours.revoke(["jti:jti-1", "kid:kid-1", "ring:kid-1", "*2000000000"], expires_at=SOON)
        assert ours.ring_suspected()
        assert "kid-1" in ours.revoked_kids()
        raise Undo
    assert not ours.is_revoked(a_token())
    assert not ours.ring_suspected()
    assert "kid-1" not in ours.revoked_kids()
    assert ours.revoked_until() == 0
    assert not Revocation.objects.filter(identifier="jti:jti-1").exists()


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_takes_back_its_own_alone(database_feed: MakeFeed) -> None:
    ours = database_feed()
    with transaction.atomic():
        ours.revoke(["jti:outer"], expires_at=SOON)
        with suppress(Undo), transaction.atomic():
            ours.revoke(["jti:inner", "jti:outer"], expires_at=SOON)
            assert ours.is_revoked(a_token(jti="inner"))
            raise Undo
        assert ours.is_revoked(a_token(jti="outer"))
        assert not ours.is_revoked(a_token(jti="inner"))
    assert ours.is_revoked(a_token(jti="outer"))
    assert not ours.is_revoked(a_token(jti="inner"))


@pytest.mark.django_db(transaction=True)
def test_the_key_ring_and_the_moment_are_told_before_the_commit(database_feed: MakeFeed) -> None:
    ours = database_feed()
    ours.ensure_current()
    news, kids = ours.ring_news(), set(ours.revoked_kids())
    with transaction.atomic():
        ours.revoke(["kid:k", "ring:k", "*1900000000"], expires_at=SOON)
        assert ours.ring_suspected()
        assert set(ours.revoked_kids()) == {*kids, "k"}
        assert ours.revoked_until() == 1_900_000_000
        assert in_thread(ours.revoked_until) == 0
        assert not in_thread(ours.ring_suspected)
        assert ours.ring_news() == news
    assert not ours.ring_suspected()
    assert ours.ring_news() != news
    assert ours.revoked_until() == 1_900_000_000


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "jti:",
        "jti",
        "user:1",
        "*",
        "*0",
        "*1.5",
        "*x",
        "jti:" + "x" * 125,
        "JTI:x",
        "*" + "1" * 16,
    ],
)
def test_what_cannot_be_revoked_is_refused_before_anything_is_written(
    identifier: str, database_feed: MakeFeed
) -> None:
    with pytest.raises(ValueError, match="cannot be revoked"):
        database_feed().revoke(["jti:good", identifier], expires_at=SOON)
    assert not Revocation.objects.filter(identifier="jti:good").exists()


def test_to_revoke_nothing_asks_nobody(database_feed: MakeFeed) -> None:
    database_feed().revoke([], expires_at=None)


class TestCaseTests(TestCase):
    """Nothing is ever committed here, and whoever comes next must not notice this test."""

    @classmethod
    def setUpTestData(cls) -> None:
        feed().revoke(["sid:class"], expires_at=SOON)

    def log_out(self) -> None:
        revocations, token = feed(), a_token()
        with self.assertNumQueries(0):
            revocations.ensure_current()
            assert not revocations.is_revoked(token)
        with transaction.atomic():
            revocations.revoke(["jti:jti-1"], expires_at=SOON)
        with self.assertNumQueries(0):
            revocations.ensure_current()
            assert revocations.is_revoked(token)
            assert revocations.is_revoked(a_token(jti="other", sid="class"))

    # Thrice: each is run after another one.
    test_a_logout_is_effective_in_the_same_test = log_out
    test_a_logout_leaves_nothing_behind = log_out
    test_a_logout_costs_no_query_to_notice = log_out

    def test_it_costs_one_statement_to_write(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            feed().revoke(["jti:jti-1", "sid:sid-1"], expires_at=SOON)
        statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
        assert len(statements) == 1

    def test_a_change_of_settings_forgets_no_revocation(self) -> None:
        feed().revoke(["jti:jti-1"], expires_at=SOON)
        with override_settings(JWTAUTH={"ISSUER": "another"}):
            assert feed().is_revoked(a_token())

    def test_hooks_that_a_test_plays_confirm_nothing(self) -> None:
        news = feed().ring_news()
        with self.captureOnCommitCallbacks(execute=True):
            feed().revoke(["jti:jti-1", "*2000000000", "ring:x"], expires_at=SOON)
        assert feed().is_revoked(a_token())
        assert not feed().snapshot.is_revoked(a_token())
        assert feed().ring_news() == news

    def test_a_test_that_takes_long_sees_no_query(self) -> None:
        revocations = feed()
        with override_settings(JWTAUTH={"REVOCATION_FEED": {"OPTIONS": {"MAX_AGE": 0.001}}}):
            assert feed() is not revocations
            with self.assertNumQueries(0):
                for _ in range(3):
                    feed().ensure_current()


class SuspicionsOfNoDatabaseTests(unittest.TestCase):
    def test_who_has_revoked_nothing_needs_no_database(self) -> None:
        assert not feed().is_revoked(a_token())
        assert not feed().ring_suspected()

"""When the database is asked, on which connection, and who waits for whom."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from django_jwtauth import clock
from django_jwtauth.exceptions import RevocationsUnknown
from django_jwtauth.models import DatabaseTime, Revocation, to_datetime
from django_jwtauth.revocation import polling, rows
from tests.outages import missing_table
from tests.revocation.conftest import MakeFeed
from tests.revocation.waiting import in_thread, seconds_until, started

SOON = 2_000_000_000.0
MAX_AGE = 0.05
LONG_AGO = 1000.0

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Note what this thread asks of our table over its own connection."""
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "revocation" in sql:  # MariaDB's connections begin with others
            statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


def grow_old(feed: Any, seconds: float = LONG_AGO) -> None:
    """Let the feed's last answer be older by so much."""
    feed._polls.answered_at -= seconds
    feed._polls._answered_wall -= seconds


def write_elsewhere(identifier: str, *, seconds_ago: float = 0) -> None:
    """Revoke in another connection; `seconds_ago` is how long its commit then took."""

    def write() -> None:
        rows.write([identifier], SOON)
        moment = DatabaseTime() - timedelta(seconds=seconds_ago)
        Revocation.objects.filter(pk=identifier).update(revoked_at=moment)

    in_thread(write)


def test_a_fresh_feed_asks_nobody(database_feed: MakeFeed) -> None:
    feed = database_feed(MAX_AGE=60)
    feed.ensure_current()
    with counted_queries() as statements:
        for _ in range(10):
            feed.ensure_current()
    assert statements == []


def test_a_poll_is_one_statement(database_feed: MakeFeed) -> None:
    feed = database_feed()
    for _ in range(2):
        grow_old(feed)
        with counted_queries() as statements:
            feed.ensure_current()
        assert len(statements) == 1


def test_a_revocation_is_seen_once_the_answer_is_too_old(database_feed: MakeFeed) -> None:
    feed = database_feed(MAX_AGE=0.3)
    feed.ensure_current()
    write_elsewhere("jti:a")

    def sees_it() -> bool:
        feed.ensure_current()
        return "a" in feed.snapshot.jtis

    assert seconds_until(sees_it) < 0.6


def test_an_idle_process_asks_before_it_answers(database_feed: MakeFeed) -> None:
    feed = database_feed()
    feed.ensure_current()
    write_elsewhere("jti:a")
    grow_old(feed, 100)
    feed.ensure_current()
    assert "a" in feed.snapshot.jtis


@pytest.mark.parametrize("seconds", [5, 55])
def test_a_transaction_that_commits_late_is_not_lost(
    seconds: float, database_feed: MakeFeed
) -> None:
    feed = database_feed(MAX_AGE=MAX_AGE)
    feed.ensure_current()
    write_elsewhere("jti:late", seconds_ago=seconds)
    time.sleep(MAX_AGE)
    with counted_queries() as statements:
        feed.ensure_current()
    assert "expires_at" not in statements[0]  # a small poll saw it, no full load
    assert "late" in feed.snapshot.jtis


def test_a_transaction_is_seen_when_it_commits(database_feed: MakeFeed) -> None:
    feed = database_feed(MAX_AGE=MAX_AGE)
    feed.ensure_current()
    may_commit = threading.Event()

    def write() -> None:
        with transaction.atomic():
            rows.write(["jti:late"], SOON)
            may_commit.wait(10)

    committed = started(write)
    for _ in range(5):
        time.sleep(MAX_AGE)
        feed.ensure_current()
    assert "late" not in feed.snapshot.jtis
    may_commit.set()
    committed()
    time.sleep(MAX_AGE)
    feed.ensure_current()
    assert "late" in feed.snapshot.jtis


@pytest.mark.parametrize("monotonic_seconds", [100, 2])
def test_what_came_during_a_long_sleep_is_seen(
    monotonic_seconds: float, database_feed: MakeFeed
) -> None:
    feed = database_feed()
    feed.ensure_current()
    write_elsewhere("jti:a", seconds_ago=140)
    feed._polls._answered_wall -= 100
    feed._polls.answered_at -= monotonic_seconds  # it stands still while a machine sleeps
    feed.ensure_current()
    assert "a" in feed.snapshot.jtis


def test_a_full_load_drops_what_has_expired_and_what_is_gone(database_feed: MakeFeed) -> None:
    feed = database_feed()
    rows.write(["jti:expired", "jti:deleted", "jti:stays"], SOON)
    rows.write(["kid:for-good"], None)
    feed.ensure_current()
    assert {"expired", "deleted", "stays"} <= feed.snapshot.jtis
    Revocation.objects.filter(pk="jti:expired").update(expires_at=to_datetime(clock.now() - 1))
    Revocation.objects.filter(pk="jti:deleted").delete()
    Revocation.objects.update(revoked_at=F("revoked_at") - timedelta(days=1))
    grow_old(feed, 2)
    feed.ensure_current()
    assert {"expired", "deleted", "stays"} <= feed.snapshot.jtis  # by a small poll
    feed._polls._loaded_at -= polling.FULL_LOAD_EVERY
    grow_old(feed, 2)
    feed.ensure_current()
    assert feed.snapshot.jtis == {"stays"}
    assert "for-good" in feed.snapshot.kids


def test_a_clock_that_was_set_back_brings_back_what_had_expired(database_feed: MakeFeed) -> None:
    write_elsewhere("jti:a", seconds_ago=1000)
    Revocation.objects.update(expires_at=to_datetime(clock.now() + 100))
    clock.set_offset(3600)
    feed = database_feed()
    feed.ensure_current()
    assert "a" not in feed.snapshot.jtis
    clock.set_offset(0)
    grow_old(feed, 2)
    with missing_table(Revocation):
        feed.ensure_current()
    grow_old(feed, 2)
    feed._polls._failed_at -= 2
    feed.ensure_current()
    assert "a" in feed.snapshot.jtis


def test_to_forget_is_to_load_anew(database_feed: MakeFeed) -> None:
    feed = database_feed(MAX_AGE=60)
    rows.write(["jti:a", "*1900000000"], SOON)
    feed.ensure_current()
    news = feed.ring_news()
    Revocation.objects.all().delete()
    feed.forget()
    assert feed.age() is None
    feed.ensure_current()
    assert (len(feed.snapshot), feed.revoked_until()) == (0, 0)
    assert feed.ring_news() != news


def test_news_of_the_key_ring_arrive_each_time(database_feed: MakeFeed) -> None:
    feed = database_feed()
    feed.ensure_current()
    seen = {feed.ring_news()}
    for _ in range(3):
        in_thread(lambda: rows.write(["ring:the-same"], SOON))
        for is_new in (True, False):
            grow_old(feed, 2)
            feed.ensure_current()
            assert (feed.ring_news() not in seen) is is_new
            seen.add(feed.ring_news())
        time.sleep(0.01)  # SQLite's clock counts milliseconds


def test_age_counts_from_before_the_question(database_feed: MakeFeed) -> None:
    feed = database_feed()
    assert feed.age() is None

    def slowly(execute: Any, *args: Any) -> Any:
        time.sleep(0.2)
        return execute(*args)

    with connection.execute_wrapper(slowly):
        feed.ensure_current()
    age = feed.age()
    assert age is not None
    assert 0.2 <= age < 1


# Who waits for whom.


def herd(act: Callable[[], Any], size: int = 20) -> list[Any]:
    """Do it in many threads at once, and return how many statements each sent."""
    barrier = threading.Barrier(size)

    def run() -> int:
        with counted_queries() as statements:
            barrier.wait(10)
            act()
        return len(statements)

    results = [started(run) for _ in range(size)]
    return [result() for result in results]


@pytest.mark.parametrize("is_first", [True, False])
def test_of_twenty_threads_one_polls(is_first: bool, database_feed: MakeFeed) -> None:
    rows.write(["jti:a"], SOON)
    feed = database_feed(MAX_AGE=30)
    if not is_first:
        feed.ensure_current()
        grow_old(feed)

    def ensure_and_know() -> None:
        feed.ensure_current()
        assert "a" in feed.snapshot.jtis

    assert sum(herd(ensure_and_know)) == 1


@contextmanager
def hanging_poll(feed: Any) -> Iterator[None]:
    """Let a poll hang in another thread."""
    hangs, goes_on = threading.Event(), threading.Event()

    def wait(execute: Any, *args: Any) -> Any:
        hangs.set()
        goes_on.wait(30)
        return execute(*args)

    def poll() -> None:
        with connection.execute_wrapper(wait):
            feed.ensure_current()

    polled = started(poll)
    assert hangs.wait(10)
    try:
        yield
    finally:
        goes_on.set()
        polled()


def seconds_for(act: Callable[[], Any]) -> float:
    start = time.monotonic()
    act()
    return time.monotonic() - start


def test_who_comes_during_a_poll_goes_on_while_the_set_is_young(database_feed: MakeFeed) -> None:
    feed = database_feed(MAX_AGE=1.0)
    feed.ensure_current()
    feed._polls.answered_at = time.monotonic() - 1.0
    with hanging_poll(feed):
        feed._polls.answered_at = time.monotonic() - 1.05
        assert seconds_for(feed.ensure_current) < 0.5


def test_who_comes_during_a_poll_waits_where_the_set_is_old(database_feed: MakeFeed) -> None:
    feed = database_feed(MAX_AGE=1.0)
    feed.ensure_current()
    write_elsewhere("jti:a")
    grow_old(feed, 10)

    def ensure_and_tell() -> bool:
        feed.ensure_current()
        return "a" in feed.snapshot.jtis

    with hanging_poll(feed):
        waits = started(ensure_and_tell)
        time.sleep(0.2)
    assert waits()


def test_a_poll_that_hangs_delays_nobody_for_long(
    database_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "PATIENCE", 2)
    feed = database_feed(MAX_AGE=0.1)
    feed.ensure_current()
    grow_old(feed, 10)
    with hanging_poll(feed):
        assert 0.5 < seconds_for(feed.ensure_current) < 3
        assert seconds_for(feed.ensure_current) < 0.5  # the wait is over for all
        grow_old(feed, 60)
        with pytest.raises(RevocationsUnknown):
            feed.ensure_current()


def test_where_nothing_is_known_all_wait_and_nobody_guesses(
    database_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "FIRST_PATIENCE", 1.5)
    feed = database_feed()
    with hanging_poll(feed):
        start = time.monotonic()
        with pytest.raises(RevocationsUnknown, match="since the process started"):
            feed.ensure_current()
        assert time.monotonic() - start > 0.5


# Inside a transaction.


@contextmanager
def old_view() -> Iterator[None]:
    """Open a transaction that goes on seeing how things are now, where the database has such."""
    cursor = connection.cursor()
    if connection.vendor == "mysql":
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            if connection.vendor != "sqlite":  # which would let nobody write meanwhile
                assert not Revocation.objects.filter(pk="jti:a").exists()
            yield
    finally:
        connection.close()


def test_a_poll_in_a_transaction_sees_what_was_committed_meanwhile(
    database_feed: MakeFeed,
) -> None:
    feed = database_feed()
    with old_view():
        feed.ensure_current()
        write_elsewhere("jti:a")
        grow_old(feed, 2)
        with counted_queries() as statements:
            feed.ensure_current()
        assert statements == []  # not on the connection of the transaction
        assert "a" in feed.snapshot.jtis
        if connection.vendor != "sqlite":
            assert not Revocation.objects.filter(pk="jti:a").exists()


def test_a_poll_in_a_transaction_does_not_learn_what_is_not_committed(
    database_feed: MakeFeed,
) -> None:
    feed = database_feed()
    feed.ensure_current()
    with transaction.atomic():
        feed.revoke(["jti:a"], expires_at=SOON)
        grow_old(feed)
        feed.ensure_current()
        assert "a" not in feed.snapshot.jtis
        transaction.set_rollback(True)
    assert not Revocation.objects.filter(pk="jti:a").exists()


def test_a_transaction_that_has_failed_can_still_poll(database_feed: MakeFeed) -> None:
    feed = database_feed()
    with transaction.atomic():
        with pytest.raises(DatabaseError):
            connection.cursor().execute("SELECT * FROM no_such_table")
        write_elsewhere("jti:a")
        feed.ensure_current()
        assert "a" in feed.snapshot.jtis
        transaction.set_rollback(True)


def test_manual_transactions_are_left_alone(database_feed: MakeFeed) -> None:
    feed = database_feed()
    transaction.set_autocommit(False)
    try:
        User.objects.create(username="manual")
        feed.ensure_current()
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    assert not User.objects.filter(username="manual").exists()


@pytest.mark.parametrize("max_age", [0, None])
def test_the_connection_for_polls_lives_as_long_as_others_do(
    max_age: int | None, database_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", max_age)
    feed = database_feed()
    with transaction.atomic():
        feed.ensure_current()
        own: Any = feed._polls._own_connection
        assert (own.connection is None) is (max_age == 0)
        feed.forget()
        assert own.connection is None


def test_many_threads_share_one_connection_for_polls(database_feed: MakeFeed) -> None:
    feed = database_feed()
    used = set()

    def poll() -> None:
        with transaction.atomic():
            grow_old(feed)
            feed.ensure_current()
            used.add(id(feed._polls._own_connection))

    for _ in range(5):
        in_thread(poll)
    assert len(used) == 1


# When the database does not answer.


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize("is_atomic", [False, True])
def test_an_outage_is_logged_once_and_reaches_no_request(
    is_atomic: bool,
    database_feed: MakeFeed,
    no_revocations_table: Callable[[bool], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "django_jwtauth")
    feed = database_feed(MAX_AGE=MAX_AGE)
    feed.ensure_current()
    no_revocations_table(True)

    def requests() -> None:
        for _ in range(5):
            time.sleep(MAX_AGE)
            feed.ensure_current()
        assert User.objects.count() == 0  # the request's own transaction goes on

    if is_atomic:
        with transaction.atomic():
            requests()
    else:
        requests()
    assert len(failures(caplog)) == 1
    no_revocations_table(False)
    write_elsewhere("jti:a")
    time.sleep(MAX_AGE)
    feed.ensure_current()
    assert "a" in feed.snapshot.jtis
    assert caplog.records[-1].message == "Revocations are read from the database again."


def test_a_poll_that_failed_is_not_tried_again_at_once(
    database_feed: MakeFeed, no_revocations_table: Callable[[bool], None]
) -> None:
    feed = database_feed(MAX_AGE=0.2)
    feed.ensure_current()
    no_revocations_table(True)
    grow_old(feed, 1)
    with counted_queries() as statements:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            feed.ensure_current()
    assert 2 <= len(statements) <= 3


def test_after_too_long_an_outage_requests_are_refused(
    database_feed: MakeFeed, no_revocations_table: Callable[[bool], None]
) -> None:
    feed = database_feed(MAX_AGE=0.02, MAX_STALENESS=1.5)
    feed.ensure_current()
    no_revocations_table(True)

    def refuses() -> bool:
        try:
            feed.ensure_current()
        except RevocationsUnknown:
            return True
        assert (feed.age() or 0) < 2
        return False

    seconds_until(refuses)
    assert (feed.age() or 0) >= 1.5
    no_revocations_table(False)
    time.sleep(0.02)
    assert not refuses()


def test_a_process_that_never_heard_anything_refuses(
    database_feed: MakeFeed, no_revocations_table: Callable[[bool], None]
) -> None:
    no_revocations_table(True)
    feed = database_feed()
    with pytest.raises(RevocationsUnknown):
        feed.ensure_current()


def break_off(backend_id: int) -> None:
    """Let the server end a session, as a restart does."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend_id])
        else:
            cursor.execute(f"KILL {backend_id}")
    time.sleep(0.1)


def backend_id(of: Any) -> int:
    query = "pg_backend_pid()" if of.vendor == "postgresql" else "CONNECTION_ID()"
    with of.cursor() as cursor:
        cursor.execute(f"SELECT {query}")
        return int(cursor.fetchone()[0])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server")
def test_an_idle_process_finds_a_server_that_has_restarted(
    database_feed: MakeFeed, caplog: pytest.LogCaptureFixture
) -> None:
    feed = database_feed()
    feed.ensure_current()
    mine = backend_id(connection)
    in_thread(lambda: break_off(mine))
    write_elsewhere("jti:a")
    grow_old(feed)
    feed.ensure_current()
    assert "a" in feed.snapshot.jtis
    assert caplog.records == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server")
def test_the_connection_for_polls_comes_back_after_a_restart(
    database_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    feed = database_feed()
    with transaction.atomic():
        feed.ensure_current()
        own: Any = feed._polls._own_connection
        theirs = backend_id(own)
        in_thread(lambda: break_off(theirs))
        write_elsewhere("jti:a")
        grow_old(feed)
        feed.ensure_current()
        assert "a" in feed.snapshot.jtis
        assert backend_id(own) != theirs

"""The Redis feed, with a Redis that is slow, gone, empty, paused or wrong."""

import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test import TestCase, override_settings

from django_jwtauth import clock, conf, revocation
from django_jwtauth.exceptions import RevocationsUnknown
from django_jwtauth.revocation import listening
from django_jwtauth.revocation import redis as redis_feed
from django_jwtauth.revocation.base import RevocationFeed
from django_jwtauth.revocation.redis import RedisFeed
from tests.revocation.conftest import MakeFeed
from tests.revocation.programs import output_of, running
from tests.revocation.redis_server import BINARY, RedisServer
from tests.revocation.tokens import a_token
from tests.revocation.waiting import in_thread, seconds_until

SOON = 2_000_000_000.0
MakeRedisFeed = Callable[..., RedisFeed]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(BINARY is None, reason="there is no redis-server to start"),
]


@pytest.fixture
def server() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def make(server: RedisServer, opened: list[RevocationFeed]) -> MakeRedisFeed:
    """Return a maker of Redis feeds that listen."""

    def make(**options: object) -> RedisFeed:
        feed = RedisFeed({"URL": server.url, **options}, conf.current())
        opened.append(feed)
        assert feed.check() == []
        feed.ensure_current()
        seconds_until(lambda: is_heard(feed))
        return feed

    return make


def is_heard(feed: RedisFeed) -> bool:
    """Tell whether Redis, and not the database, keeps the feed current."""
    listener = feed._listener
    return listener is not None and time.monotonic() - listener.answered_at < 1


def knows(feed: RedisFeed, jti: str) -> bool:
    """Tell whether the feed has heard of a token, without asking for anything."""
    return jti in feed.snapshot.jtis


def sees(feed: RedisFeed, jti: str) -> bool:
    """Tell whether a request would be refused."""
    feed.ensure_current()
    return feed.is_revoked(a_token(jti=jti))


def is_refused(feed: RedisFeed) -> bool:
    try:
        feed.ensure_current()
    except RevocationsUnknown:
        return True
    return False


def test_a_revocation_arrives_within_milliseconds(make: MakeRedisFeed) -> None:
    one, other = make(), make()
    delays = []
    for count in range(20):
        one.revoke([f"jti:{count}"], expires_at=SOON)
        start = time.monotonic()
        seconds_until(lambda count=count: knows(other, str(count)))  # type: ignore[misc]
        delays.append(time.monotonic() - start)
    assert sorted(delays)[10] < 0.05


def test_nothing_is_announced_before_the_commit_or_without_one(
    make: MakeRedisFeed, server: RedisServer
) -> None:
    one, other = make(), make()
    with transaction.atomic():
        one.revoke(["jti:a"], expires_at=SOON)
        time.sleep(0.2)
        assert not knows(other, "a")
        transaction.set_rollback(True)
    with transaction.atomic():
        one.revoke(["jti:b"], expires_at=SOON)
    seconds_until(lambda: knows(other, "b"))
    assert not knows(other, "a")


def test_every_kind_arrives(make: MakeRedisFeed) -> None:
    one, other = make(), make()
    news = other.ring_news()
    one.revoke(["jti:j", "sid:s", "*1900000000"], expires_at=SOON)
    one.revoke(["kid:k"], expires_at=None)
    one.revoke(["ring:r"], expires_at=SOON)
    seconds_until(lambda: other.ring_news() != news)
    assert (other.snapshot.jtis, other.snapshot.sids) == ({"j"}, {"s"})
    assert "k" in other.revoked_kids()
    assert other.revoked_until() == 1_900_000_000


def test_while_redis_is_heard_no_request_asks_the_database(make: MakeRedisFeed) -> None:
    feed = make(MAX_AGE=5)  # a busy machine lets a thread wait
    statements = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        statements.append(sql)
        return execute(sql, *args)

    with connection.execute_wrapper(note):
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            feed.ensure_current()
            time.sleep(0.01)
    assert statements == []
    age = feed.age()
    assert age is not None
    assert age < 5


def test_the_database_is_asked_besides(
    make: MakeRedisFeed, database_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_feed, "DATABASE_EVERY", 0.3)
    feed = make()
    database_feed().revoke(["jti:unannounced"], expires_at=SOON)
    assert seconds_until(lambda: sees(feed, "unannounced")) < 1


def test_a_process_that_starts_knows_what_was_revoked_before(make: MakeRedisFeed) -> None:
    make().revoke(["jti:a"], expires_at=SOON)
    assert sees(make(), "a")


# When Redis does not answer.


def test_without_redis_the_database_is_asked_as_often_as_it_has_to_be(
    server: RedisServer, make: MakeRedisFeed, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = make(), make()
    server.stop()
    seconds_until(lambda: not is_heard(other))
    one.revoke(["jti:a"], expires_at=SOON)
    assert seconds_until(lambda: sees(other, "a")) < 1.5
    lines = [record.message for record in caplog.records if "do not arrive" in record.message]
    assert len(lines) == 2  # one a feed
    server.start()
    seconds_until(lambda: is_heard(one) and is_heard(other))
    one.revoke(["jti:b"], expires_at=SOON)
    assert seconds_until(lambda: knows(other, "b")) < 0.5


def test_a_logout_succeeds_without_redis(
    server: RedisServer, make: MakeRedisFeed, caplog: pytest.LogCaptureFixture
) -> None:
    feed = make()
    server.stop()
    with transaction.atomic():
        feed.revoke(["jti:a"], expires_at=SOON)
    assert sees(feed, "a")
    assert any("could not be announced" in record.message for record in caplog.records)


def test_redis_was_never_there(opened: list[RevocationFeed], database_feed: MakeFeed) -> None:
    feed = RedisFeed({"URL": "redis://127.0.0.1:1/0", "MAX_AGE": 0.2}, conf.current())
    opened.append(feed)
    feed.ensure_current()
    database_feed().revoke(["jti:a"], expires_at=SOON)
    assert seconds_until(lambda: sees(feed, "a")) < 1


def test_a_paused_redis_is_silent_and_heard_again_later(
    server: RedisServer, make: MakeRedisFeed, database_feed: MakeFeed
) -> None:
    feed = make()
    server.do("CLIENT", "PAUSE", 3000, "ALL")
    seconds_until(lambda: not is_heard(feed))
    database_feed().revoke(["jti:a"], expires_at=SOON)
    assert seconds_until(lambda: sees(feed, "a")) < 1.5
    seconds_until(lambda: is_heard(feed), 10)


def test_a_killed_connection_loses_nothing(server: RedisServer, make: MakeRedisFeed) -> None:
    one, other = make(), make()
    for batch in range(5):
        server.do("CLIENT", "KILL", "TYPE", "normal")
        for count in range(10):
            one.revoke([f"jti:{batch}-{count}"], expires_at=SOON)
    wanted = {f"{batch}-{count}" for batch in range(5) for count in range(10)}
    assert seconds_until(lambda: other.snapshot.jtis >= wanted) < 2


def test_when_neither_answers_requests_are_refused_after_a_while(
    server: RedisServer, make: MakeRedisFeed, no_revocations_table: Callable[[bool], None]
) -> None:
    feed = make(MAX_AGE=0.2, MAX_STALENESS=1.5)
    no_revocations_table(True)
    time.sleep(1)
    assert not is_refused(feed)  # Redis is heard
    server.stop()
    assert 0.5 < seconds_until(lambda: is_refused(feed)) < 3
    no_revocations_table(False)
    seconds_until(lambda: not is_refused(feed))


def test_while_redis_is_heard_a_dead_database_refuses_nobody(
    make: MakeRedisFeed,
    no_revocations_table: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_feed, "DATABASE_EVERY", 0.1)
    feed = make(MAX_AGE=2, MAX_STALENESS=2)
    no_revocations_table(True)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert not is_refused(feed)
        time.sleep(0.01)


# When Redis is not what it was.


def test_a_redis_that_was_emptied_is_told_everything_anew(
    server: RedisServer, make: MakeRedisFeed
) -> None:
    issuer = make()
    issuer.revoke(["jti:a", "jti:b"], expires_at=SOON)
    issuer.revoke(["kid:k"], expires_at=None)
    server.stop()
    server.start()
    seconds_until(lambda: server.do("EXISTS", "{django_jwtauth:revocations}"))
    seconds_until(lambda: is_heard(issuer))
    reader = make(DATABASE=False)
    assert reader.snapshot.jtis == {"a", "b"}
    assert "k" in reader.revoked_kids()


def test_a_redis_that_is_emptied_under_our_feet_is_told_everything_anew(
    server: RedisServer, make: MakeRedisFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "CHECK_EVERY", 0.3)
    issuer = make()
    issuer.revoke(["jti:a"], expires_at=SOON)
    seconds_until(lambda: len(server.do("XRANGE", "{django_jwtauth:revocations}", "-", "+")) > 1)
    time.sleep(0.3)
    server.do("FLUSHALL")
    seconds_until(lambda: server.do("EXISTS", "{django_jwtauth:revocations}"))
    assert knows(make(DATABASE=False), "a")


def test_who_finds_no_stream_to_add_to_begins_it_with_everything(
    server: RedisServer, make: MakeRedisFeed
) -> None:
    issuer = make()
    issuer.revoke(["jti:a"], expires_at=SOON)
    server.do("FLUSHALL")
    issuer.revoke(["jti:b"], expires_at=SOON)
    assert make(DATABASE=False).snapshot.jtis == {"a", "b"}


def test_a_stream_that_another_process_has_just_begun_lacks_nothing(
    server: RedisServer, make: MakeRedisFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = make()
    read = redis_feed._all_live

    def read_late() -> Any:
        live = read()
        for stream in ("{django_jwtauth:revocations}", "{django_jwtauth:revocations}:lasting"):
            server.do("XADD", stream, "*", "version", "1")  # with what was live before
        return live

    server.do("FLUSHALL")
    monkeypatch.setattr(redis_feed, "_all_live", read_late)
    issuer.revoke(["jti:a"], expires_at=SOON)
    assert knows(make(DATABASE=False), "a")


def test_ids_that_went_back_hide_nothing(
    server: RedisServer, make: MakeRedisFeed, database_feed: MakeFeed, monkeypatch: Any
) -> None:
    monkeypatch.setattr(listening, "CHECK_EVERY", 0.3)
    stream = "{django_jwtauth:revocations}"
    feed, reader = make(), make(DATABASE=False)
    server.do("XADD", stream, "9999999999999-0", "version", "1")  # as if its clock were ahead
    time.sleep(0.4)
    server.do("DEL", stream)
    server.do("XADD", stream, "5-1", "identifier", "jti:a", "expires_at", "2e9")
    database_feed().revoke(["jti:a"], expires_at=SOON)
    assert seconds_until(lambda: knows(feed, "a")) < 2
    assert seconds_until(lambda: knows(reader, "a")) < 2
    server.do("XADD", stream, "*", "identifier", "jti:b", "expires_at", "2e9")
    assert seconds_until(lambda: knows(feed, "b") and knows(reader, "b")) < 1


def test_a_malformed_entry_does_not_stop_the_others(
    server: RedisServer, make: MakeRedisFeed
) -> None:
    one, other = make(), make()
    stream = "{django_jwtauth:revocations}"
    server.do("XADD", stream, "*", "nonsense", "1")
    server.do("XADD", stream, "*", "identifier", b"\xff", "expires_at", "x")
    server.do("XADD", stream, "*", "identifier", "*" + 5000 * "9", "expires_at", "")
    server.do("XADD", stream, "*", "identifier", "kind-of-tomorrow:1", "expires_at", "")
    one.revoke(["jti:a"], expires_at=SOON)
    assert seconds_until(lambda: knows(other, "a")) < 0.5
    assert is_heard(other)


def test_a_stream_of_the_wrong_type_leaves_the_database(
    server: RedisServer, make: MakeRedisFeed, database_feed: MakeFeed
) -> None:
    feed = make(MAX_AGE=0.3)
    server.do("SET", "{django_jwtauth:revocations}", "text")
    seconds_until(lambda: time.monotonic() - feed._listener.answered_at > 0.5)  # type: ignore[union-attr]
    database_feed().revoke(["jti:a"], expires_at=SOON)
    assert seconds_until(lambda: sees(feed, "a")) < 1


def test_what_could_not_be_announced_is_as_soon_as_redis_takes_it(
    server: RedisServer, make: MakeRedisFeed, caplog: pytest.LogCaptureFixture
) -> None:
    issuer, reader = make(), make(DATABASE=False)
    server.do("CONFIG", "SET", "min-replicas-to-write", 1)  # it can be read but not written
    issuer.revoke(["jti:a"], expires_at=SOON)
    issuer.revoke(["jti:b"], expires_at=SOON)  # while it is held to be mute
    assert is_heard(issuer)
    assert not knows(reader, "a")
    server.do("CONFIG", "SET", "min-replicas-to-write", 0)
    assert seconds_until(lambda: knows(reader, "a") and knows(reader, "b")) < 1
    issuer.revoke(["jti:c"], expires_at=SOON)
    assert seconds_until(lambda: knows(reader, "c")) < 0.5
    lines = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert len(lines) == 1
    assert "could not be announced" in lines[0]


def test_what_could_not_be_announced_survives_a_broken_connection(
    server: RedisServer, make: MakeRedisFeed
) -> None:
    issuer, reader = make(), make(DATABASE=False)
    with server.frozen():
        issuer.revoke(["jti:a"], expires_at=SOON)
        issuer.revoke(["jti:b"], expires_at=SOON)
        seconds_until(lambda: not is_heard(issuer))
    assert seconds_until(lambda: knows(reader, "a") and knows(reader, "b")) < 3


def test_a_clock_that_was_set_back_brings_back_what_had_expired(make: MakeRedisFeed) -> None:
    issuer = make()
    issuer.revoke(["jti:a"], expires_at=clock.now() + 100)
    clock.set_offset(3600)
    feed = make()
    assert not knows(feed, "a")
    clock.set_offset(0)
    assert seconds_until(lambda: knows(feed, "a")) < 1
    assert is_heard(feed)


def test_without_a_database_a_clock_that_was_set_back_brings_back_what_was_dropped(
    make: MakeRedisFeed,
) -> None:
    issuer, reader = make(), make(DATABASE=False)
    issuer.revoke(["jti:a"], expires_at=clock.now() + 100)
    seconds_until(lambda: knows(reader, "a"))
    clock.set_offset(3600)
    reader._drop_at = 0
    issuer.revoke(["jti:b"], expires_at=SOON)
    seconds_until(lambda: knows(reader, "b") and not knows(reader, "a"))
    clock.set_offset(0)
    assert seconds_until(lambda: knows(reader, "a")) < 1
    assert not reader._last_drop.was_too_early()  # or it would read everything again and again


# Without a database.


def test_without_a_database_the_stream_tells_everything(make: MakeRedisFeed) -> None:
    issuer = make()
    issuer.revoke(["jti:before"], expires_at=SOON)
    reader = make(DATABASE=False)
    assert sees(reader, "before")
    issuer.revoke(["jti:after"], expires_at=SOON)
    assert seconds_until(lambda: sees(reader, "after")) < 0.5


def test_without_a_database_no_database_is_asked(server: RedisServer) -> None:
    program = f"""
feed = revocation.redis.RedisFeed({{"URL": {server.url!r}, "DATABASE": False}}, conf.current())
feed.ensure_current()
say(feed.is_revoked(a_token()), feed.ring_suspected(), feed.revoked_until())
feed.close()
"""
    program = "import django_jwtauth.revocation.redis\n" + program
    assert output_of(program, DATABASES={}) == ["False False 0"]


def test_without_a_database_nothing_can_be_revoked(make: MakeRedisFeed) -> None:
    with pytest.raises(ImproperlyConfigured, match="database"):
        make(DATABASE=False).revoke(["jti:a"], expires_at=SOON)


def test_without_a_database_what_has_expired_is_dropped(
    make: MakeRedisFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, reader = make(), make(DATABASE=False)
    issuer.revoke(["jti:over"], expires_at=time.time() - 1)
    issuer.revoke(["kid:k"], expires_at=None)
    issuer.revoke(["jti:live", "*1900000000"], expires_at=SOON)
    seconds_until(lambda: knows(reader, "live"))
    reader._drop_at = 0
    issuer.revoke(["jti:next"], expires_at=SOON)
    seconds_until(lambda: knows(reader, "next"))
    assert seconds_until(lambda: not knows(reader, "over")) < 1
    assert reader.snapshot.jtis == {"live", "next"}
    assert "k" in reader.revoked_kids()
    assert reader.revoked_until() == 1_900_000_000


def test_without_a_database_an_announcement_never_shortens(make: MakeRedisFeed) -> None:
    issuer, reader = make(), make(DATABASE=False)
    issuer.announce(["jti:a"], SOON)
    issuer.announce(["jti:a"], SOON - 100)
    issuer.announce(["kid:a"], None)
    issuer.announce(["kid:a"], SOON)
    seconds_until(lambda: {"jti:a", "kid:a"} <= set(reader._live))
    time.sleep(0.1)
    assert (reader._live["jti:a"], reader._live["kid:a"]) == (SOON, None)


def test_without_a_database_and_without_redis_requests_are_refused(
    opened: list[RevocationFeed], server: RedisServer, make: MakeRedisFeed
) -> None:
    reader = make(DATABASE=False, MAX_AGE=0.2, MAX_STALENESS=1.0)
    server.stop()
    assert not is_refused(reader)
    assert seconds_until(lambda: is_refused(reader)) < 3
    starting = RedisFeed({"URL": server.url, "DATABASE": False}, conf.current())
    opened.append(starting)
    assert is_refused(starting)
    server.start()
    seconds_until(lambda: not is_refused(reader) and not is_refused(starting), 10)


# Threads, processes, tests.


def listeners() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "jwtauth-revocations"]


def test_of_many_threads_one_starts_the_listener(
    server: RedisServer, opened: list[RevocationFeed]
) -> None:
    feed = RedisFeed({"URL": server.url}, conf.current())
    opened.append(feed)
    before = len(listeners())
    for _ in range(5):
        in_thread(feed.ensure_current)
    assert len(listeners()) == before + 1


def test_a_change_of_settings_ends_the_thread(server: RedisServer) -> None:
    path = "django_jwtauth.revocation.redis.RedisFeed"
    before = len(listeners())
    chosen = {"BACKEND": path, "OPTIONS": {"URL": server.url, "MAX_AGE": 0.4}}
    with override_settings(JWTAUTH={"REVOCATION_FEED": chosen}):
        revocation.feed().ensure_current()
        assert len(listeners()) == before + 1
    revocation.feed()
    assert len(listeners()) == before


def test_to_forget_is_to_listen_anew(make: MakeRedisFeed) -> None:
    for has_database in (True, False):
        issuer, feed = make(), make(DATABASE=has_database)
        jti = secrets.token_hex(4)
        issuer.revoke([f"jti:{jti}"], expires_at=SOON)
        seconds_until(lambda feed=feed, jti=jti: knows(feed, jti))  # type: ignore[misc]
        feed.forget()
        assert (len(feed.snapshot), feed.age()) == (0, None)
        assert sees(feed, jti)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set as Linux has it")
def test_where_no_thread_can_be_started_the_database_is_asked(server: RedisServer) -> None:
    program = f"""
import logging, pathlib, resource
from django_jwtauth.revocation.redis import RedisFeed
logging.basicConfig(stream=sys.stdout, format="%(message).30s")
feed = RedisFeed({{"URL": {server.url!r}, "MAX_AGE": 0.1}}, conf.current())
threading.stack_size(1 << 30)
pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + (256 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for _ in range(3):
    feed.ensure_current()
    time.sleep(0.1)
DatabaseFeed({{}}, conf.current()).revoke(["jti:jti-1"], expires_at=2e9)
feed.ensure_current()
say(feed.is_revoked(a_token()))
feed.close()
"""
    assert output_of(program) == ["No thread can be started to li", "True"]


def test_the_interpreter_ends_while_it_listens(server: RedisServer) -> None:
    program = f"""
from django_jwtauth.revocation.redis import RedisFeed
feed = RedisFeed({{"URL": {server.url!r}, "MAX_AGE": 60}}, conf.current())
feed.ensure_current()
connection.close()
time.sleep(0.5)
say(feed.age() < 1)
"""
    start = time.monotonic()
    assert output_of(program) == ["True"]
    assert time.monotonic() - start < 12


def test_after_a_fork_both_processes_listen(server: RedisServer) -> None:
    program = f"""
import warnings
from django_jwtauth.revocation.redis import RedisFeed
feed = RedisFeed({{"URL": {server.url!r}, "MAX_AGE": 60}}, conf.current())

def hears(jti):
    for _ in range(300):
        if jti in feed.snapshot.jtis:
            return True
        time.sleep(0.01)

feed.ensure_current()
connections.close_all()
while not feed._listener.has_tried.is_set():
    time.sleep(0.01)
warnings.simplefilter("ignore", DeprecationWarning)
to_child, to_parent = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    signal.alarm(20)
    feed._polls.answered_at = float("-inf")
    feed.ensure_current()
    feed._listener.has_tried.wait(5)
    os.write(to_parent[1], b"ready")
    assert hears("parent")
    feed.revoke(["jti:child"], expires_at=2e9)
    os._exit(0)
os.close(to_parent[1])
assert os.read(to_parent[0], 5)
feed.revoke(["jti:parent"], expires_at=2e9)
assert os.waitpid(child, 0)[1] == 0
assert hears("child")
say("well")
feed.close()
connections.close_all()
"""
    assert output_of(program) == ["well"]


def test_in_another_process_it_is_known_within_fifty_milliseconds(
    server: RedisServer, make: MakeRedisFeed
) -> None:
    program = f"""
from django_jwtauth.revocation.redis import RedisFeed
feed = RedisFeed({{"URL": {server.url!r}}}, conf.current())
feed.ensure_current()
feed._listener.has_tried.wait(5)
say("ready")
for line in sys.stdin:
    while line.strip() not in feed.snapshot.jtis:
        time.sleep(0.0005)
    say(time.time())
"""
    issuer = make()
    delays = []
    with running("import django_jwtauth.revocation.redis\n" + program) as other:
        assert other.hear() == "ready"
        for count in range(20):
            other.tell(str(count))
            time.sleep(0.02)
            revoked_at = time.time()
            issuer.announce([f"jti:{count}"], SOON)
            delays.append(float(other.hear()) - revoked_at)
    assert sorted(delays)[10] < 0.05


class RedisFeedInTestCase(TestCase):
    def test_a_logout_is_effective_and_nobody_listens(self) -> None:
        before = len(listeners())
        feed = RedisFeed({"URL": "redis://127.0.0.1:1/0"}, conf.current())
        with self.assertNumQueries(0):
            feed.ensure_current()
        with transaction.atomic():
            feed.revoke(["jti:jti-1"], expires_at=SOON)
        with self.assertNumQueries(0):
            feed.ensure_current()
            assert feed.is_revoked(a_token())
        assert len(listeners()) == before


# Options.


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({"URL": "redis://h"}, []),
        ({"URL": "unix:///run/redis.sock", "DATABASE": False, "STREAM": "other"}, []),
        ({}, ["E302"]),
        ({"URL": "http://h"}, ["E302"]),
        ({"URL": 5, "DATABASE": "no", "STREAM": "", "MAX_AGE": None}, ["E302"] * 4),
        ({"URL": "redis://h", "LOCATION": "redis://h"}, ["E301"]),
    ],
)
def test_wrong_options_are_told(options: dict[str, object], ids: list[str]) -> None:
    problems = RedisFeed(options, conf.current()).check()
    assert [problem.id for problem in problems] == [f"django_jwtauth.{name}" for name in ids]


def test_no_message_shows_the_password(
    caplog: pytest.LogCaptureFixture, opened: list[RevocationFeed]
) -> None:
    caplog.set_level(logging.DEBUG, "django_jwtauth")
    url = "redis://:not-to-be-seen@127.0.0.1:1/0"
    feed = RedisFeed({"URL": url}, conf.current())
    opened.append(feed)
    feed.ensure_current()
    feed.revoke(["jti:a"], expires_at=SOON)
    seconds_until(lambda: len(caplog.records) >= 2)
    wrong = RedisFeed({"URL": "http://:not-to-be-seen@h"}, conf.current())
    assert "not-to-be-seen" not in caplog.text + str(wrong.check())


def test_options_in_the_url_do_not_break_the_reading(
    server: RedisServer, make: MakeRedisFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{server.url}?protocol=3&socket_timeout=0.01&decode_responses=True"
    one, other = make(URL=url), make(URL=url)
    one.revoke(["jti:a"], expires_at=SOON)
    assert seconds_until(lambda: knows(other, "a")) < 0.5


def test_without_the_driver_the_check_says_what_to_install() -> None:
    program = """
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "redis":
            raise ImportError(name)

for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
    del sys.modules[name]
sys.meta_path.insert(0, Refuse())
from django_jwtauth.revocation.redis import RedisFeed
feed = RedisFeed({"URL": "redis://h"}, conf.current())
say(*[problem.id for problem in feed.check()])
"""
    assert output_of(program) == ["django_jwtauth.E303"]

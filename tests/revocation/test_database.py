"""The database feed among real processes."""

from typing import Any

import pytest
from django.db import connection, transaction

from django_jwtauth.models import Revocation, to_datetime
from tests.processes.environment import KIND
from tests.revocation.conftest import MakeFeed
from tests.revocation.programs import output_of, running
from tests.revocation.tokens import a_token
from tests.revocation.waiting import seconds_until

SOON = 2_000_000_000.0

pytestmark = pytest.mark.django_db(transaction=True)

# Another process, which answers requests: each line is a jti, the answer whether it is revoked.
SERVER = """
for line in sys.stdin:
    revocation.feed().ensure_current()
    say(revocation.feed().is_revoked(a_token(jti=line.strip())))
"""

# Another process, which revokes what it is told to.
REVOKER = """
for line in sys.stdin:
    revocation.feed().revoke([line.strip()], expires_at=2e9)
    say("revoked")
"""

FAR_EAST: dict[str, Any] = {"TIME_ZONE": "Asia/Tokyo"}
SESSIONS: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"DATABASE": {"TIME_ZONE": "Asia/Tokyo"}},
    "mariadb": {"DATABASE": {"OPTIONS": {"init_command": "SET time_zone = '+09:00'"}}},
}


def test_another_process_refuses_within_a_second(database_feed: MakeFeed) -> None:
    feed = database_feed()
    with running(SERVER) as server:
        assert server.ask("a") == "False"
        feed.revoke(["jti:a"], expires_at=SOON)
        assert seconds_until(lambda: server.ask("a") == "True") <= 1.1


@pytest.mark.parametrize(
    "settings", [{}, FAR_EAST, FAR_EAST | SESSIONS[KIND]], ids=["same", "far", "farther"]
)
def test_processes_in_other_time_zones_understand_each_other(
    settings: dict[str, Any], database_feed: MakeFeed
) -> None:
    feed = database_feed(MAX_AGE=0.05)
    feed.ensure_current()
    with running(SERVER, **settings) as server, running(REVOKER, **settings) as revoker:
        assert server.ask("a") == "False"
        feed.revoke(["jti:a"], expires_at=SOON)
        seconds_until(lambda: server.ask("a") == "True", 3)
        assert revoker.ask("jti:b") == "revoked"

        def sees_it() -> bool:
            feed.ensure_current()
            return feed.is_revoked(a_token(jti="b"))

        assert seconds_until(sees_it) < 1
    written = Revocation.objects.filter(pk__in=["jti:a", "jti:b"])
    assert {row.expires_at for row in written} == {to_datetime(SOON)}


def test_without_time_zone_support_it_is_the_same() -> None:
    settings = {"USE_TZ": False, "TIME_ZONE": "Asia/Tokyo"}
    with running(SERVER, **settings) as server, running(REVOKER, **settings) as revoker:
        assert server.ask("a") == "False"
        revoker.ask("jti:a")
        seconds_until(lambda: server.ask("a") == "True", 3)
    assert output_of("f = revocation.feed(); f.ensure_current(); say(len(f.snapshot.jtis))") == [
        "1"
    ]


UNREACHABLE = {
    "sqlite": {"NAME": "/nowhere/at/all.sqlite3"},
    "postgresql": {"PORT": "1"},
    "mariadb": {"PORT": "1"},
}


def test_a_database_that_cannot_be_reached_is_an_outage_and_no_crash() -> None:
    program = """
import logging
logging.basicConfig(stream=sys.stdout, format="%(message).50s")
feed = revocation.feed()
for _ in range(3):
    try:
        feed.ensure_current()
    except RevocationsUnknown:
        say("unknown")
    time.sleep(1.01)
"""
    assert output_of(program, DATABASE=UNREACHABLE[KIND]) == [
        "Revocations cannot be read from the database: Oper",
        "unknown",
        "unknown",
        "unknown",
    ]


# A process that has polled, and so opened what a child must not touch, forks.
# Within a transaction polls have a connection of their own, which is kept open here.
FORK = """
feed = DatabaseFeed({"MAX_AGE": 0.01}, conf.current())

def poll():
    time.sleep(0.02)
    with transaction.atomic():
        feed.ensure_current()
    connections.close_all()

def sees(jti):
    poll()
    return feed.is_revoked(a_token(jti=jti))

feed.revoke(["jti:before"], expires_at=2e9)
poll()
own = feed._polls._own_connection
assert own.connection is not None
held = threading.Event()

def hold_locks():
    with feed._polls._polling, feed.snapshot._lock:
        held.set()
        time.sleep(0.5)

thread = threading.Thread(target=hold_locks)
thread.start()
held.wait()
import warnings
# Servers do fork beside threads, and a child that ends may not close what its parent uses.
warnings.simplefilter("ignore")
child = os.fork()
if child == 0:
    assert feed.is_revoked(a_token(jti="before"))
    feed.revoke(["jti:child"], expires_at=2e9)
    assert sees("child")
    assert feed._polls._own_connection is not own
    LEAVE()
thread.join()
assert os.waitpid(child, 0)[1] == 0
assert feed._polls._own_connection is own
before = own.connection
assert sees("child")
assert own.connection is before, "the child has broken the parent's connection"
feed.revoke(["jti:parent"], expires_at=2e9)
assert sees("parent")
feed.close()
say("well")
"""


@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)"])
def test_a_process_that_forks_and_its_child_both_go_on(leave: str) -> None:
    program = FORK.replace("LEAVE()", leave)
    assert output_of(program, DATABASE={"CONN_MAX_AGE": None}) == ["well"]


def test_a_child_of_a_process_that_never_asked_works() -> None:
    program = """
child = os.fork()
if child == 0:
    revocation.feed().ensure_current()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
revocation.feed().ensure_current()
say("well")
"""
    assert output_of(program) == ["well"]


@pytest.mark.skipif(KIND != "postgresql", reason="Django has pools for PostgreSQL alone")
def test_polls_do_not_take_from_a_pool(database_feed: MakeFeed) -> None:
    connection.settings_dict["OPTIONS"]["pool"] = False
    try:
        feed = database_feed()
        with transaction.atomic():
            feed.ensure_current()
        own = feed._polls._own_connection
        assert own is not None
        assert "pool" not in own.settings_dict["OPTIONS"]
    finally:
        del connection.settings_dict["OPTIONS"]["pool"]

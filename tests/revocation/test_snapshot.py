"""What a process knows to be revoked."""

import secrets
import sys
import threading
import time
import timeit
import tracemalloc

import pytest

from django_jwtauth.revocation.snapshot import Snapshot, issued_until
from tests.revocation.tokens import ISSUED_AT, a_token


def test_an_empty_snapshot_refuses_nothing() -> None:
    assert not Snapshot().is_revoked(a_token())


@pytest.mark.parametrize(
    "identifier", ["jti:jti-1", "sid:sid-1", "kid:kid-1", f"*{ISSUED_AT}", f"*{ISSUED_AT + 1}"]
)
def test_a_token_is_refused_by_itself_its_session_its_key_and_its_age(identifier: str) -> None:
    snapshot = Snapshot()
    snapshot.add([(identifier, None)])
    assert snapshot.is_revoked(a_token())


@pytest.mark.parametrize(
    "identifier",
    [
        "jti:sid-1",
        "sid:jti-1",
        "kid:jti-1",
        "jti:JTI-1",
        "jti:",
        "jti-1",
        "ring:kid-1",
        f"*{ISSUED_AT - 1}",
        f"*{ISSUED_AT}x",
        f"* {ISSUED_AT}",
        "*",
        "*-1",
        "*²",
        "*" + "9" * 5000,
        "user:1",
        "",
    ],
)
def test_what_names_no_part_of_a_token_refuses_none(identifier: str) -> None:
    snapshot = Snapshot()
    snapshot.add([(identifier, None)])
    assert not snapshot.is_revoked(a_token())


def test_a_token_of_no_session_is_not_the_token_of_a_revoked_one() -> None:
    snapshot = Snapshot()
    snapshot.add([("sid:None", None), ("sid:", None)])
    assert not snapshot.is_revoked(a_token(sid=None))


def test_the_greatest_moment_counts() -> None:
    snapshot = Snapshot()
    snapshot.add([("*20", None), ("*30", None), ("*10", None)])
    assert snapshot.until == 30


def test_a_load_replaces_what_was_known() -> None:
    snapshot = Snapshot()
    snapshot.add([("jti:old", None), ("*30", None)])
    snapshot.begin_load()
    snapshot.replace([("jti:new", None), ("*20", None)])
    assert (snapshot.jtis, snapshot.until) == ({"new"}, 20)


def test_what_is_learnt_during_a_load_outlives_it() -> None:
    snapshot = Snapshot()
    snapshot.begin_load()
    snapshot.add([("sid:meanwhile", None)])
    snapshot.replace([("sid:loaded", None)])
    assert snapshot.sids == {"meanwhile", "loaded"}
    snapshot.begin_load()
    snapshot.replace([])
    assert len(snapshot) == 0


def test_news_of_the_key_ring_count_once_each() -> None:
    snapshot = Snapshot()
    seen = {snapshot.ring_news}
    for entry in [("ring:a", 1), ("ring:b", 1), ("ring:a", 2), ("ring:a", None)]:
        snapshot.add([entry])
        assert snapshot.ring_news not in seen, entry
        seen.add(snapshot.ring_news)
    news = snapshot.ring_news
    snapshot.add([("ring:a", 2), ("ring:b", 1), ("jti:x", 3)])
    snapshot.begin_load()
    snapshot.replace([("ring:a", 2)])
    assert snapshot.ring_news == news
    snapshot.begin_load()
    snapshot.replace([("ring:a", 3)])
    assert snapshot.ring_news not in seen


def test_to_forget_is_news_of_the_key_ring() -> None:
    snapshot = Snapshot()
    snapshot.add([("jti:x", None), ("ring:a", 1), ("*5", None)])
    news = snapshot.ring_news
    snapshot.clear()
    assert snapshot.ring_news != news
    assert (len(snapshot), snapshot.until) == (0, 0)


def test_no_reader_ever_misses_what_is_revoked_throughout() -> None:
    snapshot, token, misses = Snapshot(), a_token(), []
    snapshot.add([("jti:jti-1", None)])
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            if not snapshot.is_revoked(token):
                misses.append(time.monotonic())

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(300):
        snapshot.begin_load()
        snapshot.add([("sid:other", None)])
        snapshot.replace([("jti:jti-1", None), ("sid:x", None)])
    is_over.set()
    for reader in readers:
        reader.join()
    assert misses == []


def test_a_look_up_takes_less_than_a_microsecond() -> None:
    snapshot, token = Snapshot(), a_token()
    trace = sys.gettrace()
    sys.settrace(None)  # what measures coverage takes its time
    try:
        runs = timeit.repeat(lambda: snapshot.is_revoked(token), number=1000, repeat=50)
    finally:
        sys.settrace(trace)
    assert min(runs) / 1000 < 1e-6


def test_an_entry_takes_about_a_hundred_bytes() -> None:
    entries = [(f"sid:{secrets.token_urlsafe(16)}", None) for _ in range(50_000)]
    snapshot = Snapshot()
    tracemalloc.start()
    try:
        snapshot.begin_load()
        snapshot.replace(entries)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / len(entries) < 130


def test_the_moment_of_an_identifier() -> None:
    assert [issued_until(name) for name in ("*1700000000", "*0", "jti:5", "5")] == [
        1_700_000_000,
        0,
        0,
        0,
    ]

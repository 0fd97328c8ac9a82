"""When a ring is loaded anew, with a store that counts, and lets a test decide when it answers."""

import os
import threading
from typing import Any, ClassVar

import pytest

from django_jwtauth import conf
from django_jwtauth.exceptions import NoSigningKey
from django_jwtauth.keystores import held_ring
from django_jwtauth.keystores.base import KeyStore, OpenTransaction
from django_jwtauth.keystores.held_ring import HeldRing
from django_jwtauth.tokens.keyring import KeyRing
from django_jwtauth.tokens.keys import key_from_jwk
from tests.key_material import private_jwk

JWK = private_jwk()
PATIENCE = 10  # seconds


class CountingStore(KeyStore):
    """Gives a ring with another key each time, when the gate is open."""

    unknown_kid_interval: ClassVar[float] = 0.05

    def __init__(self) -> None:
        super().__init__({}, conf.current())
        self.loads = 0
        self.gate = threading.Event()
        self.gate.set()
        self.is_broken = False
        self.open_transaction = OpenTransaction.NONE

    def load(self, now: float) -> KeyRing:
        self.loads += 1
        name = f"key-{self.loads}"
        assert self.gate.wait(PATIENCE)
        if self.is_broken:
            raise NoSigningKey("The store is broken.")
        return KeyRing([key_from_jwk(JWK, kind="private", kid=name)])

    def transaction(self) -> OpenTransaction:
        return self.open_transaction


class SlowStore(CountingStore):
    """No request should wait for it."""

    loads_in_background = True


class Threads:
    """Threads that a test started, with what they returned."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self._threads: list[threading.Thread] = []

    def start(self, act: Any) -> None:
        def run() -> None:
            try:
                self.results.append(act())
            except NoSigningKey as error:
                self.results.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        self._threads.append(thread)

    def join(self) -> list[Any]:
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        return self.results


def kid(ring: KeyRing) -> str:
    (key,) = ring
    return key.kid


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def ring(store: CountingStore) -> HeldRing:
    return HeldRing(store)


def wait_for_loads(store: CountingStore, loads: int) -> None:
    event = threading.Event()
    for _ in range(PATIENCE * 100):
        if store.loads >= loads:
            return
        event.wait(0.01)
    raise AssertionError(f"{store.loads} loads")


def test_it_is_loaded_once_until_there_are_news(store: CountingStore, ring: HeldRing) -> None:
    assert [kid(ring.ring(0.0, news)) for news in (1, 1, 2, 2, 1)] == [
        "key-1",
        "key-1",
        "key-2",
        "key-2",
        "key-3",
    ]


def test_it_is_loaded_anew_when_its_time_is_over(store: CountingStore, ring: HeldRing) -> None:
    store.reload_after = 0.0
    assert kid(ring.ring(0.0, 1)) == "key-1"
    assert kid(ring.ring(0.0, 1)) == "key-2"


def test_it_is_loaded_anew_when_it_was_forgotten(store: CountingStore, ring: HeldRing) -> None:
    ring.ring(0.0, 1)
    ring.forget()
    assert kid(ring.ring(0.0, 1)) == "key-2"


def test_one_thread_loads_while_the_others_use_the_old_ring(
    store: CountingStore, ring: HeldRing
) -> None:
    ring.ring(0.0, 1)
    store.gate.clear()
    threads = Threads()
    threads.start(lambda: kid(ring.ring(0.0, 2)))
    wait_for_loads(store, 2)
    assert [kid(ring.ring(0.0, 2)) for _ in range(5)] == ["key-1"] * 5
    store.gate.set()
    assert threads.join() == ["key-2"]
    assert kid(ring.ring(0.0, 2)) == "key-2"
    assert store.loads == 2


def test_the_first_ring_is_loaded_once_for_all_who_wait(
    store: CountingStore, ring: HeldRing
) -> None:
    store.gate.clear()
    threads = Threads()
    for _ in range(8):
        threads.start(lambda: kid(ring.ring(0.0, 1)))
    wait_for_loads(store, 1)
    store.gate.set()
    assert threads.join() == ["key-1"] * 8
    assert store.loads == 1


def test_a_failure_keeps_the_old_ring_and_is_tried_again(
    store: CountingStore, ring: HeldRing, caplog: Any, monkeypatch: Any
) -> None:
    ring.ring(0.0, 1)
    store.is_broken = True
    assert [kid(ring.ring(0.0, 2)) for _ in range(5)] == ["key-1"] * 5
    assert store.loads == 2  # not at each request
    assert caplog.text.count("The store is broken.") == 1
    store.is_broken = False
    monkeypatch.setattr(CountingStore, "retry_after", 0.0)
    ring.forget()
    assert kid(ring.ring(0.0, 2)) == "key-3"


def test_a_store_that_recovers_is_used_again(
    store: CountingStore, ring: HeldRing, monkeypatch: Any
) -> None:
    monkeypatch.setattr(CountingStore, "retry_after", 0.0)
    ring.ring(0.0, 1)
    store.is_broken = True
    assert kid(ring.ring(0.0, 2)) == "key-1"
    store.is_broken = False
    assert kid(ring.ring(0.0, 2)) == "key-3"


def test_without_a_ring_a_failure_is_raised_and_not_tried_at_each_request(
    store: CountingStore, ring: HeldRing, monkeypatch: Any
) -> None:
    store.is_broken = True
    for _ in range(5):
        with pytest.raises(NoSigningKey, match="The store is broken"):
            ring.ring(0.0, 1)
    assert store.loads == 1
    store.is_broken = False
    monkeypatch.setattr(held_ring, "FIRST_RETRY_AFTER", 0.0)
    ring.forget()
    assert kid(ring.ring(0.0, 1)) == "key-2"


def test_who_waits_for_a_first_ring_that_fails_does_not_try_once_more(
    store: CountingStore, ring: HeldRing
) -> None:
    store.is_broken = True
    store.gate.clear()
    threads = Threads()
    for _ in range(4):
        threads.start(lambda: ring.ring(0.0, 1))
    wait_for_loads(store, 1)
    store.gate.set()
    assert [type(result) for result in threads.join()] == [NoSigningKey] * 4
    assert store.loads == 1


def test_an_unknown_kid_loads_it_and_not_again_at_once(
    store: CountingStore, ring: HeldRing
) -> None:
    store.unknown_kid_interval = 60.0  # type: ignore[misc]
    ring.ring(0.0, 1)
    assert kid(ring.ring_for_unknown_kid(0.0, 1)) == "key-1"  # just loaded
    store.unknown_kid_interval = 0.0  # type: ignore[misc]
    assert kid(ring.ring_for_unknown_kid(0.0, 1)) == "key-2"
    assert kid(ring.ring(0.0, 1)) == "key-2"


def test_who_comes_with_an_unknown_kid_while_another_loads_waits_for_that_ring(
    store: CountingStore, ring: HeldRing
) -> None:
    store.unknown_kid_interval = 0.0  # type: ignore[misc]
    ring.ring(0.0, 1)
    store.gate.clear()
    threads = Threads()
    threads.start(lambda: kid(ring.ring_for_unknown_kid(0.0, 1)))
    wait_for_loads(store, 2)
    store.unknown_kid_interval = 60.0  # type: ignore[misc]
    for _ in range(3):
        threads.start(lambda: kid(ring.ring_for_unknown_kid(0.0, 1)))
    store.gate.set()
    assert threads.join() == ["key-2"] * 4
    assert store.loads == 2


def test_a_load_that_hangs_holds_nobody_with_an_unknown_kid_for_long(
    store: CountingStore, ring: HeldRing, monkeypatch: Any
) -> None:
    monkeypatch.setattr(held_ring, "UNKNOWN_KID_PATIENCE", 0.01)
    ring.ring(0.0, 1)
    store.gate.clear()
    threads = Threads()
    threads.start(lambda: kid(ring.ring(0.0, 2)))
    wait_for_loads(store, 2)
    assert kid(ring.ring_for_unknown_kid(0.0, 2)) == "key-1"
    store.gate.set()
    threads.join()


def test_in_a_test_case_time_does_not_make_it_load_and_news_do(
    store: CountingStore, ring: HeldRing
) -> None:
    store.reload_after = 0.0
    ring.ring(0.0, 1)
    store.open_transaction = OpenTransaction.TESTCASE
    assert kid(ring.ring(0.0, 1)) == "key-1"
    assert kid(ring.ring(0.0, 2)) == "key-2"


def test_news_that_are_loaded_inside_a_block_are_loaded_once_more_soon(
    store: CountingStore, ring: HeldRing, monkeypatch: Any
) -> None:
    monkeypatch.setattr(held_ring, "SETTLED_AFTER", 0.0)
    ring.ring(0.0, 1)
    store.open_transaction = OpenTransaction.BLOCK
    assert kid(ring.ring(0.0, 2)) == "key-2"  # it may show how things were before the news
    assert kid(ring.ring(0.0, 2)) == "key-3"
    assert kid(ring.ring(0.0, 2)) == "key-3"


def test_no_request_waits_for_a_slow_store_but_the_first() -> None:
    store = SlowStore()
    ring = HeldRing(store)
    assert kid(ring.ring(0.0, 1)) == "key-1"
    store.gate.clear()
    assert [kid(ring.ring(0.0, 2)) for _ in range(5)] == ["key-1"] * 5
    wait_for_loads(store, 2)
    store.gate.set()
    with held_ring._loading:
        pass  # the thread has put the ring in place
    assert kid(ring.ring(0.0, 2)) == "key-2"
    assert store.loads == 2


def test_where_threads_do_not_run_a_slow_store_is_loaded_by_a_request(monkeypatch: Any) -> None:
    store = SlowStore()
    ring = HeldRing(store)
    ring.ring(0.0, 1)
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    monkeypatch.setattr(held_ring, "BACKGROUND_PATIENCE", 0.0)
    assert kid(ring.ring(0.0, 2)) == "key-1"
    assert kid(ring.ring(0.0, 2)) == "key-2"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_was_forked_during_a_load_loads_for_itself(
    store: CountingStore, ring: HeldRing
) -> None:
    ring.ring(0.0, 1)
    store.gate.clear()
    threads = Threads()
    threads.start(lambda: ring.ring(0.0, 2))
    wait_for_loads(store, 2)
    child = os.fork()
    if child == 0:
        store.gate = threading.Event()
        store.gate.set()
        os._exit(0 if kid(ring.ring(0.0, 2)) == "key-3" else 1)
    store.gate.set()
    threads.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0

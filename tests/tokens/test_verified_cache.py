import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_jwtauth.tokens.verified_cache import VerifiedCache

# It never looks at what it holds.
TOKEN: Any = object()


def test_what_was_added_is_found() -> None:
    cache = VerifiedCache()
    assert cache.get("a") is None
    cache.add("a", TOKEN)
    assert cache.get("a") is TOKEN
    assert cache.get("A") is None


def test_it_holds_as_many_as_it_may_and_half_of_them_for_sure() -> None:
    cache = VerifiedCache(10)
    for n in range(10):
        cache.add(str(n), TOKEN)
    assert len(cache) == 10
    assert [cache.get(str(n)) for n in range(5, 10)] == [TOKEN] * 5


@pytest.mark.parametrize(("size", "held"), [(0, 2), (1, 2), (2, 2), (3, 2), (4, 4), (5, 4)])
def test_its_two_halves_are_equal_and_never_empty(size: int, held: int) -> None:
    cache = VerifiedCache(size)
    for n in range(20):
        cache.add(str(n), TOKEN)
    assert len(cache) == held


@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz")), st.integers(0, 12))
def test_it_never_holds_more(names: list[str], size: int) -> None:
    cache = VerifiedCache(size)
    for name in names:
        if cache.get(name) is None:
            cache.add(name, TOKEN)
        assert cache.get(name) is TOKEN
        assert len(cache) <= max(size, 2)


def test_what_is_in_use_stays_and_the_longest_unused_goes() -> None:
    cache = VerifiedCache(10)
    cache.add("used", TOKEN)
    cache.add("unused", TOKEN)
    for n in range(1000):
        cache.add(str(n), TOKEN)
        assert cache.get("used") is TOKEN
    assert cache.get("unused") is None
    assert cache.get("0") is None
    assert cache.get("999") is TOKEN


def test_threads_may_use_it_at_once() -> None:
    cache = VerifiedCache(8)
    wrong: list[Any] = []
    tokens: dict[str, Any] = {name: name for name in "abcdefghij"}  # told apart by their names

    def work(names: str) -> None:
        for _ in range(300):
            for name in names:
                found = cache.get(name)
                if found is None:
                    cache.add(name, tokens[name])
                elif found is not tokens[name]:
                    wrong.append(found)

    threads = [threading.Thread(target=work, args=(names,)) for names in ("abcd", "cdefg", "ghij")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(cache) <= 8 + len(threads)

"""What can go wrong with a site, one thing after the other, each set right again."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from tests.load.site import Site
from tests.load.watch import Tally, Watch, watching

#: What the feeds of these sites are given, in seconds.
MAX_AGE: Final = 0.5
MAX_STALENESS: Final = 1.5
#: What both feeds promise while the database answers: MAX_AGE, and the 0.1 s of a poll.
BOUND: Final = MAX_AGE + 0.1

_STREAM: Final = "{django_jwtauth:revocations}"
_HOUR: Final = 3600
_PATIENCE: Final = 60.0

Fault = Callable[[Watch], Awaitable[None]]


async def redis_killed(watch: Watch) -> None:
    """Redis is killed, and started again empty."""
    watch.site.backends.redis.stop()
    await asyncio.sleep(2 * BOUND)
    await asyncio.to_thread(watch.site.backends.redis.start)


async def redis_emptied(watch: Watch) -> None:
    """Somebody empties Redis under the feet of all."""
    await _do(watch, "FLUSHALL")


async def redis_connections_killed(watch: Watch) -> None:
    """All connections to Redis are killed, again and again."""
    for _ in range(5):
        await _do(watch, "CLIENT", "KILL", "TYPE", "normal")
        await asyncio.sleep(0.1)


async def redis_slow(watch: Watch) -> None:
    """Redis answers late: just within the patience of the feed, and beyond it."""
    for seconds in (0.4, 1.1, 1.6):
        with watch.site.backends.redis.frozen():
            await asyncio.sleep(seconds)
        await asyncio.sleep(0.2)


async def redis_paused(watch: Watch) -> None:
    """Redis takes orders and leaves them undone."""
    await _do(watch, "CLIENT", "PAUSE", 1500, "ALL")
    await asyncio.sleep(1.5)


async def malformed_entries(watch: Watch) -> None:
    """Somebody writes nonsense into the stream."""
    for _ in range(10):
        await _do(watch, "XADD", _STREAM, "*", "nonsense", random.random())
        await _do(watch, "XADD", _STREAM, "*", "identifier", b"\xff", "expires_at", "x")
        await _do(watch, "XADD", _STREAM, "*", "identifier", "*" + 5000 * "9", "expires_at", "")
        await asyncio.sleep(0.05)


async def database_stopped(watch: Watch) -> None:
    """The database is killed, and away for longer than `MAX_STALENESS`."""
    database = watch.site.backends.database
    database.kill()
    await asyncio.sleep(MAX_STALENESS + 1)
    await asyncio.to_thread(database.start)


async def database_hangs(watch: Watch) -> None:
    """The database takes orders and answers nothing, for longer than `MAX_STALENESS`."""
    with watch.site.backends.database.frozen():
        await asyncio.sleep(MAX_STALENESS + 1)


async def both_stopped(watch: Watch) -> None:
    """Neither answers for longer than `MAX_STALENESS`."""
    watch.site.backends.redis.stop()
    await database_stopped(watch)
    await asyncio.to_thread(watch.site.backends.redis.start)


async def worker_killed(watch: Watch) -> None:
    """A worker is killed; the one that takes its place has to know what was revoked before."""
    before = await watch.until_well()
    os.kill(random.choice(sorted(before)), signal.SIGKILL)
    await _until_a_new_worker_refuses(watch, before)


async def clock_set_back(watch: Watch) -> None:
    """The clock is set back by an hour, and right again."""
    await watch.move_clock(-_HOUR)
    await asyncio.sleep(BOUND)
    await watch.move_clock(0)


async def clock_ahead_at_the_start(watch: Watch) -> None:
    """A worker starts with a clock that is ahead, for which all that was revoked has expired."""
    before = await watch.until_well()
    await watch.move_clock(3 * _HOUR)
    os.kill(random.choice(sorted(before)), signal.SIGKILL)
    await _until_a_new_worker_refuses(watch, before)
    await watch.move_clock(0)  # from now on the bound counts, for those of long ago as well


_BOTH: Final[tuple[Fault, ...]] = (
    database_stopped,
    database_hangs,
    worker_killed,
    clock_set_back,
    clock_ahead_at_the_start,
)
FAULTS: Final[dict[str, tuple[Fault, ...]]] = {
    "redis": (
        redis_killed,
        redis_emptied,
        redis_connections_killed,
        redis_slow,
        redis_paused,
        malformed_entries,
        both_stopped,
        *_BOTH,
    ),
    "database": _BOTH,
}


def endure(site: Site, faults: Iterable[Fault]) -> dict[str, Tally]:
    """Let the faults happen under load, and return what was seen during each and after it."""
    return asyncio.run(_endure(site, faults))


async def _endure(site: Site, faults: Iterable[Fault]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    async with watching(site, BOUND) as watch:
        for fault in faults:
            tallies[fault.__name__] = watch.begin()
            await fault(watch)
            await watch.until_well()
    return tallies


async def _do(watch: Watch, *command: object) -> None:
    await asyncio.to_thread(watch.site.backends.redis.do, *command)


async def _until_a_new_worker_refuses(watch: Watch, before: set[int]) -> None:
    until = time.monotonic() + _PATIENCE
    while not any(worker not in before for worker in watch.tally.refused):
        assert time.monotonic() < until, "no new worker has refused anything"
        await asyncio.sleep(0.05)


def described(fault: Any) -> str:
    return str(fault.__doc__).partition("\n")[0]

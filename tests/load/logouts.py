"""How long after a logout was answered each worker refuses its token."""

import asyncio
import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil

from tests.load.client import Lane, Seen, lanes_to_every_worker, log_in, log_out, sign_up
from tests.load.site import WORKERS, Site

#: What each feed promises, in seconds.
BOUNDS = {"redis": 0.05, "database": 1.1}
#: Seconds within which a logout comes at random: as long as the feed takes from look to look …
PHASES = {"redis": 0.05, "database": 1.0}
#: … and how many logouts go on side by side, so that 200 of them take minutes and not an hour.
AT_ONCE = {"redis": 1, "database": 5}

_PAUSE = 0.001  # seconds between two questions of one connection
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Delay:
    """Of one logout, in seconds after its answer: between the two lies the truth.

    `accepted`: when the last request was sent that a worker accepted; 0 where none was.
    `refused`: when the last worker was sent the first request that it refused.
    """

    accepted: float
    refused: float


@dataclass(frozen=True)
class Measured:
    """The delay of each logout, and how long each question took meanwhile, in seconds."""

    delays: list[Delay] = field(default_factory=list)
    round_trips: list[float] = field(default_factory=list)


class _Logout:
    """A token that every worker is asked about while its login session ends."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.is_over = asyncio.Event()
        self._accepted: dict[int, Seen] = {}  # by worker, the last one
        self._refused: dict[int, Seen] = {}  # by worker, the first one

    def is_refused_by(self, worker: int | None) -> bool:
        return worker in self._refused

    def note(self, seen: Seen) -> None:
        if seen.status == 401:
            self._refused.setdefault(seen.worker, seen)
            if len(self._refused) == WORKERS:
                self.is_over.set()
            return
        assert seen.status == 200, seen
        refused = self._refused.get(seen.worker)
        assert refused is None or seen.sent < refused.answered, "refused, and accepted again"
        self._accepted[seen.worker] = seen

    def delay_after(self, moment: float) -> Delay:
        accepted = max((seen.sent for seen in self._accepted.values()), default=moment)
        refused = max(seen.sent for seen in self._refused.values())
        # A thread of the worker may have taken up a later request first.
        return Delay(max(0.0, accepted - moment), max(0.0, accepted - moment, refused - moment))


def measure(site: Site, count: int, *, at_once: int, phase: float) -> Measured:
    """Log out `count` times, `at_once` of them side by side, each after up to `phase` seconds."""
    return asyncio.run(_measure(site, count, at_once, phase))


async def _measure(site: Site, count: int, at_once: int, phase: float) -> Measured:
    lanes = await lanes_to_every_worker(site.address, WORKERS)
    open_logouts: list[_Logout] = []
    measured = Measured()
    async with asyncio.TaskGroup() as group:
        watching = [group.create_task(_watch(lane, open_logouts, measured)) for lane in lanes]
        # The first one finds workers that have never served anything; it does not count.
        await _track(site, iter(range(1)), open_logouts, 0)
        measured.round_trips.clear()
        left = iter(range(count))
        tracks = [_track(site, left, open_logouts, phase) for _ in range(at_once)]
        for delays in await asyncio.gather(*tracks):
            measured.delays.extend(delays)
        for task in watching:
            task.cancel()
    return measured


async def _track(
    site: Site, left: Iterator[int], open_logouts: list[_Logout], phase: float
) -> list[Delay]:
    name, delays = secrets.token_hex(8), []
    with Lane(site.address) as lane:
        await sign_up(lane, name)
        for _ in left:
            token = (await log_in(lane, name)).json()["access_token"]
            with _watched(token, open_logouts) as logout:
                # At any moment between two polls: not just after the one that ended the last wait.
                await asyncio.sleep(random.uniform(0, phase))
                answer = await log_out(lane, token)
                assert answer.status == 204, answer
                async with asyncio.timeout(_PATIENCE):
                    await logout.is_over.wait()
            delays.append(logout.delay_after(answer.answered))
    return delays


@contextmanager
def _watched(token: str, open_logouts: list[_Logout]) -> Iterator[_Logout]:
    logout = _Logout(token)
    open_logouts.append(logout)
    yield logout
    open_logouts.remove(logout)


async def _watch(lane: Lane, open_logouts: list[_Logout], measured: Measured) -> None:
    worker = None
    with lane:
        while True:
            for logout in list(open_logouts):
                if not logout.is_refused_by(worker):
                    seen = await lane.key(logout.token)
                    # Where connections are not kept, the next question may come to any worker.
                    worker = seen.worker if lane.is_open else None
                    measured.round_trips.append(seen.answered - seen.sent)
                    logout.note(seen)
            await asyncio.sleep(_PAUSE)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]

"""Asks a site all the time, whatever happens to it, and judges each answer."""

import asyncio
import random
import secrets
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from tests.load.client import (
    Lane,
    Seen,
    lanes_to_every_worker,
    log_in,
    log_out,
    sign_up,
    until_connected,
)
from tests.load.site import WORKERS, Site

#: A worker that the machine does not let run learns nothing meanwhile, nor does it poll: seconds
#: that a busy machine may add to what the feed promises. What breaks the promise takes longer.
ALLOWANCE = 1.0
_LANES = 2 * WORKERS
_TRACKS = 3  # clients that log in and out
_LIVE = 3  # tokens that nobody revokes
_PAUSE = 0.005  # seconds between two questions over one connection
_TURNS = 20  # questions over one connection, before it is made anew and may meet another worker
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """A token, and when its logout was answered; None: it is live."""

    token: str
    revoked_at: float | None


@dataclass
class Tally:
    """What was seen during one fault; times are seconds."""

    logouts: int = 0
    #: Answers to live tokens and to revoked ones, by status.
    live: Counter[int] = field(default_factory=Counter)
    revoked: Counter[int] = field(default_factory=Counter)
    no_answer: int = 0
    #: The longest time after a logout at which a request was sent that was accepted.
    latest: float = 0.0
    #: By worker, how often it accepted a live token and refused a revoked one.
    accepted: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Watch:
    """Judges by one rule: no revoked token is accepted late, no live one is refused but by 503."""

    def __init__(self, site: Site, bound: float) -> None:
        self.site = site
        self.tally = Tally()
        self._bound = bound
        self._live: list[str] = []
        self._revoked: list[Held] = []
        self._hot: deque[Held] = deque(maxlen=2 * _LANES)
        self._era = 0
        self._era_began = 0.0

    def begin(self) -> Tally:
        """Count anew."""
        self.tally = Tally()
        return self.tally

    async def move_clock(self, seconds: float) -> None:
        """Let the clock be ahead by so much; other tokens are the live ones from then on."""
        self._begin_era()
        new = self.site.clock.with_suffix(".new")  # a worker may read it at this moment
        new.write_text(str(seconds))
        new.rename(self.site.clock)
        self._begin_era()
        await self.renew()

    def _begin_era(self) -> None:
        """Let what was asked before count no more: it may have met two clocks."""
        self._live = []
        self._era += 1
        self._era_began = time.monotonic()

    async def renew(self) -> None:
        live = []
        with Lane(self.site.address) as lane:
            for _ in range(_LIVE):
                name = secrets.token_hex(8)
                await sign_up(lane, name)
                answer = await until_connected(partial(log_in, lane, name))
                assert answer.status == 200, answer
                live.append(answer.json()["access_token"])
        self._live = live

    async def until_well(self) -> set[int]:
        """Wait until every worker accepts who is live and refuses who is not; return them."""
        until, tally = time.monotonic() + _PATIENCE, self.tally
        logouts, accepted, refused = tally.logouts, Counter(tally.accepted), Counter(tally.refused)
        well: set[int] = set()
        while len(well) < WORKERS or tally.logouts < logouts + _TRACKS:
            assert time.monotonic() < until, tally
            await asyncio.sleep(_PAUSE)
            well = set(tally.accepted - accepted) & set(tally.refused - refused)
        await asyncio.sleep(self._bound)  # until those of the last logouts have been judged
        return well

    async def ask_on(self) -> None:
        """Ask over a connection, for as long as the watch lasts."""
        with Lane(self.site.address) as lane:
            for turn in count(1):
                era, asked = self._era, self._pick()
                try:
                    seen = await lane.key(asked.token)
                except ConnectionError:
                    self.tally.no_answer += 1
                else:
                    if era == self._era:
                        self._judge(seen, asked)
                if turn % _TURNS == 0:
                    lane.close()
                await asyncio.sleep(_PAUSE)

    def _pick(self) -> Held:
        """Return a token to ask for: a live one, one revoked just now, or one of long ago."""
        if self._live and (not self._revoked or random.random() < 0.25):
            return Held(random.choice(self._live), None)
        return random.choice(random.choice((self._revoked, self._hot)))

    async def log_in_and_out(self) -> None:
        """Log in, be accepted, log out, for as long as the watch lasts."""
        name = secrets.token_hex(8)
        with Lane(self.site.address) as lane:
            await sign_up(lane, name)
            while True:
                era = self._era
                try:
                    pair = await log_in(lane, name)
                    if pair.status == 200:
                        await self._log_out(lane, pair.json()["access_token"], era)
                except ConnectionError:
                    self.tally.no_answer += 1
                await asyncio.sleep(random.uniform(0, 0.3))

    async def _log_out(self, lane: Lane, token: str, era: int) -> None:
        seen = await lane.key(token)
        if era == self._era:
            self._judge_live(seen)
        answer = await log_out(lane, token)
        if answer.status == 204:  # else it is revoked or not: nobody was told
            revoked = Held(token, answer.answered)
            self._revoked.append(revoked)
            self._hot.append(revoked)
            self.tally.logouts += 1

    def _judge(self, seen: Seen, asked: Held) -> None:
        if asked.revoked_at is None:
            self._judge_live(seen)
        else:
            self._judge_revoked(seen, asked.revoked_at)

    def _judge_live(self, seen: Seen) -> None:
        self.tally.live[seen.status] += 1
        if seen.status == 200:
            self.tally.accepted[seen.worker] += 1
        elif seen.status != 503 or int(seen.headers.get("retry-after", "0")) <= 0:
            self._blame("refused a live token", seen)

    def _judge_revoked(self, seen: Seen, revoked_at: float) -> None:
        self.tally.revoked[seen.status] += 1
        if seen.status == 401:
            self.tally.refused[seen.worker] += 1
        elif seen.status == 200:
            after = seen.sent - max(revoked_at, self._era_began)
            self.tally.latest = max(self.tally.latest, after)
            if after > self._bound + ALLOWANCE:
                self._blame(f"accepted a token {after:.2f} s after its logout", seen)
        elif seen.status != 503:
            self._blame("neither accepted nor refused a revoked token", seen)

    def _blame(self, what: str, seen: Seen) -> None:
        self.tally.wrong.append(f"worker {seen.worker} {what}: {seen.status} {seen.body!r}")


@asynccontextmanager
async def watching(site: Site, bound: float) -> AsyncIterator[Watch]:
    """Watch a site; `bound`: seconds within which its feed says that every worker refuses."""
    for lane in await lanes_to_every_worker(site.address, WORKERS):
        lane.close()
    watch = Watch(site, bound)
    await watch.renew()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(watch.log_in_and_out()) for _ in range(_TRACKS)]
        tasks += [group.create_task(watch.ask_on()) for _ in range(_LANES)]
        await watch.until_well()
        yield watch
        for task in tasks:
            task.cancel()

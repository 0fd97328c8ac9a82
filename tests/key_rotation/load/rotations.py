"""Rotations of every sort: what an operator does under load, and what clients met meanwhile."""

import asyncio
import os
import re
import signal
import time
from dataclasses import dataclass
from typing import Final

from tests.key_rotation.load.crowd import Crowd, Tally
from tests.key_rotation.load.site import LONG_CACHE, Address, Site

#: A process hears of a change within this many seconds: DESIGN section 9, and the feed's MAX_AGE.
BOUND: Final = 1.1

_JUST_AFTER: Final = 0.5  # seconds
_KEY: Final = re.compile(r"key (\S+) \((\w+)\)")


@dataclass(frozen=True)
class Act:
    """One thing that was done under load, and what came of all requests meanwhile."""

    what: str
    rotations: int
    seconds: float
    tally: Tally
    #: How often the verifier had fetched the JWKS when it could know the key at the latest.
    fetched: int = 0

    @property
    def unexcused(self) -> int:
        """Of what the verifier refused, what it did though it had fetched the JWKS since."""
        return self.tally.unexcused_after(self.fetched)


class Operator:
    """Rotates the keys of a site whose crowd goes on, and waits for each key to be in force."""

    def __init__(self, site: Site, crowd: Crowd) -> None:
        self.site, self.crowd = site, crowd
        self.acts: list[Act] = []
        #: How long a command takes, in seconds; most of it is what Django needs to start.
        self._command_takes = 0.0

    async def rotate_ahead(
        self,
        what: str,
        *,
        times: int = 1,
        algorithm: str | None = None,
        operators: int = 1,
        is_one_started: bool = False,
        is_one_stopped: bool = False,
    ) -> None:
        """Rotate as a schedule does: the key is published first, and then signs.

        Meanwhile a process may be started, and another stopped until the key signs.
        """
        self.crowd.begin()
        for _ in range(times):
            processes = set(self.crowd.processes)
            stopped = {min(processes)} if is_one_stopped else set()
            if stopped:
                # Its own request would hang there, and bring the set of before at the end.
                await self._verifier_has_fetched()
            for process in stopped:
                os.kill(process, signal.SIGSTOP)
            try:
                kid = await self._rotate(operators, *_option("--algorithm", algorithm))
                if is_one_started:
                    self.site.start_process()
                    await self._new_process(processes)
                await self.crowd.until_signed(kid, self.crowd.processes - stopped)
            finally:
                for process in stopped:
                    os.kill(process, signal.SIGCONT)
            await self.crowd.until_signed(kid, self.crowd.processes)
        self._note(what, times)

    async def rotate_now(self, what: str, algorithm: str, verifier: Address) -> None:
        """Rotate without notice, when a verifier has just fetched the JWKS, if that can be timed.

        It keeps it for `LONG_CACHE`. Done when it has fetched it again and every client has a token
        of the new key.
        """
        crowd = self.crowd
        crowd.turn_to(verifier)
        await self._verifier_has_fetched()
        crowd.begin()
        # The next time that it fetches; the key is written at the end of what a command takes.
        await asyncio.sleep(max(0.0, LONG_CACHE + _JUST_AFTER - self._command_takes))
        kid = await self._rotate(1, "--now", "--algorithm", algorithm)
        await asyncio.sleep(BOUND)  # so long a process may answer with the old set
        fetched = crowd.fetched
        await crowd.until_signed(kid, crowd.processes)
        await crowd.until(lambda: crowd.fetched > fetched, "the verifier fetches again")
        await crowd.until_all_hold(kid)
        self._note(what, 1, fetched)

    async def _rotate(self, operators: int, *options: str) -> str:
        """Let so many operators rotate at once; returns the kid of the one key that comes of it."""
        command = ("rotate_jwt_keys", *options)
        began = time.monotonic()
        told = await asyncio.gather(*(self.site.manage(*command) for _ in range(operators)))
        self._command_takes = time.monotonic() - began
        found = [_KEY.search(text) for text in told]
        kids = {match[1] for match in found if match is not None}
        assert len(kids) == 1, told
        assert sum("Made the key" in text for text in told) == 1, told
        return kids.pop()

    async def _new_process(self, known: set[int]) -> None:
        crowd = self.crowd
        await crowd.until(lambda: bool(crowd.processes - known), "the new process answers")

    async def _verifier_has_fetched(self) -> None:
        fetched = self.crowd.fetched
        await self.crowd.until(lambda: self.crowd.fetched > fetched, "the verifier fetches")

    def _note(self, what: str, rotations: int, fetched: int = 0) -> None:
        tally = self.crowd.tally
        seconds = time.monotonic() - tally.began
        self.acts.append(Act(what, rotations, seconds, tally, fetched))


def _option(name: str, value: str | None) -> tuple[str, ...]:
    return () if value is None else (name, value)

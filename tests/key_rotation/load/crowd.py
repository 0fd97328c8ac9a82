"""Clients that log in, call, refresh and are verified by another service; and what they met."""

import asyncio
import random
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from django_jwtauth.tokens import access_token
from tests.key_rotation.load.site import Address
from tests.load.client import Lane, Seen, log_in, log_out, sign_up

THINKING: Final = (0.5, 2.5)  # seconds between two acts of a client
REFRESH_AFTER: Final = 6.0  # seconds: a token is 19 to 20 s good
PATIENCE: Final = 300.0  # seconds, on a machine that runs much else
_LOGINS_AT_ONCE: Final = 8


@dataclass
class Tally:
    """What came of the requests of one act."""

    began: float = field(default_factory=time.monotonic)
    requests: int = 0
    logins: int = 0
    refreshes: int = 0
    #: Requests that got no answer or a wrong one; a token whose time is over is rightly refused.
    failures: list[str] = field(default_factory=list)
    #: By the kid of their tokens.
    refused: Counter[str] = field(default_factory=Counter)
    verified: int = 0
    #: Refused by the verifier, by reason and how often it had fetched the JWKS.
    unverified: Counter[tuple[str, int]] = field(default_factory=Counter)

    def unexcused_after(self, fetched: int) -> int:
        """Count what the verifier refused after it had fetched the JWKS so often and once more."""
        return sum(n for (_, times), n in self.unverified.items() if times > fetched)


class Crowd:
    """All clients, and what they know together."""

    def __init__(self, site: Address, verifier: Address) -> None:
        self.site, self.verifier = site, verifier
        self.tally = Tally()
        self.clients: list[Client] = []
        #: The processes that have answered; and those that have signed with a key, by its kid.
        self.processes: set[int] = set()
        self.signers: defaultdict[str, set[int]] = defaultdict(set)
        #: How often the verifier has fetched the JWKS.
        self.fetched = 0
        #: Whether nobody logs out meanwhile.
        self.is_staying = False
        self._is_closing = asyncio.Event()

    @asynccontextmanager
    async def gathered(self, size: int) -> AsyncIterator["Crowd"]:
        """Let so many clients live, and go home at the end."""
        self.clients = [Client(self) for _ in range(size)]
        door = asyncio.Semaphore(_LOGINS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for client in self.clients:
                group.create_task(client.live(door))
            await self.until(lambda: all(client.token for client in self.clients), "all logged in")
            self.tally = Tally()
            yield self
            self._is_closing.set()

    async def goes_on_after(self, seconds: float) -> bool:
        """Let time pass; tells whether the crowd is still there then."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_closing.wait(), seconds)
        return not self._is_closing.is_set()

    def turn_to(self, verifier: Address) -> None:
        """Be verified elsewhere from now on."""
        self.verifier, self.fetched = verifier, 0

    def begin(self) -> float:
        """Tally anew; returns the time."""
        self.tally = Tally()
        return self.tally.began

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until it is so."""
        give_up = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < give_up, f"not within {PATIENCE:.0f} s: {what}"
            await asyncio.sleep(0.02)

    async def until_signed(self, kid: str, processes: set[int]) -> None:
        """Wait until these processes have signed with a key."""
        await self.until(lambda: self.signers[kid] >= processes, f"{kid} signs in each process")

    async def until_all_hold(self, kid: str) -> None:
        """Wait until every client has a token of a key."""
        await self.until(
            lambda: all(client.kid == kid for client in self.clients), f"{kid} in every hand"
        )


class Client:
    """Someone with one device, who follows the rule for clients.

    401: refresh, then try once more. Each request has a connection of its own, which any process
    may accept.
    """

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._name = secrets.token_hex(8)
        self.token = ""
        self.kid = ""
        self._refresh_token = ""
        self._issued_at = 0.0
        #: When it refreshed because its token had been refused.
        self.renewals: list[float] = []

    async def live(self, door: asyncio.Semaphore) -> None:
        async with door:
            lane = Lane(self._crowd.site)
            await sign_up(lane, self._name)
            lane.close()
            await self._log_in()
        while await self._crowd.goes_on_after(random.uniform(*THINKING)):
            await self._act()

    async def _act(self) -> None:
        dice = random.random()
        if time.monotonic() > self._issued_at + REFRESH_AFTER:
            await self._refresh()
        elif dice < 0.3:
            await self._be_verified()
        elif dice < 0.97 or self._crowd.is_staying:
            await self._call()
        else:
            await self._log_out()
            await self._log_in()

    async def _log_in(self) -> None:
        self._crowd.tally.logins += 1
        self._keep(await self._ask("login", lambda lane: log_in(lane, self._name)))

    async def _log_out(self) -> None:
        await self._ask("logout", lambda lane: log_out(lane, self.token), expected=204)

    async def _refresh(self) -> None:
        self._crowd.tally.refreshes += 1
        body = {"refresh_token": self._refresh_token}
        self._keep(await self._ask("refresh", lambda lane: _post(lane, "refresh", body)))

    async def _call(self) -> None:
        kid = self.kid
        seen = await self._ask("call", self._me, expected=(200, 401))
        if seen is None or seen.status == 200:
            return
        if seen.json().get("code") != "token_expired":
            self._crowd.tally.refused[kid] += 1
        self.renewals.append(time.monotonic())
        await self._refresh()
        await self._ask("call after a refresh", self._me)

    async def _me(self, lane: Lane) -> Seen:
        return await lane.ask("GET", "/auth/me/", token=self.token)

    async def _be_verified(self) -> None:
        verifier, tally = self._crowd.verifier, self._crowd.tally
        lane = Lane(verifier)
        seen = await lane.ask("GET", "/", token=self.token)
        lane.close()
        if verifier == self._crowd.verifier:
            self._crowd.fetched = max(self._crowd.fetched, int(seen.headers["keys-fetched"]))
        if seen.status == 200:
            tally.verified += 1
        else:
            tally.unverified[seen.json()["code"], int(seen.headers["keys-fetched"])] += 1

    async def _ask(
        self,
        what: str,
        question: Callable[[Lane], Any],
        expected: int | tuple[int, ...] = 200,
    ) -> Seen | None:
        """Ask once, on a connection of its own; `None` where the request has failed."""
        lane, tally = Lane(self._crowd.site), self._crowd.tally
        tally.requests += 1
        try:
            seen: Seen = await question(lane)
        except ConnectionError as error:
            tally.failures.append(f"{what}: {error!r}")
            return None
        finally:
            lane.close()
        self._crowd.processes.add(seen.worker)
        if seen.status not in (expected if isinstance(expected, tuple) else (expected,)):
            tally.failures.append(f"{what}: {seen.status} {seen.body[:200]!r}")
            return None
        return seen

    def _keep(self, seen: Seen | None) -> None:
        if seen is None:
            return
        pair = seen.json()
        self.token, self._refresh_token = pair["access_token"], pair["refresh_token"]
        self._issued_at = time.monotonic()
        header, _ = access_token.read_unverified(self.token)
        self.kid = str(header["kid"])
        self._crowd.signers[self.kid].add(seen.worker)


async def _post(lane: Lane, name: str, body: dict[str, str]) -> Seen:
    return await lane.ask("POST", f"/auth/{name}/", body=body)

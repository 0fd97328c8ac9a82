"""A private key that leaked: what its finder can do with it until it is revoked, and after."""

import asyncio
import json
import random
import secrets
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from django_jwtauth.keystores import database as database_store
from django_jwtauth.tokens import access_token
from django_jwtauth.tokens.keys import Key, key_from_jwk
from tests.key_rotation.load.crowd import PATIENCE, Client, Crowd
from tests.key_rotation.load.rotations import BOUND
from tests.key_rotation.load.site import LIFETIME, Address, Site
from tests.load.client import Lane, Seen, lanes_to_every_worker
from tests.processes.database import connect, execute

#: How long the forged tokens say that they are good for, in seconds.
LIVES: Final = (LIFETIME - 1, 365 * 86400, 100 * 365 * 86400)
_PROBES: Final = 4
_PAUSE: Final = 0.03  # seconds between two forged tokens of one of them


class Thief:
    """Signs what he likes with the key that leaked, in the name of whom he likes."""

    def __init__(self, private_jwk: dict[str, Any], kid: str) -> None:
        self.private_jwk, self.kid = private_jwk, kid
        self._key: Key = key_from_jwk(private_jwk, kind="private", kid=kid)

    @classmethod
    def of_the_database(cls, database: str, kid: str) -> "Thief":
        """Find the key where the database and the `SECRET_KEY` leaked together."""
        sql = f"SELECT private_jwk FROM django_jwtauth_signingkey WHERE kid = '{kid}'"
        with closing(connect(database)) as connection:
            [(encrypted,)] = execute(connection, sql)
        decrypted = database_store._encryption().decrypt(encrypted.encode())
        return cls(json.loads(decrypted), kid)

    def forge(self, client: Client, life: float) -> str:
        """Return a token of a login session that never was."""
        _, claims = access_token.read_unverified(client.token)
        now = int(time.time())
        own = {"jti": secrets.token_urlsafe(16), "sid": secrets.token_urlsafe(16)}
        return access_token.make({**claims, **own, "iat": now, "exp": now + int(life)}, self._key)


@dataclass
class Watch:
    """What came of the forged tokens; times are those of the monotonic clock."""

    #: When each process has accepted one last, by when it was sent; and refused one.
    accepted: dict[int, float] = field(default_factory=dict)
    refused: dict[int, float] = field(default_factory=dict)
    #: The same, by the life that the token claims.
    lives_accepted: Counter[int] = field(default_factory=Counter)
    lives_refused: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    #: When the verifier has accepted one last.
    verified: float = 0.0
    is_refused_by_verifier: bool = False
    is_over: bool = False


@dataclass(frozen=True)
class Incident:
    """A key leaked, was revoked, and everybody went on."""

    heir: str
    committed: float
    watch: Watch
    #: How many clients had to refresh so often for it.
    renewals: Counter[int]
    seconds: float


async def revoke_under_load(site: Site, crowd: Crowd, database: str) -> tuple[Thief, Incident]:
    """Let the key leak that signs now, revoke it, and wait until every client has gone on."""
    kid = crowd.clients[0].kid
    await crowd.until_all_hold(kid)
    crowd.is_staying = True
    thief, watch = Thief.of_the_database(database, kid), Watch()
    async with asyncio.TaskGroup() as group:
        for _ in range(_PROBES):
            group.create_task(_probe(crowd, thief, watch))
        group.create_task(_probe_verifier(crowd, thief, watch))
        await crowd.until(lambda: watch.accepted.keys() >= crowd.processes, "forgeries pass")
        began = crowd.begin()
        committed = group.create_task(asyncio.to_thread(_committed, database, kid))
        told = await site.manage("revoke_jwt_key", "--", kid)
        heir = told.split("The key ")[-1].split()[0]
        await crowd.until_all_hold(heir)
        await crowd.until(lambda: watch.is_refused_by_verifier, "the verifier refuses it")
        at = await committed
        await crowd.until(lambda: time.monotonic() > at + 2 * BOUND, "the bound is over")
        await crowd.until(lambda: watch.refused.keys() >= crowd.processes, "all refuse it")
        watch.is_over = True
    renewals = Counter(sum(at > began for at in client.renewals) for client in crowd.clients)
    return thief, Incident(heir, at, watch, renewals, time.monotonic() - began)


async def _probe(crowd: Crowd, thief: Thief, watch: Watch) -> None:
    while not watch.is_over:
        life = random.choice(LIVES)
        seen = await _show(crowd.site, thief.forge(random.choice(crowd.clients), life), "/key/")
        if seen.status == 200:
            watch.lives_accepted[life] += 1
            watch.accepted[seen.worker] = max(watch.accepted.get(seen.worker, 0.0), seen.sent)
        else:
            watch.lives_refused[life] += 1
            watch.refused[seen.worker] = seen.sent
            watch.codes[seen.json()["code"]] += 1
        await asyncio.sleep(_PAUSE)


async def _probe_verifier(crowd: Crowd, thief: Thief, watch: Watch) -> None:
    while not watch.is_over:
        seen = await _show(crowd.verifier, thief.forge(random.choice(crowd.clients), LIVES[1]), "/")
        watch.is_refused_by_verifier = seen.status == 401
        if seen.status == 200:
            watch.verified = seen.sent
        await asyncio.sleep(10 * _PAUSE)


async def _show(address: Address, token: str, path: str) -> Seen:
    lane = Lane(address)
    try:
        return await lane.ask("GET", path, token=token)
    finally:
        lane.close()


def _committed(database: str, kid: str) -> float:
    """Wait until the revocation can be seen, and return when that was."""
    sql = f"SELECT 1 FROM django_jwtauth_revocation WHERE identifier = 'kid:{kid}'"
    give_up = time.monotonic() + PATIENCE
    with closing(connect(database)) as connection:
        while not execute(connection, sql):
            assert time.monotonic() < give_up, "the key is not revoked"
            time.sleep(0.002)
    return time.monotonic()


async def codes_of_every_process(site: Site, token: str, processes: int) -> list[str]:
    """Show a token to each process, and return why it is refused there ("": it is not)."""
    lanes = await lanes_to_every_worker(site.address, processes)
    answers = [await lane.key(token) for lane in lanes]
    for lane in lanes:
        lane.close()
    assert len({seen.worker for seen in answers}) == processes
    return ["" if seen.status == 200 else str(seen.json()["code"]) for seen in answers]

"""A key leaks under load, and is revoked: an incident of a second, which logs nobody out."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.key_material import private_jwk
from tests.key_rotation.load.crowd import Client, Crowd
from tests.key_rotation.load.leak import (
    LIVES,
    Incident,
    Thief,
    codes_of_every_process,
    revoke_under_load,
)
from tests.key_rotation.load.rotations import BOUND
from tests.key_rotation.load.site import PROCESSES, Site, serving, settings, verifying
from tests.processes.database import connect, execute
from tests.processes.worker import worker

CLIENTS = 150
#: For a thread that has asked and then waits for the processor, on a machine that runs much else.
MARGIN = 0.5
DAY = 86400
#: Revoked where the key is known yet, and of no key of ours where its row is gone.
REFUSED = {"token_revoked", "token_invalid"}


@pytest.mark.timeout(600)
def test_a_revoked_key_is_refused_everywhere_within_the_bound_and_logs_nobody_out(
    database: str, tmp_path: Path, node: str
) -> None:
    with serving(database, tmp_path / "site") as site:
        with verifying(site, node) as verifier:
            crowd = Crowd(site.address, verifier)
            thief, incident = asyncio.run(_incident(site, crowd, database))
        _check_forgeries(incident, crowd)
        _check_clients(incident, crowd)
        victim = crowd.clients[0]
        _prune_a_day_later(database, thief)
        assert _codes(site, thief, victim, PROCESSES) <= REFUSED
    with serving(database, tmp_path / "restarted", processes=2) as site:
        assert _codes(site, thief, victim, 2) <= REFUSED
    with serving(database, tmp_path / "static", _listing(thief), processes=2) as site:
        assert _codes(site, thief, victim, 2) == {"token_revoked"}
        assert _published(site) == {"another"}


async def _incident(site: Site, crowd: Crowd, database: str) -> tuple[Thief, Incident]:
    async with crowd.gathered(CLIENTS):
        return await revoke_under_load(site, crowd, database)


def _check_forgeries(incident: Incident, crowd: Crowd) -> None:
    watch = incident.watch
    assert len(crowd.processes) == PROCESSES
    # They were as good as any, until they were good nowhere.
    assert set(watch.lives_accepted) == set(LIVES) == set(watch.lives_refused)
    assert set(watch.accepted) == set(watch.refused) == crowd.processes
    late = {process: sent - incident.committed for process, sent in watch.accepted.items()}
    assert max(late.values()) <= BOUND + MARGIN, late
    assert all(watch.refused[process] > sent for process, sent in watch.accepted.items())
    assert set(watch.codes) == {"token_revoked"}


def _check_clients(incident: Incident, crowd: Crowd) -> None:
    assert crowd.tally.logins == 0
    assert crowd.tally.failures == []
    assert set(crowd.tally.refused) == set(crowd.signers) - {incident.heir}
    # Nobody twice; for some a refresh was due anyway.
    assert max(incident.renewals) == 1, incident.renewals
    assert incident.renewals[1] > CLIENTS / 10


def _prune_a_day_later(database: str, thief: Thief) -> None:
    with worker(database, JWTAUTH=settings()["JWTAUTH"]) as tomorrow:
        tomorrow.clock = DAY
        assert tomorrow.call("tests.deployments.acts.prune") > 0
    with closing(connect(database)) as connection:
        rows = execute(connection, "SELECT kid FROM django_jwtauth_signingkey")
    assert thief.kid not in {kid for (kid,) in rows}


def _codes(site: Site, thief: Thief, victim: Client, processes: int) -> set[str]:
    """Return why forged tokens are refused, whatever life they claim and whoever is asked."""
    codes: set[str] = set()
    for life in LIVES:
        forged = thief.forge(victim, life)
        codes.update(asyncio.run(codes_of_every_process(site, forged, processes)))
    return codes


def _listing(thief: Thief) -> dict[str, Any]:
    """Return the key store of settings that nobody has changed since."""
    keys = [
        {"private_key": thief.private_jwk, "kid": thief.kid},
        {"private_key": private_jwk(), "kid": "another"},
    ]
    return {
        "BACKEND": "django_jwtauth.keystores.static.StaticKeyStore",
        "OPTIONS": {"KEYS": keys},
    }


def _published(site: Site) -> set[str]:
    host, port = site.address
    answer = requests.get(f"http://{host}:{port}/.well-known/jwks.json", timeout=60)
    return {key["kid"] for key in answer.json()["keys"]}

"""The same for longer: every sort of rotation and a leaked key, with the figures of both."""

import asyncio
import json
import platform
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.databases import postgresql_version
from benchmarks.machine import machine
from tests.clients import npm
from tests.key_rotation.load import site as compressed
from tests.key_rotation.load.crowd import Crowd
from tests.key_rotation.load.leak import Incident, revoke_under_load
from tests.key_rotation.load.rotations import Act, Operator
from tests.processes.database import scratch_database

CLIENTS: Final = 150
_SCHEDULED: Final = 14.0  # seconds that a rotation takes, published for 12 of them
_ALL_ELSE: Final = 80.0


def measure(minutes: float) -> dict[str, Any]:
    """Run for about so long, and return what came of it."""
    rotations = max(1, round((minutes * 60 - _ALL_ELSE) / _SCHEDULED))
    node = npm.installed_node()
    found = _about(node)
    with (
        tempfile.TemporaryDirectory() as folder,
        scratch_database() as database,
        compressed.serving(database, Path(folder)) as site,
        compressed.verifying(site, node) as verifier,
        compressed.verifying(site, node, compressed.LONG_CACHE) as other,
    ):
        operator = Operator(site, Crowd(site.address, verifier))
        incident = asyncio.run(_run(operator, rotations, database, other))
    found["acts"] = [_act(act) for act in operator.acts]
    found["leak"] = _leak(incident, operator.crowd)
    return found


async def _run(
    operator: Operator, rotations: int, database: str, other: compressed.Address
) -> Incident:
    async with operator.crowd.gathered(CLIENTS):
        await operator.rotate_ahead("on schedule", times=rotations)
        await operator.rotate_ahead(
            "two operators at once, ES256 to EdDSA", algorithm="EdDSA", operators=2
        )
        await operator.rotate_ahead(
            "a process started meanwhile, EdDSA to RS256", algorithm="RS256", is_one_started=True
        )
        await operator.rotate_ahead(
            "a process stopped for longer than it takes", algorithm="ES256", is_one_stopped=True
        )
        await operator.rotate_now("`--now`, just after the verifier has fetched", "ES256", other)
        _, incident = await revoke_under_load(operator.site, operator.crowd, database)
        return incident


def _about(node: str) -> dict[str, Any]:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    locked = json.loads((npm.FOLDER / "package-lock.json").read_text())["packages"]
    return {
        "taken": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": machine(),
        "versions": {
            "Python": platform.python_version(),
            "Django": version("Django"),
            "gunicorn": version("gunicorn"),
            "PostgreSQL": postgresql_version(),
            "Node": told.strip().removeprefix("v"),
            "jose": locked["node_modules/jose"]["version"],
        },
        "clients": CLIENTS,
        "processes": compressed.PROCESSES,
        "lifetime": compressed.LIFETIME,
        "publish_ahead": compressed.PUBLISH_AHEAD,
        "cache": compressed.CACHE,
        "long_cache": compressed.LONG_CACHE,
    }


def _act(act: Act) -> dict[str, Any]:
    tally = act.tally
    return {
        "what": act.what,
        "rotations": act.rotations,
        "seconds": round(act.seconds, 1),
        "requests": tally.requests,
        "logins": tally.logins,
        "refreshes": tally.refreshes,
        "failed": len(tally.failures) + sum(tally.refused.values()),
        "verified": tally.verified,
        "unverified": sum(tally.unverified.values()),
        "unexcused": act.unexcused,
    }


def _leak(incident: Incident, crowd: Crowd) -> dict[str, Any]:
    watch, tally = incident.watch, crowd.tally
    accepted = [sent - incident.committed for sent in watch.accepted.values()]
    return {
        "last_accepted": sorted(round(max(0.0, seconds), 2) for seconds in accepted),
        "last_verified": round(watch.verified - incident.committed, 2),
        "forged": {str(life): watch.lives_refused[life] for life in watch.lives_refused},
        "requests": tally.requests,
        "failed": len(tally.failures),
        "logins": tally.logins,
        "renewals": {str(times): incident.renewals[times] for times in sorted(incident.renewals)},
        "unverified": sum(tally.unverified.values()),
    }

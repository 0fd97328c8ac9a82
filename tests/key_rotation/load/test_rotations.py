"""One minute of load, in which keys are rotated in every way."""

import asyncio
from pathlib import Path

import pytest

from tests.key_rotation.load.crowd import Crowd
from tests.key_rotation.load.rotations import Operator
from tests.key_rotation.load.site import LONG_CACHE, Address, serving, verifying

CLIENTS = 200


@pytest.mark.timeout(600)
def test_no_request_fails_while_keys_are_rotated(database: str, tmp_path: Path, node: str) -> None:
    with (
        serving(database, tmp_path / "site") as site,
        verifying(site, node) as verifier,
        verifying(site, node, LONG_CACHE) as other,
    ):
        operator = Operator(site, Crowd(site.address, verifier))
        asyncio.run(_rotate(operator, other))
    for act in operator.acts:
        assert act.tally.failures == [], act
        assert act.tally.refused == {}, act
        assert act.tally.requests > CLIENTS
    assert sum(act.tally.verified for act in operator.acts) > CLIENTS
    *ahead, now = operator.acts
    assert [act.tally.unverified for act in ahead] == [{}] * len(ahead)
    # Without notice it may refuse until it fetches again, and not a moment longer.
    assert {code for code, _ in now.tally.unverified} <= {"ERR_JWKS_NO_MATCHING_KEY"}
    assert now.unexcused == 0


async def _rotate(operator: Operator, other: Address) -> None:
    async with operator.crowd.gathered(CLIENTS) as crowd:
        await operator.rotate_ahead(
            "two operators at once, one process stopped",
            algorithm="EdDSA",
            operators=2,
            is_one_stopped=True,
        )
        await operator.rotate_ahead("one process started", algorithm="RS256", is_one_started=True)
        await operator.rotate_now("without notice", "ES256", other)
        assert len(crowd.processes) == 5
        assert len(crowd.signers) == 4

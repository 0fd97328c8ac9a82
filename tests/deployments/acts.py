"""What a test has a process do that no URL does."""

from dataclasses import asdict
from typing import Any

from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.health import health as look


def prune() -> int:
    """Delete what can no longer matter, and return how many rows that were."""
    return sum(batch.rows for batch in sessions.prune())


def health() -> dict[str, Any]:
    """Say how the process is doing."""
    return asdict(look())


def revoke_key(kid: str) -> None:
    """Revoke a signing key."""
    key_rotation.revoke_key(kid, clock.now())

"""The immutable set of keys that a process holds, and every choice among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django_jwtauth.exceptions import InvalidKey
from django_jwtauth.tokens.keys import Key, KeyState


class KeyRing:
    """Chooses the key that signs at ``now``, and the one that may verify a ``kid``.

    ``unreadable`` names the keys that the store has but that could not be loaded. Raises
    ``InvalidKey`` where two keys share a ``kid``.
    """

    __slots__ = ("_by_kid", "keys", "unreadable")

    def __init__(self, keys: Iterable[Key] = (), *, unreadable: Iterable[str] = ()) -> None:
        self.keys = tuple(keys)
        self.unreadable = tuple(unreadable)
        self._by_kid = {key.kid: key for key in self.keys}
        if len(self._by_kid) != len(self.keys):
            raise InvalidKey("Two keys have the same kid.")

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def kids(self) -> set[str]:
        """The names of all keys that the store has, readable or not."""
        return {*self._by_kid, *self.unreadable}

    def is_same(self, other: KeyRing) -> bool:
        """Tell whether both hold the same keys with the same times, one by one."""
        return (
            len(self) == len(other)
            and self.unreadable == other.unreadable
            and all(map(Key.is_same, self, other))
        )

    def find(self, kid: str) -> Key | None:
        """Return the key of that name, whatever its state."""
        return self._by_kid.get(kid)

    def signing_key(self, now: float, revoked: Collection[str] = ()) -> Key | None:
        """Return the key to sign with: of the active ones the newest, of equals the first."""
        candidates = [
            key
            for key in self.keys
            if key.signer is not None
            and key.kid not in revoked
            and key.state(now) is KeyState.ACTIVE
        ]
        return max(candidates, key=lambda key: key.active_at or 0.0, default=None)

    def verification_key(self, kid: str, now: float) -> Key | None:
        """Return the key of a token's ``kid``, unless there is none or its time is over.

        A pending key verifies: another process whose clock is ahead may sign with it already.
        """
        key = self._by_kid.get(kid)
        if key is None or key.state(now) is KeyState.EXPIRED:
            return None
        return key

    def jwks(self, now: float, revoked: Collection[str] = ()) -> dict[str, Any]:
        """Return the public JWK Set (RFC 7517 section 5) of all that verifies at ``now``."""
        return {
            "keys": [
                key.public_jwk()
                for key in self.keys
                if key.state(now) is not KeyState.EXPIRED and key.kid not in revoked
            ]
        }

    def next_change(self, now: float) -> float | None:
        """Return the next moment at which a key changes its state, in seconds since the epoch."""
        moments = (
            moment
            for key in self.keys
            for moment in (key.active_at, key.retire_at, key.expire_at)
            if moment is not None and moment > now
        )
        return min(moments, default=None)

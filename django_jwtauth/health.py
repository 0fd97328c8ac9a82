"""How this process is doing, for a health endpoint of the project's own.

def healthz(request):
    state = health()
    return JsonResponse({"ok": state.ok}, status=200 if state.ok else 503)
"""

from __future__ import annotations

from dataclasses import dataclass

from django_jwtauth import clock, key_rotation
from django_jwtauth.exceptions import TemporarilyUnavailable
from django_jwtauth.revocation import feed
from django_jwtauth.tokens.keys import Key


@dataclass(frozen=True, slots=True)
class Health:
    """What an operator watches; ``dataclasses.asdict`` makes JSON of it. Ages are seconds.

    ``problems`` has one sentence for each reason why requests are refused now, or will be; they
    name hosts and keys, so show them to operators alone.
    """

    #: Whether this process can verify tokens, and make them where its key store has keys to sign.
    ok: bool
    #: Since the revocation feed last answered; ``None``: it has not been asked yet.
    feed_age: float | None
    #: Since the key ring was last read.
    ring_age: float | None
    #: The ``kid`` that signs now, and when it stops, in seconds since the epoch (``None``: open).
    signing_key: str | None
    signing_key_ends_at: float | None
    #: The keys that the store holds and that cannot be used, such as after a lost ``SECRET_KEY``.
    unreadable_keys: tuple[str, ...]
    problems: tuple[str, ...]


def health(now: float | None = None) -> Health:
    """Look at the feed and the key ring as a request does: at most one poll a second, no more.

    ``now`` is in seconds since the epoch, the clock's by default. Raises nothing that a request
    would be answered 503 for: that is told in ``problems``.
    """
    now = clock.now() if now is None else now
    problems: list[str] = []
    signing: Key | None = None
    unreadable: tuple[str, ...] = ()
    revocations = feed()
    try:
        revocations.ensure_current()
    except TemporarilyUnavailable as error:
        problems.append(error.reason)
    try:
        ring = key_rotation.key_ring(now)
    except TemporarilyUnavailable as error:
        problems.append(error.reason)
    else:
        problem = key_rotation.ring_problem(ring, now)
        problems += [problem] if problem else []
        signing, unreadable = ring.signing_key(now, revocations.revoked_kids()), ring.unreadable
    return Health(
        ok=not problems,
        feed_age=revocations.age(),
        ring_age=key_rotation.ring_age(),
        signing_key=None if signing is None else signing.kid,
        signing_key_ends_at=None if signing is None else signing.retire_at,
        unreadable_keys=unreadable,
        problems=tuple(problems),
    )

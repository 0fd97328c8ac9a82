"""What only this package has: its own functions, against the work that cannot be spared."""

from __future__ import annotations

from statistics import median
from time import perf_counter_ns

import jwt
from django.contrib.auth.models import User

from benchmarks.measures.clients import Clients
from benchmarks.measures.timing import undisturbed
from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.sessions.issue import make_access_token
from django_jwtauth.tokens.encoding import b64decode

_MICROSECOND = 1000  # nanoseconds


def authenticate(clients: Clients, *, count: int) -> dict[str, float]:
    """Return ``sessions.authenticate()`` for tokens seen and new, and the bare signature check.

    The bare check is PyJWT's for the key's algorithm, on signature and key that are ready to be
    used: what nobody who verifies a token can do without.
    """
    user = User.objects.get(username=clients.next_user())
    session, now = sessions.start(user).session, clock.now()
    tokens = [make_access_token(session, user, now)[0] for _ in range(count)]
    key = key_rotation.signing_key(now)
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    public = jwt.PyJWK(key.public_jwk()).key
    parts = [token.rpartition(".") for token in tokens]
    signed = [(head.encode(), b64decode(signature)) for head, _, signature in parts]
    new, bare, seen = [], [], []
    with undisturbed():
        for token, (head, signature) in zip(tokens, signed, strict=True):
            begin = perf_counter_ns()
            sessions.authenticate(token)
            between = perf_counter_ns()
            assert algorithm.verify(head, public, signature)
            end = perf_counter_ns()
            sessions.authenticate(token)
            seen.append(perf_counter_ns() - end)
            new.append(between - begin)
            bare.append(end - between)
    return {
        name: median(times) / _MICROSECOND
        for name, times in (("seen", seen), ("new", new), ("bare", bare))
    }

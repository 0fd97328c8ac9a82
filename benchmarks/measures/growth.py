"""How the package grows: many login sessions, many revocations, many of one's own, many dead."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, perf_counter
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from benchmarks.calls import Call, Credentials
from benchmarks.measures.clients import Clients, needed
from benchmarks.measures.timing import undisturbed
from django_jwtauth import conf, sessions
from django_jwtauth.models import LoginSession
from django_jwtauth.revocation import feed
from django_jwtauth.revocation.polling import OVERLAP
from django_jwtauth.tokens import refresh_token

_CHUNK: Final = 500_000
_SESSIONS_A_USER: Final = 10
_OF_MANY: Final = "has_many"
_DEAD: Final = "'60 days'"
_MILLISECOND: Final = 1_000_000  # nanoseconds

# Made by the database itself; id and secret of number n can be told again without asking.
_USERS: Final = """
INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name,
                       last_name, email, date_joined)
SELECT 'bulk' || n, %s, false, false, true, '', '', '', now() FROM generate_series(%s, %s) n
"""
_SESSIONS: Final = """
INSERT INTO django_jwtauth_loginsession (
    id, user_id, secret, generation, created_at, rotated_at, last_used_at, idle_expires_at,
    expires_at, ended_at, end_reason, auth_hash, user_agent, ip_address, client_id, label, scope,
    amr, data)
SELECT md5('session' || n)::uuid, {user}, sha256(('secret' || n)::bytea), 0,
       {moment} - random() * interval '1 day', NULL, {moment}, {moment} + interval '14 days',
       {moment} + interval '90 days' - random() * interval '1 day', {ended}, '',
       'not of this password', 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101',
       '127.0.0.1', 'first-party', '', '', '[]', '{{}}'
FROM generate_series(%s, %s) n
"""
_REVOCATIONS: Final = """
INSERT INTO django_jwtauth_revocation (identifier, revoked_at, expires_at)
SELECT 'sid:' || substr(md5('revoked' || n), 1, 22), now() - interval '10 minutes',
       now() + interval '1 day'
FROM generate_series(1, %s) n
"""

_FRESH: Final = """
INSERT INTO django_jwtauth_revocation (identifier, revoked_at, expires_at)
SELECT 'sid:' || substr(md5('fresh' || n), 1, 22), now() - n * interval '1 second' / %s,
       now() + interval '1 day'
FROM generate_series(1, %s) n
"""


def fill(clients: Clients, *, count: int, seconds: float) -> dict[str, float]:
    """Make users and ``count`` live sessions, or as many as there is time for."""
    begin, made = monotonic(), 0
    password = User.objects.get(username="user0").password
    users = max(count // _SESSIONS_A_USER, 100)
    _execute(_USERS, [password, 1, users])
    first = User.objects.get(username="bulk1").pk
    while made < count and (made < _CHUNK or monotonic() - begin < seconds):
        last = min(made + _CHUNK, count)
        user = f"{first} + n %% {users}"
        _execute(_SESSIONS.format(user=user, moment="now()", ended="NULL"), [made + 1, last])
        made = last
    spent = monotonic() - begin
    _execute("ANALYZE")
    return {
        "sessions": made,
        "seconds": round(spent, 1),
        "bytes_a_session": round(
            _value("SELECT pg_total_relation_size('django_jwtauth_loginsession')") / made
        ),
    }


def revocations(clients: Clients, *, count: int) -> dict[str, float]:
    """Have so many live revocations, and load them all; tells what that takes."""
    _execute("TRUNCATE django_jwtauth_revocation")
    feed().forget()
    feed().ensure_current()
    before = _resident()
    _execute(_REVOCATIONS, [count])
    _execute("ANALYZE django_jwtauth_revocation")
    feed().forget()
    begin = perf_counter()
    feed().ensure_current()
    spent = perf_counter() - begin
    assert len(feed().snapshot) == count
    return {"full_load_ms": spent * 1000, "memory_mb": max(_resident() - before, 0) / 2**20}


def polls(clients: Clients, *, rates: Sequence[int], count: int) -> dict[str, float]:
    """Return the median of a poll, in ms, where so many revocations a second are made.

    A poll reads what the last 60 seconds brought, for a transaction may commit late.
    """
    found = {}
    for rate in rates:
        _execute("TRUNCATE django_jwtauth_revocation")
        _execute(_FRESH, [rate, rate * OVERLAP])
        _execute("ANALYZE django_jwtauth_revocation")
        feed().forget()
        feed().ensure_current()
        with undisturbed():
            found[str(rate)] = median(_poll(feed()) for _ in range(count)) * 1000
    return found


def costs(clients: Clients, *, count: int, sessions_there: int) -> dict[str, float]:
    """Return what clients wait for, each the median: all in ms, a request in µs."""
    refreshes = [_refresh_of(clients, number) for number in _some(count, sessions_there)]
    logins = [clients.peer.login(clients.next_user()) for _ in range(count)]
    request = clients.request("/closed/", clients.log_in())
    clients.must(request)
    polls: Any = feed()
    with undisturbed():
        return {
            "refresh_ms": _median(clients, refreshes) / _MILLISECOND,
            "login_ms": _median(clients, logins) / _MILLISECOND,
            "request_us": _median(clients, [request] * count * 10) / 1000,
            "poll_ms": median(_poll(polls) for _ in range(count)) * 1000,
        }


def own(clients: Clients, *, count: int, many: int) -> dict[str, float]:
    """Return refresh and request of a user with ``many`` live sessions, over those with one."""
    users = {_OF_MANY: _user(_OF_MANY, many), "has_one": _user("has_one", 1)}
    times: dict[str, list[float]] = {}
    for _ in range(count):
        for name in users:
            credentials = clients.peer.credentials(clients.must(clients.peer.login(name)))
            refresh = needed(clients.peer.refresh(credentials))
            request = clients.request("/closed/", credentials)
            clients.must(request)
            for kind, call in (("refresh", refresh), ("request", request)):
                times.setdefault(f"{name} {kind}", []).append(clients.must(call).nanoseconds)
            User.objects.get(username=name).login_sessions.order_by("-created_at")[
                :1
            ].get().delete()
    return {
        kind: median(times[f"{_OF_MANY} {kind}"]) / median(times[f"has_one {kind}"])
        for kind in ("refresh", "request")
    }


def die(clients: Clients, *, count: int) -> None:
    """Have so many sessions that ended long ago."""
    moment = f"now() - interval {_DEAD}"
    user = User.objects.get(username="user0").pk
    statement = _SESSIONS.replace("'session'", "'dead'")
    _execute(statement.format(user=user, moment=moment, ended=moment), [1, count])
    _execute("ANALYZE django_jwtauth_loginsession")


def prune(clients: Clients) -> dict[str, float]:
    """Prune, as ``prune_jwt`` does."""
    begin = perf_counter()
    rows = sum(batch.rows for batch in sessions.prune(keep=30 * 86400))
    spent = perf_counter() - begin
    return {"rows": rows, "seconds": spent, "rows_per_second": rows / spent}


def waiting(clients: Clients, *, seconds: float, sessions_there: int) -> dict[str, float]:
    """Return median and 99th percentile, in ms, of refreshes one after the other."""
    until, times = monotonic() + seconds, []
    while monotonic() < until:
        call = _refresh_of(clients, random.randint(1, sessions_there))
        times.append(clients.must(call).nanoseconds / _MILLISECOND)
    return {"p50_ms": median(times), "p99_ms": quantiles(times, n=100)[98]}


def _refresh_of(clients: Clients, number: int) -> Call:
    """Return the refresh of a session that the database made; its client has not refreshed yet."""
    session_id = UUID(hashlib.md5(f"session{number}".encode()).hexdigest())
    secret = hashlib.sha256(f"secret{number}".encode()).digest()
    session = LoginSession.objects.select_related("user").get(pk=session_id)
    LoginSession.objects.filter(pk=session_id).update(
        auth_hash=session.hash_of(session.user.password), generation=0, rotated_at=None
    )
    token = refresh_token.derive(session_id, 0, secret, conf.server_secrets()[0])
    return needed(clients.peer.refresh(Credentials("", token)))


def _some(count: int, sessions_there: int) -> list[int]:
    return random.sample(range(1, sessions_there + 1), count)


def _user(name: str, live: int) -> User:
    password = User.objects.get(username="user0").password
    user = User.objects.create(username=name, password=password)
    statement = _SESSIONS.replace("'session'", f"'{name}'")
    _execute(statement.format(user=user.pk, moment="now()", ended="NULL"), [1, live])
    return user


def _median(clients: Clients, calls: list[Call]) -> float:
    return median(clients.must(call).nanoseconds for call in calls)


def _poll(polling: Any) -> float:
    begin = perf_counter()
    polling._polls.ensure(0)
    return perf_counter() - begin


def _execute(sql: str, parameters: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _value(sql: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return float(cursor.fetchone()[0])


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096

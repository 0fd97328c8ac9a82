"""Whether the time of a refused login tells who has an account."""

from __future__ import annotations

from statistics import median

from django.conf import global_settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import override_settings

from benchmarks.measures.clients import CallFailed, Clients


def refused_logins(clients: Clients, *, count: int) -> dict[str, float]:
    """Return, in ms, a login with a wrong password and one of nobody, with Django's own hasher.

    Each is of another name, in turns: throttles that count failures must not answer instead.
    """
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        password = make_password("right")
        names = {
            "wrong_password": [f"somebody{number}" for number in range(count)],
            "unknown_user": [f"nobody{number}" for number in range(count)],
        }
        User.objects.bulk_create(
            User(username=name, password=password) for name in names["wrong_password"]
        )
        times: dict[str, list[float]] = {kind: [] for kind in names}
        for number in range(count):
            for kind in names:
                times[kind].append(_refused(clients, names[kind][number]))
        User.objects.filter(username__in=names["wrong_password"]).delete()
    return {kind: median(values) for kind, values in times.items()}


def _refused(clients: Clients, name: str) -> float:
    answer = clients.send(clients.peer.login(name, "wrong"))
    if answer.is_good or answer.status == 429:
        raise CallFailed(f"A wrong login was answered with {answer.status}.")
    return answer.nanoseconds / 1_000_000

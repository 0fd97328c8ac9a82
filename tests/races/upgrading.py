"""Logins at the same moment, of a user whose password's hash each of them finds too old."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.test.utils import override_settings

from tests.processes.http import Answer, Application, send
from tests.races.people import PASSWORD, log_in, me, new_user, refresh
from tests.races.racing import Caller, race

_OLD = "django.contrib.auth.hashers.MD5PasswordHasher"


class SlowHasher(PBKDF2PasswordHasher):
    """Takes long enough that all have read the old hash before one has made the new one."""

    iterations = 30_000


_HASHERS = [f"{__name__}.{SlowHasher.__qualname__}", _OLD]


def run(
    application: Application, *, processes: int, threads: int, rounds: int
) -> list[dict[str, Any]]:
    """Return for each round how the sessions fare: the new ones, and one that was there before."""
    users = [new_user() for _ in range(rounds)]
    before = [log_in(application, user)["refresh_token"] for user in users]

    def act(caller: Caller) -> list[Answer]:
        answers = []
        for user, token in zip(users, before, strict=True):
            caller.wait()
            if caller.is_first:
                answers.append(_refresh_meanwhile(application, token))
            else:
                answers.append(_log_in(application, user))
        return answers

    with override_settings(PASSWORD_HASHERS=_HASHERS):
        by_caller = race(processes, threads, act)
        return [
            _outcome(application, user, [answers[number] for answers in by_caller])
            for number, user in enumerate(users)
        ]


def _refresh_meanwhile(application: Application, token: str) -> Answer:
    answers = [_again(lambda: refresh(application, token)) for _ in range(10)]
    return max(answers, key=lambda answer: answer.status)


def _log_in(application: Application, user: str) -> Answer:
    body = {"username": user, "password": PASSWORD}
    return _again(lambda: send(application, "POST", "/auth/login/", body))


def _again(call: Callable[[], Answer]) -> Answer:
    """Call again where the project's own transaction lost against another: nothing happened then.

    Django writes hash and `last_login`, which two at once may not do under REPEATABLE READ.
    """
    answer = call()
    while answer.status == 500:
        answer = call()
    return answer


def _outcome(application: Application, user: str, answers: list[Answer]) -> dict[str, Any]:
    pairs = [answer.body for answer in answers if answer.status == 200]
    return {
        "statuses": Counter(answer.status for answer in answers),
        "hash": User.objects.get(username=user).password.split("$")[0],
        "access_tokens": Counter(me(application, pair["access_token"]).status for pair in pairs),
        "refreshed": Counter(
            answer.code or answer.status
            for answer in (refresh(application, pair["refresh_token"]) for pair in pairs)
        ),
    }

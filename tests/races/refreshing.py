"""Many callers refresh one token at the same moment."""

from collections import Counter
from typing import Any

from django_jwtauth import clock
from django_jwtauth.models import LoginSession
from django_jwtauth.tokens import refresh_token
from tests.processes.http import Answer, Application
from tests.races.people import log_in, me, new_user, refresh
from tests.races.racing import Caller, race

LATER = 3600.0  # seconds: past any retry window


def run(
    application: Application, *, processes: int, threads: int, rounds: int
) -> list[dict[str, Any]]:
    """Return for each round what was answered, and what became of the session."""
    tokens = [log_in(application, new_user())["refresh_token"] for _ in range(rounds)]

    def act(caller: Caller) -> list[Answer]:
        answers = []
        for token in tokens:
            caller.wait()
            answers.append(refresh(application, token))
        return answers

    by_caller = race(processes, threads, act)
    return [
        _outcome(application, token, [answers[number] for answers in by_caller])
        for number, token in enumerate(tokens)
    ]


def _outcome(application: Application, token: str, answers: list[Answer]) -> dict[str, Any]:
    session = LoginSession.objects.get(pk=refresh_token.parse(token).session_id)
    pairs = [answer.body for answer in answers if answer.status == 200]
    successors = sorted({pair["refresh_token"] for pair in pairs})
    accepted = {me(application, pair["access_token"]).status for pair in pairs}
    outcome = {
        "statuses": Counter(answer.status for answer in answers),
        "codes": sorted({answer.code for answer in answers if answer.code}),
        "successors": len(successors),
        "generation": session.generation,
        "end_reason": session.end_reason,
        "access_tokens": sorted(accepted),
    }
    clock.set_offset(LATER)
    next_ones = [refresh(application, successor) for successor in successors]
    clock.set_offset(0)
    outcome["successor_works"] = [answer.code or answer.status for answer in next_ones]
    return outcome

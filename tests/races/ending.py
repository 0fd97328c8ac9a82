"""Callers who refresh in a loop, until somebody ends the login session under them."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User

from django_jwtauth import sessions
from django_jwtauth.models import LoginSession
from django_jwtauth.tokens import refresh_token
from tests.processes.http import Application, send
from tests.races.people import log_in, me, new_user, refresh
from tests.races.racing import Caller, race

#: DESIGN section 9: how soon another process refuses what was revoked, with the default feed.
BOUND: Final = 1.1
_PATIENCE: Final = 20.0  # seconds that a caller refreshes before it gives up
_LONGEST_HEAD_START: Final = 0.05


@dataclass(frozen=True)
class Client:
    """A user who is logged in, and what the server handed out."""

    application: Application
    name: str
    pair: dict[str, Any]

    def post(self, path: str, body: object = None, *, with_access_token: bool = True) -> int:
        token = self.pair["access_token"] if with_access_token else None
        return send(self.application, "POST", path, body, token=token).status

    @property
    def refresh_token(self) -> dict[str, str]:
        return {"refresh_token": self.pair["refresh_token"]}

    @property
    def session_id(self) -> Any:
        return refresh_token.parse(self.pair["refresh_token"]).session_id

    def delete_session(self) -> int:
        sid = LoginSession(id=self.session_id).sid
        path, token = f"/auth/sessions/{sid}/", self.pair["access_token"]
        return send(self.application, "DELETE", path, token=token).status

    def end(self) -> int:
        sessions.end(self.session_id, LoginSession.EndReason.REVOKED)
        return 204

    def end_all(self) -> int:
        sessions.end_all(User.objects.get(username=self.name))
        return 204

    def change_user(self, act: str) -> int:
        """Call a view of the project's, and again where its own transaction lost against another.

        That is the project's to deal with: nothing has happened then.
        """
        status = 500
        while status == 500:
            status = self.post(f"/users/{self.name}/{act}/", with_access_token=False)
        return status


ENDINGS: Final[dict[str, Callable[[Client], int]]] = {
    "logout": lambda client: client.post("/auth/logout/", client.refresh_token),
    "logout by access token": lambda client: client.post("/auth/logout/"),
    "logout/all": lambda client: client.post("/auth/logout/all/"),
    "DELETE sessions": Client.delete_session,
    "sessions.end": Client.end,
    "sessions.end_all": Client.end_all,
    "deactivate": lambda client: client.change_user("deactivate"),
    "password": lambda client: client.change_user("password"),
    "delete": lambda client: client.change_user("delete"),
}


def run(
    application: Application, *, endings: list[str], processes: int, threads: int, rounds: int
) -> list[dict[str, Any]]:
    """Return for each round what was answered, and what lived on after the ending's answer."""
    names = [ending for ending in endings for _ in range(rounds)]
    users = [new_user() for _ in names]
    clients = [Client(application, user, log_in(application, user)) for user in users]

    def act(caller: Caller) -> list[dict[str, Any]]:
        results = []
        for name, client in zip(names, clients, strict=True):
            caller.wait()
            if caller.is_first:
                time.sleep(random.uniform(0, _LONGEST_HEAD_START))
                results.append({"ended": ENDINGS[name](client), "at": time.time()})
            else:
                results.append(_refresh_until_refused(client))
            # What this process's own logout revoked, it refuses at once.
            caller.wait()
            results[-1]["at once"] = _accepted(client, results[-1]) if caller.process == 0 else 0
        time.sleep(BOUND)  # since the last ending
        for client, result in zip(clients, results, strict=True):
            result["later"] = _accepted(client, result)
        return results

    by_caller = race(processes, threads, act)
    return [
        _outcome(name, client, [results[number] for results in by_caller])
        for number, (name, client) in enumerate(zip(names, clients, strict=True))
    ]


def _refresh_until_refused(client: Client) -> dict[str, Any]:
    token, access_tokens = client.pair["refresh_token"], [client.pair["access_token"]]
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        answer = refresh(client.application, token)
        if answer.status != 200:
            reason = answer.body.get("reason", answer.code)
            return {"refused": reason, "status": answer.status, "access_tokens": access_tokens}
        token = answer.body["refresh_token"]
        access_tokens.append(answer.body["access_token"])
    return {"refused": None, "status": 200, "access_tokens": access_tokens}


def _accepted(client: Client, result: dict[str, Any]) -> int:
    """Return how many of the access tokens that a caller was given are still accepted."""
    tokens = result.get("access_tokens", ())
    return sum(me(client.application, token).status == 200 for token in tokens)


def _outcome(ending: str, client: Client, results: list[dict[str, Any]]) -> dict[str, Any]:
    refreshed = [result for result in results if "refused" in result]
    row = LoginSession.objects.filter(pk=client.session_id).first()
    return {
        "ending": ending,
        "ended": next(result["ended"] for result in results if "ended" in result),
        "refused": sorted({str(result["refused"]) for result in refreshed}),
        "statuses": sorted({result["status"] for result in refreshed}),
        "refreshes": sum(len(result["access_tokens"]) - 1 for result in refreshed),
        "lives": row is not None and row.ended_at is None,
        "generation": row and row.generation,
        "accepted_at_once": sum(result["at once"] for result in results),
        "accepted_later": sum(result["later"] for result in results),
    }

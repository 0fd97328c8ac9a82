"""A project with two databases: a replica that lags, and ATOMIC_REQUESTS on either of them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.processes.database import migrate, scratch_database
from tests.processes.worker import Worker, worker

PASSWORD = "correct horse battery"
LATER = 60.0  # seconds: past the retry window
RECORDING = ["tests.transactions.recording.RecordingConfig"]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with scratch_database() as name:
        yield name


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return a second database, whose tables are empty."""
    path = str(tmp_path_factory.mktemp("other") / "other.sqlite3")
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    migrate(path, kind="sqlite")
    return entry


@contextmanager
def project_with_replica(database: str, other: dict[str, Any], **settings: Any) -> Iterator[Worker]:
    with worker(
        database,
        MORE_DATABASES={"replica": other},
        DATABASE_ROUTERS=["tests.transactions.routing.ReplicaRouter"],
        MORE_APPS=RECORDING,
        **settings,
    ) as one:
        yield one


def new_user(one: Worker) -> str:
    name = secrets.token_hex(8)
    one.call("tests.transactions.acts.make_user", name=name, password=PASSWORD)
    one.call("tests.transactions.acts.replicate", name=name)
    return name


def databases_asked(one: Worker) -> set[str]:
    return {alias for alias, *_ in one.call("tests.transactions.recording.taken")}


@pytest.mark.parametrize("loading", ["deferred", "database"])
def test_a_replica_is_asked_for_the_password_alone(
    database: str, other: dict[str, Any], loading: str
) -> None:
    settings = {"USER_LOADING": loading, "RESOURCE_SERVERS": {"orders": "secret"}}
    with project_with_replica(database, other, JWTAUTH=settings) as one:
        name = new_user(one)
        databases_asked(one)
        pair = one.log_in(name, PASSWORD)
        # Django's own backend reads it, as the router says.
        on_replica = [
            sql
            for alias, _, sql, _ in one.call("tests.transactions.recording.taken")
            if alias == "replica"
        ]
        assert len(on_replica) == 1
        assert "auth_user" in on_replica[0]

        one.clock = LATER
        refreshed = one.refresh(pair["refresh_token"])
        assert refreshed.status == 200
        token = refreshed.body["access_token"]
        assert one.refresh(pair["refresh_token"]).status == 200  # a retry
        assert one.me(token).status == 200
        [shown] = one.send("GET", "/auth/sessions/", token=token).body
        again = one.log_in(name, PASSWORD)
        databases_asked(one)
        sid = shown["sid"]
        assert (
            one.send("DELETE", f"/auth/sessions/{sid}/", token=again["access_token"]).status == 204
        )
        assert one.me(token).code == "token_revoked"
        assert one.refresh(refreshed.body["refresh_token"]).code == "session_ended"
        assert one.send("GET", "/.well-known/jwks.json").status == 200
        keep = {"keep_current": True}
        token = again["access_token"]
        assert one.send("POST", "/auth/logout/all/", keep, token=token).body == {"ended": 0}
        one.clock = 2 * LATER
        stolen = again["refresh_token"]
        assert one.refresh(stolen).status == 200
        one.clock = 3 * LATER
        assert one.refresh(stolen).code == "refresh_token_reused"
        assert one.send("POST", "/auth/logout/", token=token).status == 204
        assert databases_asked(one) == {"default"}


def test_a_lagging_replica_keeps_nobody_out_and_lets_nobody_in(
    database: str, other: dict[str, Any]
) -> None:
    with project_with_replica(database, other) as one:
        # The replica knows nothing of somebody who has just signed up …
        name = secrets.token_hex(8)
        pair = one.call("tests.transactions.acts.sign_up_and_start", name=name)
        assert one.me(pair["access_token"]).status == 200
        # … and takes somebody for active who is not any more.
        one.call("tests.transactions.acts.replicate", name=name)
        one.call("tests.transactions.acts.deactivate_quietly", name=name)
        assert one.me(pair["access_token"]).code == "user_inactive"
        assert one.refresh(pair["refresh_token"]).body["reason"] == "user_inactive"


# Which of the two databases wraps each request in a transaction.
ATOMIC = {"this": (True, False), "the other": (False, True), "both": (True, True)}


@pytest.mark.parametrize("atomic", ATOMIC)
def test_atomic_requests_on_whatever_database_never_undo_the_end_of_a_stolen_session(
    database: str, other: dict[str, Any], atomic: str
) -> None:
    this_one, other_one = ATOMIC[atomic]
    with worker(
        database,
        DATABASE={"ATOMIC_REQUESTS": this_one},
        MORE_DATABASES={"other": {**other, "ATOMIC_REQUESTS": other_one}},
        MORE_APPS=RECORDING,
    ) as one:
        name = secrets.token_hex(8)
        one.call("tests.transactions.acts.make_user", name=name, password=PASSWORD)
        pair = one.log_in(name, PASSWORD)
        one.refresh(pair["refresh_token"])
        one.clock = LATER
        databases_asked(one)
        assert one.refresh(pair["refresh_token"]).code == "refresh_token_reused"

        ending = one.call("tests.transactions.recording.taken")
        assert [verb for _, verb, _, _ in ending] == ["SELECT", "UPDATE", "INSERT"]
        # In a short transaction of its own, which none of the request's surrounds.
        assert [within for *_, within in ending] == [[], ["default"], ["default"]]
        shown = one.call("tests.transactions.acts.sessions_of", name=name)
        assert shown == [{"generation": 1, "end_reason": "reuse"}]
        assert one.me(pair["access_token"]).code == "token_revoked"

"""Two servers on one database: what one ends, the other refuses."""

import time
from collections.abc import Iterator

import pytest

from tests.example_project.servers import Server, gunicorn_server

BOUND = 1.1  # seconds; DESIGN's bound for the database feed: MAX_AGE and a tenth


@pytest.fixture(scope="module")
def second_server(
    server: Server, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Another server, of two worker processes; the first has migrated the database."""
    with gunicorn_server(database_url, tmp_path_factory.mktemp("second")) as second:
        yield second


def statuses_until(server: Server, token: str, end: float) -> list[int]:
    statuses = []
    while time.monotonic() < end:
        statuses.append(server.call("GET", "/notes/", token).status_code)
        time.sleep(0.02)
    return statuses


def test_tokens_of_one_server_are_accepted_by_the_other(
    server: Server, second_server: Server
) -> None:
    pair = server.login()
    assert second_server.call("GET", "/notes/", pair["access_token"]).status_code == 200
    refreshed = second_server.call(
        "POST", "/auth/refresh/", json={"refresh_token": pair["refresh_token"]}
    ).json()
    assert server.call("GET", "/notes/", refreshed["access_token"]).status_code == 200


def test_logout_at_one_server_is_refused_by_the_other_within_1_1_seconds(
    server: Server, second_server: Server
) -> None:
    token = server.login()["access_token"]
    # Both of its workers have just heard that nothing is revoked: the worst moment for a logout.
    assert set(statuses_until(second_server, token, time.monotonic() + 1.5)) == {200}

    assert server.call("POST", "/auth/logout/", token).status_code == 204
    bound = time.monotonic() + BOUND

    assert server.call("GET", "/notes/", token).status_code == 401
    assert set(statuses_until(second_server, token, bound)) <= {200, 401}
    # Every request that starts after the bound, at whichever worker, is refused.
    for _ in range(40):
        answer = second_server.call("GET", "/notes/", token)
        assert answer.status_code == 401
        assert answer.json()["code"] == "token_revoked"

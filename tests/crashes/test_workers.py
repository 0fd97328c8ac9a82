"""A worker is killed at each step of a refresh and of a logout: what the client finds then."""

import json
import socket

import pytest

from tests.crashes.conftest import Client, Site, in_background

# Where the worker dies, and the generation that it leaves behind.
STEPS_OF_A_REFRESH = {
    "select": 0,
    "after select": 0,
    "update": 0,
    "after update": 1,
    "signal": 1,
    "answer": 1,
}


@pytest.mark.parametrize(("point", "left_behind"), STEPS_OF_A_REFRESH.items())
def test_a_refresh_goes_on_with_the_retry_wherever_its_worker_was_killed(
    site: Site, client: Client, point: str, left_behind: int
) -> None:
    with site.stopping_at(point) as stop:
        answer = in_background(client.refresh)
        stop.kill()
    assert answer.result() is None
    assert client.session() == (left_behind, "")

    client.keep(client.refresh())

    assert client.session() == (1, "")
    client.assert_goes_on()


@pytest.mark.parametrize("point", ["update", "after update"])
def test_a_second_tab_is_not_harmed_by_the_death_of_the_first_ones_worker(
    site: Site, client: Client, point: str
) -> None:
    with site.stopping_at(point) as stop:
        first_tab = in_background(client.refresh)
        stop.process_id()
        second_tab = client.refresh()
        stop.kill()
    assert first_tab.result() is None

    retried = client.refresh()

    assert retried.body["refresh_token"] == second_tab.body["refresh_token"]
    client.keep(retried)
    assert client.session() == (1, "")
    client.assert_goes_on()


@pytest.mark.parametrize("point", ["update", "after update", "revocation", "after revocation"])
def test_a_logout_is_done_or_not_done_wherever_its_worker_was_killed(
    site: Site, client: Client, point: str
) -> None:
    with site.stopping_at(point) as stop:
        answer = in_background(client.logout)
        stop.kill()
    assert answer.result() is None
    # The row and its revocation are one transaction, which nobody is there to commit.
    assert client.session() == (0, "")
    assert not client.is_revoked()
    assert client.me().status == 200

    assert client.logout().status == 204

    assert client.session() == (0, "logout")
    assert client.is_revoked()
    client.assert_refused_soon()


def test_a_logout_that_was_committed_holds_though_its_worker_was_killed(
    site: Site, client: Client
) -> None:
    with site.stopping_at("answer") as stop:
        answer = in_background(client.logout)
        stop.kill()
    assert answer.result() is None
    client.assert_refused_soon()
    assert client.logout().status == 204
    assert client.refresh().code == "session_ended"


@pytest.mark.parametrize("point", ["update", "revocation"])
def test_a_thief_gains_nothing_by_the_death_of_the_worker_that_noticed(
    site: Site, client: Client, point: str
) -> None:
    stolen = client.refresh_token
    client.keep(client.refresh())
    site.wait(60)
    with site.stopping_at(point) as stop:
        theft = in_background(lambda: site.server.refresh(stolen))
        stop.kill()
    assert theft.result() is None
    assert client.session() == (1, "")  # as it was: the victim may refresh, the thief may not

    assert site.server.refresh(stolen).code == "refresh_token_reused"

    assert client.session() == (1, "reuse")
    client.assert_refused_soon()


def test_an_answer_that_never_arrived_is_given_again(site: Site, client: Client) -> None:
    body = json.dumps({"refresh_token": client.refresh_token})
    with socket.create_connection(site.server.address) as connection:
        connection.sendall(
            "POST /auth/refresh/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
    client.wait_for_generation(1)

    client.keep(client.refresh())

    assert client.session() == (1, "")
    client.assert_goes_on()

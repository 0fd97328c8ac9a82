"""The database dies in mid-refresh, or carries out what nobody waits for any more."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.crashes.conftest import Client, Site, in_background, later, serving
from tests.crashes.private_servers import PrivateServer, private_server
from tests.processes.database import create_database, migrate
from tests.processes.http import Answer


def test_a_swap_that_the_database_carries_out_for_a_dead_worker_loses_no_session(
    site: Site, client: Client
) -> None:
    with site.locked_row(client):
        with site.stopping_at("update") as stop:
            answer = in_background(client.refresh)
            process_id = stop.process_id()
            stop.go_on()
        site.wait_for_a_waiting_statement()
        os.kill(process_id, signal.SIGKILL)
        assert answer.result() is None
    # From here on the database is free to commit what nobody waits for.

    client.keep(client.refresh())

    assert client.session() == (1, "")
    client.assert_goes_on()


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with private_server() as server:
        yield server


@pytest.fixture(scope="module")
def own_site(server: PrivateServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    create_database("jwtauth", **server.place)
    migrate("jwtauth", DATABASE=server.place)
    with serving("jwtauth", tmp_path_factory.mktemp("own"), **server.place) as site:
        yield site


@pytest.mark.parametrize(("point", "left_behind"), [("update", 0), ("after update", 1)])
def test_a_refresh_goes_on_though_the_database_was_killed_in_the_middle_of_it(
    own_site: Site, server: PrivateServer, point: str, left_behind: int
) -> None:
    client = Client(own_site)
    with own_site.stopping_at(point) as stop:
        answer = in_background(client.refresh)
        stop.process_id()
        server.kill()
        while_it_was_away = client.refresh()
        server.start()
        stop.go_on()
    # Who asked while it was away, or lost its connection, is told to keep the tokens.
    _assert_keep_your_tokens(while_it_was_away)
    result = answer.result()
    assert result is not None
    if result.status != 200:
        _assert_keep_your_tokens(result)
    assert client.session()[0] in (left_behind, 1)

    client.keep(later(client.refresh))

    assert client.session() == (1, "")
    client.assert_goes_on()


def _assert_keep_your_tokens(answer: Answer) -> None:
    assert (answer.status, answer.code) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("point", ["revocation", "after revocation"])
def test_a_logout_is_done_or_not_done_though_the_database_was_killed(
    own_site: Site, server: PrivateServer, point: str
) -> None:
    client = Client(own_site)
    with own_site.stopping_at(point) as stop:
        answer = in_background(client.logout)
        stop.process_id()
        server.kill()
        server.start()
        stop.go_on()
    result = answer.result()
    assert result is not None
    if client.is_revoked():
        assert (result.status, client.session()) == (204, (0, "logout"))
    else:
        _assert_keep_your_tokens(result)
        assert client.session() == (0, "")
    assert later(client.logout).status == 204
    client.assert_refused_soon()

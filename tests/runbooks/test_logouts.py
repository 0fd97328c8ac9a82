"""Runbooks that log people out."""

import pytest

from tests.deployments.conftest import PASSWORD, Person
from tests.processes.worker import Worker
from tests.runbooks.conftest import wait_until
from tests.runbooks.page import blocks
from tests.runbooks.site import Site

pytestmark = pytest.mark.timeout(400)


def assert_logged_out(person: Person, running: Worker) -> None:
    wait_until(lambda: running.me(person.access_token).code == "token_revoked")
    assert running.refresh(person.refresh_token).code == "session_ended"
    person.keep(running.log_in(person.name, PASSWORD))
    assert person.is_let_in(running)


def test_log_one_user_out(site: Site, running: Worker) -> None:
    (block,) = blocks("Log one user out now")
    one, other = Person(running), Person(running)
    assert f"Ended 1 login session of {one.name}." in site.type(block, NAME=one.name)
    assert_logged_out(one, running)
    assert other.is_let_in(running)


def test_log_all_users_out(site: Site, running: Worker) -> None:
    (block,) = blocks("Log all users out now")
    people = [Person(running), Person(running)]
    assert "Ended 2 login sessions of everybody." in site.type(block)
    for person in people:
        assert_logged_out(person, running)

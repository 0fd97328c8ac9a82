"""Runbooks about signing keys."""

import json
import shlex
from typing import Any

import pytest

from tests.deployments.conftest import Person
from tests.processes.worker import Worker
from tests.runbooks.conftest import wait_until
from tests.runbooks.page import blocks
from tests.runbooks.site import LATER, Site

pytestmark = pytest.mark.timeout(400)

MONTH = 31 * 86400.0


def keys(site: Site, **variables: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(
        site.type("python manage.py list_jwt_keys --json", **variables)
    )
    return listed


def published(running: Worker) -> list[str]:
    answer = running.send("GET", "/.well-known/jwks.json")
    return [key["kid"] for key in answer.body["keys"]]


def test_the_line_of_cron_rotates_once_however_many_hosts_have_it(site: Site) -> None:
    (line,) = blocks("What to set up once", "text")
    minute, hour, *rest, job = line.strip().split(" ", 5)
    assert minute.isdecimal()
    assert hour.isdecimal()
    assert rest == ["*", "*", "*"]
    job = job.replace("/srv/mysite", shlex.quote(str(site.folder)))

    at = str(MONTH)
    hosts = [site.open_shell(job, CLOCK=at) for _ in range(3)]
    printed = [host.communicate()[0] for host in hosts]
    assert [host.returncode for host in hosts] == [0] * 3, printed
    assert sum("Made the key" in words for words in printed) == 1
    assert [key["state"] for key in keys(site, CLOCK=at)] == ["active", "pending"]


def test_rotate(site: Site, running: Worker) -> None:
    (block,) = blocks("Rotate the signing keys")
    person = Person(running)
    [former] = published(running)

    printed = site.type(block)

    assert "Made the key" in printed
    assert "(in 15 min)" in printed
    assert "pending" in printed
    wait_until(lambda: len(published(running)) == 2)
    assert person.is_let_in(running)
    running.clock = 14 * LATER
    person.refresh(running)
    running.clock = 16 * LATER  # the next one signs, and the former one verifies
    assert person.is_let_in(running)
    person.refresh(running)
    assert person.is_let_in(running)
    running.clock = 30 * LATER
    assert former not in published(running)


def test_a_leaked_signing_key(site: Site, running: Worker) -> None:
    (block,) = blocks("A signing key has leaked")
    person = Person(running)
    [leaked] = published(running)

    printed = site.type(block, KID=leaked)

    assert f"The key {leaked} is revoked" in printed
    wait_until(lambda: running.me(person.access_token).code == "token_revoked")
    assert leaked not in published(running)
    person.refresh(running)  # and nobody logs in again
    assert person.is_let_in(running)

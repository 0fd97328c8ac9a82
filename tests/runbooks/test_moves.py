"""Runbooks that move a site: into the past, to another name, to other hosts."""

import json
import shutil
from base64 import urlsafe_b64decode
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest

from tests.deployments.conftest import Person
from tests.processes.environment import environment
from tests.processes.server import gunicorn
from tests.processes.worker import Worker
from tests.runbooks.conftest import wait_until
from tests.runbooks.page import blocks
from tests.runbooks.site import LATER, Site

pytestmark = pytest.mark.timeout(400)


def test_restore_a_backup(site: Site) -> None:
    look, again = blocks("Restore a backup")
    with site.process() as before:
        stays, leaves = Person(before), Person(before)
        [leaked] = (key["kid"] for key in before.send("GET", "/.well-known/jwks.json").body["keys"])
        shutil.copy(site.database, site.folder / "backup")
        before.clock = LATER
        stays.refresh(before)
        body = {"refresh_token": leaves.refresh_token}
        assert before.send("POST", "/auth/logout/", body).status == 204
        site.type(f"python manage.py revoke_jwt_key -- {leaked}")
        comes = Person(before)
    shutil.copy(site.folder / "backup", site.database)

    assert "No migrations to apply" in site.type(look)
    printed = site.type(again)

    assert f"The key {leaked} is revoked" in printed
    assert "1 login sessions ended again" in printed
    with site.process() as after:
        after.clock = 3 * LATER
        assert after.refresh(leaves.refresh_token).code == "session_ended"
        assert after.refresh(comes.refresh_token).code == "refresh_token_invalid"
        stays.refresh(after)
        assert stays.is_let_in(after)
        assert leaked not in str(after.send("GET", "/.well-known/jwks.json").body)


def issuer(token: str) -> str:
    payload = token.split(".")[1]
    claims: dict[str, str] = json.loads(urlsafe_b64decode(payload + "=="))
    return claims["iss"]


def test_move_to_another_issuer(site: Site) -> None:
    versions: list[dict[str, Any]] = [{"ISSUER": "https://old.example.com"}]
    for code in blocks("Move to another issuer", "python"):
        written: dict[str, Any] = {"JWTAUTH": {}}
        exec(code, written)
        versions.append(written["JWTAUTH"])
    assert len(versions) == 4
    with ExitStack() as stack:
        running = [stack.enter_context(site.process(JWTAUTH=version)) for version in versions]
        person = Person(running[0])
        for turn, (former, latter) in enumerate(pairwise(running), start=1):
            # Two versions side by side, and a client that meets one and then the other.
            for number, one in enumerate((former, latter, former, latter)):
                former.clock = latter.clock = (4 * turn + number) * LATER
                person.refresh(one)
                assert person.is_let_in(former)
                assert person.is_let_in(latter)
        assert issuer(person.access_token) == "https://new.example.com"


def test_blue_and_green(site: Site, running: Worker) -> None:
    (block,) = blocks("Blue and green")
    person, smoke = Person(running), Person(running)
    green = environment(site.database) | site.variables()
    with gunicorn(site.folder, green, workers=1) as server:
        printed = site.type(block, NAME=smoke.name, GREEN=server.url)
        assert f'"username":"{smoke.name}"' in printed
        assert "no issues" in printed

        assert server.send("GET", "/auth/me/", token=person.access_token).status == 200
        person.refresh(running)
        assert server.send("GET", "/auth/me/", token=person.access_token).status == 200
        body = {"refresh_token": person.refresh_token}
        assert server.send("POST", "/auth/logout/", body).status == 204
        wait_until(lambda: running.me(person.access_token).code == "token_revoked")

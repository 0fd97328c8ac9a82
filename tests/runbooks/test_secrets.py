"""Runbooks about secrets that others may know: `SECRET_KEY`, and the database."""

from contextlib import ExitStack

import pytest
from django.conf import settings

from tests.deployments.conftest import Person
from tests.processes.worker import Worker
from tests.runbooks.conftest import wait_until
from tests.runbooks.page import blocks, table
from tests.runbooks.site import LATER, Site

pytestmark = pytest.mark.timeout(400)

#: What the table of the page means.
SECRETS = {"old": settings.SECRET_KEY, "new": "a-secret-key-that-follows-one-that-leaked-01234"}


def deployments() -> list[dict[str, str]]:
    """Return the variables of each deployment of the table."""
    return [
        {"SECRET_KEY": SECRETS[first], "SECRET_KEY_FALLBACKS": SECRETS.get(fallback, "")}
        for _, first, fallback in table("SECRET_KEY has leaked")
    ]


def test_a_leaked_secret_key(site: Site) -> None:
    rewrite, look = blocks("SECRET_KEY has leaked")
    learned, swapped, dropped = deployments()
    with ExitStack() as stack:
        before, first, second = (
            stack.enter_context(site.process(secrets=secrets))
            for secrets in ({"SECRET_KEY": SECRETS["old"]}, learned, swapped)
        )
        person = Person(before)
        # Hosts are replaced one after the other, and clients meet all of them.
        for turn, one in enumerate((first, second, first, second), start=1):
            one.clock = turn * LATER
            person.refresh(one)
            assert person.is_let_in(one)

        assert "Encrypted a private key anew" in site.type(rewrite, **swapped)
        printed = site.type(look, CLOCK=str(4 * LATER), **swapped)
        assert "private key" not in printed
        assert "Every live refresh token was made after" in printed

        after = stack.enter_context(site.process(secrets=dropped))
        after.clock = 5 * LATER
        person.refresh(after)
        assert person.is_let_in(after)


def test_a_leaked_database(site: Site, running: Worker) -> None:
    renew_keys, end_sessions = blocks("The database has leaked")
    person = Person(running)
    [key] = running.send("GET", "/.well-known/jwks.json").body["keys"]

    printed = site.type(renew_keys)

    assert f"The key {key['kid']} is revoked" in printed
    wait_until(lambda: running.me(person.access_token).code == "token_revoked")
    person.refresh(running)
    assert person.is_let_in(running)
    [new] = running.send("GET", "/.well-known/jwks.json").body["keys"]
    assert new["kid"] != key["kid"]

    assert "Ended 1 login session of everybody." in site.type(end_sessions)
    wait_until(lambda: running.me(person.access_token).code == "token_revoked")
    assert running.refresh(person.refresh_token).code == "session_ended"

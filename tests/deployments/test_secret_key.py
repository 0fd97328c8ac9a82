"""A new SECRET_KEY is rolled out, while clients meet processes of the old and the new version."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.conf import settings

from tests.deployments.conftest import PASSWORD, Person
from tests.processes.commands import command
from tests.processes.database import scratch_database
from tests.processes.worker import Worker, worker

# They start many processes, on a machine that may run much else.
pytestmark = pytest.mark.timeout(400)

OLD: str = settings.SECRET_KEY  # under which the database was migrated, and the first key made
NEW = "a-secret-key-that-follows-the-first-one-9876543210"
LATER = 60.0  # seconds: past the retry window

# The versions of the settings, in the order in which they are deployed.
OLD_ALONE = {"SECRET_KEY": OLD}
NEW_ANNOUNCED = {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACKS": [NEW]}
SWAPPED = {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": [OLD]}
NEW_ALONE = {"SECRET_KEY": NEW}


@contextmanager
def processes(database: str, *versions: dict[str, Any]) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        yield [stack.enter_context(worker(database, **version)) for version in versions]


class Deployment:
    """Two processes, which are replaced one after the other, and the clients that use them."""

    def __init__(self, database: str, stack: ExitStack) -> None:
        self._database, self._stack = database, stack
        self._now = 0.0
        self.running = [self._start(OLD_ALONE), self._start(OLD_ALONE)]
        self.people = [Person(self.running[number % 2]) for number in range(4)]

    def _start(self, version: dict[str, Any]) -> Worker:
        return self._stack.enter_context(worker(self._database, **version))

    def replace_each(self, version: dict[str, Any]) -> None:
        """Deploy a version to one process and then to the other, while everybody goes on."""
        for number in range(2):
            self.running[number] = self._start(version)
            self.let_everybody_refresh()

    def let_everybody_refresh(self) -> None:
        """Let each client refresh at one process, and after the retry window at the other."""
        for turn in range(2):
            self._now += LATER
            for one in self.running:
                one.clock = self._now
            for number, person in enumerate(self.people):
                person.refresh(self.running[(number + turn) % 2])
                assert all(person.is_let_in(one) for one in self.running)


def test_nobody_is_signed_out_while_a_secret_key_is_rolled_out() -> None:
    with scratch_database() as database, ExitStack() as stack:
        site = Deployment(database, stack)
        site.replace_each(NEW_ANNOUNCED)
        site.replace_each(SWAPPED)
        # By now everybody has refreshed under the new secret. Before the old one is dropped, what
        # lies encrypted under it is written anew.
        command = {"command_name": "rotate_jwt_keys"}
        site.running[0].call("django.core.management.call_command", **command)
        site.replace_each(NEW_ALONE)


def test_a_retry_gets_a_good_token_from_a_process_of_the_other_version(database: str) -> None:
    with processes(database, NEW_ANNOUNCED, SWAPPED) as (old, new):
        person = Person(old)
        first, retried = old.refresh(person.refresh_token), new.refresh(person.refresh_token)
        # Derived under another secret, so another string; and as good.
        assert first.body["refresh_token"] != retried.body["refresh_token"]
        old.clock = new.clock = LATER
        for answer, one in ((first, new), (retried, old)):
            assert one.refresh(answer.body["refresh_token"]).status == 200


def test_a_process_that_lacks_the_new_secret_ends_no_session(database: str) -> None:
    with processes(database, SWAPPED, OLD_ALONE) as (new, behind):
        person = Person(new)
        new.clock = behind.clock = LATER
        person.refresh(new)

        # It cannot know the token, and says so; it must not take it for a stolen one.
        body = {"refresh_token": person.refresh_token}
        assert behind.refresh(person.refresh_token).code == "refresh_token_invalid"
        assert behind.send("POST", "/auth/logout/", body).code == "token_invalid"
        assert behind.send("POST", "/auth/revoke/", body).status == 415  # no form

        assert person.is_let_in(new)
        new.clock = 2 * LATER
        person.refresh(new)


def test_a_process_that_cannot_read_the_signing_key_makes_no_other(database: str) -> None:
    with processes(database, OLD_ALONE, NEW_ALONE) as (first, other):
        person = Person(first)
        credentials = {"username": person.name, "password": PASSWORD}

        # It still verifies, by the public half.
        assert person.is_let_in(other)
        assert other.send("POST", "/auth/login/", credentials).code == "temporarily_unavailable"

        sets = [one.send("GET", "/.well-known/jwks.json").body for one in (first, other)]
        assert sets[0] == sets[1]
        assert len(sets[0]["keys"]) == 1
        first.clock = LATER
        person.refresh(first)


def said(database: str, version: dict[str, Any], *arguments: str) -> tuple[int, str]:
    """Return how a command ended, and its words without line breaks."""
    ran = command(database, *arguments, **version)
    return ran.returncode, " ".join((ran.stdout + ran.stderr).split())


CHECK = ("check", "--database", "default")
LIST = ("list_jwt_keys", "--check")
DAILY = ("rotate_jwt_keys", "--if-older-than", "30d")


def test_a_fallback_that_is_still_needed_is_warned_about_before_it_is_dropped() -> None:
    with scratch_database() as database:
        with processes(database, OLD_ALONE) as (old,):
            Person(old)
        code, words = said(database, SWAPPED, *CHECK)
        assert code == 0
        assert "(django_jwtauth.W214) The private key" in words
        assert "HINT: Run manage.py rotate_jwt_keys --if-older-than 30d" in words
        code, words = said(database, SWAPPED, *LIST)
        assert code == 0
        assert "lies under a former SECRET_KEY" in words
        assert "Every live refresh token was made after 20" in words

        assert "Encrypted a private key anew" in said(database, SWAPPED, *DAILY)[1]

        assert "W214" not in said(database, SWAPPED, *CHECK)[1]
        assert said(database, NEW_ALONE, *LIST)[0] == 0


def test_a_fallback_that_was_dropped_too_early_is_told_and_comes_back_without_a_loss() -> None:
    with scratch_database() as database, processes(database, OLD_ALONE, NEW_ALONE) as (old, new):
        person = Person(old)

        assert new.refresh(person.refresh_token).code == "refresh_token_invalid"
        state = new.call("tests.deployments.acts.health")
        assert not state["ok"]
        [kid] = state["unreadable_keys"]
        why = f"The private key {kid} cannot be decrypted: put the former SECRET_KEY into"
        assert state["problems"][0].startswith(why)
        assert why in said(database, NEW_ALONE, *CHECK)[1]
        code, words = said(database, NEW_ALONE, *LIST)
        assert (code, why in words) == (1, True)

        with processes(database, SWAPPED) as (mended,):
            assert mended.call("tests.deployments.acts.health")["ok"]
            person.refresh(mended)
            assert person.is_let_in(mended)

"""A token that is typed or pasted at a terminal."""

import os
import pty
import subprocess
import sys

from django_jwtauth.revocation.dummy import DummyFeed
from tests.processes.environment import environment


def test_a_token_typed_at_a_terminal_is_read_and_not_shown() -> None:
    feed = f"{DummyFeed.__module__}.{DummyFeed.__qualname__}"
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    surroundings = environment(
        "", JWTAUTH={"REVOCATION_FEED": {"BACKEND": feed}}, DATABASES=databases
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "inspect_jwt", "-", "--no-color"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # or it would ask at the terminal of whoever runs the tests
        env=surroundings,
    )
    os.close(theirs)
    shown = b""
    while not shown.endswith(b"Token: "):
        shown += os.read(ours, 1024)
    os.write(ours, b"no.such.token\n")
    process.wait()
    said = os.read(ours, 65536).decode().strip()
    os.close(ours)
    assert said == "CommandError: Not valid: The token is malformed."

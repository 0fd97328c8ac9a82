"""Programs that run in processes of their own, on the database of the test."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from tests.processes.environment import environment

_START = """
import os, signal, sys, threading, time
import django
django.setup()
from django.db import connection, connections, transaction
from django_jwtauth import conf, revocation
from django_jwtauth.exceptions import RevocationsUnknown
from django_jwtauth.revocation.database import DatabaseFeed
from tests.revocation.tokens import a_token

def say(*words):
    print(*words, flush=True)
"""


def output_of(program: str, **settings: Any) -> list[str]:
    """Run a program to its end, and return the lines that it printed; it must end well."""
    process = subprocess.run(
        [sys.executable, "-c", _START + program],
        env=environment(str(connection.settings_dict["NAME"]), **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (process.returncode, process.stderr) == (0, ""), process.stderr
    return process.stdout.splitlines()


class Running:
    """A program that runs until the test is over; it reads lines and prints some."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.hear()


@contextmanager
def running(program: str, **settings: Any) -> Iterator[Running]:
    """Start a program, and end it."""
    with subprocess.Popen(
        [sys.executable, "-c", _START + program],
        env=environment(str(connection.settings_dict["NAME"]), **settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()

"""Runs a command as an operator does: with arguments and stdin, for its exit code and its words."""

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.core.management import CommandError, call_command
from django.db import connection


@dataclass(frozen=True)
class Ran:
    """How a command ended: its code, stdout, and the one line that names a mistake."""

    code: int
    out: str
    error: str = ""


def run(name: str, *arguments: str, stdin: str = "", **options: Any) -> Ran:
    """Run a command in this process, inside the test's own transaction."""
    out = io.StringIO()
    with mock.patch("sys.stdin", io.StringIO(stdin)):
        try:
            call_command(name, *arguments, stdout=out, stderr=out, **options)
        except CommandError as error:
            if "\n" in str(error):
                message = f"not one line: {error}"
                raise AssertionError(message) from error
            return Ran(error.returncode, out.getvalue(), str(error))
    return Ran(0, out.getvalue())


def run_process(name: str, *arguments: str, stdin: str = "") -> Ran:
    """Run a command in a process of its own, on the test database; what it reads is committed."""
    process = subprocess.run(
        [sys.executable, "-m", "django", name, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "JWTAUTH_TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        },
    )
    return Ran(process.returncode, process.stdout, process.stderr)


#: Of a project that serves none of our endpoints.
urlpatterns: list[Any] = []

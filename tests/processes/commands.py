"""Runs a command as an operator does: in a process of its own, for its code and its words."""

import subprocess
import sys
from typing import Any

from tests.processes.environment import environment


def command(database: str, *arguments: str, **settings: Any) -> "subprocess.CompletedProcess[str]":
    """Run `manage.py` with these arguments and settings."""
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        env=environment(database, **settings),
        capture_output=True,
        text=True,
        check=False,
    )

"""Runs `with_axes.py` in a process of its own, for axes has to be an installed app."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_django_axes_guards_our_login() -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.neighbours.settings_with_axes",
        "JWTAUTH_TEST_RUN": f"{os.environ['JWTAUTH_TEST_RUN']}_axes",
    }
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        environment.pop(name, None)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/neighbours/with_axes.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert "4 passed" in process.stdout

"""Runs promises that hold for any user model with user models of other kinds.

`AUTH_USER_MODEL` cannot change in a running process, so each kind has one of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = (
    "tests/users/test_any_user_model.py",
    "tests/admin/test_any_user_model.py",
    "tests/sessions/test_statements.py",
)

MODELS = (
    "users_email.User",
    "users_managed.User",
    "users_people.Member",
    "users_people.Staff",
    "users_remembering.User",
    "users_text.User",
    "users_uuid.User",
)


@pytest.mark.parametrize("model", MODELS)
def test_the_promises_hold_for_a_custom_user_model(model: str) -> None:
    run = os.environ["JWTAUTH_TEST_RUN"]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.custom_users.settings",
        "JWTAUTH_TEST_USER_MODEL": model,
        # Not the database of this process, nor that of another kind beside it.
        "JWTAUTH_TEST_RUN": f"{run}_{MODELS.index(model)}",
    }
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        environment.pop(name, None)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *FILES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert " passed" in process.stdout

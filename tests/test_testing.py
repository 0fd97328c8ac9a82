"""The helpers for a project's own tests, in a project of its own and under each test runner."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "tests" / "testing_project"


def run(*command: str) -> str:
    """Run a test runner with a test database of its own, and return what it says."""
    # What our own run has put there is not for the project's.
    left_out = ("PYTEST", "DJANGO_SETTINGS_MODULE", "JWTAUTH_TEST_RUN")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(left_out)}
    ran = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    return said


def unittest(*options: str) -> str:
    manage = str(PROJECT / "manage.py")
    pattern = ("--pattern", "cases_unittest.py", "--noinput")
    return run(manage, "test", "tests.testing_project", *pattern, *options)


def pytest_on(cases: str, *options: str) -> str:
    return run(
        *("-m", "pytest", "-c", str(PROJECT / "pytest.ini"), "-o", f"python_files={cases}"),
        *("-p", "no:cacheprovider", *options, str(PROJECT)),
    )


@pytest.mark.parametrize("order", [("--reverse",), ("--shuffle",)])
def test_they_work_with_unittest_in_any_order(order: tuple[str, ...]) -> None:
    said = unittest(*order)
    assert re.search(r"Ran (\d\d) tests", said)
    assert "OK" in said


def test_they_work_in_parallel_processes() -> None:
    said = unittest("--parallel", "2", "-v", "2")
    assert len(re.findall("Cloning test database", said)) == 2
    assert "OK" in said


def test_they_work_with_pytest_and_its_fixtures_by_entry_point() -> None:
    assert re.search(r"10 passed", pytest_on("cases_pytest.py", "-p", "no:randomly"))


def test_pytest_runs_unittest_cases_too_and_in_random_order() -> None:
    assert re.search(r"\d\d passed", pytest_on("cases_*.py", "-n", "2"))

"""mutmut, with one session of pytest for all mutants: `python tests/mutation/warm.py run`.

mutmut starts pytest anew for each mutant, which with Django takes ten times as long as the tests
that notice it. Here a mutant gets a fork of a session that has collected all tests and made the
database, and a copy of that. A script beside the package of tests: mutmut imports its copy of that.
"""

import gc
import os
import shutil
import sys
from collections.abc import Iterable
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import _prepareconfig
from django.db import connections
from mutmut.__main__ import cli
from mutmut.runners.harness import ListAllTestsResult, PytestRunner
from mutmut.state import state
from mutmut.utils.file_utils import change_cwd
from mutmut.workers import isolation

#: The tests that answer for a part: whatever asks for a page passes through all of them.
TESTS = {
    "django_jwtauth.tokens.": ("tests/tokens/",),
    "django_jwtauth.authentication.": (
        "tests/test_authentication.py",
        "tests/test_browsable_api.py",
        "tests/test_cookies.py",
        "tests/test_error_reports.py",
    ),
    "django_jwtauth.sessions.": (
        "tests/sessions/",
        "tests/views/",
        "tests/transactions/",
        "tests/management/",
        "tests/test_signals_and_logs.py",
        "tests/test_users_who_change.py",
    ),
}


class WarmRunner(PytestRunner):
    """Runs tests of a session that stays open, until one fails."""

    def __init__(self) -> None:
        super().__init__()
        self._session: pytest.Session | None = None
        self._caches: list[_lru_cache_wrapper[Any]] = []
        self._has_failed = False
        self._pid = os.getpid()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._has_failed = True
            print(report.nodeid, report.longreprtext, sep="\n")  # pytest tells it at its end
        if report.when == "call":
            state().duration_by_test[report.nodeid] = report.duration

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        error = None if call.excinfo is None else call.excinfo.value
        if self._is_fork and error is not None and not isinstance(error, pytest.skip.Exception):
            _drop_copy_of_database()
            os._exit(1)  # nobody reads the traceback, which takes longer than most tests

    def run_stats(self, *, tests: Iterable[str]) -> int:
        with change_cwd("mutants"):
            for item in self._chosen(tests):
                state().duration_by_test[item.nodeid] = 0
                self._run(item)
                for function in state()._stats:
                    state().tests_by_mangled_function_name[function].add(item.nodeid)
                state()._stats.clear()
        return int(self._has_failed)

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        self._has_failed = False
        for part, paths in TESTS.items():
            if mutant_name is not None and mutant_name.startswith(part):
                tests = [test for test in tests if test.startswith(paths)]
                beside = f"/test_{mutant_name.split('.')[-2]}.py"  # most notice there
                tests.sort(key=lambda test: beside not in test)
        with change_cwd("mutants"):
            chosen = self._chosen(tests)
            if self._is_fork:
                _use_copy_of_database()
            for item in chosen:
                self._run(item)
                if self._has_failed:
                    break
            if self._is_fork:
                _drop_copy_of_database()
        return int(self._has_failed)

    def list_all_tests(self) -> ListAllTestsResult:
        with change_cwd("mutants"):
            return ListAllTestsResult(ids={item.nodeid for item in self._chosen(())})

    @property
    def _is_fork(self) -> bool:
        return os.getpid() != self._pid

    def _run(self, item: pytest.Item) -> None:
        # What others have left there would hide what this one comes by, and what a mutant does.
        for cache in self._caches:
            cache.cache_clear()
        # With the session for the next item all is torn down but what lives as long as that.
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=item.session)

    def _chosen(self, tests: Iterable[str]) -> list[pytest.Item]:
        if self._session is None:
            self._session = self._open()
        items = {item.nodeid: item for item in self._session.items}
        return [items[test] for test in tests] if tests else list(items.values())

    def _open(self) -> pytest.Session:
        """Do what `pytest.main` does before it runs the tests."""
        arguments = [*self._pytest_add_cli_args, *self._pytest_add_cli_args_test_selection]
        config = _prepareconfig(["--rootdir=.", *arguments], plugins=[self])
        session: Any = pytest.Session.from_config(config)
        config._do_configure()
        config.hook.pytest_sessionstart(session=session)
        config.hook.pytest_collection(session=session)
        self._caches = [
            cache
            for cache in gc.get_objects()
            if isinstance(cache, _lru_cache_wrapper)
            and cache.__module__.startswith("django_jwtauth.")
        ]
        return session


def _database() -> Path:
    return Path(connections["default"].settings_dict["NAME"])


def _use_copy_of_database() -> None:
    connections.close_all()
    if _database().exists():  # not where none of the tests needs one
        copy = shutil.copy(_database(), f"{_database()}.{os.getpid()}")
        connections["default"].settings_dict["NAME"] = copy


def _drop_copy_of_database() -> None:
    connections.close_all()
    _database().unlink(missing_ok=True)


if __name__ == "__main__":
    isolation.PytestRunner = WarmRunner
    sys.exit(cli())

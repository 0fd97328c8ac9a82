"""The plugin is loaded in every project that has this package, whatever else is there."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

IMPORT = """
import sys
import django_jwtauth.pytest_plugin
TOO_MUCH = {"django", "rest_framework", "jwt"}
print(sorted({name.partition(".")[0] for name in sys.modules} & TOO_MUCH))
"""
CASE = """
def test_without_django(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("django_jwtauth")
"""


def test_it_is_found_by_entry_point() -> None:
    (found,) = (entry for entry in entry_points(group="pytest11") if entry.name == "django_jwtauth")
    assert found.value == "django_jwtauth.pytest_plugin"


def test_importing_it_imports_nothing_of_django() -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_project_without_django_settings_does_not_notice_it(tmp_path: Path) -> None:
    (tmp_path / "test_case.py").write_text(CASE)
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("DJANGO", "PYTEST", "JWTAUTH"))
    }
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout

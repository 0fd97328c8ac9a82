"""A project without the admin does not load ours."""

import subprocess
import sys

PROGRAM = """
import sys
import django

django.setup()
from django.core.management import call_command

call_command("check")
import django_jwtauth.urls

print("django_jwtauth.admin" in sys.modules)
"""


def test_nobody_imports_it_where_django_has_no_admin() -> None:
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"DJANGO_SETTINGS_MODULE": "tests.testing_project.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout == "False\n"

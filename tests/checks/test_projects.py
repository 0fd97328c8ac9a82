"""``manage.py check`` and ``migrate`` in whole projects: the README's and the example."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def block(first_line: str) -> str:
    """Return the README's block of Python that begins with this comment."""
    (found,) = re.findall(rf"```python\n# {re.escape(first_line)}.*?\n(.*?)```", README, re.DOTALL)
    return str(found)


def run(folder: Path, *command: str, **environment: str) -> str:
    """Run a command that has to end well, and return all that it says."""
    ran = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={
            **{name: text for name, text in os.environ.items() if not name.startswith("DJANGO")},
            "PYTHONPATH": str(ROOT),
            **environment,
        },
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a new project with what the README tells to add, DEBUG on, as Django makes it."""
    run(tmp_path, "-m", "django", "startproject", "mysite", ".")
    for name in ("settings", "urls"):
        path = tmp_path / "mysite" / f"{name}.py"
        added = block(f"mysite/{name}.py")
        path.write_text(path.read_text() + "\n" + added if name == "settings" else added)
    return tmp_path


def test_the_readmes_project_is_clean_and_migrates_without_a_word(project: Path) -> None:
    assert "DEBUG = True" in (project / "mysite" / "settings.py").read_text()
    assert "no issues" in run(project, "manage.py", "check")
    before = run(project, "manage.py", "check", "--database", "default")
    assert "django_jwtauth.W107" in before
    assert "WARNINGS" not in run(project, "manage.py", "migrate")
    assert "no issues" in run(project, "manage.py", "check", "--database", "default")
    assert "no issues" in run(project, "manage.py", "check", "--tag", "jwtauth")


def test_a_project_that_had_tables_before_migrates_without_a_word(project: Path) -> None:
    run(project, "manage.py", "migrate", "auth")
    assert "WARNINGS" not in run(project, "manage.py", "migrate")


def test_the_example_is_clean_as_make_demo_runs_it(tmp_path: Path) -> None:
    said = run(
        ROOT / "example_project",
        "manage.py",
        "check",
        EXAMPLE_DEBUG="1",
        EXAMPLE_DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}",
    )
    assert "no issues" in said


def test_the_example_in_production_lacks_nothing_but_what_it_was_not_given(tmp_path: Path) -> None:
    environment = {
        "EXAMPLE_DEBUG": "0",
        "EXAMPLE_SECRET_KEY": "x" * 60,
        "EXAMPLE_ALLOWED_HOSTS": "api.example.com",
        "EXAMPLE_DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
    }
    said = run(ROOT / "example_project", "manage.py", "check", **environment)
    assert re.findall(r"django_jwtauth\.(\w+)", said) == ["W105"]
    environment |= {
        "EXAMPLE_REDIS_URL": "redis://127.0.0.1:6379/0",
        "EXAMPLE_ISSUER": "https://api.example.com",
    }
    assert "no issues" in run(ROOT / "example_project", "manage.py", "check", **environment)

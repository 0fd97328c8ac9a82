"""docs/how-to/: each page is followed in the project that the README leads to."""

import re
from pathlib import Path

import pytest

from tests.documentation.pages import README, blocks, fences, follow, run, write_block
from tests.example_project.servers import ROOT

#: How many tests the page shows.
PAGES = {
    "behind-a-proxy": 3,
    "brute-force": 1,
    "cors": 3,
    "custom-claims": 2,
    "second-factor": 5,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project after the README's blocks of settings and URLs."""
    run(tmp_path, "django-admin", "startproject", "mysite", ".")
    for code in fences(README.read_text(encoding="utf-8"), "python"):
        write_block(tmp_path, code)
    return tmp_path


@pytest.mark.parametrize("name", PAGES)
def test_the_steps_of_the_page_lead_to_tests_that_pass(name: str, project: Path) -> None:
    page = (ROOT / "docs" / "how-to" / f"{name}.md").read_text(encoding="utf-8")
    assert {language for language, _ in blocks(page)} <= {"python", "sh"}
    ran = follow(page, project)
    assert [command for command, _ in ran] == ["python manage.py test"]
    assert re.search(rf"^Ran {PAGES[name]} tests?", ran[-1][1].stderr, re.MULTILINE)

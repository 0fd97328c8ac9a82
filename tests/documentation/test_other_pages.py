"""Pages beside the how-to ones that have steps, too: each is followed in the README's project."""

from pathlib import Path

import pytest

from django_jwtauth import pytest_plugin, testing
from tests.documentation.pages import blocks, follow
from tests.documentation.test_howtos import project as project  # noqa: PLC0414 (a fixture)
from tests.example_project.servers import ROOT

#: What is to be seen when a page's commands have run, one text a command.
PAGES = {
    "openapi": ("openapi: 3", "summary: Log in; asks for a second factor"),
    "signals-and-logs": ("Ran 1 test",),
    "testing": ("Ran 9 tests", "1 passed"),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_steps_of_the_page_do_what_it_says(name: str, project: Path) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert {language for language, _ in blocks(page)} <= {"python", "sh"}
    ran = [ended.stdout + ended.stderr for _, ended in follow(page, project)]
    assert len(ran) == len(PAGES[name])
    for said, expected in zip(ran, PAGES[name], strict=True):
        assert expected in said


def test_the_page_on_testing_names_all_that_there_is() -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    fixtures = [name for name in vars(pytest_plugin) if name.startswith("jwt_")]
    assert len(fixtures) == 3
    assert [name for name in [*testing.__all__, *fixtures] if name not in page] == []

"""No page shows code that nothing runs: each has its test, and a new page needs one."""

from pathlib import Path

import pytest

from tests.documentation.pages import README, blocks
from tests.example_project.servers import ROOT

#: The page, and the test that runs its blocks.
RUN_BY = {
    "README.md": "tests/test_readme.py",
    "docs/browser-client.md": "tests/browser/test_page.py",
    "docs/how-to/behind-a-proxy.md": "tests/documentation/test_howtos.py",
    "docs/how-to/brute-force.md": "tests/documentation/test_howtos.py",
    "docs/how-to/cors.md": "tests/documentation/test_howtos.py",
    "docs/how-to/custom-claims.md": "tests/documentation/test_howtos.py",
    "docs/how-to/mobile.md": "tests/documentation/test_javascript.py",
    "docs/how-to/second-factor.md": "tests/documentation/test_howtos.py",
    "docs/how-to/server-side-rendering.md": "tests/documentation/test_javascript.py",
    # Its command runs for minutes what the tests beside it run for one.
    "docs/key-rotation.md": "tests/key_rotation/load/__init__.py",
    "docs/openapi.md": "tests/documentation/test_other_pages.py",
    "docs/operations.md": "tests/runbooks/page.py",
    "docs/permissions-in-tokens.md": "tests/users/test_permissions_page.py",
    "docs/second-service.md": "tests/test_second_service_page.py",
    "docs/signals-and-logs.md": "tests/documentation/test_other_pages.py",
    "docs/signers.md": "tests/test_signers_page.py",
    "docs/testing.md": "tests/documentation/test_other_pages.py",
}


def with_code() -> set[str]:
    pages = [README, *(ROOT / "docs").rglob("*.md")]
    shown = (page for page in pages if blocks(page.read_text(encoding="utf-8")))
    return {str(page.relative_to(ROOT)) for page in shown}


def test_every_page_with_code_has_a_test_that_runs_it() -> None:
    assert with_code() == set(RUN_BY)


@pytest.mark.parametrize(("page", "test"), RUN_BY.items())
def test_the_test_reads_its_page(page: str, test: str) -> None:
    assert Path(page).stem in (ROOT / test).read_text(encoding="utf-8")

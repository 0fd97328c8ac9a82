"""`docs/checks.md` has every id that there is, with the sentence and the fix of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import django_jwtauth
from django_jwtauth.checks.table import TABLE
from django_jwtauth.keystores.base import KeyStore
from django_jwtauth.revocation.base import RevocationFeed

PACKAGE = Path(django_jwtauth.__file__).parent
PAGE = (Path(__file__).parents[2] / "docs" / "checks.md").read_text("utf-8")
ROWS = {
    number: (sentence, fix)
    for number, sentence, fix in re.findall(
        r"^\| `django_jwtauth\.(\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE
    )
}


def messages() -> Iterator[tuple[str, ast.Call]]:
    """Yield each message that a key store or a feed makes itself, by its id."""
    for folder in ("keystores", "revocation"):
        for path in (PACKAGE / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                for keyword in getattr(node, "keywords", ()):
                    if keyword.arg == "id" and isinstance(keyword.value, ast.Constant):
                        assert isinstance(node, ast.Call)
                        yield str(keyword.value.value).removeprefix("django_jwtauth."), node


OF_STORES = dict(messages())
OF_OPTIONS = {
    number.removeprefix("django_jwtauth.")
    for backend in (KeyStore, RevocationFeed)
    for number in (backend._unknown_option, backend._wrong_option)
}


def test_the_page_has_every_id_once_and_no_other() -> None:
    assert sorted(ROWS) == sorted([*TABLE, *OF_STORES, *OF_OPTIONS])
    assert len(re.findall(r"^\| `django_jwtauth", PAGE, re.MULTILINE)) == len(ROWS)


@pytest.mark.parametrize("number", TABLE)
def test_the_page_says_what_the_check_says(number: str) -> None:
    for shown, told in zip(ROWS[number], TABLE[number], strict=True):
        template = re.sub(r"\{[^}]*\}", "…", told)
        if template != "…":  # else the page tells in words of its own what is found
            assert shown == template


@pytest.mark.parametrize("number", OF_STORES)
def test_what_a_store_says_comes_with_a_fix(number: str) -> None:
    assert "hint" in {keyword.arg for keyword in OF_STORES[number].keywords}
    assert all(text.rstrip("`").endswith((".", "…")) for text in ROWS[number])

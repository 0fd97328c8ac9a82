"""The ids are promises: each has one meaning, one sentence, one fix, and a test."""

import re
from pathlib import Path

import pytest
from django.core.checks import Error, Warning  # noqa: A004 (Django's name for it)

import django_jwtauth
from django_jwtauth.checks.table import TABLE, message

TESTS = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
FACTS = {
    name: 1.0 for row in TABLE.values() for name in re.findall(r"\{(\w+)", row.sentence + row.fix)
}


@pytest.mark.parametrize("number", TABLE)
def test_every_id_has_a_test(number: str) -> None:
    assert f'"{number}"' in TESTS


@pytest.mark.parametrize("number", TABLE)
def test_every_message_is_a_sentence_with_a_fix(number: str) -> None:
    said = message(number, **FACTS)
    assert type(said) is (Error if number.startswith("E") else Warning)
    assert said.id == f"django_jwtauth.{number}"
    for text, template in ((said.msg, TABLE[number].sentence), (said.hint, TABLE[number].fix)):
        assert text
        assert text.endswith(".") or template.endswith(("}", "}."))


def test_no_id_of_a_store_or_a_feed_is_one_of_the_table() -> None:
    package = Path(django_jwtauth.__file__).parent
    texts = [path.read_text("utf-8") for path in package.rglob("*.py")]
    elsewhere = {number for text in texts for number in re.findall(r"jwtauth\.([EW]\d+)\"", text)}
    assert elsewhere
    assert elsewhere.isdisjoint(TABLE)

"""A file that outgrows a screenful of ideas, or a function that outgrows a screen, is two."""

import ast
from pathlib import Path

import pytest

import django_jwtauth

PACKAGE = Path(django_jwtauth.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)

MODULE_LIMIT = 300
FUNCTION_LIMIT = 40


def module_name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_module_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LIMIT


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_function_is_longer_than_40_lines(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    too_long = {
        f"{node.name}, line {node.lineno}": length
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LIMIT
    }
    assert too_long == {}

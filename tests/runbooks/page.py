"""The page of runbooks, by its sections."""

from typing import Final

from tests.documentation.pages import fences
from tests.example_project.servers import ROOT

PAGE: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

SECTIONS: Final[dict[str, str]] = dict(
    section.split("\n", 1) for section in PAGE.split("\n## ")[1:]
)


def blocks(heading: str, language: str = "sh") -> list[str]:
    """Return the blocks of a section, in their order."""
    return fences(SECTIONS[heading], language)


def table(heading: str, number: int = 0) -> list[list[str]]:
    """Return the cells of one of a section's tables, below its head."""
    tables: list[list[str]] = [[]]
    for line in SECTIONS[heading].splitlines():
        if line.startswith("|"):
            tables[-1].append(line)
        elif tables[-1]:
            tables.append([])
    rows = tables[number][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]

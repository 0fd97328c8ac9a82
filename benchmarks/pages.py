"""Fills the measured parts of pages from results, and draws the plots.

A part stands in a page between ``<!-- begin NAME -->`` and ``<!-- end -->``: words are written by
hand, numbers are not. Needs the standard library alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks import comparison_parts, growth_parts, revocation_parts, rotation_parts

ROOT: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = Path(__file__).with_name("results")
#: Each page, and the results that it shows.
PAGES: Final = {
    "README.md": "compare",
    "docs/benchmarks.md": "compare",
    "docs/scaling.md": "growth",
    "docs/revocation.md": "revocation",
    "docs/key-rotation.md": "rotation",
}

_PARTS: Final[Mapping[str, Mapping[str, Callable[[Any], str]]]] = {
    "compare": comparison_parts.PARTS,
    "growth": growth_parts.PARTS,
    "revocation": revocation_parts.PARTS,
    "rotation": rotation_parts.PARTS,
}
_PLOTS: Final[Mapping[str, Mapping[str, Callable[[Any], str]]]] = {
    "compare": comparison_parts.PLOTS,
    "growth": growth_parts.PLOTS,
    "revocation": revocation_parts.PLOTS,
    "rotation": rotation_parts.PLOTS,
}
_PART: Final = re.compile(r"<!-- begin ([a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)


def results(what: str) -> Any:
    """Return what was measured last."""
    return json.loads((RESULTS / f"{what}.json").read_text(encoding="utf-8"))


def parts(what: str) -> Mapping[str, Callable[[Any], str]]:
    """Return the measured parts that there are, and what writes them."""
    return _PARTS[what]


def filled(page: str) -> str:
    """Return the text of a page with its parts as the results have them."""
    what = PAGES[page]
    found = results(what)

    def fill(part: re.Match[str]) -> str:
        return f"<!-- begin {part[1]} -->\n\n{parts(what)[part[1]](found)}\n\n<!-- end -->"

    return _PART.sub(fill, (ROOT / page).read_text(encoding="utf-8"))


def plots(what: str) -> dict[str, str]:
    """Return each plot by the path of its file."""
    found = results(what)
    return {f"docs/images/{name}.svg": draw(found) for name, draw in _PLOTS[what].items()}


def write() -> None:
    """Write pages and plots anew."""
    for page, what in PAGES.items():
        (ROOT / page).write_text(filled(page), encoding="utf-8")
        for path, plot in plots(what).items():
            (ROOT / path).write_text(plot, encoding="utf-8")

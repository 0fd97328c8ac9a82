"""Tables in Markdown, and how numbers are written in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table whose first column holds text and the others numbers."""
    lines = [_row(head), _row(["---"] + ["---:"] * (len(head) - 1))]
    return "\n".join([*lines, *map(_row, rows)])


def number(value: float | None, unit: str = "") -> str:
    """Return three digits with their unit; a dash for what there is not."""
    if value is None:
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()


def microseconds(value: float | None) -> str:
    """Return a time that was measured in microseconds in the unit that reads best."""
    if value is None:
        return "–"
    return number(value / 1000, "ms") if value >= 1000 else number(value, "µs")


def times(value: float | None) -> str:
    """Return a ratio."""
    return "–" if value is None else f"{value:.2f} ×" if value < 10 else f"{value:.0f} ×"


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"

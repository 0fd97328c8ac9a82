"""Plots as SVG: horizontal bars, and lines over a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import log10
from typing import Final

_FONT: Final = 'font-family="system-ui, sans-serif" font-size="13"'
_OURS, _OTHERS, _TEXT, _LINE = "#0b6e4f", "#9aa5b1", "#24292f", "#d0d7de"
_COLOURS: Final = (_OURS, "#b35900", "#6639ba", "#0969da")


def bars(title: str, rows: Sequence[tuple[str, float, str]], ours: str) -> str:
    """Return a bar for each (name, value, text); where the name begins with ``ours``, in colour."""
    left, width, step, top = 230, 380, 26, 44
    longest = max(value for _, value, _ in rows)
    parts = []
    for number, (name, value, text) in enumerate(rows):
        y = top + number * step
        length = max(width * value / longest, 1)
        colour = _OURS if name.startswith(ours) else _OTHERS
        parts += [
            _text(left - 8, y + 14, name, anchor="end"),
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="18" fill="{colour}"/>',
            _text(left + length + 6, y + 14, text),
        ]
    return _picture(title, left + width + 100, top + len(rows) * step + 10, parts)


def lines(
    title: str, points: Mapping[str, Sequence[tuple[float, float]]], *, x_title: str, y_title: str
) -> str:
    """Return a line for each name over (x, y); x is logarithmic, y begins at 0."""
    left, width, top, height = 70, 480, 50, 220
    xs = [x for line in points.values() for x, _ in line]
    highest = max(y for line in points.values() for _, y in line) * 1.1
    least, most = log10(min(xs)), log10(max(xs))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - least) / (most - least or 1)
        return left + width * across, top + height * (1 - y / highest)

    parts = [
        f'<path d="M{left} {top}V{top + height}H{left + width}" fill="none" stroke="{_LINE}"/>',
        _text(left - 8, top + 5, f"{highest:.3g}", anchor="end"),
        _text(left - 8, top + height, "0", anchor="end"),
        _text(left, top - 10, y_title),
        _text(left + width, top + height + 38, x_title, anchor="end"),
    ]
    parts += [
        _text(place(x, 0)[0], top + height + 18, f"{x:,.0f}", anchor="middle")
        for x in sorted(set(xs))
    ]
    for (name, line), colour in zip(points.items(), _COLOURS, strict=False):
        places = [place(x, y) for x, y in line]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(_text(places[-1][0] + 8, places[-1][1] + 4, name, colour=colour))
    return _picture(title, left + width + 150, top + height + 50, parts)


def _picture(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" {_FONT}>'
    )
    # With a ground of its own it can be read on a dark page.
    ground = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    name = f'<title>{escape(title)}</title><text x="12" y="24" font-weight="600">{escape(title)}'
    return "\n".join([head, ground, f"{name}</text>", *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = _TEXT) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}">{escape(text)}</text>'

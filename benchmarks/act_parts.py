"""The measured parts of docs/benchmarks.md on login, refresh and logout."""

from __future__ import annotations

from typing import Final

from benchmarks.figures import KINDS, OURS, Found, each
from benchmarks.markdown import microseconds, number, table, times
from benchmarks.peers import REFERENCE


def _acts(found: Found) -> str:
    rows = []
    for _, title, figures in each(found):
        spent = figures["times"]
        rows.append((title, *(microseconds(spent[act]) for act in _TIMED)))
    head = ("", *_TIMED.values())
    parts = [table(head, rows)]
    if "sqlite" in found["databases"] and "postgresql" in found["databases"]:
        rows = [
            (figures["title"], *(microseconds(figures["times"][act]) for act in _TIMED))
            for figures in found["databases"]["sqlite"].values()
        ]
        parts += ["On SQLite:", table(head, rows)]
    return "\n\n".join(parts)


_TIMED: Final = {
    "login": "login",
    "refresh": "refresh",
    "retry": "the same refresh again",
    "logout": "logout",
}


def _processor(found: Found) -> str:
    rows = []
    for _, title, figures in each(found):
        spent, ratios = figures["times"], figures["to_reference"]
        cells = [title]
        for act in ("login", "refresh"):
            cells += [microseconds(spent.get(f"{act}_{side}")) for side in ("client", "server")]
            cells.append(times(ratios.get(f"{act}_processor")))
        rows.append(cells)
    head = [""]
    for act in ("login", "refresh"):
        head += [f"{act}: Python", "PostgreSQL", "both, of SimpleJWT's"]
    return table(head, rows)


def _costs(found: Found) -> str:
    rows = []
    for _, title, figures in each(found):
        cells = [title]
        for act in ("login", "request", "refresh", "retry", "logout"):
            cost = figures["cost"][act]
            if cost is None:
                cells.append("–")
                continue
            rows_written = f"{cost['rows']:+.0f} rows" if cost["rows"] else "0 rows"
            written = f", {cost['bytes']:,.0f} B" if cost["bytes"] else ""
            answer = "" if cost["status"] < 400 or act == "logout" else f" ({cost['status']:.0f})"
            cells.append(f"{cost['statements']:.0f}, {rows_written}{written}{answer}")
        rows.append(tuple(cells))
    return table(("", "login", "request", "refresh", "the same refresh again", "logout"), rows)


def _written(found: Found) -> str:
    """Return where the bytes of a login go, for this package and the nearest peer."""
    lines = []
    for name, title, figures in each(found):
        places = figures.get("written_by_login")
        if name in (OURS, REFERENCE) and places:
            listed = ", ".join(
                f"{place if place == 'commit' else f'`{place}`'} {number(size)}"
                for place, size in sorted(places.items(), key=lambda one: -one[1])
            )
            lines.append(f"- {title}: {listed}.")
    return "\n".join(lines) if lines else "Not measured in this run."


def _throughput(found: Found) -> str:
    rows = [
        (
            f"{figures['title']}, {database}",
            number(figures["refreshes_per_second"]),
            times(figures["refreshes_to_reference"]),
        )
        for kind, database in KINDS.items()
        for figures in found["databases"].get(kind, {}).values()
        if "refreshes_per_second" in figures
    ]
    return table(("", "refreshes a second", "over SimpleJWT with rotation"), rows)


PARTS: Final = {
    "acts": _acts,
    "processor": _processor,
    "costs": _costs,
    "written": _written,
    "throughput": _throughput,
}

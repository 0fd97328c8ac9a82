"""The measured parts of docs/revocation.md; ``tests.load`` measures them."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.markdown import number, table
from benchmarks.plots import bars

Found = dict[str, Any]

_FEEDS: Final = {"redis": "Redis", "database": "database"}
_PERCENTILES: Final = ("p50_ms", "p99_ms", "max_ms")


def _machine(found: Found) -> str:
    machine, versions = found["machine"], found["versions"]
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Taken on {found['taken']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB; load average before the run {machine['load_before']}. {names}."
    )


def _server(row: Found) -> str:
    preloaded = ", preloaded" if row["is_preloaded"] else ""
    return f"{_FEEDS[row['feed']]}, {row['worker_class']}{preloaded}"


def _delays(found: Found) -> str:
    head: tuple[str, ...] = ("feed and workers", "last accepted: median", "p99", "max")
    head += ("first refused: median", "p99", "max", "a request, p99")
    rows = [
        (
            _server(row),
            *(number(row["accepted"][key], "ms") for key in _PERCENTILES),
            *(number(row["refused"][key], "ms") for key in _PERCENTILES),
            number(row["question"]["p99_ms"], "ms"),
        )
        for row in found["rows"]
    ]
    return table(head, rows)


def _plot(found: Found) -> str:
    rows = [
        (_server(row), row["accepted"]["p99_ms"], number(row["accepted"]["p99_ms"], "ms"))
        for row in found["rows"]
    ]
    title = f"How long after a logout one of {found['workers']} workers accepted its token, p99"
    return bars(title, rows, "Redis")


def _endured(found: Found) -> str:
    rows = [
        (
            row["fault"],
            _FEEDS[row["feed"]],
            f"{row['logouts']:,}",
            f"{row['questions']:,}",
            f"{row['unavailable']:,}",
            number(row["latest_ms"], "ms"),
            len(row["wrong"]),
        )
        for row in found["rows"]
    ]
    head = ("fault", "feed", "logouts", "requests", "503", "accepted at the latest", "wrong")
    return table(head, rows)


PARTS: Final = {
    "logouts-machine": lambda found: _machine(found["logouts"]),
    "logouts": lambda found: _delays(found["logouts"]),
    "faults-machine": lambda found: _machine(found["faults"]),
    "faults": lambda found: _endured(found["faults"]),
}

PLOTS: Final = {"logouts": lambda found: _plot(found["logouts"])}

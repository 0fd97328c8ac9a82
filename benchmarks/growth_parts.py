"""The measured parts of docs/scaling.md."""

from __future__ import annotations

from statistics import median
from typing import Any, Final

from benchmarks.markdown import number, table
from benchmarks.plots import lines

Found = dict[str, Any]


def _machine(found: Found) -> str:
    machine, versions = found["machine"], found["versions"]
    return (
        f"Taken on {found['taken']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, PostgreSQL {versions['PostgreSQL']} with its default "
        f"settings on the same machine, Python {versions['Python']}, Django "
        f"{versions['Django']}; load average before the run {machine['load_before']}."
    )


def _filled(found: Found) -> str:
    rows = [
        (
            f"{one['sessions']:,}",
            number(one["seconds"], "s"),
            number(one["bytes_a_session"], "B"),
            number(one["bytes_a_session"] * one["sessions"] / 2**30, "GiB"),
        )
        for one in found["filled"]
    ]
    head = ("login sessions", "made in", "a session, indexes included", "table and indexes")
    return table(head, rows)


def _costs(found: Found) -> str:
    rows = [
        (
            f"{one['sessions']:,}",
            f"{one['revocations']:,}",
            number(one["refresh_ms"], "ms"),
            number(one["login_ms"], "ms"),
            number(one["request_us"], "µs"),
            number(one["poll_ms"], "ms"),
            number(one["full_load_ms"], "ms"),
            number(one["memory_mb"], "MB"),
        )
        for one in found["costs"]
    ]
    head = (
        "login sessions",
        "live revocations",
        "refresh",
        "login",
        "request",
        "poll",
        "full load",
        "memory a process",
    )
    return table(head, rows)


def _polls(found: Found) -> str:
    rows = [(f"{int(rate):,}", number(value, "ms")) for rate, value in found["polls"].items()]
    return table(("revocations a second", "a poll"), rows)


def _own(found: Found) -> str:
    own = found["own"]
    return (
        f"Among {own['sessions']:,} sessions of others, with {own['many']:,} of one's own over "
        f"one: a refresh {own['refresh']:.2f} ×, a request {own['request']:.2f} ×."
    )


def _prune(found: Found) -> str:
    rows = [
        (
            f"{one['sessions']:,}",
            number(one["rows"]),
            number(one["rows_per_second"]),
            *(
                number(one[when][percentile], "ms")
                for percentile in ("p50_ms", "p99_ms")
                for when in ("before", "during")
            ),
        )
        for one in found["prune"]
    ]
    head = (
        "live sessions",
        "dead ones pruned",
        "rows a second",
        "refresh p50 before",
        "during",
        "p99 before",
        "during",
    )
    return table(head, rows)


def _plot(found: Found) -> str:
    sizes = sorted({one["sessions"] for one in found["costs"]})
    # How many are revoked makes no difference to either: the median of them is less noisy.
    points = {
        name: [
            (size, median(one[key] for one in found["costs"] if one["sessions"] == size))
            for size in sizes
        ]
        for name, key in (("refresh", "refresh_ms"), ("login", "login_ms"))
    }
    title = "What a client waits for, by login sessions in the table"
    return lines(title, points, x_title="login sessions", y_title="ms")


PARTS: Final = {
    "machine": _machine,
    "filled": _filled,
    "costs": _costs,
    "polls": _polls,
    "own": _own,
    "prune": _prune,
}

PLOTS: Final = {"growth": _plot}

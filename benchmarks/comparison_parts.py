"""The measured parts of docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from benchmarks.budgets import BUDGETS
from benchmarks.markdown import microseconds, number, table, times
from benchmarks.plots import bars

Found = dict[str, Any]

_OURS: Final = "jwtauth"
_KINDS: Final = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def _machine(found: Found) -> str:
    machine, versions = found["machine"], found["versions"]
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Taken on {found['taken']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}; load average before the run "
        f"{machine['load_before']}.\n\n{names}. Load by {found['load_generator']}."
    )


def _budgets(found: Found) -> str:
    rows = [
        (budget.what, budget.limit_text, budget.shown(found), budget.verdict(found))
        for budget in BUDGETS
    ]
    return table(("What", "Budget", "Measured", "Met"), rows)


def _each(found: Found) -> Iterator[tuple[str, str, Found]]:
    """Yield name, title and figures of each peer on PostgreSQL, or the first database there is."""
    databases = found["databases"]
    kind = "postgresql" if "postgresql" in databases else next(iter(databases))
    for name, figures in databases[kind].items():
        title = f"**{figures['title']}**" if name == _OURS else figures["title"]
        yield name, title, figures


def _requests(found: Found) -> str:
    other = found["databases"].get("sqlite", {})
    rows = [
        (
            title,
            figures["cost"]["request"]["statements"],
            microseconds(figures["times"]["authenticate"]),
            microseconds(figures["times"]["request"]),
            times(figures["to_open"]["view"]),
            times(figures["to_open"]["request"]),
            times(other[name]["to_open"]["request"]) if name in other else "–",
        )
        for name, title, figures in _each(found)
    ]
    head = (
        "",
        "statements",
        "authentication class",
        "whole request",
        "the view alone, over the open view",
        "whole request, over the open view",
        "the same on SQLite",
    )
    return table(head, rows)


def _authenticate(found: Found) -> str:
    rows = []
    for kind, title in _KINDS.items():
        if kind in found["databases"]:
            figures = found["databases"][kind][_OURS]
            spent = figures["times"]
            rows.append(
                (
                    title,
                    microseconds(spent["seen"]),
                    microseconds(spent["new"]),
                    microseconds(spent["bare"]),
                    times(figures["to_bare"]["new"]),
                )
            )
    return table(("", "token seen before", "token new", "bare ES256", "new over bare"), rows)


def _load(found: Found) -> str:
    rows = [
        (
            title,
            number(figures["load"]["per_second"]),
            number(figures["load"]["p50"], "ms"),
            number(figures["load"]["p99"], "ms"),
            number(figures["load_open"]["per_second"]),
            f"{figures['load_to_open']:.2f}",
        )
        for _, title, figures in _each(found)
        if "load" in figures
    ]
    head = ("", "requests a second", "p50", "p99", "open view", "share of the open view")
    return table(head, rows)


def _acts(found: Found) -> str:
    rows = []
    for _, title, figures in _each(found):
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


def _costs(found: Found) -> str:
    rows = []
    for _, title, figures in _each(found):
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


def _races(found: Found) -> str:
    rows = []
    for kind, database in _KINDS.items():
        for name, figures in found["databases"].get(kind, {}).items():
            for callers, race in figures.get("races", {}).items():
                title = f"**{figures['title']}**" if name == _OURS else figures["title"]
                rows.append(
                    (
                        f"{title}, {database}",
                        callers,
                        *(f"{race[what]:.0f}" for what in _RACE),
                    )
                )
    return table(("", "callers", *_RACE.values()), rows)


_RACE: Final = {
    "answered": "answered 200",
    "distinct": "different refresh tokens",
    "working": "of these work",
    "logged_in": "callers still logged in",
}


def _throughput(found: Found) -> str:
    rows = [
        (
            f"{figures['title']}, {database}",
            number(figures["refreshes_per_second"]),
            times(figures["refreshes_to_reference"]),
        )
        for kind, database in _KINDS.items()
        for figures in found["databases"].get(kind, {}).values()
        if "refreshes_per_second" in figures
    ]
    return table(("", "refreshes a second", "over SimpleJWT with rotation"), rows)


def _sizes(found: Found) -> str:
    titles = {
        "jwtauth-permissions": '**django_jwtauth**, `PERMISSIONS: "token"`',
        "simplejwt-permissions": "SimpleJWT, a list of names as a claim",
    }
    rows = [
        (titles[name], *(f"{one['access']:,} + {one['refresh']:,} B" for one in sizes))
        for name, sizes in found["sizes"].items()
    ]
    counts = next(iter(found["sizes"].values()))
    return table(
        ("access + refresh token", *(f"{one['permissions']} of {one['of']}" for one in counts)),
        rows,
    )


def _guesses(found: Found) -> str:
    rows = [
        (
            figures["title"],
            number(figures["guesses"]["wrong_password"], "ms"),
            number(figures["guesses"]["unknown_user"], "ms"),
        )
        for figures in found["databases"].get("sqlite", {}).values()
        if "guesses" in figures
    ]
    return table(("", "wrong password", "no such user"), rows)


def _beside(found: Found) -> str:
    """Return the few rows that the README shows."""
    names = ("jwtauth", "simplejwt-blacklist", "knox", "oauth-toolkit", "allauth")
    peers = {name: one for name, _, one in _each(found)}
    shown = [peers[name] for name in names]
    rows = [
        (
            "a request, over the same view open to all",
            *(times(one["to_open"]["request"]) for one in shown),
        ),
        ("login", *(microseconds(one["times"]["login"]) for one in shown)),
        ("refresh", *(microseconds(one["times"]["refresh"]) for one in shown)),
        (
            "refreshes a second, 8 processes on 2 cores",
            *(number(one.get("refreshes_per_second")) for one in shown),
        ),
        (
            "callers still logged in after 8 parallel refreshes, and tokens handed out",
            *(_outcome(one) for one in shown),
        ),
    ]
    return table(("", *(one["title"] for one in shown)), rows)


def _outcome(figures: Found) -> str:
    race = figures.get("races", {}).get("8")
    return f"{race['logged_in']:.0f}, {race['distinct']:.0f}" if race else "–"


def _better(found: Found) -> str:
    """Return every row in which a peer does better: computed, so that none is forgotten."""
    figures = {name: one for name, _, one in _each(found)}
    ours = figures[_OURS]
    lines = []
    for what, value, show in _COMPARED:
        mine = value(ours)
        better = [
            f"{one['title']} {show(value(one))}"
            for name, one in figures.items()
            if name != _OURS and value(one) is not None and value(one) < mine * 0.98
        ]
        if better:
            lines.append(f"- {what}: {show(mine)} here; {', '.join(better)}.")
    return "\n".join(lines) if lines else "None in this run."


def _cost_of(act: str, what: str) -> Callable[[Found], float | None]:
    return lambda figures: (figures["cost"][act] or {}).get(what)


def _time_of(name: str) -> Callable[[Found], float | None]:
    return lambda figures: figures["times"].get(name)


def _statements(value: float | None) -> str:
    return number(value)


def _bytes(value: float | None) -> str:
    return number(value, "B")


_COMPARED: Final[tuple[tuple[str, Callable[[Found], Any], Callable[[Any], str]], ...]] = (
    ("Statements of a login", _cost_of("login", "statements"), _statements),
    ("Statements of a refresh", _cost_of("refresh", "statements"), _statements),
    ("Statements of a logout", _cost_of("logout", "statements"), _statements),
    ("Time of a login", _time_of("login"), microseconds),
    ("Time of a refresh", _time_of("refresh"), microseconds),
    ("Time of a logout", _time_of("logout"), microseconds),
    ("Written by a login", _cost_of("login", "bytes"), _bytes),
    ("Written by a refresh", _cost_of("refresh", "bytes"), _bytes),
    ("Written by a logout", _cost_of("logout", "bytes"), _bytes),
    ("A request with a token seen before", _time_of("request"), microseconds),
    ("Credentials never seen before", _time_of("authenticate_new"), microseconds),
)


def _request_plot(found: Found) -> str:
    rows = [
        (figures["title"], figures["to_open"]["request"], times(figures["to_open"]["request"]))
        for _, _, figures in _each(found)
    ]
    title = "A whole request, over the same view without authentication"
    return bars(title, rows, "django_jwtauth")


def _refresh_plot(found: Found) -> str:
    rows = [
        (figures["title"], figures["times"]["refresh"], microseconds(figures["times"]["refresh"]))
        for _, _, figures in _each(found)
        if "refreshes_per_second" in figures
    ]
    return bars("A refresh with rotation", rows, "django_jwtauth")


def _size_plot(found: Found) -> str:
    rows = []
    for name, title in (
        ("jwtauth-permissions", "django_jwtauth"),
        ("simplejwt-permissions", "a list of names"),
    ):
        rows += [
            (f"{title}, {one['permissions']}", one["access"], f"{one['access']:,} B")
            for one in found["sizes"][name]
        ]
    return bars("Access token of a user with so many permissions", rows, "django_jwtauth")


PARTS: Final = {
    "machine": _machine,
    "budgets": _budgets,
    "requests": _requests,
    "authenticate": _authenticate,
    "load": _load,
    "acts": _acts,
    "costs": _costs,
    "races": _races,
    "throughput": _throughput,
    "sizes": _sizes,
    "guesses": _guesses,
    "better": _better,
    "beside": _beside,
}

PLOTS: Final = {
    "request": _request_plot,
    "refresh": _refresh_plot,
    "token-size": _size_plot,
}

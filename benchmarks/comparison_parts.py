"""The measured parts of docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from benchmarks import act_parts
from benchmarks.budgets import BUDGETS
from benchmarks.figures import KINDS, OURS, Found, each
from benchmarks.markdown import microseconds, number, table, times
from benchmarks.plots import bars


def _machine(found: Found) -> str:
    machine, versions = found["machine"], found["versions"]
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    minutes = found.get("minutes")
    lasted = f" It took {minutes} minutes." if minutes else ""
    return (
        f"Taken on {found['taken']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}; load average before the run "
        f"{machine['load_before']}.{lasted}\n\n{names}. Load by {found['load_generator']}."
    )


def _budgets(found: Found) -> str:
    rows = [
        (budget.what, budget.limit_text, budget.shown(found), budget.verdict(found))
        for budget in BUDGETS
    ]
    return table(("What", "Budget", "Measured", "Met"), rows)


def _unmet(found: Found) -> str:
    """Return what stands against each budget that is not met."""
    unmet = [budget for budget in BUDGETS if budget.is_met(found) is False]
    lines = [f"- **{budget.what}.** {budget.against}" for budget in unmet]
    return "\n".join(lines) if lines else "All of them are met in this run."


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
        for name, title, figures in each(found)
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
    for kind, title in KINDS.items():
        if kind in found["databases"]:
            figures = found["databases"][kind][OURS]
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
        for _, title, figures in each(found)
        if "load" in figures
    ]
    head = ("", "requests a second", "p50", "p99", "open view", "share of the open view")
    return table(head, rows)


def _races(found: Found) -> str:
    rows = []
    for kind, database in KINDS.items():
        for name, figures in found["databases"].get(kind, {}).items():
            for callers, race in figures.get("races", {}).items():
                title = f"**{figures['title']}**" if name == OURS else figures["title"]
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
    peers = {name: one for name, _, one in each(found)}
    shown = [peers[name] for name in names]
    rows = [
        (
            "a request, over the same view open to all",
            *(times(one["to_open"]["request"]) for one in shown),
        ),
        ("login", *(microseconds(one["times"]["login"]) for one in shown)),
        ("refresh", *(microseconds(one["times"]["refresh"]) for one in shown)),
        (
            f"refreshes a second, 8 processes on {found['machine']['cores']} cores",
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
    figures = {name: one for name, _, one in each(found)}
    ours = figures[OURS]
    lines = []
    for what, value, show in _COMPARED:
        mine = value(ours)
        better = [
            f"{one['title']} {show(value(one))}"
            for name, one in figures.items()
            if name != OURS and value(one) is not None and value(one) < mine * 0.98
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
        for _, _, figures in each(found)
    ]
    title = "A whole request, over the same view without authentication"
    return bars(title, rows, "django_jwtauth")


def _refresh_plot(found: Found) -> str:
    rows = [
        (figures["title"], figures["times"]["refresh"], microseconds(figures["times"]["refresh"]))
        for _, _, figures in each(found)
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
    **act_parts.PARTS,
    "machine": _machine,
    "budgets": _budgets,
    "unmet": _unmet,
    "requests": _requests,
    "authenticate": _authenticate,
    "load": _load,
    "races": _races,
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

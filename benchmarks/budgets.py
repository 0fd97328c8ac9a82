"""What was promised before it was built, and whether the measurements keep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Found
from benchmarks.markdown import microseconds, number, times
from benchmarks.peers import REFERENCE


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit, and where the results have the value to hold against it."""

    what: str
    limit: float
    limit_text: str
    value: Callable[[Found], float | None]
    show: Callable[[float | None], str]
    is_least: bool = False
    #: What stands against it, for a page that has to say that it is not met.
    against: str = (
        "Nothing that is known: the machine had too much else to do, or this is a fault of ours."
    )

    def shown(self, found: Found) -> str:
        """Return the measured value as a table shows it."""
        return self.show(self.value(found))

    def is_met(self, found: Found) -> bool | None:
        """Tell whether it is met; ``None`` where it was not measured."""
        value = self.value(found)
        if value is None:
            return None
        return value >= self.limit if self.is_least else value <= self.limit

    def verdict(self, found: Found) -> str:
        """Return yes, no, or a dash where it was not measured."""
        return {True: "yes", False: "**no**", None: "–"}[self.is_met(found)]


def _ours(found: Found) -> Found:
    ours: Found = _database(found)["jwtauth"]
    return ours


def _database(found: Found) -> Found:
    databases: Found = found["databases"]
    database: Found = databases.get("postgresql") or next(iter(databases.values()))
    return database


def _to_reference(act: str, what: str) -> Callable[[Found], float | None]:
    def value(found: Found) -> float | None:
        ours = _ours(found)["cost"][act][what]
        theirs = _database(found)[REFERENCE]["cost"][act][what]
        return None if ours is None or not theirs else ours / theirs

    return value


def _statements(act: str, limit: int) -> Budget:
    return Budget(
        f"Statements: {act}",
        limit,
        f"≤ {limit}",
        lambda found: _ours(found)["cost"][act]["statements"],
        number,
    )


def _race(callers: str) -> Budget:
    return Budget(
        f"{callers} parallel refreshes: callers still logged in",
        int(callers),
        f"all {callers}, 1 token",
        lambda found: min(
            database["jwtauth"]["races"][callers]["logged_in"]
            for database in found["databases"].values()
            if database["jwtauth"]["races"][callers]["distinct"] == 1
        ),
        number,
        is_least=True,
    )


def _size(permissions: int, limit: int) -> Budget:
    return Budget(
        f"Access token with {permissions} of 400 permissions",
        limit,
        f"≤ {limit} B",
        lambda found: next(
            size["access"]
            for size in found["sizes"]["jwtauth-permissions"]
            if size["permissions"] == permissions
        ),
        lambda value: number(value, "B"),
    )


BUDGETS: Final = (
    _statements("login", 3),
    _statements("request", 0),
    _statements("refresh", 2),
    _statements("retry", 1),
    _statements("logout", 3),
    Budget(
        "A whole request with a token seen before, over the same view without authentication",
        1.10,
        "≤ 1.10 ×",
        lambda found: _ours(found)["to_open"]["request"],
        times,
    ),
    Budget(
        "`authenticate()`, token seen before",
        5,
        "≤ 5 µs",
        lambda found: _ours(found)["times"]["seen"],
        microseconds,
    ),
    Budget(
        "`authenticate()`, token new, over the bare ES256 verification",
        1.4,
        "≤ 1.4 ×",
        lambda found: _ours(found)["to_bare"]["new"],
        times,
    ),
    Budget(
        "Refresh, time, of SimpleJWT's",
        0.4,
        "≤ 0.4 ×",
        lambda found: _ours(found)["to_reference"]["refresh"],
        times,
        against="What waits is the commit, one here and two there, and on a busy machine the "
        "cores: then the processor times below are the ones to compare.",
    ),
    Budget(
        "Refresh, written bytes, of SimpleJWT's",
        1 / 3,
        "≤ 0.33 ×",
        _to_reference("refresh", "bytes"),
        times,
    ),
    Budget(
        "Refresh, new rows",
        0,
        "0",
        lambda found: _ours(found)["cost"]["refresh"]["rows"],
        number,
    ),
    Budget(
        "Refreshes a second with 8 processes, over SimpleJWT's",
        4,
        "≥ 4 ×",
        lambda found: _ours(found)["refreshes_to_reference"],
        times,
        is_least=True,
        against="Eight processes and as many of PostgreSQL's wait for the cores of one machine, so "
        "that the rate goes with the processor time of a refresh, client and server together: see "
        "the table of it below, whose inverse this ratio is. A profile of ours: of PostgreSQL's "
        "part more than half is the UPDATE with its commit, a sixth the question whether the "
        "signing key has been revoked; of Python's more than a third goes to run the two "
        "statements, a fifth is Django's and REST framework's request and answer, an eighth the "
        "signed access token. SimpleJWT's refresh without its blacklist, which writes nothing and "
        "can end nothing, takes little less: the fourth part of its refresh with rotation lies "
        "between the two.",
    ),
    Budget(
        "Login without the password hash, time, of SimpleJWT's",
        1.2,
        "≤ 1.2 ×",
        lambda found: _ours(found)["to_reference"]["login"],
        times,
    ),
    Budget(
        "Login, written bytes, of SimpleJWT's",
        0.5,
        "≤ 0.5 ×",
        _to_reference("login", "bytes"),
        times,
        against="Both lock the user's row by the foreign key, write `last_login` and commit; with "
        "that, the session's row and its key alone are more than the half. What is written where "
        "stands below. It is all that the session writes, but for updates in place, while "
        "SimpleJWT goes on with two rows a refresh.",
    ),
    _race("8"),
    _race("50"),
    _size(0, 450),
    _size(200, 560),
)

"""The configurations of the database that races are run on, a name each.

They are settings of a process, as `tests/processes/settings.py` takes them.
"""

from typing import Any, Final

from tests.processes.environment import KIND

# What psycopg's IsolationLevel counts.
_REPEATABLE_READ, _SERIALIZABLE = 3, 4
# A file remembers this, so each configuration says it.
_ROLLBACK_JOURNAL = {"init_command": "PRAGMA journal_mode=DELETE"}
_WAL = {"init_command": "PRAGMA journal_mode=WAL"}
_SNAPSHOT = {"init_command": "SET innodb_snapshot_isolation = ON"}

_OPTIONS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "sqlite": {
        "deferred": _ROLLBACK_JOURNAL,
        "immediate": {"transaction_mode": "IMMEDIATE", **_ROLLBACK_JOURNAL},
        "wal-deferred": _WAL,
    },
    "postgresql": {
        "read-committed": {},
        "repeatable-read": {"isolation_level": _REPEATABLE_READ},
        "serializable": {"isolation_level": _SERIALIZABLE},
    },
    "mariadb": {
        "read-committed": {},
        "repeatable-read": {"isolation_level": "repeatable read"},
        "snapshot-isolation": {"isolation_level": "repeatable read", **_SNAPSHOT},
    },
}

CONFIGURATIONS: Final[dict[str, dict[str, Any]]] = {
    f"{name}{'-atomic-requests' if atomic else ''}": {
        # Connections are kept, for making one takes longer than all that a refresh does.
        "DATABASE": {"OPTIONS": options, "ATOMIC_REQUESTS": atomic, "CONN_MAX_AGE": 600}
    }
    for name, options in _OPTIONS[KIND].items()
    for atomic in (False, True)
}

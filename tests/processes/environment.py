"""What a process that a test starts finds in its environment."""

import json
import os
from typing import Any, Final

#: The kind of database that this run of the suite is for.
KIND: Final = os.environ.get("JWTAUTH_TEST_DATABASE", "sqlite")


def environment(database: str, *, kind: str = KIND, **settings: Any) -> dict[str, str]:
    """Return the environment in which Django finds this database and these settings."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.processes.settings",
        "JWTAUTH_TEST_DATABASE": kind,
        "JWTAUTH_TEST_DATABASE_NAME": database,
        "JWTAUTH_TEST_PROCESS": json.dumps(settings),
        "PYTHONWARNINGS": "error",
    }

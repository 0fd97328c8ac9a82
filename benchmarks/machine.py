"""What was measured on: versions and the machine, without names of hosts, users or folders."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_DISTRIBUTIONS: Final = (
    "django-rest-jwtauth",
    "Django",
    "djangorestframework",
    "PyJWT",
    "cryptography",
    "djangorestframework-simplejwt",
    "django-rest-knox",
    "django-oauth-toolkit",
    "django-allauth",
    "gunicorn",
    "psycopg",
)


def versions(postgresql: str | None) -> dict[str, str]:
    """Return the version of everything that took part."""
    found = {"Python": platform.python_version()}
    found |= {name: version(name) for name in _DISTRIBUTIONS}
    found["SQLite"] = sqlite3.sqlite_version
    if postgresql is not None:
        found["PostgreSQL"] = postgresql
    return found


def machine() -> dict[str, Any]:
    """Return processor, cores, memory, and how busy the machine was with other things."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": _memory(),
        "system": platform.system(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)

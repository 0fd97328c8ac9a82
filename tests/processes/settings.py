"""Settings of a process that a test starts: the suite's, changed by what the environment holds.

`JWTAUTH_TEST_PROCESS` is a JSON object. `DATABASE` changes the default database, its `OPTIONS` one
by one; `MORE_DATABASES` and `MORE_APPS` add to what there is; every other member is a setting.
"""

import json
import os
from typing import Any

from tests.settings import *  # noqa: F403 (settings that differ in a few places)
from tests.settings import DATABASES

_given: dict[str, Any] = json.loads(os.environ.get("JWTAUTH_TEST_PROCESS", "{}"))


def _changed(database: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    options = dict(database.get("OPTIONS", {}))
    for name, value in changes.get("OPTIONS", {}).items():
        if name == "init_command" and name in options:
            options[name] += f", {value.removeprefix('SET ')}"
        else:
            options[name] = value
    return {**database, **changes, "OPTIONS": options}


ROOT_URLCONF = "tests.processes.urls"
# Few, for each process reads them all and each database is migrated for them.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "django_jwtauth",
    *_given.pop("MORE_APPS", []),
]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
# A test that makes a thousand mistakes on purpose need not tell of each on stderr.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"null": {"class": "logging.NullHandler"}},
    "loggers": {"django_jwtauth.security": {"handlers": ["null"], "propagate": False}},
}
DATABASES["default"] = _changed(DATABASES["default"], _given.pop("DATABASE", {}))
DATABASES |= _given.pop("MORE_DATABASES", {})
globals().update(_given)

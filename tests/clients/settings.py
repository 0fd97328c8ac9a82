"""The example's settings, and two services that may introspect, which the example has not."""

import os

from example.settings import *  # noqa: F403
from example.settings import JWTAUTH as EXAMPLE

JWTAUTH = EXAMPLE | {
    "RESOURCE_SERVERS": {
        os.environ["RESOURCE_SERVER_ID"]: os.environ["RESOURCE_SERVER_SECRET"],
        "orders": "secret",
    }
}

# The real hashers are slow on purpose, and each case logs in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

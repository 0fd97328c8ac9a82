"""The example as the tests of its start page want it: quick to hash, and to call a retry old."""

from example.settings import *  # noqa: F403
from example.settings import JWTAUTH

JWTAUTH = {**JWTAUTH, "REFRESH_RETRY_WINDOW": 2}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

"""The example with a retry window that a test can wait for."""

from example.settings import *  # noqa: F403
from example.settings import JWTAUTH

JWTAUTH = {**JWTAUTH, "REFRESH_RETRY_WINDOW": 2}

"""The settings of the suite with another user model, which only a new process can have.

JWTAUTH_TEST_USER_MODEL names the model, such as users_uuid.User.
"""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS

AUTH_USER_MODEL = os.environ["JWTAUTH_TEST_USER_MODEL"]
# `staff` extends the user model that is not there.
INSTALLED_APPS = [
    *(app for app in APPS if app != "tests.apps.staff"),
    f"tests.apps.{AUTH_USER_MODEL.partition('.')[0]}",
]

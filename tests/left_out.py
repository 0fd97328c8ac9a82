"""What a test does where a program that it needs is not installed."""

import os
from typing import NoReturn

import pytest


def left_out(why: str) -> NoReturn:
    """Skip the test; fail where JWTAUTH_REQUIRE_CLIENTS is 1, as in `.ci/run`."""
    if os.environ.get("JWTAUTH_REQUIRE_CLIENTS") == "1":
        pytest.fail(why)
    pytest.skip(why)

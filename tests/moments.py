"""Moves the package's clock, which runs on from there."""

import time

from django_jwtauth import clock


def move_to(moment: float) -> None:
    """Let it be ``moment``, in seconds since the epoch."""
    clock.set_offset(moment - time.time())


def move_on(seconds: float) -> None:
    """Let ``seconds`` pass; a negative number turns the clock back."""
    move_to(clock.now() + seconds)

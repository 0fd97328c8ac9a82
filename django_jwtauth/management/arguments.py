"""What the arguments of commands stand for: a user by name, a token that may come by stdin."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Final

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import CommandError

from django_jwtauth.tokens.access_token import MAX_LENGTH

#: How help texts say it: an argument can be read by everybody who may list processes.
TOKEN_HELP: Final = (
    "write - here and pipe the token in: what stands on a command line is seen in the list of "
    "processes and kept in the shell's history"
)


def find_user(name: str) -> AbstractBaseUser:
    """Return the user who logs in by ``name``, the user model's ``USERNAME_FIELD``."""
    model = get_user_model()
    try:
        user: AbstractBaseUser = model._default_manager.get_by_natural_key(name)  # noqa: SLF001 (Django's name)
    except model.DoesNotExist:
        raise CommandError(f"There is no user whose {model.USERNAME_FIELD} is {name!r}.") from None
    return user


def read_token(argument: str) -> str:
    """Return the token itself, or for ``-`` the first line of stdin."""
    if argument != "-":
        return argument.strip()
    if sys.stdin.isatty():
        token = getpass("Token: ").strip()  # not shown while it is pasted
    else:
        token = sys.stdin.readline(MAX_LENGTH + 2).strip()
    if not token:
        raise CommandError("There was no token on stdin.")
    return token

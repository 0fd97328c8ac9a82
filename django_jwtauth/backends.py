"""What key stores and revocation feeds have in common: options, each with a default, checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.checks import CheckMessage, Error

from django_jwtauth.conf import Settings


class Backend:
    """A class that a setting names with ``BACKEND`` and makes with ``OPTIONS``."""

    #: The options that there are, each with its default; ``self.options`` has them all.
    defaults: ClassVar[Mapping[str, Any]] = {}
    #: The setting, and the ids of what ``check`` finds.
    _setting: ClassVar[str]
    _unknown_option: ClassVar[str]
    _wrong_option: ClassVar[str]

    def __init__(self, options: Mapping[str, Any], settings: Settings) -> None:
        self.options: Mapping[str, Any] = {**self.defaults, **options}
        self.settings = settings

    def check(self) -> list[CheckMessage]:
        """Return what ``manage.py check`` says of the options."""
        return [self._unknown(name) for name in self.options if name not in self.defaults]

    def _wrong(self, name: str, wanted: str) -> CheckMessage:
        # The type and not the value: a key, or a URL with a password, may stand there.
        given = type(self.options[name]).__name__
        return Error(
            f"The option {name} of {type(self).__name__} must be {wanted}.",
            hint=f"JWTAUTH[{self._setting!r}]['OPTIONS'] has a value of type {given}.",
            id=self._wrong_option,
        )

    def _unknown(self, name: object) -> CheckMessage:
        nearest = difflib.get_close_matches(str(name).upper(), self.defaults, 1, 0.5)
        if nearest:
            hint = f"Did you mean {nearest[0]!r}?"
        else:
            hint = f"It knows {', '.join(self.defaults) or 'no options'}."
        message = f"{type(self).__name__} has no option {name!r}."
        return Error(message, hint=hint, id=self._unknown_option)

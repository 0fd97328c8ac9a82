"""System checks: what ``manage.py check`` says of a project. Registered in ``apps.py``.

``table.py`` has every id; the other files find out. Nothing here writes, and only
``check_databases`` asks a database, when it is told to: ``manage.py check --database default``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage

from django_jwtauth.checks.cookies import check_cookies
from django_jwtauth.checks.databases import check_migrations, check_stored_keys
from django_jwtauth.checks.keys import check_given_keys
from django_jwtauth.checks.settings import check_settings
from django_jwtauth.checks.surroundings import check_surroundings
from django_jwtauth.checks.token_sizes import check_token_sizes

__all__ = ["check_databases", "check_project"]


def check_project(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Check settings first, and what depends on them only where they can be read."""
    if not _is_asked(app_configs):
        return []
    messages = list(check_settings())
    if not any(message.is_serious() for message in messages):
        messages += [*check_surroundings(), *check_cookies(), *check_given_keys()]
    return messages


def check_databases(
    app_configs: Sequence[AppConfig] | None, databases: Iterable[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Check tables, keys and the longest tokens in those of ``databases`` that hold them."""
    if not _is_asked(app_configs) or any(message.is_serious() for message in check_settings()):
        return []
    messages: list[CheckMessage] = []
    for alias in databases or ():
        missing = list(check_migrations(alias))
        messages += missing or [*check_stored_keys(alias), *check_token_sizes(alias)]
    return messages


def _is_asked(app_configs: Sequence[AppConfig] | None) -> bool:
    return app_configs is None or any(app.name == "django_jwtauth" for app in app_configs)

"""The user of a request in a service that cannot read any user."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from django_jwtauth import users
from django_jwtauth.exceptions import JWTAuthError, NoUserDatabase
from tests.users.people import token_for


def as_it_is(error: JWTAuthError) -> Exception:
    return error


class UsersElsewhere:
    """A router that has users in the one database that this module makes up."""

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:
        return "elsewhere" if model._meta.app_label == "auth" else None

    db_for_write = db_for_read


@pytest.fixture
def engine(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Yield what lets all users be in a database of this engine."""

    def use(path: str) -> None:
        database = {**connections.databases["default"], "ENGINE": path}
        monkeypatch.setitem(connections.databases, "elsewhere", database)
        settings.DATABASE_ROUTERS = [UsersElsewhere()]

    # Text, for what the greatest whole number is would be asked of the database.
    settings.JWTAUTH = {"SUBJECT_FIELD": "username"}
    yield use
    with suppress(AttributeError):  # of an engine that there is none of no connection was made
        del connections["elsewhere"]


def test_where_there_is_no_database_a_field_is_unavailable_and_says_why(
    engine: Callable[[str], None],
) -> None:
    engine("django.db.backends.dummy")
    user = users.user_of(token_for("ann"), as_it_is)
    assert user.get_username() == "ann"
    with pytest.raises(NoUserDatabase, match="this service has no database"):
        assert user.password


def test_a_database_that_is_set_up_wrongly_is_told_as_django_tells_it(
    engine: Callable[[str], None],
) -> None:
    engine("nowhere.backend")
    with pytest.raises(ImproperlyConfigured, match=r"'nowhere\.backend' isn't an available"):
        assert users.user_of(token_for("ann"), as_it_is).password

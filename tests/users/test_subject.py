from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from django_jwtauth import users
from django_jwtauth.exceptions import TokenInvalid
from django_jwtauth.users.subject import subject_field
from tests.users.people import make_user, token_for

Statements = Callable[[int], Any]

NOT_THE_ONE_SPELLING = (
    " 1",
    "1 ",
    "+1",
    "01",
    "1.0",
    "1_0",
    "1e3",
    "0x1",
    "-0",
    "--1",
    "\u0661",  # ARABIC-INDIC DIGIT ONE, which int() reads
    "\uff11",  # FULLWIDTH DIGIT ONE, likewise
    "None",
    "True",
    "nobody",
    "1\n",
    "9" * 255,
    "-" + "9" * 100,
    "6fa459ea-ee8a-3ca4-894e-db77e160355e",
)


@pytest.mark.parametrize("subject", NOT_THE_ONE_SPELLING)
def test_a_subject_that_is_not_the_one_spelling_of_a_key_is_refused(subject: str) -> None:
    # Without the database mark, a query would fail the test.
    with pytest.raises(TokenInvalid, match="subject"):
        users.user_of(token_for(subject), ValueError)
    with pytest.raises(TokenInvalid, match="subject"):
        users.load_user(subject)


def test_a_key_that_is_too_big_for_the_column_is_refused() -> None:
    _, greatest = connection.ops.integer_field_range(User._meta.pk.get_internal_type())
    assert users.user_of(token_for(str(greatest)), ValueError).pk == greatest
    with pytest.raises(TokenInvalid):
        users.user_of(token_for(str(greatest + 1)), ValueError)


@given(st.integers(0, 2**31 - 1))
def test_what_a_user_is_called_is_read_back(key: int) -> None:
    assert users.user_of(token_for(users.subject_of(User(pk=key))), ValueError).pk == key


@given(st.text(max_size=40))
def test_no_text_is_read_as_a_key_that_is_spelled_otherwise(text: str) -> None:
    try:
        user = users.user_of(token_for(text), ValueError)
    except TokenInvalid:
        return
    assert str(user.pk) == text


def test_a_key_set_by_hand_has_the_same_subject() -> None:
    assert users.subject_of(User(pk="7")) == users.subject_of(User(pk=7)) == "7"


@pytest.mark.django_db
def test_another_field_can_be_the_subject(
    settings: Any, django_assert_num_queries: Statements
) -> None:
    settings.JWTAUTH = {"SUBJECT_FIELD": "username"}
    ann = make_user("ann")
    assert users.subject_of(ann) == "ann"
    user: Any = users.user_of(token_for("ann"), ValueError)
    with django_assert_num_queries(0):
        assert user.username == "ann"
    with django_assert_num_queries(1):
        assert user.pk == ann.pk
    fresh: Any = users.user_of(token_for("ann"), ValueError)
    assert type(fresh).username is not None  # as any descriptor of a model


@pytest.mark.django_db
def test_the_known_field_is_written_only_where_it_was_set(settings: Any) -> None:
    settings.JWTAUTH = {"SUBJECT_FIELD": "username"}
    make_user("ann")
    user: Any = users.user_of(token_for("ann"), ValueError)
    assert "username" in user.get_deferred_fields()
    user.username = "anna"
    assert user.username == "anna"
    user.save()
    assert User.objects.get().username == "anna"
    assert user.email == "ann@example.com"


@pytest.mark.parametrize("name", ["id", "pk"])
def test_the_primary_key_may_be_named(settings: Any, name: str) -> None:
    settings.JWTAUTH = {"SUBJECT_FIELD": name}
    assert users.user_of(token_for("7"), ValueError).pk == 7
    assert subject_field().attname == "id"


def test_text_longer_than_the_column_is_refused(settings: Any) -> None:
    settings.JWTAUTH = {"SUBJECT_FIELD": "username"}
    assert users.user_of(token_for("a" * 150), ValueError).get_username() == "a" * 150
    with pytest.raises(TokenInvalid):
        users.user_of(token_for("a" * 151), ValueError)


@pytest.mark.parametrize("name", ["no_such_field", "groups", "profile", "objects"])
def test_a_subject_field_that_is_none_is_a_mistake_in_the_settings(
    settings: Any, name: str
) -> None:
    settings.JWTAUTH = {"SUBJECT_FIELD": name}
    with pytest.raises(ImproperlyConfigured, match="SUBJECT_FIELD"):
        users.subject_of(User(pk=1))


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_field_makes_no_subject(settings: Any, empty: Any) -> None:
    settings.JWTAUTH = {"SUBJECT_FIELD": "username"}
    with pytest.raises(ImproperlyConfigured, match="empty"):
        users.subject_of(User(pk=1, username=empty))


def test_a_user_who_was_never_saved_has_no_subject() -> None:
    with pytest.raises(ImproperlyConfigured, match="empty"):
        users.subject_of(User())

"""How ids are spelled, compared and found. What models are for is tested where they are used."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from django_jwtauth.models import LoginSession, Revocation, SigningKey, from_sid, to_sid


@given(st.uuids())
def test_an_id_has_one_spelling(session_id: UUID) -> None:
    sid = to_sid(session_id)
    assert len(sid) == 22
    assert from_sid(sid) == session_id
    for other in (sid + "=", sid + "==", sid + "\n", " " + sid, str(session_id), session_id.hex):
        with pytest.raises(ValueError, match=r".+"):
            from_sid(other)


@given(st.text() | st.text(st.characters(codec="ascii"), min_size=22, max_size=22))
@example("")
@example("A" * 22)
@example("A" * 21 + "B")
@example("\ud800" * 22)
def test_whatever_comes_is_an_id_or_a_value_error(sid: str) -> None:
    try:
        session_id = from_sid(sid)
    except ValueError:
        return
    assert to_sid(session_id) == sid


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "column"),
    [(Revocation, "identifier"), (SigningKey, "kid"), (SigningKey, "predecessor")],
)
def test_a_column_that_is_compared_exactly_has_one_index(model: Any, column: str) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    assert [one["columns"] for one in found.values() if column in one["columns"]] == [[column]]


@pytest.mark.django_db
def test_a_session_that_is_not_there_is_not_found() -> None:
    assert LoginSession.objects.find(UUID(int=1)) is None

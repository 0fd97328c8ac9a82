"""How a login session's id is spelled. What the models are for is tested where they are used."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_jwtauth.models import from_sid, to_sid


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

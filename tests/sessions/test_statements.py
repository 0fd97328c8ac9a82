"""The two statements of a refresh, against what the ORM itself reads and writes.

`tests/users/test_custom_user_models.py` runs this file again for each kind of user model.
"""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, transaction
from django.db.models import JSONField
from django.test.utils import CaptureQueriesContext

from django_jwtauth import clock, sessions
from django_jwtauth.exceptions import SessionEnded
from django_jwtauth.models import LoginSession, Revocation, to_datetime
from django_jwtauth.revocation import feed
from django_jwtauth.sessions.statements import compare_and_swap, find_with_user, rows_with_user
from tests.users.people import has_field, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> LoginSession:
    session = sessions.start(make_user(), scope="read", amr=["pwd"], label="a phone").session
    LoginSession.objects.filter(pk=session.pk).update(
        rotated_at=session.created_at, ip_address="2001:db8::1", data={"a": [1]}
    )
    return LoginSession.objects.get(pk=session.pk)


@pytest.fixture
def rotation() -> dict[str, Any]:
    moment = to_datetime(clock.now() + 60)
    return {
        "generation": 1,
        "rotated_at": moment,
        "last_used_at": moment,
        "idle_expires_at": moment,
        "ip_address": "192.0.2.1",
        "user_agent": "100 % a phone",
    }


def fields_of(row: Any) -> dict[str, tuple[type, object]]:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: (type(value), value) for name, value in values.items()}


def test_session_and_user_are_read_as_the_orm_reads_them(session: LoginSession) -> None:
    expected = LoginSession.objects.select_related("user").get(pk=session.pk)
    for _ in range(2):  # built, and kept
        found = find_with_user(session.pk, "default")
        assert found is not None
        with CaptureQueriesContext(connection) as captured:
            assert fields_of(found) == fields_of(expected)
            assert fields_of(found.user) == fields_of(expected.user)
        assert not captured.captured_queries
        assert type(found.user) is get_user_model()
        for row in (found, found.user):
            assert (row._state.db, row._state.adding) == ("default", False)


@pytest.mark.parametrize("of", [LoginSession, get_user_model()], ids=["session", "user"])
def test_a_model_with_its_own_way_to_be_loaded_is_told_what_the_orm_tells(
    session: LoginSession, monkeypatch: pytest.MonkeyPatch, of: Any
) -> None:
    load, told = of.from_db, []

    def from_db(cls: Any, /, using: str, names: Any, values: Any, **how: Any) -> Any:
        told.append((using, dict(zip(names, values, strict=True))))
        return load(using, names, values, **how)

    monkeypatch.setattr(of, "from_db", classmethod(from_db))
    LoginSession.objects.select_related("user").get(pk=session.pk)
    find_with_user(session.pk, "default")
    by_the_orm, by_us = told
    assert by_us == by_the_orm


def test_a_field_that_reads_by_database_is_told_which_it_is(
    session: LoginSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(field: JSONField, value: Any, column: Any, connection: Any) -> Any:
        return (value, column.target, connection.alias)

    monkeypatch.setattr(JSONField, "from_db_value", read)
    found = find_with_user(session.pk, "default")
    assert found is not None
    assert found.data == LoginSession.objects.get(pk=session.pk).data


@pytest.mark.parametrize("kid", ["a-kid", ""])
def test_what_is_sent_is_what_the_orm_sends(session: LoginSession, kid: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        find_with_user(session.pk, "default", kid)
        list(rows_with_user("default", kid).filter(pk=session.pk))
    ours, theirs = (query["sql"] for query in captured.captured_queries)
    assert ours == theirs
    # To look into another table costs a third of the statement.
    assert (Revocation._meta.db_table in ours) is bool(kid)


@pytest.mark.parametrize("kid", ["revoked", "another", ""])
def test_it_is_told_with_the_session_whether_a_key_is_revoked(
    session: LoginSession, kid: str
) -> None:
    feed().revoke(["kid:revoked", "jti:another"], expires_at=None)
    found: Any = find_with_user(session.pk, "default", kid)
    assert found.kid_is_revoked is (kid == "revoked")


def test_a_session_that_is_not_there_is_none() -> None:
    assert find_with_user(uuid4(), "default") is None


def test_a_user_whom_the_default_manager_hides_refreshes_no_session() -> None:
    if not has_field("is_archived"):
        pytest.skip("the manager of this model hides nobody")
    user = make_user()
    token = sessions.start(user).refresh_token
    assert sessions.refresh(token).session.user == user
    rows: Any = get_user_model()._base_manager
    rows.filter(pk=user.pk).update(is_archived=True)
    with pytest.raises(SessionEnded) as ended:
        sessions.refresh(token)
    assert ended.value.end_reason == LoginSession.EndReason.USER_INACTIVE


def test_a_swap_writes_its_values_and_nothing_else(
    session: LoginSession, rotation: dict[str, Any]
) -> None:
    assert compare_and_swap(session, rotation, "default")
    expected = {name: value for name, (_, value) in fields_of(session).items()} | rotation
    written = LoginSession.objects.get(pk=session.pk)
    assert {name: value for name, (_, value) in fields_of(written).items()} == expected


def test_an_unknown_address_is_written_as_null(
    session: LoginSession, rotation: dict[str, Any]
) -> None:
    assert compare_and_swap(session, rotation | {"ip_address": None}, "default")
    assert LoginSession.objects.get(pk=session.pk).ip_address is None


@pytest.mark.parametrize(
    "meanwhile", [{"generation": 7}, {"ended_at": to_datetime(0)}], ids=["rotated", "ended"]
)
def test_a_swap_leaves_alone_what_is_not_as_it_was_read(
    session: LoginSession, rotation: dict[str, Any], meanwhile: dict[str, Any]
) -> None:
    LoginSession.objects.filter(pk=session.pk).update(**meanwhile)
    before = fields_of(LoginSession.objects.get(pk=session.pk))
    assert not compare_and_swap(session, rotation, "default")
    assert fields_of(LoginSession.objects.get(pk=session.pk)) == before


def test_a_swap_leaves_other_sessions_alone(
    session: LoginSession, rotation: dict[str, Any]
) -> None:
    other = sessions.start(make_user("ben")).session
    assert compare_and_swap(session, rotation, "default")
    assert LoginSession.objects.get(pk=other.pk).generation == 0


def test_a_swap_that_fails_leaves_an_outer_transaction_its_rollback(
    session: LoginSession, rotation: dict[str, Any]
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the server is gone")

    with transaction.atomic():
        with pytest.raises(OperationalError), connection.execute_wrapper(fail):
            compare_and_swap(session, rotation, "default")
        assert transaction.get_rollback()
        transaction.set_rollback(False)

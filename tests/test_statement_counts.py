"""What each call costs in statements: DESIGN's budgets, over HTTP and with default settings.

Counted are SELECT, INSERT, UPDATE and DELETE. What the feed asks once a second and the key ring
once a minute is nobody's call.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_jwtauth.models import LoginSession, Revocation, SigningKey
from tests.devices import PASSWORD, Device
from tests.moments import move_on
from tests.transactions.interference import meanwhile

# Nothing here is inside of a transaction that a real request would not be in.
pytestmark = pytest.mark.django_db(transaction=True)

_POLLED = f"{Revocation._meta.db_table}|{SigningKey._meta.db_table}"
# A subquery, which a refresh has, is part of the statement that it stands in.
_POLL = re.compile(rf"""SELECT [^(]* FROM ["`]?({_POLLED})\b""")
_STATEMENT = re.compile(r"SELECT|INSERT|UPDATE|DELETE")
LATER = 60.0  # seconds: past the retry window


@pytest.fixture(autouse=True)
def _user() -> None:
    User.objects.create_user("ada", password=PASSWORD)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the verbs of the statements in the block, in their order."""
    verbs: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield verbs
    for query in captured.captured_queries:
        verb = _STATEMENT.match(query["sql"])
        if verb and not _POLL.match(query["sql"]):
            verbs.append(verb.group())


def test_a_login_costs_three_statements() -> None:
    with statements() as verbs:
        Device()
    assert sorted(verbs) == ["INSERT", "SELECT", "UPDATE"]


def test_a_request_costs_no_statement() -> None:
    device = Device()
    with statements() as verbs:
        # It wants a list of true and false; by then the token has been accepted.
        assert device.post("/auth/logout/all/", {"keep_current": "?"}).status_code == 400
    assert verbs == []


def test_a_refresh_costs_two_statements() -> None:
    device = Device()
    with statements() as verbs:
        assert device.refresh().status_code == 200
    assert verbs == ["SELECT", "UPDATE"]


def test_a_retried_refresh_costs_one_statement() -> None:
    device = Device()
    device.refresh()
    with statements() as verbs:
        assert device.refresh().status_code == 200
    assert verbs == ["SELECT"]


def test_the_loser_of_a_race_costs_three_statements() -> None:
    device = Device()
    with (
        meanwhile(device.refresh, before=("UPDATE", LoginSession._meta.db_table), patience=60),
        statements() as verbs,
    ):
        assert device.refresh().status_code == 200
    assert verbs == ["SELECT", "UPDATE", "SELECT"]


def test_a_logout_costs_three_statements() -> None:
    device = Device()
    with statements() as verbs:
        assert device.post("/auth/logout/").status_code == 204
    assert verbs == ["SELECT", "UPDATE", "INSERT"]


def test_a_second_logout_costs_one_statement_and_finds_nothing_to_end() -> None:
    device = Device()
    device.post("/auth/logout/")
    with statements() as verbs:
        assert device.post("/auth/logout/").status_code == 204
    assert verbs in (["SELECT"], ["SELECT", "UPDATE"])


def test_me_costs_one_statement() -> None:
    device = Device()
    with statements() as verbs:
        assert device.get("/auth/me/").status_code == 200
    assert verbs == ["SELECT"]


def test_the_list_of_sessions_costs_one_statement_however_many_there_are() -> None:
    device = Device()
    for _ in range(5):
        Device()
    with statements() as verbs:
        assert len(device.get("/auth/sessions/").json()) == 6
    assert verbs == ["SELECT"]


def test_a_hundred_refreshes_add_no_row() -> None:
    device = Device()
    before = _rows()
    for _ in range(100):
        move_on(LATER)
        device.refreshed()
    assert device.session.generation == 100
    assert _rows() == before


def _rows() -> dict[str, int]:
    """Count the rows of every table that there is."""
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")
            counts[table] = cursor.fetchone()[0]
    return counts

"""How revocations are written and read."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from django_jwtauth import clock
from django_jwtauth.models import DatabaseTime, Revocation, to_datetime
from django_jwtauth.revocation import rows
from django_jwtauth.revocation.snapshot import Entry

SOON = 2_000_000_000.0
LATER = SOON + 500

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_rows(db: None) -> None:
    Revocation.objects.all().delete()


def names(entries: list[Entry]) -> list[str]:
    return sorted(identifier for identifier, _ in entries)


def expiries() -> dict[str, float | None]:
    return dict(rows.live())


def test_every_identifier_gets_a_row() -> None:
    rows.write(["jti:a", "sid:b"], SOON)
    rows.write(["kid:c"], None)
    assert expiries() == {"jti:a": SOON, "sid:b": SOON, "kid:c": None}


def test_case_tells_identifiers_apart() -> None:
    rows.write(["jti:aB", "jti:Ab", "jti:ab"], SOON)
    assert Revocation.objects.count() == 3


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (SOON, LATER, LATER),
        (LATER, SOON, LATER),
        (SOON, None, None),
        (None, SOON, None),
        (SOON, SOON, SOON),
    ],
)
def test_what_is_there_already_is_kept_for_the_longer_time(
    first: float | None, second: float | None, kept: float | None
) -> None:
    rows.write(["jti:a"], first)
    rows.write(["jti:a", "jti:b"], second)
    assert expiries() == {"jti:a": kept, "jti:b": second}


def test_a_transaction_goes_on_after_a_row_that_was_there() -> None:
    with transaction.atomic():
        rows.write(["jti:a"], SOON)
        rows.write(["jti:a"], LATER)
        assert expiries() == {"jti:a": LATER}


def test_many_are_written_and_prolonged_at_once() -> None:
    many = [f"jti:{number:05}" for number in range(2500)]
    rows.write(many[:2000], SOON)
    rows.write(many, LATER)
    assert expiries() == dict.fromkeys(many, LATER)


def test_to_revoke_again_is_new_to_whoever_polls() -> None:
    rows.write(["ring:a"], SOON)
    Revocation.objects.update(revoked_at=DatabaseTime() - timedelta(seconds=1000))
    assert rows.read_new(connection, 60) == []
    rows.write(["ring:a"], SOON)
    assert names(rows.read_new(connection, 60)) == ["ring:a"]


def test_what_is_new_is_told_by_the_clock_of_the_database() -> None:
    clock.set_offset(7200)  # a process whose clock is wrong
    try:
        rows.write(["jti:a"], SOON)
    finally:
        clock.set_offset(0)
    rows.write(["jti:b"], SOON)
    Revocation.objects.filter(pk="jti:b").update(revoked_at=DatabaseTime() - timedelta(seconds=90))
    assert names(rows.read_new(connection, 60)) == ["jti:a"]
    assert names(rows.read_new(connection, 100)) == ["jti:a", "jti:b"]


def test_what_has_expired_is_not_live() -> None:
    rows.write(["jti:over"], clock.now() - 1)
    rows.write(["jti:live"], clock.now() + 100)
    rows.write(["kid:for-good"], None)
    assert names(rows.read_live(connection, clock.now())) == ["jti:live", "kid:for-good"]


def test_times_are_read_as_they_were_written() -> None:
    rows.write(["jti:a"], SOON)
    assert Revocation.objects.get().expires_at == to_datetime(SOON)
    age = Revocation.objects.filter(
        revoked_at__gt=DatabaseTime() - timedelta(seconds=5),
        revoked_at__lt=DatabaseTime() + timedelta(seconds=5),
    )
    assert age.exists()

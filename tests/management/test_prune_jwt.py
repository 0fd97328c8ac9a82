"""``prune_jwt`` deletes what can no longer matter, in batches, and never what still decides."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_jwtauth import clock, key_rotation, sessions
from django_jwtauth.exceptions import TokenRevoked
from django_jwtauth.models import LoginSession, Revocation, SigningKey, to_datetime
from django_jwtauth.testing import move_time
from tests.management.commands import run, run_process

DAY = timedelta(days=1)


def ended(user: User, count: int) -> None:
    for _ in range(count):
        sessions.end(sessions.start(user).session.pk)


def test_an_empty_table_is_said_to_be(db: None) -> None:
    ran = run("prune_jwt")
    assert (ran.code, ran.out) == (0, "Deleted nothing: there was nothing to delete.\n")


def test_ended_sessions_go_and_live_ones_stay(user: User) -> None:
    live = sessions.start(user)
    ended(user, 2)
    with move_time(1):
        assert run("prune_jwt").out.splitlines()[-1] == "Deleted 2 login sessions."
    assert list(LoginSession.objects.all()) == [live.session]
    sessions.refresh(live.refresh_token)


def test_idle_sessions_and_those_at_their_latest_end_go(user: User) -> None:
    sessions.start(user)
    for days, left in ((13, 1), (15, 0)):
        with move_time(days * DAY):
            run("prune_jwt")
        assert LoginSession.objects.count() == left


def test_what_a_revocation_refuses_stays_refused(user: User) -> None:
    pair = sessions.start(user)
    sessions.end(pair.session.pk)
    with move_time(60):
        run("prune_jwt")
        assert not LoginSession.objects.exists()
        assert Revocation.objects.filter(identifier=f"sid:{pair.session.sid}").exists()
        with pytest.raises(TokenRevoked):
            sessions.authenticate(pair.access_token)


def test_a_revocation_goes_when_its_last_token_has_expired(user: User) -> None:
    pair = sessions.start(user)
    sessions.end(pair.session.pk)
    identifier = f"sid:{pair.session.sid}"
    for seconds, is_there in ((369, True), (371, False)):
        with move_time(seconds):
            run("prune_jwt")
        assert Revocation.objects.filter(identifier=identifier).exists() == is_there


def test_a_revoked_key_stays_refused_for_good(user: User) -> None:
    kid = key_rotation.signing_key(clock.now()).kid
    key_rotation.revoke_key(kid, clock.now())
    with move_time(400 * DAY):
        run("prune_jwt")
    assert Revocation.objects.get(identifier=f"kid:{kid}").expires_at is None


def test_an_expired_key_goes_and_one_that_verifies_stays(user: User) -> None:
    old = key_rotation.signing_key(clock.now()).kid
    key_rotation.rotate(clock.now())
    with move_time(timedelta(minutes=16)):
        run("prune_jwt")
        assert SigningKey.objects.filter(kid=old).exists()
    with move_time(timedelta(minutes=30)):
        assert "1 signing keys" in run("prune_jwt").out
    assert SigningKey.objects.count() == 1


def test_what_was_over_for_less_than_keep_stays_to_be_looked_at(user: User) -> None:
    ended(user, 1)
    for days, left in ((29, 1), (31, 0)):
        with move_time(days * DAY):
            assert run("prune_jwt", "--keep", "30d").code == 0
        assert LoginSession.objects.count() == left


def test_progress_is_told_batch_by_batch(user: User) -> None:
    ended(user, 5)
    with move_time(1), CaptureQueriesContext(connection) as queries:
        ran = run("prune_jwt", "--batch-size", "2")
    assert ran.out.splitlines() == [
        "login sessions: 2 deleted so far",
        "login sessions: 4 deleted so far",
        "login sessions: 5 deleted so far",
        "Deleted 5 login sessions.",
    ]
    assert sum(query["sql"].startswith("DELETE") for query in queries) == 3


def test_quietly_it_tells_the_sum_alone(user: User) -> None:
    ended(user, 3)
    with move_time(1):
        ran = run("prune_jwt", "--batch-size", "1", "-v", "0")
    assert ran.out == "Deleted 3 login sessions.\n"


@pytest.mark.parametrize("size", ["0", "-1", "10001"])
def test_a_batch_size_that_would_delete_nothing_or_too_much_is_refused(
    user: User, size: str
) -> None:
    ended(user, 1)
    ran = run("prune_jwt", f"--batch-size={size}")
    assert (ran.code, ran.error) == (1, "The batch size is a number from 1 to 10000.")
    assert LoginSession.objects.exists()


def test_the_largest_batch_fits_into_one_statement(user: User) -> None:
    LoginSession.objects.bulk_create((an_old_one(user) for _ in range(10_000)), batch_size=500)
    ran = run("prune_jwt", "--batch-size", "10000")
    assert ran.out.splitlines()[-1] == "Deleted 10000 login sessions."


def an_old_one(user: User) -> LoginSession:
    past = to_datetime(clock.now() - 100)
    return LoginSession(
        user=user,
        created_at=past,
        last_used_at=past,
        idle_expires_at=past,
        expires_at=past,
        ended_at=past,
    )


@pytest.mark.django_db(transaction=True)
def test_a_process_of_its_own_prunes_what_is_committed() -> None:
    user = User.objects.create_user("demo")
    with move_time(-2 * DAY):
        ended(user, 1)
    ran = run_process("prune_jwt")
    assert (ran.code, ran.error) == (0, "")
    assert not LoginSession.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_daily_job_of_several_hosts_deletes_each_row_once() -> None:
    user = User.objects.create_user("demo")
    rows = LoginSession.objects.bulk_create([an_old_one(user) for _ in range(2000)])
    start_together = Barrier(4)

    def host(_number: int) -> int:
        try:
            start_together.wait(timeout=60)
            return sum(batch.rows for batch in sessions.prune(batch_size=50))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        deleted = list(pool.map(host, range(4)))
    assert sum(deleted) == len(rows)
    assert not LoginSession.objects.exists()

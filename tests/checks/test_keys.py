"""What ``manage.py check`` says of keys: of those in settings always, else when asked."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from django_jwtauth import clock, key_rotation, revocation
from django_jwtauth.models import Revocation, SigningKey
from django_jwtauth.testing import at, move_time
from django_jwtauth.tokens.keys import generate_private_jwk
from tests.checks.found import found, ids
from tests.outages import missing_table
from tests.processes.commands import command

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
JWK = generate_private_jwk("ES256")
DAY = timedelta(days=1)


def static(*times: dict[str, Any]) -> dict[str, Any]:
    keys = [{"private_key": generate_private_jwk("ES256"), **entry} for entry in times]
    store = "django_jwtauth.keystores.static.StaticKeyStore"
    return {"KEY_STORE": {"BACKEND": store, "OPTIONS": {"KEYS": keys}}}


def directory(path: Path) -> dict[str, Any]:
    store = "django_jwtauth.keystores.directory.DirectoryKeyStore"
    return {"KEY_STORE": {"BACKEND": store, "OPTIONS": {"PATH": str(path)}}}


class TestStaticKeys:
    def test_a_key_without_end_is_fine(self) -> None:
        assert found(static({})) == []

    @pytest.mark.parametrize(("days", "expected"), [(13, ["W212"]), (15, [])])
    def test_a_last_key_that_ends_soon_is_told(self, days: int, expected: list[str]) -> None:
        with at(NOW):
            messages = found(static({"retire_at": NOW + days * DAY}))
        assert ids(messages) == expected
        assert all("From 2030-06-14 12:00 UTC on" in message.msg for message in messages)

    def test_one_with_a_successor_is_fine(self) -> None:
        ends = {"retire_at": NOW + 2 * DAY}
        begins = {"active_at": NOW + DAY}
        with at(NOW):
            assert found(static(ends, begins)) == []

    def test_a_successor_that_ends_soon_too_is_told_by_its_own_end(self) -> None:
        keys = {"retire_at": NOW + DAY}, {"active_at": NOW + DAY, "retire_at": NOW + 3 * DAY}
        with at(NOW):
            (message,) = found(static(*keys))
        assert message.msg.startswith("From 2030-06-04 12:00 UTC on")

    def test_keys_of_which_none_signs_are_told(self) -> None:
        with at(NOW):
            assert ids(found(static({"retire_at": NOW - DAY}))) == ["W211"]

    def test_an_old_key_is_its_operators_business(self) -> None:
        with at(NOW):
            assert found(static({"active_at": NOW - 2000 * DAY})) == []

    def test_a_key_that_cannot_be_read_is_told_once(self) -> None:
        assert ids(found(static({"private_key": "rubbish"}))) == ["E203"]


class TestKeyFiles:
    def test_a_directory_that_is_gone_has_no_key_that_signs(self, tmp_path: Path) -> None:
        messages = found(directory(tmp_path / "gone"))
        assert ids(messages) == ["W201", "W211"]
        assert "gone cannot be read: No such file" in messages[1].msg

    def test_a_file_that_cannot_be_read_is_told_beside_one_that_signs(self, tmp_path: Path) -> None:
        (tmp_path / "1.jwk").write_text(json.dumps(JWK))
        (tmp_path / "1.jwk").chmod(0o600)
        assert found(directory(tmp_path)) == []
        (tmp_path / "2.pem").write_text("rubbish")
        messages = found(directory(tmp_path))
        assert ids(messages) == ["W202", "W211"]
        assert messages[1].msg == "The key 2.pem cannot be read: see the log."


@pytest.mark.django_db
class TestStoredKeys:
    def test_nothing_is_said_of_a_fresh_database(self) -> None:
        assert found(databases=["default"]) == []

    def test_no_database_is_asked_unless_it_is_named(self, django_assert_num_queries: Any) -> None:
        SigningKey.objects.all().delete()
        with django_assert_num_queries(0):
            assert found() == []

    def test_a_table_without_keys_is_told(self) -> None:
        SigningKey.objects.all().delete()
        (message,) = found(databases=["default"])
        assert ids([message]) == ["W211"]
        assert "There is no signing key yet" in message.msg

    def test_a_key_under_a_lost_secret_is_told(self) -> None:
        messages = found(databases=["default"], SECRET_KEY="another-key-0123456789abcdef0123456789")
        assert ids(messages) == ["W211"]
        assert "SECRET_KEY_FALLBACKS" in messages[0].msg

    def test_a_next_key_under_a_lost_secret_is_told_with_what_to_do(self) -> None:
        kid = key_rotation.rotate(clock.now()).kid
        SigningKey.objects.filter(kid=kid).update(private_jwk="x")
        messages = found(databases=["default"])
        assert ids(messages) == ["W211", "W212"]
        assert messages[0].msg.startswith(
            f"The private key {kid} cannot be decrypted: put the former"
        )

    def test_a_key_that_needs_a_former_secret_is_told(self) -> None:
        former, new = settings.SECRET_KEY, "another-key-0123456789abcdef0123456789"
        swapped = {"SECRET_KEY": new, "SECRET_KEY_FALLBACKS": [former]}
        messages = found(databases=["default"], **swapped)
        assert ids(messages) == ["W214"]
        kid = SigningKey.objects.get().kid
        assert messages[0].msg.startswith(f"The private key {kid} lies under a former SECRET_KEY")
        with override_settings(**swapped):
            key_rotation.rotate(clock.now())
        assert found(databases=["default"], **swapped) == []
        # A fallback for the future, such as one that is yet to become SECRET_KEY, is no matter.
        with override_settings(SECRET_KEY=new):
            assert found(databases=["default"], SECRET_KEY=new, SECRET_KEY_FALLBACKS=["x"]) == []

    @pytest.mark.parametrize(("days", "expected"), [(364, []), (366, ["W213"])])
    def test_a_key_that_has_signed_for_a_year_is_told(self, days: int, expected: list[str]) -> None:
        with move_time(days * DAY):
            messages = found(databases=["default"])
        assert ids(messages) == expected
        assert all("366 days" in message.msg for message in messages)

    def test_a_rotation_makes_it_young_again(self) -> None:
        with move_time(366 * DAY):
            key_rotation.rotate(clock.now(), immediately=True)
        with move_time(366 * DAY + timedelta(minutes=1)):
            assert found(databases=["default"]) == []


@pytest.mark.django_db(transaction=True)
def test_missing_tables_are_told_and_break_nothing() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("django_jwtauth", "0001_initial")
    try:
        (message,) = found(databases=["default"])
    finally:
        recorder.record_applied("django_jwtauth", "0001_initial")
    assert ids([message]) == ["W107"]
    assert "0001_initial" in message.msg
    assert message.hint == "Run manage.py migrate."


@pytest.mark.django_db(transaction=True)
def test_keys_of_which_nobody_knows_whether_they_are_revoked_are_told() -> None:
    revocation.close()  # as in a process that has just started
    with missing_table(Revocation):
        (message,) = found(databases=["default"])
    assert ids([message]) == ["W211"]
    assert "No revocation feed has answered since the process started" in message.msg


@pytest.mark.parametrize("permissions", ["database", "token"])
def test_a_database_that_does_not_answer_is_djangos_to_tell(permissions: str) -> None:
    ran = command(
        "/no/such/database",
        "check",
        "--tag=database",
        "--database=default",
        JWTAUTH={"PERMISSIONS": permissions},
    )
    assert ran.returncode == 0, ran.stderr
    assert "no issues" in ran.stdout


class Elsewhere:
    """Lets our tables live in no database that is called default."""

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool:
        return app_label != "django_jwtauth"


@pytest.mark.django_db
def test_a_database_that_holds_none_of_our_tables_is_not_asked_for_them() -> None:
    with override_settings(DATABASE_ROUTERS=[Elsewhere()]):
        assert found(databases=["default"]) == []

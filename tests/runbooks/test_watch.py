"""What the page says to watch: its blocks work, and what it names is what the package says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory, override_settings

import django_jwtauth
from django_jwtauth.checks.table import TABLE
from tests.runbooks.page import SECTIONS, blocks, table
from tests.runbooks.site import Site

pytestmark = pytest.mark.timeout(400)

SOURCE = "\n".join(
    # As they are logged, and not as they are wrapped.
    re.sub(r'"\n\s+f?"', "", path.read_text("utf-8"))
    for path in Path(django_jwtauth.__file__).parent.rglob("*.py")
)

#: The sections that are no runbooks, and the test of each that is.
NO_RUNBOOKS = ("What to set up once", "What to watch")
RUNBOOKS = {
    "Rotate the signing keys": "test_rotate",
    "A signing key has leaked": "test_a_leaked_signing_key",
    "SECRET_KEY has leaked": "test_a_leaked_secret_key",
    "The database has leaked": "test_a_leaked_database",
    "Log one user out now": "test_log_one_user_out",
    "Log all users out now": "test_log_all_users_out",
    "Restore a backup": "test_restore_a_backup",
    "Move to another issuer": "test_move_to_another_issuer",
    "Blue and green": "test_blue_and_green",
    "Several regions": "test_several_regions",
}


def test_every_runbook_has_a_test() -> None:
    assert [*NO_RUNBOOKS, *RUNBOOKS] == list(SECTIONS)
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in RUNBOOKS.values() if f"def {name}(" not in tests] == []


@pytest.mark.django_db
def test_the_health_endpoint_says_ok_and_tells_operators_why_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    module: dict[str, Any] = {}
    exec(blocks("What to watch", "python")[0], module)
    request = RequestFactory().get("/healthz/")
    answer = module["healthz"](request)
    assert (answer.status_code, json.loads(answer.content)) == (200, {"ok": True})
    caplog.clear()
    with override_settings(SECRET_KEY="another-key-for-one-test-0123456789abcdef"):
        answer = module["healthz"](request)
    assert (answer.status_code, json.loads(answer.content)) == (503, {"ok": False})
    (told,) = (record for record in caplog.records if record.name == "mysite.health")
    assert "cannot be decrypted" in told.message


def test_the_commands_pass_on_a_site_that_is_well(site: Site) -> None:
    keys, settings = blocks("What to watch")
    assert "signs now." in site.type(keys)
    assert "django_jwtauth." not in site.type(settings)


@pytest.mark.parametrize("number", [0, 1])
def test_what_the_page_names_is_what_the_package_says(number: int) -> None:
    for cells in table("What to watch", number):
        assert len(cells) == 3
        named = cells[0].strip("`")
        assert named in TABLE or named in SOURCE, named


def test_every_check_of_keys_and_every_warning_of_the_log_is_named() -> None:
    named = {cells[0].strip("`") for number in (0, 1) for cells in table("What to watch", number)}
    assert {number for number in TABLE if number.startswith("W2")} <= named
    warnings = re.findall(r'_security_log\.warning\(\s*"(\w+)', SOURCE)
    assert {*warnings} - {"all_sessions_ended"} <= named

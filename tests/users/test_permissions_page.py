"""docs/permissions-in-tokens.md, held to what it says: its decoders read tokens of ours."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType

from django_jwtauth import sessions
from django_jwtauth.users.permissions import listing
from tests.left_out import left_out
from tests.processes.environment import KIND, environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "permissions-in-tokens.md").read_text(encoding="utf-8")

# Each reads claims and names from its input, and prints what the page's function returns, sorted.
_PYTHON = """
import json, sys
held = permissions(*json.load(sys.stdin))
print(json.dumps(None if held is None else sorted(held)))
"""
_JAVASCRIPT = """
import { readFileSync } from "node:fs";
const held = permissions(...JSON.parse(readFileSync(0, "utf8")));
console.log(JSON.stringify(held && [...held].sort()));
"""

pytestmark = pytest.mark.django_db

Decoder = Callable[[dict[str, Any], list[str]], list[str] | None]


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture(params=["python", "javascript"])
def decoded(request: pytest.FixtureRequest) -> Decoder:
    """Return the page's decoder of each language: a process that knows nothing of this package."""
    if request.param == "python":
        command = [sys.executable, "-I", "-c", block("python") + _PYTHON]
    else:
        node = shutil.which("node")
        if node is None:
            left_out("node is not installed")
        command = [node, "--input-type=module", "-e", block("javascript") + _JAVASCRIPT]

    def decode(claims: dict[str, Any], names: list[str]) -> list[str] | None:
        told = subprocess.run(
            command,
            input=json.dumps([claims, names]),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        held: list[str] | None = json.loads(told)
        return held

    return decode


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_decoder_has_twenty_lines_at_most(language: str) -> None:
    assert len(block(language).splitlines()) <= 20


@pytest.fixture
def ada(settings: Any) -> User:
    settings.JWTAUTH = {"PERMISSIONS": "token"}
    return User.objects.create_user("ada")


def claims_of(user: User) -> dict[str, Any]:
    payload = sessions.start(user).access_token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def permission(name: str) -> Permission:
    app_label, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)


def test_a_decoder_reads_what_the_user_holds(ada: User, decoded: Decoder) -> None:
    names = list(listing().names)
    held = [names[0], *names[5:9], names[-1]]
    editors = Group.objects.create(name="editors")
    ada.groups.add(editors)
    editors.permissions.set(map(permission, held[:3]))
    ada.user_permissions.set(map(permission, held[3:]))
    claims = claims_of(ada)
    assert decoded(claims, names) == sorted(held)
    assert decoded(claims, names[1:]) is None
    assert claims["groups"] == ["editors"]


def test_a_decoder_reads_few_permissions_none_and_one_outside_the_list(
    ada: User, decoded: Decoder
) -> None:
    names = list(listing().names)
    assert decoded(claims_of(ada), names) == []
    content_type = ContentType.objects.get_for_model(User)
    by_hand = Permission.objects.create(content_type=content_type, codename="x", name="x")
    ada.user_permissions.set([permission(names[0]), by_hand])
    claims = claims_of(User.objects.get(pk=ada.pk))
    assert claims["perms"].endswith("+")
    assert decoded(claims, names) == [names[0]]


def test_a_decoder_reads_a_superuser_and_a_token_that_says_nothing(
    ada: User, decoded: Decoder
) -> None:
    ada.is_superuser = True
    names = list(listing().names)
    assert decoded(claims_of(ada), names) == names
    assert decoded({}, names) is None


@pytest.mark.skipif(KIND != "sqlite", reason="no database is asked")
def test_the_list_is_printed_as_the_page_says(tmp_path: Path) -> None:
    command = block("sh").replace("python manage.py", f'"{sys.executable}" -m django')
    subprocess.run(
        ["sh", "-c", command],
        check=True,
        cwd=tmp_path,
        env={**environment("unused"), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )
    printed = (tmp_path / "permissions.txt").read_text().splitlines()
    assert printed == sorted(printed)
    assert "auth.add_user" in printed
    # The processes of tests have fewer apps than this one.
    assert set(printed) < set(listing().names)

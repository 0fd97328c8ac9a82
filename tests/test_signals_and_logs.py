"""`docs/signals-and-logs.md`, word for word: what is sent and logged when things really happen."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.dispatch import Signal
from rest_framework.test import APIClient

import django_jwtauth
from django_jwtauth import clock, key_rotation, sessions, signals
from django_jwtauth.tokens.encoding import b64decode, b64encode
from tests.devices import PASSWORD, Device
from tests.moments import move_on

PAGE = Path(__file__).parents[1] / "docs" / "signals-and-logs.md"
PACKAGE = Path(django_jwtauth.__file__).parent
NAMES = [name for name, value in vars(signals).items() if isinstance(value, Signal)]

pytestmark = pytest.mark.django_db
after_commit = pytest.mark.django_db(transaction=True)


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of the page."""
    section = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


SIGNALS = {cells[0].strip("`"): cells[1] for cells in rows("Signals")}
LINES = {cells[0].strip("` ").partition(" ")[0]: cells for cells in rows("The security log")}


def words(text: str) -> str:
    """Return a text without line breaks and marks of its format."""
    return " ".join(text.replace("`", "").split())


# --- signals -----------------------------------------------------------------------------------


def test_the_page_and_the_docstring_tell_the_same_of_each_signal() -> None:
    table = (signals.__doc__ or "").partition("=\n")[2]
    told: dict[str, str] = {}
    name = ""
    for line in table.splitlines():
        if line.startswith("="):
            continue
        name = line[:22].strip() or name
        if name in NAMES:
            told[name] = words(f"{told.get(name, '')} {line[22:]}")
    assert told == {name: words(arguments) for name, arguments in SIGNALS.items()}
    assert list(told) == NAMES


@pytest.fixture
def heard() -> Iterator[dict[str, dict[str, Any]]]:
    """Return the arguments with which each signal was sent last."""
    last: dict[str, dict[str, Any]] = {}
    receivers = []
    for name in NAMES:

        def hear(sender: Any, *, _name: str = name, **arguments: Any) -> None:
            last[_name] = {"sender": sender, **arguments}

        receivers.append((getattr(signals, name), hear))
        receivers[-1][0].connect(hear)
    yield last
    for signal, receiver in receivers:
        signal.disconnect(receiver)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@after_commit
def test_each_signal_is_sent_with_the_arguments_that_are_told(
    user: User, heard: dict[str, dict[str, Any]]
) -> None:
    device = Device()
    old = device.refresh_token
    device.refreshed()
    assert dict(heard["session_refreshed"])["retried"] is False
    assert device.refresh(old).status_code == 200
    assert dict(heard["session_refreshed"])["retried"] is True
    move_on(60)
    assert device.refresh(old).status_code == 400
    first = key_rotation.signing_key(clock.now()).kid
    second = key_rotation.rotate(clock.now()).kid
    third = key_rotation.revoke_key(first, clock.now()).signs_now

    for name, arguments in SIGNALS.items():
        expected = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", arguments))
        assert set(heard[name]) == {"sender", "signal", *expected}, name
    assert heard["session_started"]["user"] == user
    assert heard["session_started"]["request"].path == "/auth/login/"
    assert heard["session_ended"]["session_id"] == device.session.pk
    assert heard["session_ended"]["user_id"] == user.pk
    assert heard["session_ended"]["reason"] == "reuse"
    reused = heard["refresh_token_reused"]
    assert (reused["session"], reused["user"]) == (device.session, user)
    assert (reused["generations"], round(reused["seconds"])) == (1, 60)
    rotated, revoked = heard["signing_key_rotated"], heard["signing_key_revoked"]
    assert (rotated["kid"], rotated["previous"]) == (second, first)
    assert (revoked["kid"], revoked["successor"]) == (first, third)


# --- lines -------------------------------------------------------------------------------------


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return the lines of the security log, as a file would have them."""
    caplog.set_level(logging.INFO, "django_jwtauth.security")

    def written() -> list[str]:
        records = [r for r in caplog.records if r.name == "django_jwtauth.security"]
        assert all(len(r.getMessage().splitlines()) == 1 for r in records)
        return [r.getMessage() for r in records]

    return written


FACT = re.compile(r' (\w+)=([^ "]+|"(?:[^"\\]|\\.)*")')


def parsed(line: str) -> tuple[str, dict[str, str]]:
    """Take a line apart as a reader of the page would."""
    event, _, rest = line.partition(" ")
    facts = {
        key: json.loads(value) if value.startswith('"') else value
        for key, value in FACT.findall(f" {rest}")
    }
    return event, facts


def test_the_page_has_every_line_of_the_code_with_its_level_and_facts() -> None:
    found: dict[str, tuple[str, list[str]]] = {}
    call = re.compile(
        r'(?:_log\.(\w+)|(log_after_commit))\(\s*(?:[\w.]+,\s*)?"(\w+) ((?:\w+=[^"\s]+ ?)+)'
    )
    for path in PACKAGE.rglob("*.py"):
        for level, later, event, facts in call.findall(path.read_text("utf-8")):
            found[event] = ("info" if later else level, re.findall(r"(\w+)=", facts))
    told = {event: (cells[1], re.findall(r"(\w+)=", cells[0])) for event, cells in LINES.items()}
    assert found == told


def test_a_login_and_its_refusal(user: User, lines: Callable[[], list[str]]) -> None:
    wrong = {"username": "ada", "password": "not-this-one"}
    answer = APIClient().post("/auth/login/", wrong, "json", REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 400
    device = Device(client_id="phone")
    assert [parsed(line) for line in lines()] == [
        ("login_failed", {"username": "ada", "address": "192.0.2.7"}),
        (
            "session_started",
            {
                "user": str(user.pk),
                "sid": device.sid,
                "client": "phone",
                "address": "127.0.0.1",
            },
        ),
    ]


def test_an_inactive_user_is_refused_with_a_line_too(
    user: User, lines: Callable[[], list[str]]
) -> None:
    User.objects.update(is_active=False)
    api = APIClient()
    assert api.post("/auth/login/", {"username": "ada", "password": PASSWORD}).status_code == 415
    assert lines() == []
    right = {"username": "ada", "password": PASSWORD}
    assert api.post("/auth/login/", right, "json").status_code == 400
    assert lines() == ["login_failed username=ada address=127.0.0.1"]


def test_a_refresh_that_nothing_is_wrong_with_has_no_line(
    user: User, lines: Callable[[], list[str]]
) -> None:
    device = Device()
    device.refreshed()
    assert len(lines()) == 1


def test_a_reuse_with_its_generations_and_seconds(
    user: User, lines: Callable[[], list[str]]
) -> None:
    device = Device()
    old = device.refresh_token
    for _ in range(3):
        device.refreshed()
        move_on(45)
    answer = device.api.post(
        "/auth/refresh/", {"refresh_token": old}, "json", REMOTE_ADDR="198.51.100.9"
    )
    assert answer.json()["code"] == "refresh_token_reused"
    ended, reused = (parsed(line) for line in lines()[1:])
    assert ended == (
        "session_ended",
        {"sid": device.sid, "reason": "reuse", "user": str(user.pk)},
    )
    seconds = reused[1].pop("seconds")
    assert 45 <= float(seconds) < 60
    assert reused == (
        "refresh_token_reused",
        {
            "user": str(user.pk),
            "sid": device.sid,
            "generations": "3",
            "address": "198.51.100.9",
        },
    )


def test_a_retry_from_another_address(user: User, lines: Callable[[], list[str]]) -> None:
    device = Device()
    old = device.refresh_token
    device.refreshed()
    assert device.refresh(old).status_code == 200  # from where the first came
    assert len(lines()) == 1
    device.api.post("/auth/refresh/", {"refresh_token": old}, "json", REMOTE_ADDR="2001:db8::9")
    assert parsed(lines()[1]) == (
        "refresh_retried_elsewhere",
        {
            "user": str(user.pk),
            "sid": device.sid,
            "address": "2001:db8::9",
            "before": "127.0.0.1",
        },
    )


def test_a_forged_refresh_token(user: User, lines: Callable[[], list[str]]) -> None:
    device = Device()
    raw = bytearray(b64decode(device.refresh_token.removeprefix("jrt_")))
    raw[-1] ^= 1
    assert device.refresh(f"jrt_{b64encode(bytes(raw))}").status_code == 400
    event, facts = parsed(lines()[1])
    assert (event, facts) == (
        "refresh_token_mac_wrong",
        {"user": str(user.pk), "sid": device.sid},
    )


def test_each_revocation(user: User, lines: Callable[[], list[str]]) -> None:
    first, second = Device(), Device()
    before = len(lines())
    sessions.revoke(first.access)
    second.post("/auth/logout/")
    call_command("revoke_jwt", "--all", "--no-input")
    revoked, ended, all_ended = (parsed(line) for line in lines()[before:])
    assert revoked[0] == "token_revoked"
    assert revoked[1]["user"] == str(user.pk)
    assert len(revoked[1]["jti"]) == 22
    assert ended == (
        "session_ended",
        {"sid": second.sid, "reason": "logout", "user": str(user.pk)},
    )
    assert all_ended == ("all_sessions_ended", {"reason": "revoked", "sessions": "1"})


@after_commit
def test_each_change_of_a_key(lines: Callable[[], list[str]]) -> None:
    now = clock.now()
    first = key_rotation.signing_key(now).kid
    before = len(lines())
    second = key_rotation.rotate(now).kid
    key_rotation.rotate(now, immediately=True)
    third = key_rotation.revoke_key(second, now).signs_now
    rotated, promoted, revoked = (parsed(line) for line in lines()[before:])
    assert rotated[0] == "signing_key_rotated"
    assert rotated[1]["kid"] == second
    assert rotated[1]["previous"] == first
    assert rotated[1]["algorithm"] == "ES256"
    assert int(rotated[1]["active_at"]) > now + 800
    assert promoted[0] == "signing_key_promoted"
    assert int(promoted[1]["active_at"]) <= now + 5
    assert revoked == ("signing_key_revoked", {"kid": second, "successor": third})


FORGERIES = [
    "ada\nsession_started user=1 sid=x",
    "ada\r\n2026-01-01 WARNING all_sessions_ended",
    "ada address=10.0.0.1",
    'ada" address="10.0.0.1',
    "ada\u2028session_ended sid=x",
    "ada\u0085session_ended",
    "ada\x0bsession_ended\x0csession_ended",
    "\x1b[2Jada",
    "\u202eada",
    "\ud800",
    "%s %d",
    "",
    "a" * 1024,
]


@pytest.mark.parametrize("name", [name for name in FORGERIES if name])
def test_a_user_name_forges_neither_a_line_nor_a_fact(
    name: str, lines: Callable[[], list[str]]
) -> None:
    body = json.dumps({"username": name, "password": "x"})
    answer = APIClient().generic("POST", "/auth/login/", body, "application/json")
    assert answer.status_code == 400
    if name == "\ud800":  # no text at all: refused before anybody is asked
        assert lines() == []
        return
    (line,) = lines()
    assert line.isascii()
    assert line.isprintable()
    assert parsed(line) == ("login_failed", {"username": name, "address": "127.0.0.1"})


def test_what_a_project_hands_to_us_is_quoted_as_well(
    user: User, lines: Callable[[], list[str]]
) -> None:
    pair = sessions.start(user, client_id="x\nall_sessions_ended")
    sessions.end(pair.session.pk, "revoked")
    event, facts = parsed(lines()[0])
    assert (event, facts["client"]) == ("session_started", "x\nall_sessions_ended")


def test_a_handler_of_the_project_gets_the_line_as_it_is_told(user: User) -> None:
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Handler()
    logger = logging.getLogger("django_jwtauth.security")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        APIClient().post("/auth/login/", {"username": "a\nb", "password": "x"}, "json")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert written == ['login_failed username="a\\nb" address=127.0.0.1']

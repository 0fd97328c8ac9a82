"""The command `demo`, which `make demo` runs."""

import subprocess
from pathlib import Path

import pytest

from tests.example_project.servers import Server, demo_server, manage, new_database


def printed_lines(server: Server) -> list[str]:
    """Return the three lines to try first, as the command has printed them."""
    return [line.strip() for line in server.log.read_text().splitlines() if "curl" in line]


def run_in_bash(*lines: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


def test_the_printed_lines_log_in_write_a_note_and_log_out(server: Server) -> None:
    lines = printed_lines(server)
    assert len(lines) == 3
    login, create, logout = lines
    note, logged_out, refused = run_in_bash(login, create, logout, create)
    assert '"text":"My first note"' in note
    assert logged_out == "204"
    assert '"code":"token_revoked"' in refused


def test_a_second_demo_on_the_database_ends_nobody_s_session(
    server: Server, database_url: str, tmp_path: Path
) -> None:
    token = server.login()["access_token"]
    with demo_server(database_url, tmp_path) as second:
        assert second.call("GET", "/auth/me/", token).json()["username"] == "demo"
        assert second.login()["access_token"]


def test_no_user_of_the_demo_is_an_admin(server: Server, database_url: str) -> None:
    asked = manage(
        "shell",
        "-c",
        "from django.contrib.auth.models import User;"
        "users = [User.objects.get(username=name) for name in ('demo', 'operator')];"
        "print([[user.is_staff, user.get_all_permissions()] for user in users])",
        database_url=database_url,
    )
    assert "[[False, set()], [True, set()]]" in asked.stdout


def test_demo_refuses_to_run_without_debug(tmp_path: Path) -> None:
    with new_database(tmp_path) as url:
        done = manage("demo", database_url=url, EXAMPLE_DEBUG="0", EXAMPLE_SECRET_KEY="x" * 50)
    assert done.returncode == 1
    assert "with DEBUG only" in done.stderr


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", "127.0.0.1:", ":8000", "a:b"])
def test_an_address_that_is_none_is_named_in_one_line(address: str) -> None:
    done = manage("demo", address, database_url="sqlite:////nowhere/it.sqlite3")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        f"CommandError: {address!r} is no HOST:PORT, such as 127.0.0.1:8000."
    ]

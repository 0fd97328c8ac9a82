"""The command `demo_services`, which `make demo-services` runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.example_project.servers import (
    MANAGE,
    START_WITHIN,
    environment,
    free_port,
    manage,
    new_database,
)
from tests.example_project.test_demo import run_in_bash
from tests.revocation.redis_server import RedisServer


@contextmanager
def demo_services(
    folder: Path, ports: list[int], redis_url: str
) -> Iterator[tuple[subprocess.Popen, Path]]:
    """Run the command until both services answer; yield it with what it has printed."""
    addresses = [f"127.0.0.1:{port}" for port in ports]
    log = folder / "log"
    with new_database(folder) as url, log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(MANAGE), "demo_services", *addresses],
            env=environment(url, EXAMPLE_REDIS_URL=redis_url),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # As a terminal starts it; what a shell runs in the background ignores the interrupt.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        try:
            wait_until(lambda: all(answers(port) for port in ports), log)
            yield process, log
        finally:
            process.terminate()
            process.wait(timeout=30)


def answers(port: int) -> bool:
    try:
        requests.get(f"http://127.0.0.1:{port}/orders/", timeout=30)
    except requests.ConnectionError:
        return False
    return True


def wait_until(condition: Callable[[], bool], log: Path) -> None:
    give_up = time.monotonic() + START_WITHIN
    while not condition():
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.1)


def test_the_printed_lines_log_in_here_and_out_there(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    ports = [free_port(), free_port()]
    with demo_services(tmp_path, ports, redis_server.url) as (_, log):
        lines = [line.strip() for line in log.read_text().splitlines() if "curl" in line]
        assert len(lines) == 3
        login, read, logout = lines
        orders, logged_out, refused = run_in_bash(login, read, logout, read)
    assert '"three pencils"' in orders
    assert logged_out == "204"
    assert '"code":"token_revoked"' in refused


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_both_services_end_with_the_command(
    tmp_path: Path, redis_server: RedisServer, signal_number: int
) -> None:
    ports = [free_port(), free_port()]
    with demo_services(tmp_path, ports, redis_server.url) as (process, log):
        if signal_number == signal.SIGINT:
            os.killpg(process.pid, signal_number)  # as a terminal does
        else:
            process.send_signal(signal_number)
        assert process.wait(timeout=90) == 0, log.read_text()
        assert not any(answers(port) for port in ports)
        assert "Traceback" not in log.read_text()


def test_when_one_service_cannot_start_the_other_ends_too(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    port = free_port()
    with new_database(tmp_path) as url:
        done = manage(
            "demo_services",
            f"127.0.0.1:{port}",
            f"127.0.0.1:{port}",
            database_url=url,
            EXAMPLE_REDIS_URL=redis_server.url,
        )
    assert done.returncode == 1
    assert "One of the two has ended." in done.stderr
    assert not answers(port)


def test_without_redis_one_line_says_so() -> None:
    url = f"redis://:hidden-word@127.0.0.1:{free_port()}/0"
    done = manage("demo_services", database_url="sqlite:////nowhere/it.db", EXAMPLE_REDIS_URL=url)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "CommandError: No Redis answers: start redis-server, or name one by EXAMPLE_REDIS_URL."
    ]


def test_demo_services_refuses_to_run_without_debug() -> None:
    done = manage("demo_services", EXAMPLE_DEBUG="0", EXAMPLE_SECRET_KEY="x" * 50)
    assert done.returncode == 1
    assert "with DEBUG only" in done.stderr

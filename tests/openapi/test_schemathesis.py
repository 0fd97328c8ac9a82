"""Schemathesis calls a server of the example as its schema says, and as it says not to."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.example_project.servers import ROOT, Server, demo_server, environment

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("openapi")
    with demo_server(
        f"sqlite:///{folder / 'openapi.sqlite3'}",
        folder,
        DJANGO_SETTINGS_MODULE="tests.openapi.settings",
        PYTHONPATH=str(ROOT),
    ) as server:
        yield server


def run(server: Server, folder: Path, config: str, *options: str) -> str:
    """Run it, and return what it says; every run makes the same cases.

    All of its checks are on by default: named by an option, they would overrule the files here.
    """
    process = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", FOLDER / config),
            *("run", FOLDER / "example.yaml", "--url", server.url),
            *("--generation-deterministic", "--no-color", *options),
        ],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert "No issues found" in process.stdout
    return process.stdout


@pytest.mark.timeout(300)
def test_it_finds_nothing(server: Server, tmp_path: Path) -> None:
    said = run(server, tmp_path, "schemathesis.toml", "--max-examples", "5")
    assert "Tested: 16" in said
    assert "500" not in server.log.read_text()


@pytest.mark.timeout(300)
def test_it_finds_nothing_without_a_token_either(server: Server, tmp_path: Path) -> None:
    options = ["--phases", "fuzzing", "--max-examples", "2"]
    said = run(server, tmp_path, "anonymous.toml", *options)
    assert "Tested: 16" in said

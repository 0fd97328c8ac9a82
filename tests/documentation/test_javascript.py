"""Pages with JavaScript: their blocks are run by Node against the example."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.documentation.pages import fences
from tests.example_project.servers import (
    ROOT,
    START_WITHIN,
    Server,
    demo_server,
    free_port,
    new_database,
)
from tests.left_out import left_out

HOW_TO = ROOT / "docs" / "how-to"


def write_scripts(page: Path, folder: Path) -> list[str]:
    """Write each block of JavaScript under the name in its first line; return the names."""
    names = []
    for code in fences(page.read_text(encoding="utf-8"), "js"):
        found = re.match(r"// ([\w.]+\.mjs)\n", code)
        assert found, f"a block of JavaScript must name its file: {code[:40]}"
        (folder / found[1]).write_text(code, encoding="utf-8")
        names.append(found[1])
    return names


@pytest.fixture(scope="module")
def node() -> str:
    return shutil.which("node") or left_out("node is not installed")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("api")
    with new_database(folder) as url, demo_server(url, folder) as server:
        yield server


def test_the_client_for_mobile_apps_passes_the_tests_beside_it(
    api: Server, node: str, tmp_path: Path
) -> None:
    assert write_scripts(HOW_TO / "mobile.md", tmp_path) == ["auth.mjs", "auth.test.mjs"]
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", "auth.test.mjs"],
        cwd=tmp_path,
        env={"API": api.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 4" in done.stdout


@pytest.fixture
def pages(api: Server, node: str, tmp_path: Path) -> Iterator[str]:
    """Serve the pages that the how-to renders; yield their URL."""
    assert write_scripts(HOW_TO / "server-side-rendering.md", tmp_path) == ["server.mjs"]
    port = free_port()
    process = subprocess.Popen(
        [node, "server.mjs"], cwd=tmp_path, env={"API": api.url, "PORT": str(port)}
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        give_up = time.monotonic() + START_WITHIN
        while not answers(url) and time.monotonic() < give_up:
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(url: str) -> bool:
    try:
        requests.get(url, timeout=30)
    except requests.ConnectionError:
        return False
    return True


def test_the_page_server_knows_the_user_of_the_browser(api: Server, pages: str) -> None:
    browser = requests.Session()
    assert "Please log in" in browser.get(pages, timeout=30).text
    token = browser.get(f"{api.url}/auth/csrf/", timeout=30).json()["csrf_token"]
    login = {"username": "demo", "password": "demo-password", "transport": "cookie"}
    headers = {"X-CSRFToken": token}
    answer = browser.post(f"{api.url}/auth/login/", json=login, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    assert "Hello, demo" in browser.get(pages, timeout=30).text
    headers = {"X-CSRFToken": answer.json()["csrf_token"]}
    browser.post(f"{api.url}/auth/logout/", headers=headers, timeout=30)
    assert "Please log in" in browser.get(pages, timeout=30).text

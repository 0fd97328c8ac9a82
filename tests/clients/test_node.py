"""npm `jose`, `oauth4webapi` and `openid-client`: each script is a suite of its own."""

import json
import os
import re
import subprocess
from typing import Any

import pytest

from django_jwtauth.tokens.keys import ALGORITHMS
from tests.clients.conftest import RESOURCE_SERVER
from tests.clients.npm import FOLDER
from tests.example_project.servers import Server


def passed(node: str, script: str, given: str = "", **environment: str) -> int:
    """Run all cases of a script and return how many there were; none failed or was left out."""
    done = subprocess.run(
        [node, "--test-reporter=tap", f"{script}.mjs"],
        cwd=FOLDER,
        env=os.environ | environment,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {name: int(n) for name, n in re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE)}
    assert counts["pass"] == counts["tests"], done.stdout
    return counts["pass"]


@pytest.mark.parametrize("script", ["jose", "oauth4webapi", "openid_client"])
def test_every_case_of_the_client_passes(node: str, server: Server, script: str) -> None:
    login = {"DEMO_USERNAME": "demo", "DEMO_PASSWORD": "demo-password"}
    written = len(re.findall(r"^ *test\(", (FOLDER / f"{script}.mjs").read_text(), re.MULTILINE))
    cases = passed(node, script, ISSUER=server.url, **login, **RESOURCE_SERVER)
    assert cases >= written > 0


def test_jose_verifies_every_algorithm(node: str, signed: dict[str, Any]) -> None:
    assert passed(node, "algorithms", json.dumps(signed)) == len(ALGORITHMS)

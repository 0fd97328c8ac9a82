"""A site in production: a database, the settings that the page shows, and hosts with a shell."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from tests.example_project.servers import ROOT
from tests.processes.environment import environment
from tests.processes.worker import Worker, worker
from tests.runbooks.page import blocks

LATER: Final = 60.0  # seconds: past the retry window

_SETTINGS: Final = """\
import os

from django_jwtauth.clock import set_offset
from tests.processes.settings import *

set_offset(float(os.environ.get("CLOCK", "0")))
"""
_MANAGE: Final = """\
import sys

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""


class Site:
    """The folder where `manage.py` stands, and what its processes find in their environment."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.security_log = folder / "security.log"
        (folder / "manage.py").write_text(_MANAGE)
        (folder / "mysite").mkdir()
        (code,) = (
            code
            for code in blocks("What to set up once", "python")
            if code.startswith("# mysite/settings.py\n")
        )
        (folder / "mysite" / "settings.py").write_text(_SETTINGS + code)

    def variables(self, **more: str) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "mysite.settings",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}",
            "SECRET_KEY": settings.SECRET_KEY,
            "SECURITY_LOG": str(self.security_log),
            **more,
        }

    def open_shell(self, block: str, **variables: str) -> "subprocess.Popen[str]":
        """Type a block on some host."""
        return subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=self.folder,
            env=environment(self.database) | self.variables(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, block: str, **variables: str) -> str:
        """Type a block, see that each of its commands ends 0, and return what they print."""
        with self.open_shell(block, **variables) as shell:
            printed, _ = shell.communicate()
        assert shell.returncode == 0, f"{block}\n{printed}"
        return printed

    @contextmanager
    def process(self, *, secrets: dict[str, str] | None = None, **changed: Any) -> Iterator[Worker]:
        """Start a process of the site, with these settings changed."""
        more = self.variables(**(secrets or {}))
        with worker(self.database, variables=more, **changed) as one:
            yield one

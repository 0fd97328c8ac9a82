"""Node, with the packages of package-lock.json installed beside it."""

import fcntl
import shutil
import subprocess
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
_INSTALL: Final = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]


class Missing(Exception):
    """There is no Node here, or the packages cannot be installed."""


def installed_node() -> str:
    """Return the path of `node`, and install the packages where they are not; else `Missing`."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        raise Missing("node and npm are not installed")
    lock = (FOLDER / "package-lock.json").read_bytes()
    installed = FOLDER / "node_modules" / ".installed"
    # Several processes run tests; one of them installs.
    with (FOLDER / "package.json").open() as package:
        fcntl.flock(package, fcntl.LOCK_EX)
        if not installed.is_file() or installed.read_bytes() != lock:
            done = subprocess.run(
                _INSTALL, cwd=FOLDER, capture_output=True, text=True, timeout=90, check=False
            )
            if done.returncode:
                raise Missing(f"npm ci failed: {done.stderr.strip()[-500:]}")
            installed.write_bytes(lock)
    return found

"""The environment of the benchmarks, made with the standard library alone."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
_FOLDER: Final = ROOT / ".bench"
_PYTHON: Final = _FOLDER / "bin" / "python"
_REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
# Younger than what it was made from, as long as nothing has to be installed, and of this Python.
_STAMP: Final = _FOLDER / f".installed-{sys.version_info[0]}.{sys.version_info[1]}"
_INSIDE: Final = "BENCH_INSIDE"


def is_inside() -> bool:
    """Tell whether this process runs in the environment."""
    return os.environ.get(_INSIDE) == "1"


def go_inside(arguments: list[str]) -> NoReturn:
    """Make the environment where it is missing or old, and start over in it."""
    sources = (_REQUIREMENTS, ROOT / "pyproject.toml")
    if not _STAMP.exists() or any(
        source.stat().st_mtime > _STAMP.stat().st_mtime for source in sources
    ):
        _make()
    os.environ[_INSIDE] = "1"
    os.chdir(ROOT)
    os.execv(_PYTHON, [str(_PYTHON), "-m", "benchmarks", *arguments])


def _make() -> None:
    print("Making the environment in .bench/ and installing the peers there", flush=True)
    venv.create(_FOLDER, with_pip=True, clear=True)
    pip = [str(_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--editable", str(ROOT), "-r", str(_REQUIREMENTS)], check=True)
    _STAMP.touch()


def python_version() -> str:
    """Return the version of Python in use."""
    return ".".join(map(str, sys.version_info[:3]))

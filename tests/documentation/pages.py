"""Reads a page of documentation, and does with its blocks of code what it tells a reader to do."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.example_project.servers import ROOT, environment

README = ROOT / "README.md"

# A language, and the code.
Block = tuple[str, str]


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page that name a language; `{…}` are the site's own."""
    found = re.findall(r"^```([^\s{]+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [(language, code) for language, code in found]


def fences(page: str, language: str) -> list[str]:
    return [code for named, code in blocks(page) if named == language]


def write_block(folder: Path, code: str) -> None:
    """Do with a block of Python what its first line says: `# path` or `# path, at the end`."""
    title, _, rest = code.partition("\n")
    found = re.fullmatch(r"# (\w+/\w+\.py)(, at the end)?", title)
    assert found, f"a block of Python must name its file: {title}"
    path = folder / found[1]
    before = path.read_text(encoding="utf-8") if found[2] else ""
    path.write_text(f"{before}\n{rest}", encoding="utf-8")


def run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done


def follow(page: str, folder: Path) -> list[tuple[str, subprocess.CompletedProcess]]:
    """Write and run the blocks of a page in their order; return each command and its end."""
    ran = []
    for language, code in blocks(page):
        if language == "python":
            write_block(folder, code)
        elif language == "sh":
            ran += [(line, run(folder, *line.split())) for line in code.splitlines()]
    return ran

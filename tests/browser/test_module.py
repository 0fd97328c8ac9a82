"""The file that is shipped: how small it is, and that its types are right."""

import re
import subprocess
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import AppDirectoriesFinder

import django_jwtauth
from tests.browser.tabs import Person
from tests.clients.npm import FOLDER as CLIENTS
from tests.clients.npm import Missing, installed_node
from tests.left_out import left_out

FOLDER = Path(__file__).parent
SHIPPED = Path(django_jwtauth.__file__).parent / "static" / "django_jwtauth"
LIMIT = 3000  # bytes


@pytest.fixture(scope="module")
def tools() -> Path:
    """Return the folder of what npm has installed, or skip."""
    try:
        installed_node()
    except Missing as missing:
        left_out(str(missing))
    return CLIENTS / "node_modules" / ".bin"


def code_of(name: str) -> str:
    """Return a file's code, without its comments."""
    code = (SHIPPED / name).read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|^ *//.*?$", "", code, flags=re.DOTALL | re.MULTILINE)


def run(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_module_is_below_3_kB_minified(tools: Path) -> None:  # noqa: N802 (a unit)
    small = run(tools / "esbuild", "--minify", "--format=esm", SHIPPED / "auth.js")
    assert "createAuth" in small
    assert len(small.encode()) < LIMIT


def test_the_module_imports_nothing() -> None:
    assert re.findall(r"^ *import\b", code_of("auth.js"), re.MULTILINE) == []


def test_the_types_fit_a_pages_use(tools: Path) -> None:
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext"]
    options += ["--moduleResolution", "bundler", "--lib", "es2022,dom", "--types", ""]
    run(tools / "tsc", *options, FOLDER / "sample.ts")


def test_the_types_name_what_the_client_has(person: Person) -> None:
    declared = re.search(
        r"export interface Auth \{(.*?)^\}", code_of("auth.d.ts"), re.DOTALL | re.MULTILINE
    )
    assert declared is not None
    names = re.findall(r"^  (?:readonly )?(\w+)[(:]", declared.group(1), re.MULTILINE)
    assert person.open().run("Object.keys(auth)") == names


def test_django_finds_the_module_among_the_static_files() -> None:
    assert AppDirectoriesFinder().find("django_jwtauth/auth.js") == str(SHIPPED / "auth.js")

"""What an import does, and must not do. Each runs in a process where nothing is imported yet."""

import subprocess
import sys

# Tokens are plain Python, so that they can be tested, measured and used without a project.
TOKENS_WITHOUT_DJANGO = """
import importlib, pkgutil, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "rest_framework"}:
            raise AssertionError(f"{name} was imported")

sys.meta_path.insert(0, Refuse())
import django_jwtauth.exceptions
import django_jwtauth.tokens

for module in pkgutil.walk_packages(django_jwtauth.tokens.__path__, "django_jwtauth.tokens."):
    importlib.import_module(module.name)
    print(module.name)
"""

VERSION_ALONE = """
import sys
import django_jwtauth

assert django_jwtauth.__version__
print(sorted(name for name in sys.modules if name.partition(".")[0] in {"django", "jwt"}))
"""

# What is read at import is frozen: override_settings, a moved clock and a test database come later.
EVERY_MODULE = """
import datetime, importlib, pkgutil, sys, time
from django.conf import global_settings, settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

class Settings:
    def __getattr__(self, name):
        assert name != "JWTAUTH", "settings.JWTAUTH was read"
        return getattr(global_settings, name)

settings.configure(
    default_settings=Settings(),
    SECRET_KEY="not-secret",
    INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.messages", "django.contrib.sessions", "rest_framework", "django_jwtauth",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)

def connect(*args, **kwargs):
    raise AssertionError("the database was asked")

BaseDatabaseWrapper.connect = connect

def refuse_for_package(clock):
    def refusing_clock(*args, **kwargs):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        assert not caller.startswith("django_jwtauth"), f"{caller} read the clock"
        return clock(*args, **kwargs)
    return refusing_clock

for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"):
    setattr(time, name, refuse_for_package(getattr(time, name)))
timezone.now = refuse_for_package(timezone.now)

import django
django.setup()
import django_jwtauth

# Migrations are Django's to load; the rest needs packages that are optional.
LEFT_OUT = ("django_jwtauth.migrations", "django_jwtauth.contrib.", "django_jwtauth.pytest_plugin")
for module in pkgutil.walk_packages(django_jwtauth.__path__, "django_jwtauth."):
    if not module.name.startswith(LEFT_OUT):
        importlib.import_module(module.name)
        print(module.name)
"""


def output_of(program: str) -> list[str]:
    """Run a program in a new process, and return the lines that it printed."""
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def test_tokens_and_exceptions_need_no_django() -> None:
    assert output_of(TOKENS_WITHOUT_DJANGO)


def test_the_version_can_be_read_without_importing_django() -> None:
    assert output_of(VERSION_ALONE) == ["[]"]


def test_no_import_reads_settings_the_clock_or_the_database() -> None:
    imported = output_of(EVERY_MODULE)
    assert {"django_jwtauth.apps", "django_jwtauth.authentication"} <= set(imported)

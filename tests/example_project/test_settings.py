"""The example's settings: what they refuse, and what is left for whoever takes them further."""

import re

import pytest

from tests.example_project.servers import manage

PRODUCTION = {
    "EXAMPLE_DEBUG": "0",
    "EXAMPLE_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "EXAMPLE_ALLOWED_HOSTS": "api.example.com",
    "EXAMPLE_ISSUER": "https://api.example.com",
    "EXAMPLE_REDIS_URL": "redis://127.0.0.1:6379/15",
}


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def test_without_debug_and_without_a_secret_key_nothing_starts() -> None:
    done = manage("check", EXAMPLE_DEBUG="0")
    assert done.returncode == 1
    assert "Set EXAMPLE_SECRET_KEY" in last_line(done.stderr)


@pytest.mark.parametrize(
    "url", ["mysql://me:hidden-word@host/name", "hidden-word", "sqlite:///", "sqlite://"]
)
def test_a_database_url_that_is_none_is_refused_without_showing_it(url: str) -> None:
    done = manage("check", database_url=url)
    assert done.returncode == 1
    assert "EXAMPLE_DATABASE_URL must be postgresql://" in last_line(done.stderr)
    assert "hidden-word" not in done.stdout + done.stderr


def test_a_postgresql_url_is_taken_apart_and_percent_decoded() -> None:
    done = manage(
        "shell",
        "-c",
        "from django.conf import settings; print(sorted(settings.DATABASES['default'].items()))",
        database_url="postgresql://me:a%2Fb%40c@db.example.com:6432/my%20notes",
    )
    shown = last_line(done.stdout)
    for name, value in {
        "HOST": "db.example.com",
        "PORT": "6432",
        "USER": "me",
        "PASSWORD": "a/b@c",
        "NAME": "my notes",
    }.items():
        assert f"{(name, value)!r}" in shown


def test_in_production_check_deploy_leaves_hsts_to_decide_and_nothing_else() -> None:
    done = manage("check", "--deploy", "--fail-level", "ERROR", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"\((\w+\.[A-Z]\d+)\)", done.stderr)) == {"security.W004"}


def test_with_debug_check_deploy_names_the_demo_s_secret_key() -> None:
    done = manage("check", "--deploy")
    assert "security.W009" in done.stderr


def test_the_migrations_of_the_example_are_complete() -> None:
    done = manage("makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout

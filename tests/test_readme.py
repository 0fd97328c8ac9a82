"""README.md, held to the code: its transcript and steps are run, its tables compared."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.test import override_settings
from django.urls import URLPattern
from django.utils.module_loading import import_string

from django_jwtauth import conf, exceptions, urls, well_known_urls
from django_jwtauth.throttling import DEFAULT_RATES
from tests.documentation.pages import blocks, fences, follow, run
from tests.example_project.servers import ROOT, demo_server, free_port, new_database

README = (ROOT / "README.md").read_text(encoding="utf-8")

# What a terminal shows between two prompts.
Shown = tuple[str, str]


def table(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    section = re.split(r"^#+ ", README.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def code_of(cell: str) -> str:
    """Return what stands between the first two backticks."""
    return cell.split("`")[1]


def subclasses(parent: type[exceptions.JWTAuthError]) -> Iterator[type[exceptions.JWTAuthError]]:
    for child in parent.__subclasses__():
        yield child
        yield from subclasses(child)


def views() -> set[str]:
    """Return each call that our URLs answer, as the README spells it."""
    calls = set()
    for prefix, module in (("auth/", urls), (".well-known/", well_known_urls)):
        for pattern in module.urlpatterns:
            assert isinstance(pattern, URLPattern)
            path = re.sub(r"<\w+:(\w+)>", r"<\1>", prefix + str(pattern.pattern))
            view: Any = pattern.callback
            methods = {"get", "post", "put", "patch", "delete"} & set(dir(view.cls))
            calls |= {f"{method.upper()} {path}" for method in methods}
    return calls


# --- the transcript ---------------------------------------------------------------------------


def commands_in(fence: str) -> list[Shown]:
    """Return each command after a prompt, with what is shown below it."""
    parts = re.split(r"^\$ ", fence, flags=re.MULTILINE)
    assert parts[0] == ""
    return [(line, shown) for line, _, shown in (part.partition("\n") for part in parts[1:])]


def matches(shown: str, real: str) -> bool:
    """Compare; `…` stands for anything within a line, and alone on a line for any lines."""
    pattern = "".join(
        "(?s:.*)" if line == "…\n" else re.escape(line).replace("…", ".+")
        for line in shown.splitlines(keepends=True)
    )
    return re.fullmatch(pattern, real) is not None


def run_in_one_shell(commands: list[str], folder: Path) -> list[str]:
    """Run the commands one after the other in bash; return what each has written."""
    mark = "--- next command ---\n"
    script = "".join(f"{command}\nprintf '%s' '{mark}'\n" for command in commands)
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    outputs = done.stdout.split(mark)
    assert outputs.pop() == ""
    return outputs


def test_the_transcript_shows_what_the_commands_answer(tmp_path: Path) -> None:
    shown = [pair for fence in fences(README, "console") for pair in commands_in(fence)]
    starts = {"make demo": "8000", "make demo PORT=8001": "8001"}
    assert {command for command, _ in shown if command.startswith("make")} == set(starts)
    ports = {port: str(free_port()) for port in starts.values()}

    def here(text: str) -> str:
        return re.sub(r"(127\.0\.0\.1:)(\d+)", lambda m: m[1] + ports[m[2]], text)

    with (
        new_database(tmp_path) as url,
        demo_server(url, tmp_path, int(ports["8000"])) as first,
        demo_server(url, tmp_path, int(ports["8001"])) as second,
    ):
        typed = [here(command) for command, _ in shown if command not in starts]
        outputs = iter(run_in_one_shell(typed, tmp_path))
        logs = iter([first.log, second.log])
        for command, expected in shown:
            real = next(logs).read_text().lstrip("\n") if command in starts else next(outputs)
            assert matches(here(expected), real), f"$ {command}\n{real}"
    assert len(typed) >= 15


def test_the_comparison_of_outputs_can_fail() -> None:
    assert matches('{"a":"…"}\n200\n', '{"a":"b"}\n200\n')
    assert not matches('{"a":"…"}\n200\n', '{"a":"b"}\n201\n')
    assert not matches('{"a":"…"}\n200\n', '{"a":"b"}\n')
    assert not matches('{"a":"…"}\n', '{"a":"b"}\n200\n')
    assert matches("one\n…\n", "one\ntwo\nthree\n")
    assert not matches("one\n…\n", "two\none\n")


# --- the steps --------------------------------------------------------------------------------


def test_the_steps_lead_from_an_empty_folder_to_first_tests_that_pass(tmp_path: Path) -> None:
    ran = follow(README, tmp_path)
    assert [line for line, _ in ran] == [
        "django-admin startproject mysite .",
        "python manage.py migrate",
        "python manage.py test",
    ]
    assert "Ran 2 tests" in ran[-1][1].stderr
    assert "no issues" in run(tmp_path, "python", "manage.py", "check").stdout


def test_every_block_has_a_language_that_is_run_here() -> None:
    assert {language for language, _ in blocks(README)} == {"console", "sh", "python"}


# --- the tables -------------------------------------------------------------------------------


def test_the_settings_are_those_that_there_are() -> None:
    assert [code_of(name) for name, *_ in table("Settings")] == list(conf.NAMES)


@pytest.mark.parametrize("row", table("Settings"), ids=lambda row: code_of(row[0]))
def test_the_default_of_a_setting_is_the_one_shown(row: list[str]) -> None:
    name = code_of(row[0])
    with override_settings(JWTAUTH={}):
        default = getattr(conf.current(), name)
    if name == "AUDIENCE":
        assert row[1] == "as `ISSUER`"
        with override_settings(JWTAUTH={"ISSUER": "https://api.example.com"}):
            assert conf.current().AUDIENCE == ("https://api.example.com",)
        return
    shown = eval(code_of(row[1]), {"timedelta": timedelta})
    with override_settings(JWTAUTH={name: shown}):
        assert getattr(conf.current(), name) == default or isinstance(default, conf.Backend)
    if isinstance(default, conf.Backend):
        assert shown == {
            "BACKEND": default.path,
            "OPTIONS": dict(import_string(default.path).defaults),
        }
    elif isinstance(default, conf.Cookies):
        assert shown == asdict(default)


def test_every_store_and_feed_that_is_named_is_there_and_has_the_options_shown() -> None:
    rows = {code_of(row[0]): row[2] for row in table("Settings")}
    for name, package in (("KEY_STORE", "keystores"), ("REVOCATION_FEED", "revocation")):
        for path, options in re.findall(r"`…(\w+\.\w+)`(?: \(`(\w+)`)?", rows[name]):
            backend = import_string(f"django_jwtauth.{package}.{path}")
            assert not options or options in backend.defaults


def test_the_rates_of_the_throttles_are_those_shown() -> None:
    section = README.split("Throttles are REST framework's", 1)[1].split("##")[0]
    assert dict(re.findall(r"`(jwt_\w+)` \((\d+/\w+)", section)) == DEFAULT_RATES


def test_the_calls_are_those_that_the_urls_answer() -> None:
    # The second place of the metadata is for issuers with a path.
    known = {call for call in views() if not call.endswith("<issuer_path>")}
    assert {code_of(row[0]) for row in table("HTTP")} == known


def test_the_error_codes_are_those_that_the_errors_have() -> None:
    shown = {code_of(row[0]): int(row[1]) for row in table("Error codes")}
    ours = {error.code: error.status for error in subclasses(exceptions.JWTAuthError)}
    of_rest_framework = {"method_not_allowed": 405, "unsupported_media_type": 415, "throttled": 429}
    for never_leaves in (exceptions.JWTAuthError.code, exceptions.InvalidKey.code):
        ours.pop(never_leaves, None)
    assert shown == ours | of_rest_framework


def test_the_reasons_of_an_ended_session_are_those_that_there_are() -> None:
    from django_jwtauth.models import LoginSession

    cell = next(row[2] for row in table("Error codes") if code_of(row[0]) == "session_ended")
    assert re.findall(r"`(\w+)`", cell)[1:] == list(LoginSession.EndReason.values)


def test_the_commands_and_their_options_are_those_that_there_are() -> None:
    shown = {code_of(row[0]).split()[0]: code_of(row[0]) for row in table("Commands")}
    ours = {name for name, app in get_commands().items() if app == "django_jwtauth"}
    assert set(shown) == ours
    for name, usage in shown.items():
        parser = load_command_class("django_jwtauth", name).create_parser("manage.py", name)
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(re.findall(r"--[\w-]+", usage)) <= known, name


def test_every_target_of_make_that_is_named_is_there() -> None:
    named = set(re.findall(r"`make (\w+)", README)) | {"demo"}
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named <= targets


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_block_of_python_compiles() -> None:
    for code in fences(README, "python"):
        ast.parse(code)

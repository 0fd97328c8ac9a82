"""Directives for the reference: what they show is read from the code when the site is built."""

from collections.abc import Iterator
from typing import Any

from django.core.management import get_commands, load_command_class
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from django_jwtauth import exceptions
from django_jwtauth.checks.table import TABLE


class _Markdown(SphinxDirective):
    """Parses the Markdown that ``lines`` makes, where the directive stands."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(self.lines()), allow_section_headings=True)

    def lines(self) -> Iterator[str]:
        raise NotImplementedError


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _header(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield _row(*["---"] * len(titles))


def _subclasses(parent: type[Any]) -> Iterator[type[Any]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


class ErrorCodes(_Markdown):
    """Each error that can reach a client; a subclass that shares a code is none of its own."""

    def lines(self) -> Iterator[str]:
        yield from _header("code", "status", "`error`", "`detail`")
        shown = {exceptions.JWTAuthError.code, exceptions.InvalidKey.code}
        for error in _subclasses(exceptions.JWTAuthError):
            if error.code in shown:
                continue
            shown.add(error.code)
            oauth = f"`{error.oauth_error}`" if error.oauth_error else ""
            yield _row(f"`{error.code}`", error.status, oauth, error.detail)


class Checks(_Markdown):
    """Each system check that has its row in the table of checks."""

    def lines(self) -> Iterator[str]:
        yield from _header("id", "what it says", "what to do")
        for number, row in TABLE.items():
            yield _row(f"`django_jwtauth.{number}`", row.sentence, row.fix)


class Commands(_Markdown):
    """The help of each command, word for word."""

    def lines(self) -> Iterator[str]:
        ours = sorted(name for name, app in get_commands().items() if app == "django_jwtauth")
        for name in ours:
            parser = load_command_class("django_jwtauth", name).create_parser("manage.py", name)
            # Django's own options are the same for every command.
            own = [a for a in parser._actions if a.help and a.dest not in _OPTIONS_OF_DJANGO]
            yield from (f"## {name}", "", parser.description or "", "")
            yield from _header("argument", "meaning")
            for action in own:
                flags = ", ".join(f"`{flag}`" for flag in action.option_strings)
                default = f" (default: {action.default})" if action.default else ""
                yield _row(flags or f"`{action.metavar or action.dest}`", f"{action.help}{default}")
            yield ""


_OPTIONS_OF_DJANGO = {
    *("help", "version", "verbosity", "settings", "pythonpath", "traceback"),
    *("no_color", "force_color", "skip_checks"),
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("error-codes", ErrorCodes)
    app.add_directive("checks", Checks)
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}

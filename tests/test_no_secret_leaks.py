"""Nothing secret leaves by a side door: logs, error pages, mails, answers, tables, process lists.

The whole flow is run, with errors on purpose, and every text that came out of it is searched for
every token, password, private key and session secret that went through it.
"""

import json
import logging
import os
import subprocess
import sys
from base64 import b64encode as b64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, models
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils.log import AdminEmailHandler
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_jwtauth import clock, conf, key_rotation, sessions
from django_jwtauth.keystores.database import _encryption
from django_jwtauth.models import LoginSession, SigningKey
from django_jwtauth.tokens import refresh_token
from django_jwtauth.tokens.keys import key_from_jwk
from tests.devices import post_form
from tests.moments import move_on
from tests.urls import urlpatterns as suite_urls

ROOT = Path(__file__).parents[1]
PASSWORD, WRONG = "the-password-of-ada-8315", "a-mistyped-password-2750"
SHOP = "the-secret-of-the-shop-9921"
JWTAUTH: dict[str, Any] = {"COOKIES": {"ENABLED": True}, "RESOURCE_SERVERS": {"shop": SHOP}}


class FaultyView(APIView):
    """A project's own view, with a fault in it."""

    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        user, token, cookies = request.user, request.auth, request.COOKIES.keys()
        raise RuntimeError(f"a fault of the project: {user!r} {token!r} {list(cookies)}")

    post = get


urlpatterns = [*suite_urls, path("faulty/", FaultyView.as_view())]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def faulty_claims(user: User, session: LoginSession) -> dict[str, Any]:
    raise RuntimeError("a fault of the project's hook")


class Flow:
    """Goes through everything, and remembers what was secret in it."""

    def __init__(self) -> None:
        self.user = User.objects.create_superuser("ada", password=PASSWORD)
        self.secrets: dict[str, str] = {"password": PASSWORD, "wrong": WRONG, "shop": SHOP}
        self.answers: list[Any] = []
        self.api = APIClient(raise_request_exception=False)

    def note(self, name: str, secret: str) -> None:
        """Remember a secret in the spellings that it could be printed in."""
        self.secrets[name] = secret
        if secret.count(".") == 2:
            # A token is worth nothing without its signature, and the signature nothing alone.
            self.secrets[f"{name}, its end"] = secret[-40:]
        elif secret.startswith("jrt_"):
            self.secrets[f"{name}, its end"] = secret[-40:]

    def keep(self, answer: Any) -> Any:
        """Remember an answer that is to be searched."""
        answer.shown = answer.content.decode() + str(answer.headers)
        for cookie in answer.cookies.values():  # where a token belongs
            answer.shown = answer.shown.replace(cookie.value, "")
        self.answers.append(answer)
        return answer

    def pair(self, answer: Any) -> dict[str, Any]:
        """Take the tokens out of an answer that is there to carry them."""
        assert answer.status_code == 200, answer.content
        body: dict[str, Any] = answer.json()
        number = len(self.secrets)
        self.note(f"access {number}", body["access_token"])
        self.note(f"refresh {number}", body["refresh_token"])
        return body

    def log_in(self, password: str = PASSWORD, **fields: str) -> Any:
        data = {"username": "ada", "password": password, **fields}
        return self.api.post("/auth/login/", data, "json")

    def refresh(self, token: str) -> Any:
        return post_form(self.api, "/auth/refresh/", {"refresh_token": token})

    def with_headers(self) -> None:
        pair = self.pair(self.log_in())
        self.keep(self.log_in(WRONG))
        self.keep(post_form(self.api, "/auth/login/", {"username": "ada", "password": WRONG}))
        bearer = {"authorization": f"Bearer {pair['access_token']}"}
        for address in ("/auth/me/", "/auth/sessions/", "/faulty/"):
            self.keep(self.api.get(address, headers=bearer))
        for wrong in (pair["access_token"] + "x", pair["refresh_token"], "x.y.z"):
            self.keep(self.api.get("/auth/me/", headers={"authorization": f"Bearer {wrong}"}))
            if wrong != pair["refresh_token"]:
                self.keep(self.refresh(wrong))
        token = pair["refresh_token"]
        self.pair(self.refresh(token))
        self.pair(self.refresh(token))  # a retry
        for raw in pair["access_token"], token:
            basic = "Basic " + b64(f"shop:{SHOP}".encode()).decode()
            self.keep(post_form(self.api, "/auth/introspect/", {"token": raw}, authorization=basic))
            self.keep(
                post_form(self.api, "/auth/introspect/", {"token": raw}, authorization=basic[:-3])
            )
        move_on(60)
        self.keep(self.refresh(token))  # reuse
        self.keep(self.refresh(token))
        self.keep(self.api.get("/auth/me/", headers=bearer))

    def with_cookies(self) -> None:
        data = {"username": "ada", "password": PASSWORD, "transport": "cookie"}
        answer = self.api.post("/auth/login/", data, "json")
        assert answer.status_code == 200
        self.note_cookies()
        for address in ("/faulty/", "/auth/me/", "/auth/sessions/"):
            self.keep(self.api.get(address))
        self.keep(self.api.post("/faulty/", {"note": "x"}, "json"))
        answer = self.keep(self.api.post("/auth/refresh/"))
        assert answer.status_code == 200
        self.note_cookies()
        self.keep(self.api.get("/faulty/"))

    def note_cookies(self) -> None:
        # Where DEBUG is on the names are without prefix over http.
        names = [name for name in self.api.cookies if name.endswith(("access", "refresh"))]
        assert len(names) == 2
        for name in names:
            self.note(f"{name} {len(self.secrets)}", self.api.cookies[name].value)

    def with_faults(self) -> None:
        """Have the project's hook fail while a password or a token is at hand."""
        pair = self.pair(self.log_in())
        with override_settings(JWTAUTH={**JWTAUTH, "EXTRA_CLAIMS": f"{__name__}.faulty_claims"}):
            for accept in ("text/html", "text/plain, application/json;q=0.5"):
                headers = {"accept": accept, "authorization": f"Bearer {pair['access_token']}"}
                form = {"username": "ada", "password": PASSWORD}
                answers = [
                    post_form(self.api, "/auth/login/", form, **headers),
                    self.api.post("/auth/login/", form, "json", headers=headers),
                    post_form(
                        self.api,
                        "/auth/refresh/",
                        {"refresh_token": pair["refresh_token"]},
                        **headers,
                    ),
                    self.api.post(
                        "/auth/refresh/",
                        {"refresh_token": pair["refresh_token"]},
                        "json",
                        headers=headers,
                    ),
                ]
                for answer in answers:
                    assert answer.status_code == 500
                    self.keep(answer)
        with override_settings(JWTAUTH={**JWTAUTH, "REVOCATION_FEED": {"BACKEND": "no.such"}}):
            for accept in ("text/html", "text/plain, application/json;q=0.5"):
                headers = {"accept": accept, "authorization": f"Bearer {pair['access_token']}"}
                answer = self.api.get("/faulty/", headers=headers)
                assert answer.status_code == 500
                self.keep(answer)

    def with_operators(self, capsys: pytest.CaptureFixture[str]) -> list[str]:
        """Run the commands; returns what they printed."""
        pair = self.pair(self.log_in())
        printed = []
        for command in (
            ["list_jwt_keys"],
            ["list_jwt_keys", "--json"],
            ["inspect_jwt", pair["access_token"]],
            ["rotate_jwt_keys", "--dry-run"],
            ["rotate_jwt_keys", "--now"],
            ["revoke_jwt", "--token", pair["access_token"]],
            ["revoke_jwt", "--user", "ada"],
            ["prune_jwt"],
            ["check"],
        ):
            call_command(*command)
            captured = capsys.readouterr()
            printed += [captured.out, captured.err]
        return printed

    def with_admin(self) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(self.user)
        # Not the page of a user: Django's own templates log the password's hash there.
        pages = ["/admin/", "/admin/auth/user/"]
        for model in (LoginSession, SigningKey):
            name = f"/admin/django_jwtauth/{model._meta.model_name}/"
            pages += [name, *(f"{name}{row.pk}/change/" for row in model._default_manager.all())]
        for page in pages:
            self.keep(client.get(page, follow=True))

    def note_what_is_stored(self) -> None:
        """Add what lies in the database, whatever it was before."""
        for row in LoginSession.objects.all():
            secret = bytes(row.secret)
            for name, text in {
                "hex": secret.hex(),
                "base64": b64(secret).decode(),
                "bytes": repr(secret)[2:-1],
            }.items():
                self.secrets[f"session {row.pk} {name}"] = text
        for key in SigningKey.objects.all():
            jwk = json.loads(_encryption().decrypt(key.private_jwk))
            assert key_from_jwk(jwk, kind="private").kid == key.kid
            self.secrets[f"key {key.kid}"] = jwk["d"]
            self.secrets[f"key {key.kid}, encrypted"] = key.private_jwk
        self.user.refresh_from_db()
        self.secrets["password hash"] = self.user.password

    def found_in(self, text: str, *, but: tuple[str, ...] = ()) -> list[str]:
        """Return the names of the secrets that a text shows."""
        return [
            name
            for name, secret in self.secrets.items()
            if secret in text and not name.startswith(but or ("\0",))
        ]


@pytest.fixture
def flow(settings: Any) -> Iterator[Flow]:
    settings.JWTAUTH = JWTAUTH
    yield Flow()
    key_rotation.forget_ring()  # its transaction is rolled back


@pytest.fixture
def every_log() -> Iterator[Callable[[], str]]:
    """Return what has been logged, by any logger at any level, with tracebacks."""
    lines: list[str] = []
    formatter = logging.Formatter("%(levelname)s %(name)s %(message)s %(pathname)s")

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record) + repr(record.args))

    handler = Handler(level=0)
    root = logging.getLogger()
    loggers = [root, *map(logging.getLogger, ("django", "django.request", "django_jwtauth",
                                              "django_jwtauth.security"))]  # fmt: skip
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield lambda: "\n".join(lines)
    root.removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def run(flow: Flow) -> None:
    flow.with_headers()
    flow.with_cookies()
    flow.with_faults()
    flow.with_admin()
    flow.note_what_is_stored()


def test_no_answer_and_no_log_shows_a_secret(flow: Flow, every_log: Callable[[], str]) -> None:
    run(flow)
    assert len(flow.secrets) > 30
    assert len(flow.answers) > 40
    assert any(answer.status_code == 500 for answer in flow.answers)
    for answer in flow.answers:
        assert flow.found_in(answer.shown) == [], answer.request["PATH_INFO"]
    logged = every_log()
    assert "session_started" in logged
    assert "refresh_token_reused" in logged
    assert "Traceback" in logged
    shown = [line for line in logged.splitlines() if flow.found_in(line)]
    assert shown == []


@override_settings(DEBUG=True)
def test_djangos_page_for_developers_shows_no_secret(flow: Flow) -> None:
    run(flow)
    pages = [answer for answer in flow.answers if answer.status_code == 500]
    assert len(pages) >= 12
    for page in pages:
        text = page.content.decode()
        assert "Traceback" in text
        assert flow.found_in(text) == [], page.request["PATH_INFO"]


def test_the_page_for_developers_still_helps_with_the_projects_own_code(flow: Flow) -> None:
    pair = flow.pair(flow.log_in())
    with override_settings(DEBUG=True):
        headers = {"accept": "text/html", "authorization": f"Bearer {pair['access_token']}"}
        text = flow.api.get("/faulty/", headers=headers).content.decode()
    assert "a fault of the project" in text
    assert "FaultyView object" in text  # the variables of its own frames


class Mails(AdminEmailHandler):
    """Keeps what it would send."""

    def __init__(self) -> None:
        super().__init__(include_html=True)
        self.sent: list[str] = []

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        self.sent.append(f"{subject}\n{message}\n{kwargs['html_message']}")


def test_no_mail_to_the_operators_shows_a_secret(flow: Flow) -> None:
    mails = Mails()
    logger = logging.getLogger("django.request")
    logger.addHandler(mails)
    try:
        run(flow)
    finally:
        logger.removeHandler(mails)
    faults = [text for text in mails.sent if "Internal Server Error" in text]
    assert len(faults) >= 12
    for text in faults:
        assert "Traceback" in text
        assert flow.found_in(text) == [], text[:200]


def test_the_commands_print_no_secret(
    flow: Flow, capsys: pytest.CaptureFixture[str], every_log: Callable[[], str]
) -> None:
    printed = flow.with_operators(capsys)
    flow.note_what_is_stored()
    assert len("".join(printed)) > 500
    for text in [*printed, every_log()]:
        assert flow.found_in(text) == []


def test_issue_jwt_prints_its_one_token_and_nothing_else(
    flow: Flow, capsys: pytest.CaptureFixture[str], every_log: Callable[[], str]
) -> None:
    call_command("issue_jwt", "ada")
    printed = capsys.readouterr().out
    assert "jrt_" not in printed
    flow.note_what_is_stored()
    assert flow.found_in(printed) == []
    token = next(word for word in printed.split() if word.count(".") == 2 and len(word) > 200)
    assert token not in every_log()


def rows() -> Iterator[tuple[type[models.Model], dict[str, Any]]]:
    for model in apps.get_models(include_auto_created=True):
        for values in model._base_manager.values():
            yield model, values


def test_no_table_holds_a_token_or_a_private_key(flow: Flow) -> None:
    run(flow)
    hidden = ("session", "password hash")  # what each table is there to hold …
    for model, values in rows():
        text = json.dumps({name: repr(value) for name, value in values.items()})
        found = [name for name in flow.found_in(text, but=hidden) if "encrypted" not in name]
        assert found == [], model
    for model, values in rows():
        # … and no other table holds.
        if model is not LoginSession:
            text = repr({name: bytes(v) if isinstance(v, memoryview) else v
                         for name, v in values.items()})  # fmt: skip
            assert not [name for name in flow.found_in(text) if name.startswith("session")], model


def test_the_statements_hold_no_token_and_no_password(flow: Flow) -> None:
    """What Django logs of each statement where `DEBUG` is on, with its parameters."""
    with CaptureQueriesContext(connection) as captured:
        run(flow)
    assert len(captured) > 50
    stored = ("session", "password hash")
    for query in captured:
        found = [
            name for name in flow.found_in(query["sql"], but=stored) if "encrypted" not in name
        ]
        assert found == [], query["sql"][:200]


def test_no_repr_shows_a_secret(flow: Flow) -> None:
    pair = sessions.start(flow.user)
    flow.note("access", pair.access_token)
    flow.note("refresh", pair.refresh_token)
    flow.note_what_is_stored()
    user, token = sessions.authenticate(pair.access_token)
    now = clock.now()
    ring = key_rotation.key_ring(now)
    key = key_rotation.signing_key(now)
    parsed = refresh_token.parse(pair.refresh_token)
    for thing in (
        *(pair, pair.session, user, token, dict(token), ring, key, key.signer, *ring),
        *(SigningKey.objects.get(), conf.current(), parsed, list(LoginSession.objects.all())),
    ):
        for text in (repr(thing), str(thing), f"{thing}"):
            assert flow.found_in(text) == [], type(thing)


def test_a_token_given_by_stdin_stands_in_no_process_list(flow: Flow) -> None:
    """As the runbooks have it: `-`, because the list of processes is for everybody to read."""
    pair = flow.pair(flow.log_in())
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "inspect_jwt", "-"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    proc = Path(f"/proc/{process.pid}")
    assert process.stdin is not None
    process.stdin.write(pair["access_token"])
    process.stdin.flush()
    listed = ""
    while "inspect_jwt" not in listed:  # a moment before it is still this process's twin
        listed = (proc / "cmdline").read_text() + (proc / "environ").read_text()
    assert flow.found_in(listed) == []
    printed, _ = process.communicate()
    assert flow.found_in(printed) == []

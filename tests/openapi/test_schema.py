"""The schema that drf-spectacular makes of the example, and of projects that are set otherwise."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import override_settings
from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from openapi_spec_validator import validate
from rest_framework.request import Request
from rest_framework.response import Response

import django_jwtauth.contrib.spectacular  # noqa: F401 (registers what it describes)
from django_jwtauth.contrib.spectacular.refusals import CODES
from django_jwtauth.views import LoginView, RefreshView
from tests.example_project.servers import MANAGE, ROOT, environment

GOLDEN = Path(__file__).with_name("example.yaml")
RENEW = (
    "If the change is meant: JWTAUTH_RENEW=1 pytest tests/openapi/test_schema.py, and look at it."
)


def generated(folder: Path) -> str:
    """Return what ``manage.py spectacular`` prints for the example; a warning is a failure."""
    process = subprocess.run(
        [sys.executable, "-W", "error", MANAGE, "spectacular", "--validate", "--fail-on-warn"],
        env=environment(
            f"sqlite:///{folder / 'empty.sqlite3'}",
            DJANGO_SETTINGS_MODULE="tests.openapi.settings",
            PYTHONPATH=str(ROOT),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    return process.stdout


def test_the_schema_of_the_example_is_the_golden_file(tmp_path: Path) -> None:
    text = generated(tmp_path)
    if os.environ.get("JWTAUTH_RENEW") == "1":
        GOLDEN.write_text(text, "utf-8")
    assert yaml.safe_load(text) == yaml.safe_load(GOLDEN.read_text("utf-8")), RENEW


@pytest.fixture(scope="module")
def golden() -> Any:
    return yaml.safe_load(GOLDEN.read_text("utf-8"))


def operations(schema: Any) -> dict[str, Any]:
    """Return the operations of our own endpoints."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if path.startswith(("/auth/", "/.well-known/"))
    }


def test_the_golden_file_is_valid_openapi(golden: Any) -> None:
    validate(golden)


EXPECTED = {
    "POST /auth/login/": "200 400 403 415 429 503",
    "POST /auth/refresh/": "200 400 403 415 429 503",
    "POST /auth/logout/": "204 400 401 403 415 503",
    "POST /auth/logout/all/": "200 400 401 403 415 503",
    "GET /auth/me/": "200 401 503",
    "GET /auth/sessions/": "200 401 503",
    "DELETE /auth/sessions/{sid}/": "204 401 403 404 503",
    "POST /auth/introspect/": "200 400 401 415 503",
    "POST /auth/revoke/": "200 400 415 503",
    "GET /auth/csrf/": "200",
    "GET /.well-known/jwks.json": "200 304 503",
    "GET /.well-known/oauth-authorization-server": "200 304 404",
}


def test_every_endpoint_declares_its_answers(golden: Any) -> None:
    declared = {
        name: " ".join(sorted(operation["responses"]))
        for name, operation in operations(golden).items()
    }
    assert declared == EXPECTED


def test_every_refusal_has_its_headers_and_an_example_of_each_code(golden: Any) -> None:
    seen = set()
    for operation in operations(golden).values():
        for status, answer in operation["responses"].items():
            headers = set(answer.get("headers", ()))
            assert ("WWW-Authenticate" in headers) is (status == "401")
            assert ("Retry-After" in headers) is (status in ("429", "503"))
            if int(status) < 400:
                continue
            content = answer["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/AuthError"}
            seen |= {example["value"]["code"] for example in content["examples"].values()}
    assert golden["components"]["schemas"]["AuthErrorCode"]["enum"] == CODES
    # A method that an endpoint does not have is described by none.
    assert set(CODES) - seen == {"method_not_allowed"}


@pytest.mark.parametrize(
    ("name", "security"),
    [
        ("POST /auth/login/", [{}]),
        ("POST /auth/refresh/", [{"jwtRefreshCookieAuth": []}, {}]),
        ("GET /auth/me/", [{"jwtAuth": []}, {"jwtCookieAuth": []}]),
        ("POST /auth/introspect/", [{"basicAuth": []}]),
        ("GET /notes/", [{"jwtAuth": []}, {"jwtCookieAuth": []}]),
    ],
)
def test_every_operation_tells_what_proves_the_caller(
    golden: Any, name: str, security: list[Any]
) -> None:
    method, _, address = name.partition(" ")
    assert golden["paths"][address][method.lower()]["security"] == security


def bodies(schema: Any, name: str) -> set[str]:
    return set(operations(schema)[name]["requestBody"]["content"])


def test_bodies_are_json_or_a_form_as_each_endpoint_takes_them(golden: Any) -> None:
    form, json = "application/x-www-form-urlencoded", "application/json"
    for name in ("login", "refresh", "logout", "logout/all"):
        assert bodies(golden, f"POST /auth/{name}/") == {form, json}
    for name in ("introspect", "revoke"):
        assert bodies(golden, f"POST /auth/{name}/") == {form}


# --- projects that are set otherwise --------------------------------------------------------------


@pytest.fixture
def _spectacular() -> Iterator[None]:
    rest_framework = {
        **django_settings.REST_FRAMEWORK,
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    }
    with override_settings(REST_FRAMEWORK=rest_framework):
        yield


def made(urlconf: Any = "tests.urls") -> Any:
    """Return the schema of the suite's own project, made in this process without a warning."""
    generator: Any = SchemaGenerator
    schema = generator(urlconf=urlconf).get_schema(request=None, public=True)
    assert not GENERATOR_STATS
    validate(schema)
    return schema


@pytest.mark.usefixtures("_spectacular")
class TestOtherSettings:
    def test_without_cookies_nothing_is_said_of_them(self, settings: Any) -> None:
        settings.JWTAUTH = {"COOKIES": {"ENABLED": False}}
        schema = made()
        assert set(schema["components"]["securitySchemes"]) == {"jwtAuth", "basicAuth"}
        login = operations(schema)["POST /auth/login/"]["responses"]
        assert set(login) == {"200", "400", "415", "429", "503"}
        pair = {"$ref": "#/components/schemas/AuthTokenPair"}
        assert login["200"]["content"]["application/json"]["schema"] == pair

    def test_cookies_go_by_the_names_that_they_have(self, settings: Any) -> None:
        settings.JWTAUTH = {"COOKIES": {"ENABLED": True, "ACCESS_NAME": "__Host-a"}}
        assert made()["components"]["securitySchemes"]["jwtCookieAuth"]["name"] == "__Host-a"

    @pytest.mark.parametrize(
        ("field", "kind"), [("pk", "integer"), ("username", "string"), ("email", "string")]
    )
    def test_the_id_of_me_has_the_type_of_the_subject(
        self, settings: Any, field: str, kind: str
    ) -> None:
        settings.JWTAUTH = {"SUBJECT_FIELD": field}
        me = made()["components"]["schemas"]["AuthMe"]["properties"]
        assert me["id"]["type"] == kind
        assert set(me) == {"id", User.USERNAME_FIELD}

    def test_a_view_of_the_projects_own_is_described_too(self) -> None:
        class Login(LoginView):
            """Log in, with a second factor."""

        class URLs:
            urlpatterns = [path("login/", Login.as_view())]

        login = made(URLs)["paths"]["/login/"]["post"]
        assert login["summary"] == "Log in, with a second factor."
        assert "429" in login["responses"]

    def test_what_a_project_says_itself_goes_first(self) -> None:
        class Login(LoginView):
            @extend_schema(summary="Ours")
            def post(self, request: Request) -> Response:
                return super().post(request)

        class Refresh(RefreshView):
            @extend_schema(responses={200: str, 418: str})
            def post(self, request: Request) -> Response:
                return super().post(request)

        class URLs:
            urlpatterns = [path("in/", Login.as_view()), path("on/", Refresh.as_view())]

        paths = made(URLs)["paths"]
        assert paths["/in/"]["post"]["summary"] == "Ours"
        assert set(paths["/in/"]["post"]["responses"]) == {"200", "400", "415", "429", "503"}
        assert paths["/on/"]["post"]["summary"].startswith("The token endpoint")
        assert set(paths["/on/"]["post"]["responses"]) == {"200", "418"}

    def test_making_a_schema_changes_no_view(self) -> None:
        before = dict(vars(LoginView))
        made()
        assert dict(vars(LoginView)) == before
        assert not hasattr(LoginView.post, "kwargs")

    def test_endpoints_in_two_places_are_both_described(self) -> None:
        class URLs:
            urlpatterns = [
                path("auth/", include("django_jwtauth.urls")),
                path("v2/auth/", include(("django_jwtauth.urls", "jwtauth"), namespace="v2")),
            ]

        paths = made(URLs)["paths"]
        assert set(paths["/v2/auth/me/"]["get"]["responses"]) == {"200", "401", "503"}


WITHOUT = """
import sys
import django

django.setup()
import django_jwtauth.urls

ours = ("drf_spectacular", "django_jwtauth.contrib")
print([name for name in sys.modules if name.startswith(ours)])
"""


def test_a_project_without_drf_spectacular_is_not_touched() -> None:
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        env={"DJANGO_SETTINGS_MODULE": "tests.testing_project.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout == "[]\n"

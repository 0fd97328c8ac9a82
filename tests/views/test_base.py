"""What every endpoint has in common: which bytes it takes, and what a project cannot change."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path
from rest_framework.test import APIClient

from django_jwtauth.views import LoginView
from tests.answers import (
    assert_error,
    assert_grant_refused,
    assert_invalid_request,
    assert_not_cached,
    assert_pair,
    body_of,
)
from tests.devices import FORM, PASSWORD, Device, post_form

JSON = "application/json"
POSTS = [
    "/auth/login/",
    "/auth/refresh/",
    "/auth/logout/",
    "/auth/logout/all/",
    "/auth/introspect/",
    "/auth/revoke/",
]
GETS = [
    "/auth/me/",
    "/auth/sessions/",
    "/auth/csrf/",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
]
JSON_POSTS = POSTS[:4]
JWTAUTH = {"ISSUER": "https://auth.example.com", "RESOURCE_SERVERS": {"shop": "secret"}}
CREDENTIALS = json.dumps({"username": "ada", "password": PASSWORD})

pytestmark = pytest.mark.django_db

urlpatterns = [
    path("api/v1/account/", include("django_jwtauth.urls", namespace="account")),
    path("login/", LoginView.as_view()),
    path("v2/", include(([path("a/", include("django_jwtauth.urls"))], "v2"))),
    path(".well-known/", include("django_jwtauth.well_known_urls")),
]


def send(path: str, body: Any, content_type: str, headers: Any = None) -> Any:
    device_headers = {"authorization": "Basic c2hvcDpzZWNyZXQ="} if "introspect" in path else {}
    return APIClient().generic(
        "POST", path, body, content_type, headers={**device_headers, **(headers or {})}
    )


def assert_refused_somehow(answer: HttpResponse) -> None:
    """Whatever came, the answer is one of ours: a 4xx, flat, in JSON, with a code."""
    assert 400 <= answer.status_code < 500, answer.content
    body = body_of(answer)
    assert isinstance(body["code"], str)
    assert body["detail"]
    assert_not_cached(answer)


# Bodies.


def bad_json() -> Iterator[bytes]:
    yield from (b"{", b"}", b"nul", b"{'a': 1}", b'{"a" 1}', b"\x00", b"\xff\xfe", b" ")
    yield b'{"username": "ada"}{"password": "x"}'
    yield b"\xef\xbb\xbf{}"
    yield b'{"username": NaN}'
    yield b'{"username": Infinity, "password": -Infinity}'
    yield CREDENTIALS.encode("utf-16")
    yield CREDENTIALS.encode("utf-32")
    yield b'{"username": "\xe9"}'
    yield b"[" * 100_000
    yield b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield b"[" * 100_000 + b"]" * 100_000
    yield b'{"username": ' + b"9" * 5000 + b"}"


@pytest.mark.parametrize("path", JSON_POSTS)
def test_what_is_no_json_is_a_malformed_request(device: Device, path: str) -> None:
    for body in bad_json():
        answer = send(path, body, JSON, device.bearer)
        assert_invalid_request(answer)


@pytest.mark.parametrize("path", JSON_POSTS)
@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"', "true", "1.5", "[[[[]]]]", "[{}]"])
def test_json_that_is_no_object_is_a_malformed_request(
    device: Device, path: str, body: str
) -> None:
    assert_invalid_request(send(path, body, JSON, device.bearer))


def strange_values() -> Iterator[str]:
    yield from ('"\\ud800"', '"\\udfff\\ud800"', '"a\\u0000"', '"\\u0000"', "1e400", "-1e400")
    yield from ("null", "[]", "{}", "true", "[null]", '{"username": {}}')
    yield "[" * 900 + "]" * 900
    yield "9" * 4300
    yield '"' + "x" * 1_000_000 + '"'
    yield '"\\u202e\\ufeff\\u2028"'


@pytest.mark.parametrize("path", ["/auth/login/", "/auth/refresh/", "/auth/logout/"])
def test_strange_values_are_refused(path: str) -> None:
    for value in strange_values():
        for names in (("username", "refresh_token"), ("password",), ("client_id", "grant_type")):
            members = ", ".join(f'"{name}": {value}' for name in names)
            assert_refused_somehow(send(path, f"{{{members}}}", JSON))
            body = f'{{"username": "ada", "password": "x", "refresh_token": "x", {members}}}'
            assert_refused_somehow(send(path, body, JSON))


FORMS = [
    b"\xff\xfe\x00",
    b"username=%FF&password=%00",
    b"username=%ED%A0%80&password=x",
    b"&&&===;;;%%%",
    b"username=ada&username=eve&password=a&password=b",
    b"refresh_token=%FF&token=%FF",
    b"\x00" * 1000,
    b"a" * 1_000_000,
    b"token=" + b"%00" * 1000,
    "username=\u00e9&password=\u00e9".encode("latin-1"),
]


@pytest.mark.parametrize("path", ["/auth/login/", "/auth/refresh/", "/auth/logout/"])
def test_strange_forms_are_refused(path: str) -> None:
    for body in FORMS:
        assert_refused_somehow(send(path, body, FORM))


@override_settings(JWTAUTH=JWTAUTH)
@pytest.mark.parametrize("path", ["/auth/introspect/", "/auth/revoke/"])
def test_strange_forms_with_a_token_that_is_none_are_answered(path: str) -> None:
    for body in FORMS:
        answer = send(path, body, FORM)
        assert answer.status_code in (200, 400)
        assert_not_cached(answer)


@pytest.mark.parametrize("path", POSTS)
@override_settings(JWTAUTH={"RESOURCE_SERVERS": JWTAUTH["RESOURCE_SERVERS"]})
def test_too_many_fields_are_a_malformed_request(device: Device, path: str) -> None:
    body = "&".join(f"field{n}=x" for n in range(1001))
    bearer = {} if "introspect" in path else device.bearer
    assert_invalid_request(send(path, body, FORM, bearer))


@pytest.mark.parametrize("content_type", [FORM, JSON])
@pytest.mark.parametrize("path", JSON_POSTS)
def test_a_body_over_djangos_limit_is_not_read(
    device: Device, path: str, content_type: str
) -> None:
    if content_type == JSON:
        body = b'{"refresh_token": "' + b"x" * 3_000_000 + b'"}'
    else:
        body = b"refresh_token=" + b"x" * 3_000_000
    assert_invalid_request(send(path, body, content_type, device.bearer))


def test_the_projects_own_limit_counts(user: User) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        assert_invalid_request(send("/auth/login/", CREDENTIALS, JSON))
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None):
        assert_pair(send("/auth/login/", CREDENTIALS, JSON))


@pytest.mark.parametrize("length", ["-1", "x", "9" * 30])
def test_a_wrong_length_breaks_nothing(user: User, length: str) -> None:
    answer = APIClient().generic("POST", "/auth/login/", CREDENTIALS, JSON, CONTENT_LENGTH=length)
    assert_refused_somehow(answer)


# Media types.


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=UTF-8",
        "application/json;charset=utf-8",
        "Application/JSON",
        'application/json; charset="utf-8"',
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json; charset=no-such-charset",
        "application/json; charset=hex",
        "application/json; charset=rot13",
        "application/json; charset=\u00e9",
        "application/json; charset=",
        "application/json; boundary=x; charset=idna",
    ],
)
def test_json_is_utf_8_whatever_charset_it_claims(user: User, content_type: str) -> None:
    assert_pair(send("/auth/login/", CREDENTIALS, content_type))


@pytest.mark.parametrize(
    "charset", ["UTF-8", '"utf-8"', "latin-1", "utf-16", "no-such-charset", "hex", "undefined", ""]
)
def test_a_form_is_utf_8_whatever_charset_it_claims(db: None, charset: str) -> None:
    User.objects.create_user("zo\u00eb", password=PASSWORD)
    body = "username=zo%C3%AB&password=a+password+of+ada%27s+4711"
    assert_pair(send("/auth/login/", body, f"{FORM}; charset={charset}"))


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "text/plain",
        "application/xml",
        "application/jose",
        "application/octet-stream",
        "x",
        "/",
        ";;;",
        "\u00e9/\u00e9",
    ],
)
@pytest.mark.parametrize("path", JSON_POSTS)
def test_another_media_type_is_unsupported(device: Device, path: str, content_type: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nada\r\n--x--\r\n'
    answer = send(path, body, content_type, device.bearer)
    assert_error(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "image/*;q=0", "", "x", "\u00e9", "*"]
)
@pytest.mark.parametrize("suffix", ["", "?format=xml", "?format=api"])
def test_the_answer_is_json_whatever_is_asked_for(device: Device, accept: str, suffix: str) -> None:
    for address in GETS[:4]:
        answer = device.api.get(address + suffix, headers={**device.bearer, "accept": accept})
        assert answer.status_code == 200, address
        body_of(answer)
    answer = device.api.get(f"/auth/nothing-of-ours/{suffix}", headers={"accept": accept})
    assert answer.status_code == 404
    answer = device.api.delete(
        f"/auth/sessions/x/{suffix}", headers={**device.bearer, "accept": accept}
    )
    assert_error(answer, 404, "not_found")


# OPTIONS, and tokens that are of no use.


@override_settings(JWTAUTH=JWTAUTH)
@pytest.mark.parametrize("path", [*POSTS, *GETS, "/auth/sessions/x/"])
@pytest.mark.parametrize("header", [None, "Bearer rubbish", "Bearer"])
def test_options_pass_without_credentials(path: str, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    answer: Any = APIClient().options(path, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "OPTIONS" in answer["Allow"]


def stale_headers(device: Device) -> list[str]:
    return [
        "Bearer",
        "Bearer rubbish",
        "Bearer a b c",
        f"Bearer {device.access}",
        "Basic x",
        "\u00e9",
        "Bearer " + "x" * 10_000,
    ]


@override_settings(JWTAUTH=JWTAUTH)
def test_a_stale_token_hinders_nobody_from_what_takes_none(device: Device) -> None:
    device.post("/auth/logout/all/")
    for header in stale_headers(device):
        api = APIClient(
            headers={"authorization": header, "cookie": "__Host-access=x; __Secure-refresh=y"}
        )
        pair = assert_pair(api.generic("POST", "/auth/login/", CREDENTIALS, JSON))
        token = pair["refresh_token"]
        assert_pair(api.post("/auth/refresh/", {"refresh_token": token}, "json"))
        assert api.get("/auth/csrf/").status_code == 200
        assert api.get("/.well-known/jwks.json").status_code == 200
        assert api.get("/.well-known/oauth-authorization-server").status_code == 200
        assert post_form(api, "/auth/revoke/", {"token": "x"}).status_code == 200
        assert api.post("/auth/logout/", {"refresh_token": token}, "json").status_code == 204


# What a project says of its own API.


class Refusing:
    """Stands for whatever a project makes the default of its own views."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise AssertionError("a project's default reached one of our endpoints")


def refuse(*args: Any, **kwargs: Any) -> None:
    raise AssertionError("a project's default reached one of our endpoints")


REFUSING = f"{__name__}.Refusing"
PROJECT = {
    "DEFAULT_AUTHENTICATION_CLASSES": [REFUSING],
    "DEFAULT_PERMISSION_CLASSES": [REFUSING],
    "DEFAULT_PARSER_CLASSES": [REFUSING],
    "DEFAULT_RENDERER_CLASSES": [REFUSING],
    "DEFAULT_THROTTLE_CLASSES": [REFUSING],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": REFUSING,
    "DEFAULT_METADATA_CLASS": REFUSING,
    "DEFAULT_VERSIONING_CLASS": REFUSING,
    "DEFAULT_PAGINATION_CLASS": REFUSING,
    "DEFAULT_FILTER_BACKENDS": [REFUSING],
    "EXCEPTION_HANDLER": f"{__name__}.refuse",
    "PAGE_SIZE": 1,
    "NON_FIELD_ERRORS_KEY": "problems",
    "URL_FORMAT_OVERRIDE": "format",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "DATETIME_FORMAT": "%d.%m.%Y",
    "COMPACT_JSON": False,
    "UNICODE_JSON": False,
    "STRICT_JSON": False,
}


def shape(value: Any) -> Any:
    """Return what is the same of two answers to one question."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return type(value)


def walk() -> list[Any]:
    """Go through every endpoint, right and wrong, and return what was answered."""
    device = Device()
    api = APIClient()
    answers: list[Any] = [
        send("/auth/login/", CREDENTIALS, JSON),
        send("/auth/login/", '{"username": "ada", "password": "wrong"}', JSON),
        send("/auth/login/", "{}", JSON),
        send("/auth/login/", "[]", JSON),
        send("/auth/login/", "[", JSON),
        send("/auth/login/", "x", "text/plain"),
        device.refresh(),
        device.refresh("x"),
        device.get("/auth/me/"),
        device.get("/auth/sessions/"),
        api.get("/auth/me/"),
        api.get("/auth/me/", headers={"authorization": "Bearer x"}),
        device.delete("/auth/sessions/x/"),
        api.get("/auth/login/"),
        api.options("/auth/login/"),
        api.get("/.well-known/jwks.json"),
        api.get("/.well-known/oauth-authorization-server"),
        post_form(api, "/auth/revoke/", {"token": "x"}),
        post_form(api, "/auth/introspect/", {"token": "x"}),
        device.post("/auth/logout/all/", {"keep_current": True}),
        device.post("/auth/logout/"),
        api.post("/auth/logout/", {}, "json"),
    ]
    return [
        (
            answer.status_code,
            sorted(answer.headers),
            answer.get("WWW-Authenticate"),
            shape(answer.json()) if answer.content else None,
        )
        for answer in answers
    ]


@override_settings(JWTAUTH=JWTAUTH)
def test_a_projects_own_defaults_change_no_endpoint(user: User) -> None:
    with override_settings(REST_FRAMEWORK={}):
        usual = walk()
    with override_settings(REST_FRAMEWORK=PROJECT):
        assert walk() == usual


def test_times_are_iso_8601_whatever_format_the_project_likes(device: Device) -> None:
    with override_settings(REST_FRAMEWORK={"DATETIME_FORMAT": "%d.%m.%Y"}):
        (row,) = device.get("/auth/sessions/").json()
    assert row["created_at"][10] == "T"


# Where the package stands.


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("prefix", ["/api/v1/account", "/v2/a"])
def test_the_endpoints_stand_where_the_project_puts_them(user: User, prefix: str) -> None:
    api = APIClient()
    pair = assert_pair(api.generic("POST", f"{prefix}/login/", CREDENTIALS, JSON))
    bearer = {"authorization": f"Bearer {pair['access_token']}"}
    assert api.get(f"{prefix}/me/", headers=bearer).status_code == 200
    token = {"refresh_token": pair["refresh_token"]}
    assert_pair(api.post(f"{prefix}/refresh/", token, "json"))
    assert api.post(f"{prefix}/logout/", token, "json").status_code == 204


def test_the_endpoints_stand_under_a_script_name(user: User, mounted_at: str) -> None:
    api = APIClient()
    answer = api.generic("POST", "/auth/login/", CREDENTIALS, JSON, SCRIPT_NAME=mounted_at)
    assert_pair(answer)


@override_settings(LANGUAGE_CODE="de")
def test_challenges_stay_plain_ascii_in_every_language(api: APIClient, user: User) -> None:
    answer = api.get("/auth/me/", headers={"authorization": "Bearer x", "accept-language": "ja"})
    assert answer["WWW-Authenticate"].isascii()
    assert_grant_refused(
        send("/auth/login/", '{"username": "ada", "password": "wrong"}', JSON),
        "invalid_credentials",
    )

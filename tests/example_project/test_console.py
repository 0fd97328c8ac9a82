"""The start page and its endpoints over HTTP; `tests/browser/test_console.py` looks at it."""

import base64
import json
import re
from html.parser import HTMLParser

import pytest
import requests

from tests.example_project.servers import Server, manage
from tests.example_project.test_settings import PRODUCTION, last_line

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.fixture(scope="module")
def page(server: Server) -> requests.Response:
    return server.call("GET", "/")


@pytest.fixture(scope="module")
def tags(page: requests.Response) -> list[tuple[str, dict[str, str]]]:
    return Tags(page.text).found


@pytest.fixture(scope="module")
def operator(server: Server) -> str:
    return server.login("operator", "operator-password")["access_token"]


def decoded(part: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_the_page_comes_with_a_policy_that_runs_nothing_but_our_files(
    page: requests.Response, tags: list[tuple[str, dict[str, str]]]
) -> None:
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == POLICY
    scripts = [attributes for tag, attributes in tags if tag == "script"]
    assert scripts
    assert all(script.get("src") for script in scripts)
    assert "style" not in {tag for tag, _ in tags}
    assert not {name for _, attributes in tags for name in attributes} & {"style", "onclick"}


def test_everything_that_the_page_names_is_there(
    server: Server, tags: list[tuple[str, dict[str, str]]]
) -> None:
    named = {
        value
        for _, attributes in tags
        for name, value in attributes.items()
        if name in ("href", "src") and not value.startswith("#")
    }
    assert len(named) >= 6
    assert all(url.startswith("/") for url in named), "an external resource"
    for url in named:
        assert server.call("GET", url).status_code == 200, url
    (urls,) = [attributes for tag, attributes in tags if tag == "body"]
    for name, url in urls.items():
        if name.endswith("-url") and name != "data-auth-url":
            assert server.call("OPTIONS", url).status_code != 404, url
    assert server.call("GET", urls["data-auth-url"] + "csrf/").status_code == 200


def test_the_passwords_shown_are_those_of_the_users(
    server: Server, tags: list[tuple[str, dict[str, str]]]
) -> None:
    accounts = [attributes for _, attributes in tags if "data-password" in attributes]
    assert len(accounts) == 2
    for account in accounts:
        assert server.login(account["data-username"], account["data-password"])


def test_without_debug_no_password_is_shown() -> None:
    look = (
        "from django.test import Client;"
        "page = Client().get('/', secure=True, headers={'host': 'api.example.com'});"
        "print(page.status_code, b'password' in page.content, b'data-password' in page.content)"
    )
    assert last_line(manage("shell", "-v", "0", "-c", look, **PRODUCTION).stdout) == (
        "200 True False"
    )


def test_the_token_comes_back_in_its_parts(server: Server) -> None:
    token = server.login()["access_token"]
    answer = server.call("GET", "/console/token/", token)
    parts = answer.json()
    assert ".".join(parts[name] for name in ("header", "claims", "signature")) == token
    assert parts["signature_length"] == len(parts["signature"])
    assert (parts["username"], parts["is_staff"]) == ("demo", False)
    assert answer.headers["Cache-Control"] == "no-store"


def test_of_a_token_in_a_cookie_the_signature_is_kept_back(server: Server) -> None:
    page = requests.Session()
    csrf = page.get(f"{server.url}/auth/csrf/", timeout=30).json()["csrf_token"]
    body = {"username": "operator", "password": "operator-password", "transport": "cookie"}
    headers = {"X-CSRFToken": csrf}
    page.post(f"{server.url}/auth/login/", json=body, headers=headers, timeout=30)
    parts = page.get(f"{server.url}/console/token/", timeout=30).json()
    assert parts["signature"] is None
    assert parts["signature_length"] == 86
    assert parts["is_staff"] is True
    header, claims, signature = page.cookies["access"].split(".")
    assert (parts["header"], parts["claims"]) == (header, claims)
    assert signature not in json.dumps(parts)
    other_scheme = {"Authorization": "Basic ZGVtbzpkZW1v"}
    again = page.get(f"{server.url}/console/token/", headers=other_scheme, timeout=30)
    assert (again.status_code, again.json()["claims"]) == (200, claims)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/console/keys/"),
        ("POST", "/console/keys/rotate/"),
        ("POST", "/console/keys/some-kid/revoke/"),
    ],
)
def test_the_keys_are_for_staff(server: Server, method: str, path: str) -> None:
    assert server.call(method, path).status_code == 401
    assert server.call(method, path, server.login()["access_token"]).status_code == 403


def test_the_key_that_signs_is_the_one_that_tokens_name(server: Server, operator: str) -> None:
    keys = server.call("GET", "/console/keys/", operator).json()["keys"]
    (signing,) = [key for key in keys if key["signs"]]
    assert signing["kid"] == decoded(operator.split(".", 1)[0])["kid"]
    assert (signing["state"], signing["revoked_at"]) == ("active", None)


def test_a_key_is_made_once_published_and_revoked(server: Server, operator: str) -> None:
    made = server.call("POST", "/console/keys/rotate/", operator, json={}).json()
    assert made["made"] is True
    again = server.call("POST", "/console/keys/rotate/", operator, json={}).json()
    assert (again["made"], again["kid"]) == (False, made["kid"])
    assert states(server, operator)[made["kid"]] == "pending"

    revoked = server.call("POST", f"/console/keys/{made['kid']}/revoke/", operator).json()

    assert revoked["kid"] == made["kid"]
    assert revoked["was_signing"] is False
    assert states(server, operator)[made["kid"]] == "revoked"
    published = server.call("GET", "/.well-known/jwks.json").json()["keys"]
    assert made["kid"] not in [key["kid"] for key in published]


def states(server: Server, token: str) -> dict[str, str]:
    keys = server.call("GET", "/console/keys/", token).json()["keys"]
    return {key["kid"]: key["state"] for key in keys}


def test_bad_wishes_are_named(server: Server, operator: str) -> None:
    unknown = server.call("POST", "/console/keys/nonsense/revoke/", operator)
    assert unknown.status_code == 404
    assert re.match("There is no signing key nonsense", unknown.json()["detail"])
    wish = {"immediately": "perhaps"}
    malformed = server.call("POST", "/console/keys/rotate/", operator, json=wish)
    assert malformed.status_code == 400
    assert list(malformed.json()) == ["immediately"]

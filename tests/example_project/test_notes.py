"""The notes API over HTTP."""

import secrets

import pytest
import requests

from tests.example_project.servers import Server, manage


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.login()["access_token"]


@pytest.fixture(scope="module")
def token_of_another(server: Server, database_url: str) -> str:
    name = f"another-{secrets.token_hex(4)}"
    made = manage(
        "createsuperuser",
        "--no-input",
        f"--username={name}",
        "--email=another@example.com",
        database_url=database_url,
        DJANGO_SUPERUSER_PASSWORD="another-password",
    )
    assert made.returncode == 0, made.stderr
    return server.login(name, "another-password")["access_token"]


def write(server: Server, token: str, text: str) -> dict:
    answer = server.call("POST", "/notes/", token, json={"text": text})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_note_is_written_listed_read_and_deleted(server: Server, token: str) -> None:
    note = write(server, token, "bread, milk")
    assert note["text"] == "bread, milk"
    path = f"/notes/{note['id']}/"
    assert note in server.call("GET", "/notes/", token).json()
    assert server.call("GET", path, token).json() == note

    assert server.call("DELETE", path, token).status_code == 204

    assert server.call("GET", path, token).status_code == 404
    assert note not in server.call("GET", "/notes/", token).json()


def test_the_newest_note_comes_first(server: Server, token: str) -> None:
    older, newer = write(server, token, "older"), write(server, token, "newer")
    notes = server.call("GET", "/notes/", token).json()
    assert notes.index(newer) < notes.index(older)


def test_notes_of_others_are_not_there(server: Server, token: str, token_of_another: str) -> None:
    note = write(server, token, "for me alone")
    path = f"/notes/{note['id']}/"
    assert server.call("GET", "/notes/", token_of_another).json() == []
    assert server.call("GET", path, token_of_another).status_code == 404
    assert server.call("DELETE", path, token_of_another).status_code == 404
    assert server.call("GET", path, token).status_code == 200


def test_the_writer_is_the_user_of_the_token_whatever_the_body_says(
    server: Server, token: str, token_of_another: str
) -> None:
    me = server.call("GET", "/auth/me/", token_of_another).json()
    body = {"text": "whose is it?", "owner": me["id"]}
    note = server.call("POST", "/notes/", token, json=body).json()
    assert server.call("GET", f"/notes/{note['id']}/", token_of_another).status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", "/notes/"), ("GET", "/notes/1/")])
def test_without_a_token_the_answer_is_401_with_a_challenge(
    server: Server, method: str, path: str
) -> None:
    answer = server.call(method, path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": "a\0b"}, {"text": 10_001 * "x"}, {"text": []}]
)
def test_a_note_that_cannot_be_kept_is_400_and_names_the_field(
    server: Server, token: str, body: dict
) -> None:
    answer = server.call("POST", "/notes/", token, json=body)
    assert answer.status_code == 400
    assert list(answer.json()) == ["text"]


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "nonsense"])
def test_a_note_that_never_was_is_404(server: Server, token: str, key: str) -> None:
    assert server.call("GET", f"/notes/{key}/", token).status_code == 404


def test_a_page_may_keep_its_tokens_in_cookies(server: Server) -> None:
    page = requests.Session()
    csrf = page.get(f"{server.url}/auth/csrf/", timeout=30).json()["csrf_token"]
    body = {"username": "demo", "password": "demo-password", "transport": "cookie"}
    headers = {"X-CSRFToken": csrf}
    login = page.post(f"{server.url}/auth/login/", json=body, headers=headers, timeout=30)
    assert login.status_code == 200
    assert "access_token" not in login.json()

    notes = f"{server.url}/notes/"
    assert page.get(notes, timeout=30).status_code == 200
    note = {"text": "from a page"}
    assert page.post(notes, json=note, timeout=30).status_code == 403
    headers = {"X-CSRFToken": login.json()["csrf_token"]}
    assert page.post(notes, json=note, headers=headers, timeout=30).status_code == 201


def test_metadata_names_the_issuer(server: Server) -> None:
    metadata = server.call("GET", "/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == "http://127.0.0.1:8000"

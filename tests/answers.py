"""What the answers of the endpoints have to look like, whole: status, body and headers."""

from typing import Any

from django.http import HttpResponse

CHALLENGE = 'Bearer realm="api"'


def body_of(response: HttpResponse) -> Any:
    """Return the JSON of an answer, which is JSON whatever was asked for."""
    assert response["Content-Type"] == "application/json"
    return response.json()  # type: ignore[attr-defined]  # the test client's own


def assert_not_cached(response: HttpResponse) -> None:
    assert response["Cache-Control"] == "no-store"
    assert response["Pragma"] == "no-cache"


def assert_error(
    response: HttpResponse,
    status: int,
    code: str,
    *,
    challenge: str | None = None,
    **members: Any,
) -> dict[str, Any]:
    """Check an error of one of our endpoints: exactly these members besides a sentence."""
    body: dict[str, Any] = body_of(response)
    assert response.status_code == status, body
    assert body == {"detail": body["detail"], "code": code, **members}
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert_not_cached(response)
    assert response.get("WWW-Authenticate") == challenge
    assert response.has_header("Retry-After") == (status in (429, 503))
    return body


def assert_dead_token(response: HttpResponse, code: str, description: str) -> None:
    """Check the refusal of an access token (RFC 6750 section 3.1)."""
    assert description.isascii()
    assert_error(
        response,
        401,
        code,
        challenge=f'{CHALLENGE}, error="invalid_token", error_description="{description}"',
    )


def assert_no_token(response: HttpResponse) -> None:
    """Check the refusal of a call without a token: a challenge, and no ``error`` in it."""
    assert_error(response, 401, "not_authenticated", challenge=CHALLENGE)


def assert_grant_refused(response: HttpResponse, code: str, **members: Any) -> None:
    """Check the 400 that sends the client to its login page (RFC 6749 section 5.2)."""
    assert_error(response, 400, code, error="invalid_grant", **members)


def assert_invalid_request(response: HttpResponse, **fields: Any) -> dict[str, Any]:
    """Check the 400 for a malformed request: the messages of each field under its name."""
    return assert_error(response, 400, "invalid_request", error="invalid_request", **fields)


def assert_pair(response: HttpResponse) -> dict[str, Any]:
    """Check the answer of login and refresh (RFC 6749 section 5.1), and return it."""
    body: dict[str, Any] = body_of(response)
    assert response.status_code == 200, body
    assert {name: type(value) for name, value in body.items()} == {
        "access_token": str,
        "token_type": str,
        "expires_in": int,
        "refresh_token": str,
        "refresh_expires_in": int,
    }
    assert body["token_type"] == "Bearer"
    assert_not_cached(response)
    assert not response.has_header("WWW-Authenticate")
    assert not response.cookies
    return body

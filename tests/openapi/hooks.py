"""What schemathesis loads besides the schema: whom its requests come from.

Positive cases of login and refresh get a right password, and a refresh token that is good: what is
well-formed and wrong is answered 400 there (RFC 6749 section 5.2).
"""

from typing import Any

import requests
import schemathesis
from schemathesis.generation import GenerationMode

CREDENTIALS = {"username": "demo", "password": "demo-password"}
SHOP = ("shop", "the-shop-secret")


def log_in(case: schemathesis.Case) -> dict[str, Any]:
    url = f"{case.operation.base_url}/auth/login/"
    answer = requests.post(url, json=CREDENTIALS, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@schemathesis.auth(refresh_interval=None).apply_to(path_regex="^(?!/auth/introspect/)")
class Login:
    """A login, and a new one after each request that may have ended it."""

    held = ""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        token = self.held or str(log_in(case)["access_token"])
        self.held = "" if "logout" in case.operation.path else token
        return token

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(refresh_interval=None).apply_to(path="/auth/introspect/")
class ResourceServer:
    """The id and the secret of a resource server."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        request = requests.Request("POST", "http://shop", auth=SHOP).prepare()
        return request.headers["Authorization"]

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = data


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: Any) -> None:
    is_positive = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if not is_positive or not isinstance(case.body, dict):
        return
    if case.operation.path == "/auth/login/":
        case.body |= CREDENTIALS
    elif case.operation.path == "/auth/refresh/":
        case.body |= {"grant_type": "refresh_token", "refresh_token": log_in(case)["refresh_token"]}

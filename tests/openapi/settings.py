"""The example's settings with drf-spectacular, which is all that a project has to add.

Throttles are off: a thousand requests in a minute are no guesses here.
"""

from typing import Any

from example import settings as example
from example.settings import *  # noqa: F403

INSTALLED_APPS = [*example.INSTALLED_APPS, "drf_spectacular"]
REST_FRAMEWORK: dict[str, Any] = {  # type: ignore[no-redef]
    **example.REST_FRAMEWORK,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(("jwt_login", "jwt_login_address", "jwt_refresh")),
}
JWTAUTH = {
    **example.JWTAUTH,
    "ACCESS_TOKEN_LIFETIME": 3600,  # one token for a whole run, on a slow machine too
    "RESOURCE_SERVERS": {"shop": "the-shop-secret"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "django_jwtauth example",
    "VERSION": "1",
    "PREPROCESSING_HOOKS": ["tests.openapi.settings.without_the_start_page"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tests.openapi.settings.with_refusals_of_notes",
    ],
}


def without_the_start_page(endpoints: list[Any]) -> list[Any]:
    """Leave out what the example's start page asks for: that is no API for others."""
    return [
        (path, *rest, view) for path, *rest, view in endpoints if view.cls.__module__ != "demo.api"
    ]


# Many requests log in anew.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def with_refusals_of_notes(result: Any, **_kwargs: Any) -> Any:
    """Say of the example's notes what drf-spectacular leaves for a project to say of its views."""
    result["components"]["schemas"]["Note"]["properties"]["text"]["pattern"] = "[!-~]"
    any_body: dict[str, Any] = {"application/json": {}, "text/html": {}}  # of Django's own pages
    for path, methods in result["paths"].items():
        if path.startswith("/notes/"):
            for operation in methods.values():
                for status in ("400", "401", "404"):
                    operation["responses"][status] = {"description": "", "content": any_body}
    return result

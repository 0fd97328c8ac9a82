"""What ``manage.py check`` says of ``JWTAUTH``."""

from datetime import timedelta
from typing import Any

import pytest

from tests.checks.found import found, ids, one


def test_nothing_is_said_of_a_clean_project() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("ACCES_TOKEN_LIFETIME", "ACCESS_TOKEN_LIFETIME"), ("issuer", "ISSUER"), ("AUD", "AUDIENCE")],
)
def test_an_unknown_name_is_told_with_the_nearest_right_one(name: str, nearest: str) -> None:
    message = one("E001", {name: 1})
    assert message.msg == f"JWTAUTH has no setting {name!r}."
    assert message.hint == f"Did you mean {nearest!r}?"


def test_a_name_that_is_near_to_none_lists_them_all() -> None:
    hint = one("E001", {"SIGNING_KEYFILE_PATH_OF_OLD": 1}).hint
    assert hint is not None
    assert hint.startswith("It has ISSUER, AUDIENCE, ")


def test_every_wrong_value_is_told_at_once_and_none_is_shown() -> None:
    messages = found(
        {
            "ISSUER": "",
            "ACCESS_TOKEN_LIFETIME": "s3cret",
            "ALGORITHM": "HS256",
            "COOKIES": {"SAMESITE": "lax"},
            "LEWAY": 3,
        }
    )
    assert sorted(ids(messages)) == ["E001", "E002", "E002", "E002", "E002"]
    assert not any("s3cret" in message.msg for message in messages)


@pytest.mark.parametrize("jwtauth", ["text", ["ISSUER"], 7])
def test_what_is_no_dictionary_is_told(jwtauth: object) -> None:
    assert one("E002", jwtauth).msg.startswith("JWTAUTH must be a dictionary")


@pytest.mark.parametrize(
    ("jwtauth", "said"),
    [
        (
            {"ISSUER": []},
            "ISSUER'] must be a string or a list of strings that are not empty, not list",
        ),
        ({"AUDIENCE": ["a", 7]}, "AUDIENCE'] must be a string or a list of strings"),
        ({"ALGORITHM": 7}, "ALGORITHM'] must be one of ES256, "),
        ({"PERMISSIONS": "cookie"}, "PERMISSIONS'] must be one of database, token, not 'cookie'"),
        ({"SUBJECT_FIELD": 7}, "SUBJECT_FIELD'] must be a string, not int"),
        ({"EXTRA_CLAIMS": print}, "EXTRA_CLAIMS'] must be a string, not builtin"),
        ({"LEEWAY": True}, "LEEWAY'] must be a timedelta or a number of seconds, not bool"),
        ({"LEEWAY": -1}, "LEEWAY'] must be at least 0 s"),
        ({"ACCESS_TOKEN_LIFETIME": timedelta(0)}, "ACCESS_TOKEN_LIFETIME'] must be at least 1 s"),
        ({"SESSION_LIFETIME": float("inf")}, "SESSION_LIFETIME'] must be at least 1 s"),
        ({"SESSION_LIFETIME": float("nan")}, "SESSION_LIFETIME'] must be at least 1 s"),
        ({"KEY_STORE": "a.path"}, "KEY_STORE'] must be a dictionary with BACKEND and OPTIONS"),
        ({"KEY_STORE": {"KEYS": []}}, "KEY_STORE'] must be a dictionary with BACKEND and OPTIONS"),
        ({"KEY_STORE": {"BACKEND": 7}}, "KEY_STORE.BACKEND'] must be a dotted path, not int"),
        ({"KEY_STORE": {"OPTIONS": []}}, "KEY_STORE.OPTIONS'] must be a dictionary, not list"),
        ({"COOKIES": True}, "COOKIES'] must be a dictionary with ENABLED, "),
        ({"COOKIES": {"SECURE": True}}, "COOKIES'] must be a dictionary with ENABLED, "),
        ({"COOKIES": {"ENABLED": "no"}}, "COOKIES.ENABLED'] must be true or false, not str"),
        ({"COOKIES": {"PATH": 7}}, "COOKIES.PATH'] must be a string, not int"),
        ({"COOKIES": {"SAMESITE": "none"}}, "COOKIES.SAMESITE'] must be Lax, Strict or None"),
        ({"RESOURCE_SERVERS": ["orders"]}, "RESOURCE_SERVERS'] must be a dictionary of id and"),
        ({"RESOURCE_SERVERS": {"orders": ""}}, "RESOURCE_SERVERS'] must be a dictionary of id and"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_wanted(jwtauth: dict[str, Any], said: str) -> None:
    assert one("E002", jwtauth).msg.startswith(f"JWTAUTH['{said}")


@pytest.mark.parametrize("name", ["KEY_STORE", "REVOCATION_FEED"])
@pytest.mark.parametrize(
    "path",
    ["nowhere.Store", "django_jwtauth.keystores.database.Missing", "django_jwtauth.conf.Settings"],
)
def test_a_backend_that_is_none_is_told(name: str, path: str) -> None:
    message = one("E003", {name: {"BACKEND": path}})
    assert message.msg.startswith(f"{name}.BACKEND")
    assert "django_jwtauth." in str(message.hint)


def test_a_store_and_a_feed_check_their_own_options() -> None:
    messages = found(
        {
            "KEY_STORE": {"OPTIONS": {"PUBLISH_AHAED": 900}},
            "REVOCATION_FEED": {"OPTIONS": {"MAX_AGE": -1}},
        }
    )
    assert ids(messages) == ["E201", "E302"]


@pytest.mark.parametrize("name", ["no_such_field", "groups"])
def test_a_subject_that_is_no_field_is_told(name: str) -> None:
    assert one("E004", {"SUBJECT_FIELD": name}).msg.startswith("JWTAUTH['SUBJECT_FIELD']: ")


def test_a_subject_that_two_users_may_share_is_told() -> None:
    assert "'email', which is not unique" in one("E007", {"SUBJECT_FIELD": "email"}).msg


@pytest.mark.parametrize("name", ["pk", "id", "username"])
def test_a_unique_subject_is_fine(name: str) -> None:
    assert found({"SUBJECT_FIELD": name}) == []


def test_a_claims_hook_that_cannot_be_imported_is_told() -> None:
    assert "'nowhere.claims'" in one("E005", {"EXTRA_CLAIMS": "nowhere.claims"}).msg


@pytest.mark.parametrize(
    ("window", "expected"),
    [(0, []), (60, []), (61, ["W002"]), (149, ["W002"]), (150, ["E006"]), (3600, ["E006"])],
)
def test_a_retry_window_is_measured_by_the_lifetime(window: int, expected: list[str]) -> None:
    jwtauth = {"REFRESH_RETRY_WINDOW": timedelta(seconds=window), "ACCESS_TOKEN_LIFETIME": 300}
    assert ids(found(jwtauth)) == expected


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("django-jwtauth", ["W001"]),
        ("http://auth.example.com", ["W001"]),
        ("https://auth.example.com?tenant=1", ["W001"]),
        ("https://[::1", ["W001"]),
        ("https://auth.example.com/tenant", []),
        ("http://127.0.0.1:8000", []),
        (["https://auth.example.com", "the-old-name"], []),
    ],
)
def test_an_issuer_is_a_url_in_production(issuer: Any, expected: list[str]) -> None:
    assert ids(found({"ISSUER": issuer})) == expected
    assert found({"ISSUER": issuer}, DEBUG=True) == []

"""What ``manage.py check`` says of the project around."""

from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections
from django.test import override_settings
from django.urls import include, path

from django_jwtauth.authentication import JWTAuthentication
from django_jwtauth.models import SigningKey
from django_jwtauth.testing import without_throttles
from tests.checks.found import found, ids, one

OURS = "django_jwtauth.authentication.JWTAuthentication"
SESSION = "rest_framework.authentication.SessionAuthentication"
REMOTE = {
    "KEY_STORE": {
        "BACKEND": "django_jwtauth.keystores.remote_jwks.RemoteJWKSKeyStore",
        "OPTIONS": {"URL": "https://auth.example.com/.well-known/jwks.json"},
    },
    "AUDIENCE": "orders",
}


class OwnAuthentication(JWTAuthentication):
    """A project's own."""


class NoURLs:
    urlpatterns: list[Any] = []


class Elsewhere:
    urlpatterns = [
        path("v1/login/", include("django_jwtauth.urls")),
        path("api/.well-known/", include("django_jwtauth.well_known_urls")),
    ]


class EndpointsAlone:
    urlpatterns = [path("auth/", include("django_jwtauth.urls"))]


def classes(*names: str) -> dict[str, Any]:
    return {"REST_FRAMEWORK": {"DEFAULT_AUTHENTICATION_CLASSES": names}}


def cache(name: str) -> dict[str, Any]:
    return {"CACHES": {"default": {"BACKEND": f"django.core.cache.backends.{name}"}}}


@pytest.mark.parametrize("rest_framework", [classes(SESSION), {"REST_FRAMEWORK": {}}])
def test_a_project_whose_views_take_no_token_by_default_is_told(
    rest_framework: dict[str, Any],
) -> None:
    assert OURS in str(one("W101", **rest_framework).hint)


def test_a_class_that_stands_before_ours_is_told() -> None:
    assert one("W102", **classes(SESSION, OURS)).msg.startswith("SessionAuthentication stands")


@pytest.mark.parametrize(
    "names", [(OURS, SESSION), ("tests.checks.test_surroundings.OwnAuthentication",)]
)
def test_ours_or_a_subclass_of_it_in_the_first_place_is_fine(names: tuple[str, ...]) -> None:
    assert found(**classes(*names)) == []


def test_endpoints_that_are_not_served_are_told() -> None:
    assert 'include("django_jwtauth.urls")' in str(one("W103", ROOT_URLCONF=NoURLs).hint)


def test_public_keys_that_are_served_elsewhere_are_told() -> None:
    assert "/api/.well-known/jwks.json" in one("W104", ROOT_URLCONF=Elsewhere).msg


def test_who_has_no_other_services_need_not_serve_the_keys() -> None:
    assert found(ROOT_URLCONF=EndpointsAlone) == []


def test_a_service_that_only_verifies_serves_no_endpoints_and_throttles_nothing() -> None:
    assert found(REMOTE, ROOT_URLCONF=NoURLs, **cache("locmem.LocMemCache")) == []


@pytest.mark.parametrize("name", ["locmem.LocMemCache", "dummy.DummyCache"])
def test_a_cache_for_each_process_is_told_in_production(name: str) -> None:
    assert name in one("W105", **cache(name)).msg
    assert found(DEBUG=True, **cache(name)) == []


@pytest.mark.parametrize("name", ["db.DatabaseCache", "filebased.FileBasedCache"])
def test_a_cache_that_counts_in_two_steps_is_told(name: str) -> None:
    assert name in one("W106", **cache(name)).msg


@pytest.mark.parametrize("name", ["redis.RedisCache", "memcached.PyMemcacheCache", "nowhere.Cache"])
def test_a_shared_cache_is_fine_and_one_that_is_none_is_djangos_to_tell(name: str) -> None:
    assert found(**cache(name)) == []


def test_without_throttles_no_cache_counts() -> None:
    with without_throttles():
        rest_framework = settings.REST_FRAMEWORK
    assert found(REST_FRAMEWORK=rest_framework, **cache("locmem.LocMemCache")) == []


def test_a_database_without_autocommit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "AUTOCOMMIT", False)
    assert "'default'" in one("E101").msg


@pytest.mark.django_db
def test_a_check_of_other_apps_says_nothing_of_this_one() -> None:
    with override_settings(JWTAUTH={"ISSUR": "x"}):
        call_command("check", "auth", databases=["default"])
        with pytest.raises(SystemCheckError, match=r"django_jwtauth\.E001"):
            call_command("check", "django_jwtauth")


@pytest.mark.django_db
def test_a_check_of_other_apps_asks_nothing_of_the_database() -> None:
    SigningKey.objects.all().delete()
    said = StringIO()
    call_command("check", "auth", databases=["default"], stderr=said)
    assert "W211" not in said.getvalue()
    call_command("check", "django_jwtauth", databases=["default"], stderr=said)
    assert "W211" in said.getvalue()


def test_nothing_is_said_of_the_rest_before_the_settings_can_be_read() -> None:
    assert ids(found({"ISSUR": "x"}, ROOT_URLCONF=NoURLs)) == ["E001"]

"""What others may rely on, name by name: a change here is a breaking change for them."""

import importlib
import inspect
from importlib.metadata import distribution
from importlib.resources import files
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.dispatch import Signal
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.test import APIClient

import django_jwtauth
from django_jwtauth import conf, exceptions, keystores, revocation, sessions, signals, testing
from django_jwtauth.exceptions import JWTAuthError
from django_jwtauth.models import LoginSession


def signature(function: Any) -> str:
    """Return parameters and defaults, without the types, which may become wider."""
    bare = []
    for parameter in inspect.signature(function).parameters.values():
        default = parameter.default
        if isinstance(default, LoginSession.EndReason):
            default = str(default)
        bare.append(parameter.replace(annotation=inspect.Parameter.empty, default=default))
    return str(inspect.Signature(bare))


# The package.


def test_the_package_is_installed_under_its_own_name() -> None:
    installed = distribution("django-rest-jwtauth")
    assert installed.version == django_jwtauth.__version__
    assert set(installed.metadata.get_all("Provides-Extra") or ()) >= {"redis", "spectacular"}


def test_the_package_is_typed() -> None:
    assert (files("django_jwtauth") / "py.typed").is_file()


# Dotted paths, which stand in the settings of projects.


@pytest.mark.parametrize(
    ("dotted_path", "base"),
    [
        ("django_jwtauth.authentication.JWTAuthentication", BaseAuthentication),
        ("django_jwtauth.keystores.database.DatabaseKeyStore", keystores.base.KeyStore),
        ("django_jwtauth.keystores.static.StaticKeyStore", keystores.base.KeyStore),
        ("django_jwtauth.keystores.directory.DirectoryKeyStore", keystores.base.KeyStore),
        ("django_jwtauth.keystores.remote_jwks.RemoteJWKSKeyStore", keystores.base.KeyStore),
        ("django_jwtauth.keystores.dummy.DummyKeyStore", keystores.base.KeyStore),
        ("django_jwtauth.revocation.database.DatabaseFeed", revocation.base.RevocationFeed),
        ("django_jwtauth.revocation.redis.RedisFeed", revocation.base.RevocationFeed),
        ("django_jwtauth.revocation.dummy.DummyFeed", revocation.base.RevocationFeed),
    ],
)
def test_a_dotted_path_leads_to_what_it_says(dotted_path: str, base: type) -> None:
    assert issubclass(import_string(dotted_path), base)


def test_has_scope_makes_a_permission_class() -> None:
    made = import_string("django_jwtauth.permissions.HasScope")("orders:read")
    assert issubclass(made, BasePermission)


def test_the_settings_have_these_names() -> None:
    assert conf.NAMES == (
        "ISSUER",
        "AUDIENCE",
        "ALGORITHM",
        "KEY_STORE",
        "ACCESS_TOKEN_LIFETIME",
        "REFRESH_TOKEN_LIFETIME",
        "SESSION_LIFETIME",
        "REFRESH_RETRY_WINDOW",
        "LEEWAY",
        "REVOCATION_FEED",
        "EXTRA_CLAIMS",
        "PERMISSIONS",
        "USER_LOADING",
        "SUBJECT_FIELD",
        "COOKIES",
        "RESOURCE_SERVERS",
    )


def test_the_settings_have_these_defaults(settings: Any) -> None:
    settings.JWTAUTH = {}
    current = conf.current()
    assert (current.ISSUER, current.AUDIENCE) == (("django-jwtauth",), ("django-jwtauth",))
    assert current.ALGORITHM == "ES256"
    assert current.ACCESS_TOKEN_LIFETIME == 5 * 60
    assert current.REFRESH_TOKEN_LIFETIME == 14 * 86400
    assert current.SESSION_LIFETIME == 90 * 86400
    assert current.REFRESH_RETRY_WINDOW == 30
    assert current.LEEWAY == 10
    assert current.KEY_STORE.path == "django_jwtauth.keystores.database.DatabaseKeyStore"
    assert current.REVOCATION_FEED.path == "django_jwtauth.revocation.database.DatabaseFeed"
    assert (current.EXTRA_CLAIMS, current.PERMISSIONS) == (None, "database")
    assert (current.USER_LOADING, current.SUBJECT_FIELD) == ("deferred", "pk")
    assert current.RESOURCE_SERVERS == {}
    cookies = current.COOKIES
    assert (cookies.ENABLED, cookies.PATH, cookies.SAMESITE) == (False, None, "Lax")
    assert (cookies.ACCESS_NAME, cookies.REFRESH_NAME) == ("__Host-access", "__Secure-refresh")
    assert keystores.store().options["PUBLISH_AHEAD"] == 900
    assert revocation.feed().options == {"MAX_AGE": 1.0, "MAX_STALENESS": 60.0}


# Python.

SESSIONS = {
    "start": "(user, request=None, *, client_id='first-party', scope='', amr=(), label='', "
    "lifetime=None)",
    "refresh": "(token, request=None, *, client_id=None)",
    "revoke": "(raw)",
    "end": "(session_id, reason='revoked')",
    "end_all": "(user, reason='logout_all', except_session=None)",
    "active": "(user)",
    "typed_password": "(password)",
}


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions_are_called_like_this(name: str) -> None:
    assert signature(getattr(sessions, name)) == SESSIONS[name]
    assert name in sessions.__all__


def test_authenticate_takes_a_token() -> None:
    parameters = list(inspect.signature(sessions.authenticate).parameters.values())
    assert parameters[0].name == "raw"
    assert all(parameter.default is not parameter.empty for parameter in parameters[1:])


def test_every_name_that_sessions_offer_is_there() -> None:
    for name in sessions.__all__:
        assert getattr(sessions, name).__doc__


@pytest.mark.django_db
def test_a_pair_of_tokens_has_these_parts(django_user_model: Any) -> None:
    pair = sessions.start(django_user_model.objects.create_user("ada"))
    assert isinstance(pair.access_token, str)
    assert isinstance(pair.refresh_token, str)
    assert isinstance(pair.expires_in, int)
    assert isinstance(pair.session, LoginSession)
    user, token = sessions.authenticate(pair.access_token)
    assert (user.pk, token.session_id) == (pair.session.user_id, pair.session.sid)


def test_sessions_end_for_these_reasons() -> None:
    assert set(LoginSession.EndReason.values) == {
        "logout",
        "logout_all",
        "revoked",
        "password_changed",
        "user_inactive",
        "reuse",
    }


def test_there_are_these_signals() -> None:
    found = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    assert found == {
        "session_started",
        "session_refreshed",
        "session_ended",
        "refresh_token_reused",
        "signing_key_rotated",
        "signing_key_revoked",
    }
    for name in found:
        assert f"\n{name} " in str(signals.__doc__)


def test_there_are_these_errors() -> None:
    found = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, JWTAuthError)
    }
    assert found == {
        "AccessTokenError",
        "CSRFFailed",
        "InsufficientScope",
        "InvalidClient",
        "InvalidCredentials",
        "InvalidKey",
        "InvalidRequest",
        "JWTAuthError",
        "NoSigningKey",
        "NoUserDatabase",
        "NotAuthenticated",
        "RefreshTokenError",
        "RefreshTokenExpired",
        "RefreshTokenInvalid",
        "RefreshTokenReused",
        "RevocationsUnknown",
        "SessionEnded",
        "SessionNotFound",
        "TemporarilyUnavailable",
        "TokenExpired",
        "TokenInvalid",
        "TokenRevoked",
        "UnknownSigningKey",
        "UnsupportedGrantType",
        "UserInactive",
        "UserNotFound",
    }
    for name in found:  # the tree at the top of the module is what people read
        assert name in str(exceptions.__doc__)


def test_tests_of_projects_find_their_helpers() -> None:
    assert issubclass(testing.JWTClient, APIClient)
    assert list(inspect.signature(testing.JWTClient.login_as).parameters)[:2] == ["self", "user"]
    assert signature(testing.access_token_for) == "(user, **claims)"
    assert signature(testing.expired_access_token_for) == "(user)"
    assert {"JWTClient", "access_token_for", "expired_access_token_for"} <= set(testing.__all__)


def test_the_base_classes_of_stores_keep_their_contract_small() -> None:
    for base in (keystores.base.KeyStore, revocation.base.RevocationFeed):
        abstract = base.__abstractmethods__
        assert 1 <= len(abstract) <= 5
        assert hasattr(base, "check")
    assert revocation.base.RevocationFeed.__abstractmethods__ == {"ensure_current", "forget", "age"}
    assert keystores.base.KeyStore.__abstractmethods__ == {"load"}


# URLs.


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("login", "/auth/login/"),
        ("refresh", "/auth/refresh/"),
        ("logout", "/auth/logout/"),
        ("logout-all", "/auth/logout/all/"),
        ("me", "/auth/me/"),
        ("session-list", "/auth/sessions/"),
        ("introspect", "/auth/introspect/"),
        ("revoke", "/auth/revoke/"),
        ("csrf", "/auth/csrf/"),
    ],
)
def test_the_endpoints_have_these_names(name: str, path: str) -> None:
    assert reverse(f"jwtauth:{name}") == path


def test_a_session_and_the_well_known_ones_have_names_too() -> None:
    assert reverse("jwtauth:session-detail", args=["abc"]) == "/auth/sessions/abc/"
    assert reverse("jwks") == "/.well-known/jwks.json"
    assert reverse("metadata") == "/.well-known/oauth-authorization-server"
    with pytest.raises(NoReverseMatch):
        reverse("jwtauth:register")


def test_the_views_can_be_subclassed_by_these_names() -> None:
    views = importlib.import_module("django_jwtauth.views")
    assert set(views.__all__) >= {"LoginView", "RefreshView", "LogoutView"}
    assert signature(views.LoginView.check_user) == "(self, request, user)"
    request = RequestFactory().post("/")
    view = views.LoginView()
    view.setup(request)
    view.check_user(view.initialize_request(request), object())  # asks for nothing more by itself


# Commands.

COMMANDS = {
    "rotate_jwt_keys": {"--algorithm", "--now", "--if-older-than", "--dry-run"},
    "list_jwt_keys": {"--json", "--check"},
    "revoke_jwt_key": {"kid"},
    "revoke_jwt": {"--user", "--session", "--token", "--all", "--no-input"},
    "issue_jwt": {"user", "--lifetime"},
    "inspect_jwt": {"token"},
    "prune_jwt": {"--batch-size", "--keep"},
}


def test_there_are_these_commands() -> None:
    found = {name for name, app in get_commands().items() if app == "django_jwtauth"}
    assert found == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_these_arguments(name: str) -> None:
    parser = load_command_class("django_jwtauth", name).create_parser("manage.py", name)
    arguments = {
        option
        for action in parser._actions
        for option in (action.option_strings or [str(action.dest)])
    }
    assert COMMANDS[name] <= arguments
    assert parser.description

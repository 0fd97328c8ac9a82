from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_jwtauth import conf, keystores
from django_jwtauth.keystores.base import KeyStore, OpenTransaction
from django_jwtauth.keystores.database import DatabaseKeyStore
from django_jwtauth.keystores.dummy import DummyKeyStore
from django_jwtauth.tokens.keyring import KeyRing

DUMMY = "django_jwtauth.keystores.dummy.DummyKeyStore"


class OwnStore(KeyStore):
    """A project's own, with all that it has to have."""

    defaults = {"PATH_TO": "/", "SPEED": 1}

    def load(self, now: float) -> KeyRing:
        return KeyRing()


def test_the_database_is_the_default() -> None:
    assert isinstance(keystores.store(), DatabaseKeyStore)


def test_there_is_one_store_until_the_settings_change(settings: Any) -> None:
    first = keystores.store()
    assert keystores.store() is first
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": DUMMY}}
    assert isinstance(keystores.store(), DummyKeyStore)


def test_a_project_s_own_store_is_found_by_its_path(settings: Any) -> None:
    settings.JWTAUTH = {
        "KEY_STORE": {"BACKEND": f"{__name__}.OwnStore", "OPTIONS": {"PATH_TO": "/keys"}}
    }
    store = keystores.store()
    assert isinstance(store, OwnStore)
    assert store.options == {"PATH_TO": "/keys", "SPEED": 1}
    assert store.settings is conf.current()
    assert store.transaction() is OpenTransaction.NONE
    assert not store.makes_keys
    assert store.check() == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("no.such.module.Store", "cannot be imported"),
        ("django_jwtauth.keystores.database.Missing", "cannot be imported"),
        ("bare", "cannot be imported"),
        ("django.contrib.auth.models.User", "is no key store"),
        ("django_jwtauth.keystores.store", "is no key store"),
    ],
)
def test_what_is_no_store_is_named(settings: Any, path: str, words: str) -> None:
    settings.JWTAUTH = {"KEY_STORE": {"BACKEND": path}}
    with pytest.raises(ImproperlyConfigured, match=words):
        keystores.store()


def test_an_unknown_option_is_an_error_that_names_the_right_one() -> None:
    store = OwnStore({"path_too": "/", "colour": "red"}, conf.current())
    first, second = store.check()
    assert (first.id, first.hint) == ("django_jwtauth.E201", "Did you mean 'PATH_TO'?")
    assert "'path_too'" in first.msg
    assert second.hint == "It knows PATH_TO, SPEED."


def test_a_store_without_options_says_so() -> None:
    (message,) = DummyKeyStore({"URL": "x"}, conf.current()).check()
    assert message.hint == "It knows no options."

"""Seven languages: complete, up to date, compiled, and what a client really reads."""

import re
from io import BytesIO
from typing import Any

import pytest
from babel.messages import Catalog, Message
from babel.messages.mofile import read_mo
from django.test import Client
from django.utils import translation
from django.utils.translation import to_locale

from django_jwtauth.models import LoginSession
from tests import messages

every_language = pytest.mark.parametrize("language", messages.LANGUAGES)


def texts(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def content(catalog: Catalog) -> set[tuple]:
    return {(text.context, forms(text.id), forms(text.string)) for text in texts(catalog)}


def forms(text: Any) -> tuple[str, ...]:
    """Return a text in singular and plural, where it has two."""
    return (text,) if isinstance(text, str) else tuple(text)


def translated(text: str, language: str) -> Any:
    found = messages.read(language).get(text)
    assert found is not None
    return found.string


@every_language
def test_the_catalogue_has_the_texts_of_the_code(language: str) -> None:
    """`make messages` brings it up to date; a person then translates what is new."""
    assert content(messages.read(language)) == content(messages.updated(language))


@every_language
def test_every_text_is_translated_and_none_is_a_guess(language: str) -> None:
    catalog = messages.read(language)
    assert len(texts(catalog)) >= 70
    assert [text.id for text in texts(catalog) if not all(forms(text.string))] == []
    assert [text.id for text in texts(catalog) if text.fuzzy] == []


@every_language
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)\w|%%|\{\w*\}", text))

    for text in texts(messages.read(language)):
        expected = places(forms(text.id)[-1])
        assert [places(form) for form in forms(text.string)] == [expected] * len(forms(text.string))


@every_language
def test_the_compiled_catalogue_is_made_from_the_one_beside_it(language: str) -> None:
    fresh = read_mo(BytesIO(messages.compiled(messages.read(language))))
    with (messages.folder(language) / "django.mo").open("rb") as file:
        assert content(read_mo(file)) == content(fresh)


@every_language
@pytest.mark.django_db
def test_a_client_reads_its_own_language(language: str, client: Client, settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    tag = language.replace("_", "-")
    with translation.override(None):  # the middleware leaves the client's language on
        answer = client.get(
            "/auth/me/", headers={"authorization": "Bearer x", "accept-language": tag}
        )
    expected = translated("The access token is invalid.", language)
    assert answer.json() == {"detail": expected, "code": "token_invalid"}
    # The challenge is for programs.
    assert 'error_description="The token is not a signed JWT."' in answer["WWW-Authenticate"]


@every_language
def test_a_name_in_the_admin_is_in_the_language_that_is_active(language: str) -> None:
    code = language.replace("_", "-").lower()
    assert to_locale(code) == language
    with translation.override(code):
        name = str(LoginSession._meta.verbose_name)
    assert name == translated("login session", language)

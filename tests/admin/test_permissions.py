"""Who may look may look, and no more; what no page shows, no filter tells."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import models
from django.test import Client

from django_jwtauth import sessions
from django_jwtauth.keystores.database import _encryption
from django_jwtauth.models import LoginSession, Revocation, SigningKey
from tests.admin.people import MODELS, act, logged_in, page, said, staff, superuser

pytestmark = pytest.mark.django_db

ACTIONS = {LoginSession: ["end_selected"], SigningKey: ["rotate", "revoke"], Revocation: []}
FORGED = {"end_reason": "", "secret": "x", "private_jwk": "x", "kid": "x", "_save": "Save"}


@pytest.fixture(autouse=True)
def _rows() -> None:
    session = sessions.start(User.objects.create_user("ada")).session
    sessions.end(session.pk)
    sessions.start(User.objects.get(username="ada"))


def stored() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in MODELS]


def viewer(model: Any) -> Client:
    return staff(f"django_jwtauth.view_{model._meta.model_name}")


@pytest.mark.parametrize("model", MODELS)
def test_view_lets_look_and_nothing_else(model: Any) -> None:
    client, row, before = viewer(model), model._default_manager.first(), stored()
    answer = client.get(page(model))
    assert answer.status_code == 200
    assert answer.context["action_form"] is None
    assert client.get(page(model, row)).status_code == 200
    for action in (*ACTIONS[model], "delete_selected"):
        assert act(client, model, action, row, post="yes").status_code == 403
    for address in (page(model, row), page(model) + "add/", page(model)):
        assert client.post(address, FORGED).status_code == 403
    assert (
        client.post(page(model, row).replace("change", "delete"), {"post": "1"}).status_code == 403
    )
    assert stored() == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("model", MODELS)
def test_who_may_view_another_model_sees_nothing_of_this_one(model: Any) -> None:
    client = staff("auth.view_user")
    row = model._default_manager.first()
    for address in (page(model), page(model, row), page(model, row).replace("change", "history")):
        assert client.get(address).status_code == 403
        assert client.post(address, FORGED).status_code == 403
    assert "django_jwtauth" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_not_even_a_superuser_adds_edits_or_deletes_what_services_own(model: Any) -> None:
    client, row, before = superuser(), model._default_manager.first(), stored()
    assert client.get(page(model) + "add/").status_code == 403
    for address in (page(model) + "add/", page(model, row)):
        assert client.post(address, FORGED).status_code == 403
    for form in ({"post": "yes"}, {}):
        assert client.post(page(model, row).replace("change", "delete"), form).status_code == 403
    answer = act(client, model, "delete_selected", row, post="yes")
    assert answer.status_code == (200 if ACTIONS[model] else 403) or said(answer) == []
    assert stored() == before


def test_who_may_change_sessions_may_not_touch_keys() -> None:
    client = staff("django_jwtauth.change_loginsession", "django_jwtauth.view_signingkey")
    key = SigningKey.objects.get()
    for action in ACTIONS[SigningKey]:
        assert act(client, SigningKey, action, key).status_code == 403
    assert SigningKey.objects.get() == key


def secrets() -> list[str]:
    """Return what no page may show, in the spellings it could have."""
    found: list[str] = []
    for session in LoginSession.objects.all():
        found += [bytes(session.secret).hex(), repr(bytes(session.secret))[2:-1], session.auth_hash]
    for key in SigningKey.objects.all():
        found += [key.private_jwk, _encryption().decrypt(key.private_jwk).decode()]
    return found


@pytest.mark.parametrize("model", MODELS)
def test_no_page_shows_a_secret(model: Any) -> None:
    client, hidden = superuser(), secrets()
    for action in ACTIONS[model]:
        act(client, model, action, model._default_manager.last())
    rows = model._default_manager.all()
    addresses = [page(model), *(page(model, row) for row in rows)]
    addresses += [address.replace("/change/", "/history/") for address in addresses[1:]]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        text = answer.content.decode()
        for name in ("auth_hash", "private_jwk", 'name="secret"', *hidden):
            assert name not in text
    for entry in LogEntry.objects.all():
        assert not any(secret in f"{entry.object_repr}{entry.change_message}" for secret in hidden)


HIDDEN: list[tuple[type[models.Model], str]] = [
    (LoginSession, "secret"),
    (LoginSession, "auth_hash"),
    (LoginSession, "auth_hash__startswith"),
    (LoginSession, "auth_hash__gt"),
    (LoginSession, "data__icontains"),
    (LoginSession, "user__password__startswith"),
    (SigningKey, "private_jwk__startswith"),
    (SigningKey, "private_jwk__regex"),
]


@pytest.mark.parametrize(("model", "lookup"), HIDDEN)
def test_no_filter_answers_guesses_at_what_is_not_shown(model: Any, lookup: str) -> None:
    client = superuser()
    for guess in ("a", "g", "", "."):
        assert client.get(page(model), {lookup: guess}).status_code == 400
    name = lookup.partition("__")[0]
    assert client.get(page(model), {"q": "gAAAA", "o": "99"}).status_code == 200
    assert client.get(page(model), {"_to_field": name}).status_code == 400


def test_what_is_shown_can_be_filtered_by_address() -> None:
    session = LoginSession.objects.filter(ended_at=None).get()
    client = logged_in(User.objects.create_superuser("root"))
    answer = client.get(page(LoginSession), {"user__id__exact": session.user_id, "generation": 0})
    assert set(answer.context["cl"].result_list) == set(LoginSession.objects.all())

"""Staff who may do one thing and not another, and what the admin's pages say to them."""

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from django_jwtauth.models import LoginSession, Revocation, SigningKey

MODELS = (LoginSession, SigningKey, Revocation)


def page(model: Any, row: Any = None) -> str:
    """Return the address of a model's list, or of a row of it."""
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    # As the admin writes keys into addresses.
    return base if row is None else f"{base}{str(row.pk).replace('_', '_5F')}/change/"


def staff(*permissions: str) -> Client:
    """Log a new member of staff in, who has these permissions and no other."""
    user = User.objects.create_user(f"staff of {', '.join(permissions)}"[:150], is_staff=True)
    for name in permissions:
        label, _, codename = name.partition(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=label, codename=codename)
        )
    return logged_in(user)


def superuser() -> Client:
    return logged_in(User.objects.create_superuser("root"))


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, model: Any, action: str, *rows: Any, **more: str) -> Any:
    """Call an action on rows, as the form of the list does."""
    keys = [str(row.pk) for row in rows]
    form = {"action": action, "_selected_action": keys, "index": "0", "select_across": "0"}
    return client.post(page(model), {**form, **more}, follow=True)


def said(answer: Any) -> list[str]:
    """Return the messages that the page shows."""
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def text_of(answer: Any) -> str:
    """Return what a page shows to its reader."""
    assert answer.status_code == 200, answer
    shown = re.sub(
        r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL
    )
    return re.sub(r"\s+", " ", unescape(shown))


def listed(answer: Any) -> list[Any]:
    """Return the rows that a list shows."""
    assert answer.status_code == 200, answer
    return list(answer.context["cl"].result_list)

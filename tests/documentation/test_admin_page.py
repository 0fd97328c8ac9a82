"""`docs/how-to/admin.md` names the pages and the actions that the admin has."""

import re

from django.contrib import admin
from django.test import RequestFactory

from django_jwtauth.models import LoginSession, Revocation, SigningKey
from tests.example_project.servers import ROOT

PAGE = (ROOT / "docs" / "how-to" / "admin.md").read_text(encoding="utf-8")


class Anybody:
    """May do everything."""

    def has_perm(self, _name: str) -> bool:
        return True


def test_the_page_has_every_page_of_the_admin_and_its_actions() -> None:
    rows = dict(re.findall(r"^\| ([A-Z][\w ]+) \| .* \| (.+) \|$", PAGE, re.MULTILINE))
    request = RequestFactory().get("/")
    request.user = Anybody()  # type: ignore[assignment]
    for model in (LoginSession, SigningKey, Revocation):
        told = rows.pop(str(model._meta.verbose_name_plural).capitalize())
        actions = admin.site.get_model_admin(model).get_actions(request)
        said = re.findall(r"\*\*(.+?)\*\*", told)
        assert len(said) == len(actions)
        for words, action in zip(said, actions.values(), strict=True):
            assert action is not None
            assert str(action[2]).startswith(words)
    assert rows == {}

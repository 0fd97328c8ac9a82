"""A user model whose default manager hides somebody."""

import pytest
from django.contrib.auth.models import User
from django.db import models


class Visible(models.Manager[User]):
    """Hides whose last name is "hidden"."""

    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().exclude(last_name="hidden")


@pytest.fixture
def hiding_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the default manager of users be `Visible`."""
    manager = Visible()
    manager.model = User
    monkeypatch.setitem(vars(User._meta), "default_manager", manager)

"""The models: every thing of a shop with every part that things have."""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.db import models

_WANTED: Final = 400
_A_MODEL: Final = 4  # permissions
_THINGS: Final = (
    "Account", "Booking", "Campaign", "Contract", "Customer", "Delivery", "Invoice", "Order",
)  # fmt: skip
_PARTS: Final = (
    "Address", "Attachment", "Category", "Comment", "Contact", "Document", "History", "Line",
    "Note", "Reminder", "Status", "Template",
)  # fmt: skip


def _make_models() -> None:
    """Make models until, with those of the other apps, there are as many permissions as wanted."""
    others = sum(
        not model._meta.auto_created
        for config in apps.get_app_configs()
        for model in config.models.values()
    )
    names = [thing + part for part in _PARTS for thing in _THINGS]
    for name in names[: _WANTED // _A_MODEL - others]:
        type(name, (models.Model,), {"__module__": __name__})


_make_models()

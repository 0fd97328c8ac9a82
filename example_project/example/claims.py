"""What a token tells of its user to other services, which cannot look it up."""

from typing import Any

from django.contrib.auth.models import User

from django_jwtauth.models import LoginSession

# What the members of a group may do elsewhere.
SCOPES = {"customers": ["orders:read"], "managers": ["orders:read"]}


def claims(user: User, session: LoginSession) -> dict[str, Any]:
    """Costs one statement at each login and refresh; nothing is added for a user without groups."""
    groups = list(user.groups.order_by("name").values_list("name", flat=True))
    scopes = {scope for name in groups for scope in SCOPES.get(name, [])}
    return {"groups": groups, "scope": " ".join(sorted(scopes))}

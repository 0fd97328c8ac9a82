"""How long tokens are."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import Permission, User

from benchmarks.measures.clients import Clients


def of_tokens(clients: Clients, *, granted: Sequence[int]) -> list[dict[str, int]]:
    """Return the sizes, in bytes, of a login of a user with so many permissions, for each count."""
    ids = list(
        Permission.objects.order_by("content_type__app_label", "codename").values_list(
            "pk", flat=True
        )
    )
    return [_sizes(clients, ids, count) for count in granted]


def _sizes(clients: Clients, ids: Sequence[int], count: int) -> dict[str, int]:
    name = clients.next_user()
    spread = [ids[number * len(ids) // count] for number in range(count)]
    User.objects.get(username=name).user_permissions.set(spread)
    credentials = clients.peer.credentials(clients.must(clients.peer.login(name)))
    return {
        "permissions": count,
        "of": len(ids),
        "access": len(credentials.access),
        "refresh": len(credentials.refresh or ""),
    }

"""Deletes what can no longer matter: in batches, past the signals, never what still decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, router

from django_jwtauth import clock
from django_jwtauth.models import LoginSession, Revocation, SigningKey, lower_bound


@dataclass(frozen=True, slots=True)
class Pruned:
    """One batch: which rows, and how many of them were deleted."""

    what: str
    rows: int


def prune(*, batch_size: int = 1000, keep: float = 0) -> Iterator[Pruned]:
    """Delete in batches of ``batch_size`` rows, each its own transaction; yields after each.

    ``keep``, in seconds, is for how long ended and expired login sessions and expired keys stay
    to be looked at. A revocation without end, a key that has not expired and a session that
    lives are never deleted.
    """
    now = clock.now()
    moment, cutoff = lower_bound(now), lower_bound(now - keep)
    yield from _delete(LoginSession, models.Q(ended_at__lt=cutoff), batch_size)
    yield from _delete(LoginSession, models.Q(expires_at__lt=cutoff), batch_size)
    yield from _delete_idle(cutoff, batch_size)
    yield from _delete(Revocation, models.Q(expires_at__lt=moment), batch_size)
    yield from _delete(SigningKey, models.Q(expire_at__lt=cutoff), batch_size)


def _delete(model: type[models.Model], dead: models.Q, batch_size: int) -> Iterator[Pruned]:
    using = router.db_for_write(model)
    rows = model._default_manager.using(using)  # noqa: SLF001 (Django's name)
    while keys := list(rows.filter(dead).values_list("pk", flat=True)[:batch_size]):
        yield _delete_keys(model, keys, using)


def _delete_idle(cutoff: datetime, batch_size: int) -> Iterator[Pruned]:
    """Walk the sessions in the order of an index that a refresh does not move them in."""
    using = router.db_for_write(LoginSession)
    idle = LoginSession.objects.using(using).filter(
        created_at__lt=cutoff, idle_expires_at__lt=cutoff
    )
    while keys := list(idle.order_by("expires_at", "pk").values_list("pk", flat=True)[:batch_size]):
        yield _delete_keys(LoginSession, keys, using)


def _delete_keys(model: type[models.Model], keys: Sequence[object], using: str) -> Pruned:
    rows = model._default_manager.using(using).filter(pk__in=keys)  # noqa: SLF001
    # Past the signals: deleting a live session revokes it, and these are dead.
    deleted = rows._raw_delete(using)  # noqa: SLF001 (Django offers no other way)
    return Pruned(str(model._meta.verbose_name_plural), deleted)  # noqa: SLF001

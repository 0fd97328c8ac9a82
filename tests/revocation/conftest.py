"""Feeds that are closed when their test is over."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from django_jwtauth import conf
from django_jwtauth.revocation.base import RevocationFeed
from django_jwtauth.revocation.database import DatabaseFeed

MakeFeed = Callable[..., DatabaseFeed]


@pytest.fixture
def opened() -> Iterator[list[RevocationFeed]]:
    """Return a list of feeds to close."""
    feeds: list[RevocationFeed] = []
    yield feeds
    for feed in feeds:
        feed.close()


@pytest.fixture
def database_feed(opened: list[RevocationFeed]) -> MakeFeed:
    """Return a maker of database feeds: each is a process of its own, as far as it knows."""

    def make(**options: object) -> DatabaseFeed:
        feed = DatabaseFeed(options, conf.current())
        opened.append(feed)
        return feed

    return make


@pytest.fixture
def no_revocations_table(transactional_db: None) -> Iterator[Callable[[bool], None]]:
    """Return a switch that makes every poll fail on any database: the table is there or is not."""
    names = ("django_jwtauth_revocation", "django_jwtauth_revocation_away")
    is_away = False

    def switch(to_away: bool) -> None:
        nonlocal is_away
        if to_away is not is_away:
            old, new = names if to_away else reversed(names)
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")
            is_away = to_away

    yield switch
    switch(False)

"""How revocations are written to and read from Redis."""

import logging
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from django_jwtauth.revocation.stream import RevocationStream, StreamEntry

SOON = 2_000_000_000.25
LIVE = [StreamEntry("jti:live", SOON), StreamEntry("kid:live", None)]


@pytest.fixture
def client(redis_url: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_url, protocol=2) as client:
        yield client


@pytest.fixture
def stream(client: "redis.Redis") -> Iterator[RevocationStream]:
    name = f"test-{uuid.uuid4().hex}"
    yield RevocationStream(name, lifetime=370)
    client.delete(*[f"{{{name}}}{end}" for end in ("", ":lasting", ":writing")])


def everything(stream: RevocationStream, client: "redis.Redis") -> list[tuple[str, float | None]]:
    entries = stream.read(client, stream.beginning(), None)
    return sorted((entry.identifier, entry.expires_at) for entry in entries)


def test_nothing_is_added_to_a_stream_that_nobody_has_begun(
    stream: RevocationStream, client: "redis.Redis"
) -> None:
    assert not stream.is_there(client)
    assert not stream.add(client, LIVE)
    assert everything(stream, client) == []


def test_a_stream_begins_with_all_that_is_live(
    stream: RevocationStream, client: "redis.Redis"
) -> None:
    stream.begin(client, LIVE)
    assert stream.is_there(client)
    assert stream.add(client, [StreamEntry("sid:new", SOON), StreamEntry("kid:new", None)])
    assert everything(stream, client) == [
        ("jti:live", SOON),
        ("kid:live", None),
        ("kid:new", None),
        ("sid:new", SOON),
    ]


def test_of_many_who_begin_a_stream_one_writes(
    stream: RevocationStream, client: "redis.Redis"
) -> None:
    for _ in range(3):
        stream.begin(client, LIVE)
    assert len(everything(stream, client)) == 2
    for _ in range(3):
        stream.begin_anew(client, LIVE)
    assert len(everything(stream, client)) == 4


def test_a_stream_of_which_half_is_lost_is_begun_again(
    stream: RevocationStream, client: "redis.Redis"
) -> None:
    stream.begin(client, LIVE)
    for lost in stream.beginning():
        client.delete(lost)
        assert not stream.is_there(client)
        stream.begin(client, LIVE)
        assert set(everything(stream, client)) == {("jti:live", SOON), ("kid:live", None)}


def test_from_its_tip_a_reader_hears_what_comes_after(
    stream: RevocationStream, client: "redis.Redis"
) -> None:
    stream.begin(client, LIVE)
    cursors = stream.tips(client)
    assert stream.read(client, cursors, 0.01) == []
    stream.add(client, [StreamEntry("sid:new", SOON)])
    assert [entry.identifier for entry in stream.read(client, cursors, 1)] == ["sid:new"]
    assert stream.read(client, cursors, None) == []
    assert not stream.is_behind(client, cursors)


def test_a_stream_that_has_lost_its_end_is_noticed(
    stream: RevocationStream, client: "redis.Redis"
) -> None:
    stream.begin(client, LIVE)
    cursors = stream.tips(client)
    (expiring, *_) = cursors
    client.delete(expiring)
    assert stream.is_behind(client, cursors)
    client.xadd(expiring, {"identifier": "jti:x", "expires_at": ""}, id="1-1")
    assert stream.read(client, cursors, 0.01) == []  # hidden behind the cursor
    assert stream.is_behind(client, cursors)


def test_ids_are_compared_as_numbers(stream: RevocationStream, client: "redis.Redis") -> None:
    cursors = stream.beginning()
    (expiring, *_) = cursors
    client.xadd(expiring, {"version": 1}, id="10-10")
    assert not stream.is_behind(client, {expiring: "9-11"})
    assert not stream.is_behind(client, {expiring: "10-9"})
    assert stream.is_behind(client, {expiring: "10-11"})


@pytest.mark.parametrize(
    "fields",
    [
        {"unknown": "x"},
        {"identifier": "jti:a"},
        {"expires_at": "1"},
        {"identifier": "jti:a", "expires_at": "soon"},
        {"identifier": b"\xff\xfe", "expires_at": "1"},
        {"identifier": "jti:a", "expires_at": b"\xff"},
    ],
)
def test_a_malformed_entry_harms_itself_alone(
    fields: Any,
    stream: RevocationStream,
    client: "redis.Redis",
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "django_jwtauth")
    stream.begin(client, [])
    (expiring, *_) = stream.beginning()
    stream.add(client, [StreamEntry("jti:before", SOON)])
    client.xadd(expiring, {**fields})
    stream.add(client, [StreamEntry("jti:after", SOON)])
    assert everything(stream, client) == [("jti:after", SOON), ("jti:before", SOON)]
    assert len(caplog.records) == 1


def test_old_entries_are_trimmed_and_lasting_ones_never(
    stream: RevocationStream, client: "redis.Redis"
) -> None:
    expiring, lasting = stream.beginning()
    long_ago = int((time.time() - 2 * 3600) * 1000)
    pipeline = client.pipeline()
    for key in (expiring, lasting):
        for count in range(1000):
            pipeline.xadd(
                key, {"identifier": "jti:old", "expires_at": ""}, id=f"{long_ago}-{count + 1}"
            )
    pipeline.execute()
    stream.add(client, [StreamEntry("jti:a", SOON), StreamEntry("kid:a", None)])
    assert client.xlen(expiring) <= 100  # whole nodes go, so a few stay
    assert client.xlen(lasting) == 1001

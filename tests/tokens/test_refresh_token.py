import string
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_jwtauth.exceptions import RefreshTokenInvalid
from django_jwtauth.tokens.refresh_token import MAX_GENERATION, derive, parse

ALPHABET = string.ascii_letters + string.digits + "-_"
SESSION = UUID("12345678-1234-4678-9234-567812345678")
OTHER = UUID("12345678-1234-4678-9234-567812345679")
SECRET, SERVER = b"s" * 32, b"k" * 32
TOKEN = derive(SESSION, 7, SECRET, SERVER)

generations = st.integers(0, MAX_GENERATION)
secrets = st.binary(min_size=32, max_size=32)


@given(st.uuids(), generations, secrets, secrets)
def test_what_is_made_is_genuine(
    session: UUID, generation: int, secret: bytes, server: bytes
) -> None:
    token = derive(session, generation, secret, server)
    assert len(token) == 68
    assert token == derive(session, generation, secret, server)
    parsed = parse(token)
    assert (parsed.session_id, parsed.generation) == (session, generation)
    assert parsed.is_genuine(secret, (server,))
    assert parsed.is_genuine(secret, (b"another", server))


@given(secrets, secrets)
def test_forging_one_takes_both_secrets(one: bytes, two: bytes) -> None:
    parsed = parse(TOKEN)
    assert parsed.is_genuine(one, (SERVER,)) == (one == SECRET)
    assert parsed.is_genuine(SECRET, (two,)) == (two == SERVER)
    assert not parsed.is_genuine(SECRET, ())


@given(st.text() | st.text(st.sampled_from(ALPHABET), min_size=64, max_size=64).map("jrt_".__add__))
@example("")
@example("jrt_")
@example("jrt_" + "\u00e9" * 64)
@example("jrt_" + "\ud800" * 64)
@example("jrt_" + "=" * 64)
@example("JRT_" + TOKEN[4:])
def test_whatever_comes_is_parsed_or_refused(raw: str) -> None:
    try:
        parsed = parse(raw)
    except RefreshTokenInvalid:
        return
    assert len(raw) == 68
    assert not parsed.is_genuine(SECRET, (SERVER,))


@given(st.integers(0, 67), st.characters())
def test_a_token_has_one_spelling(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    if changed == TOKEN:
        return
    try:
        parsed = parse(changed)
    except RefreshTokenInvalid:
        return
    assert not parsed.is_genuine(SECRET, (SERVER,))


@pytest.mark.parametrize("change", [
    TOKEN + "A", TOKEN[:-1], TOKEN + "=", TOKEN + "\n", " " + TOKEN, TOKEN[4:], TOKEN.upper(),
    TOKEN.replace("jrt_", "jrt-"),
])  # fmt: skip
def test_another_length_or_prefix_is_malformed(change: str) -> None:
    with pytest.raises(RefreshTokenInvalid):
        parse(change)


def test_each_server_secret_verifies_wherever_it_stands() -> None:
    parsed = parse(TOKEN)
    assert parsed.is_genuine(SECRET, (SERVER, b"another"))
    assert parsed.is_genuine(SECRET, (b"another", SERVER))
    assert parsed.is_genuine(SECRET, (b"one", SERVER, b"another"))
    assert parsed.is_genuine(SECRET, (SERVER, SERVER))
    assert not parsed.is_genuine(SECRET, (b"one", b"another"))


@given(generations, generations)
def test_each_generation_has_a_token_of_its_own(one: int, two: int) -> None:
    same = derive(SESSION, one, SECRET, SERVER) == derive(SESSION, two, SECRET, SERVER)
    assert same == (one == two)


def test_the_last_generation_has_one_too() -> None:
    assert parse(derive(SESSION, MAX_GENERATION, SECRET, SERVER)).generation == MAX_GENERATION


def test_a_token_that_a_client_has_from_long_ago_is_genuine() -> None:
    kept = "jrt_EjRWeBI0RniSNFZ4EjRWeAAAAAeNBX8yZH0IIgLY1Wjmp4LUcr0EfJGENYRxIemk"
    assert (parse(kept).session_id, parse(kept).generation) == (SESSION, 7)
    assert parse(kept).is_genuine(SECRET, (SERVER,))
    assert kept == TOKEN


def test_each_session_has_tokens_of_its_own() -> None:
    moved = "jrt_" + derive(OTHER, 7, SECRET, SERVER)[4:26] + TOKEN[26:]
    assert not parse(moved).is_genuine(SECRET, (SERVER,))


def test_its_repr_shows_no_secret() -> None:
    parsed: Any = parse(TOKEN)
    assert "mac" not in repr(parsed)
    assert repr(parsed.mac) not in repr(parsed)

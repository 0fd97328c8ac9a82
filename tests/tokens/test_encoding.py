import json
import string
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_jwtauth.tokens.encoding import b64decode, b64encode, json_bytes, json_object

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
CONTROL = "".join(map(chr, range(32)))

#: Texts that look like base64url more often than chance would have it.
near_base64 = st.text(st.sampled_from(ALPHABET + "+/=. \n\0\u00e9"), max_size=40) | st.text()

json_values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)
json_objects: Any = st.dictionaries(st.text(st.characters(codec="utf-8")), json_values)


@given(st.binary())
def test_what_is_encoded_is_decoded(data: bytes) -> None:
    text = b64encode(data)
    assert b64decode(text) == data
    assert set(text) <= set(ALPHABET)


def test_each_letter_may_be_the_last() -> None:
    for value, letter in enumerate(ALPHABET):
        assert b64encode(bytes([0, 0, value])) == f"AAA{letter}"
        assert b64decode(f"AAA{letter}") == bytes([0, 0, value])


@given(near_base64)
@example("QQ==")
@example("QR")
@example("Q")
@example("QQ\n")
@example("\ud800")
def test_only_the_one_spelling_of_some_bytes_is_decoded(text: str) -> None:
    try:
        data = b64decode(text)
    except ValueError:
        return
    assert b64encode(data) == text
    assert data == urlsafe_b64decode(text + "==")


@given(json_objects)
def test_what_is_written_is_read(members: dict[str, Any]) -> None:
    assert json_object(json_bytes(members)) == members
    assert json_object(json.dumps(members).encode()) == members


@given(
    st.binary() | st.text(st.sampled_from('{}[]",:\\u0123dDeE.+- \n\0truefalsn')).map(str.encode)
)
@example(b'{"a":1,"a":1}')
@example(b'{"a":1,"\\u0061":1}')
@example(b'{"a":"\\ud800"}')
@example(b"\xef\xbb\xbf{}")
@example(b'{"a":1e999}')
@example(b"[" * 100_000)
@example(b'{"a":' + b"9" * 5000 + b"}")
def test_whatever_comes_is_an_object_or_a_value_error(data: bytes) -> None:
    try:
        members = json_object(data)
    except ValueError:
        return
    assert members == json.loads(data)
    # Nothing that was read could not be written again, byte for byte as UTF-8.
    json_bytes(members)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"x", {1, 2}, "\ud800"])
def test_what_json_cannot_say_is_not_written(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        json_bytes({"x": value})


def test_json_is_written_compactly_and_in_utf_8() -> None:
    assert json_bytes({"a": [1, "\u00e9"], "b": None}) == '{"a":[1,"\u00e9"],"b":null}'.encode()

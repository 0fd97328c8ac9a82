"""One token, spelled in another way: base64url, JSON and the form as a whole.

Header and payload are signed as they are spelled here, so the signature is right each time.
"""

import json
from base64 import b64encode
from typing import Any

from tests.hostile.forge import Forge, Hostile, b64, dump

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def in_base64(part: str) -> Hostile:
    """Other texts that a lenient decoder reads as the same bytes."""
    middle = len(part) // 2
    yield "padded", part + "=" * (-len(part) % 4 or 4)
    for name, text in {
        "=": "=",
        "==": "==",
        "a line break": "\n",
        "a carriage return": "\r",
        "a space": " ",
        "a tab": "\t",
        "a zero": "\0",
        "a dot in words": "%2E",
        "a no-break space": "\xa0",
        "a letter": "A",
        "four letters": "AAAA",
        "a character of no alphabet": "!",
        "é": "\u00e9",
    }.items():
        yield f"{name} behind", part + text
        if text.strip("A"):
            yield f"{name} inside", part[:middle] + text + part[middle:]
            yield f"{name} in front", text + part
    if len(part) % 4:
        last = ALPHABET.index(part[-1])
        yield "bits that no byte holds", part[:-1] + ALPHABET[last | 1]
    yield "in percent encoding", f"%{ord(part[0]):02X}{part[1:]}"
    yield "in the other alphabet", part.replace("-", "+").replace("_", "/")
    yield "wide letters", part[:-1] + chr(ord(part[-1]) + 0xFEE0)


def with_slack(members: dict[str, Any]) -> bytes:
    """Return JSON whose base64 has bits to spare, and letters of both alphabets."""
    raw = dump({**members, "x": "\u00fb\u00ff>>>???~~~"})
    while len(raw) % 3 != 1:
        raw += b" "
    return raw


def base64(forge: Forge) -> Hostile:
    header, payload = b64(with_slack(forge.header)), b64(with_slack(forge.claims))
    assert {"-", "_"} & set(payload)  # or the other alphabet would be the same text
    for name, part in in_base64(header):
        if part != header:
            yield f"header: {name}", forge.signed(part, payload)
    for name, part in in_base64(payload):
        if part != payload:
            yield f"payload: {name}", forge.signed(header, part)
    good = forge.signed(header, payload)
    message, _, signature = good.rpartition(".")
    for name, part in in_base64(signature):
        if part.rstrip(" \t") != signature:  # which may surround any header's value
            yield f"signature: {name}", f"{message}.{part}"


def in_json(members: dict[str, Any], doubled: str) -> dict[str, bytes]:
    """Other bytes that a lenient reader takes for the same object, or for any."""
    good = dump(members)
    body = good[1:-1]
    value = dump(members[doubled])
    escaped = f"\\u{ord(doubled[0]):04x}{doubled[1:]}"
    return {
        "empty": b"",
        "white space": b" ",
        "a member twice": b"{" + f'"{doubled}":'.encode() + value + b"," + body + b"}",
        "a member twice, escaped": b"{" + body + f',"{escaped}":'.encode() + value + b"}",
        "an unknown member twice": b'{"x":1,"x":1,' + body + b"}",
        "twice within": b'{"x":{"y":1,"y":1},' + body + b"}",
        "a byte-order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": good.decode().encode("utf-16"),
        "UTF-16 without mark": good.decode().encode("utf-16-le"),
        "UTF-32": good.decode().encode("utf-32"),
        "Latin-1": b'{"x":"\xe9",' + body + b"}",
        "overlong UTF-8": b'{"x":"\xc0\xaf",' + body + b"}",
        "a surrogate in UTF-8": b'{"x":"\xed\xa0\x80",' + body + b"}",
        "a lone surrogate": b'{"x":"\\ud800",' + body + b"}",
        "surrogates the wrong way round": b'{"x":"\\udc00\\ud800",' + body + b"}",
        "a lone surrogate as name": b'{"\\ud800":1,' + body + b"}",
        "NaN": b'{"x":NaN,' + body + b"}",
        "Infinity": b'{"x":Infinity,' + body + b"}",
        "minus Infinity": b'{"x":[-Infinity],' + body + b"}",
        "a number out of range": b'{"x":1e999,' + body + b"}",
        "a number of 5000 digits": b'{"x":' + b"9" * 5000 + b"," + body + b"}",
        "a leading zero": b'{"x":01,' + body + b"}",
        "a plus": b'{"x":+1,' + body + b"}",
        "a hexadecimal number": b'{"x":0x1,' + body + b"}",
        "trailing data": good + b"x",
        "a second object": good + good,
        "a trailing zero": good + b"\0",
        "a trailing comma": b"{" + body + b",}",
        "a comment": b"{/**/" + body + b"}",
        "single quotes": good.replace(b'"', b"'"),
        "bare names": b"{x:1," + body + b"}",
        "a control character": b'{"x":"\n",' + body + b"}",
        "an unknown escape": b'{"x":"\\x41",' + body + b"}",
        "a form feed between": b"{\x0c" + body + b"}",
        "cut off": good[:-1],
        "an array of it": b"[" + good + b"]",
        "a text of it": dump(good.decode()),
        "null": b"null",
        "true": b"true",
        "a number": b"1",
        "an empty object": b"{}",
        "an empty array": b"[]",
        "deep and open": b"[" * 3000,
        "pairs": dump(list(members.items())),
    }


def jsons(forge: Forge) -> Hostile:
    for name, raw in in_json(forge.header, "alg").items():
        yield f"header: {name}", forge.signed(raw, dump(forge.claims))
    for name, raw in in_json(forge.claims, "sub").items():
        yield f"payload: {name}", forge.signed(dump(forge.header), raw)
    for doubled in forge.claims:
        raw = in_json(forge.claims, doubled)["a member twice"]
        yield f"payload: {doubled} twice", forge.signed(dump(forge.header), raw)
    for doubled in forge.header:
        raw = in_json(forge.header, doubled)["a member twice, escaped"]
        yield f"header: {doubled} twice, escaped", forge.signed(raw, dump(forge.claims))


def forms(forge: Forge) -> Hostile:
    """What is no compact JWS of three parts (RFC 7515 section 7.1)."""
    good = forge.good
    header, payload, signature = good.split(".")
    flat = {"protected": header, "payload": payload, "signature": signature}
    parts = {"protected": header, "signature": signature}
    yield from {
        "one part": header,
        "two parts": f"{header}.{payload}",
        "header and signature": f"{header}.{signature}",
        "four parts": f"{good}.{signature}",
        "five parts, as JWE has": f"{header}.AAAA.AAAA.{payload}.{signature}",
        "a dot in front": f".{good}",
        "a dot behind": f"{good}.",
        "two dots": good.replace(".", ".."),
        "no dots": good.replace(".", ""),
        "dots alone": "..",
        "many dots": "." * 8000,
        "without a header": f".{payload}.{signature}",
        "without a payload": f"{header}..{signature}",
        "without a signature": f"{header}.{payload}.",
        "other separators": good.replace(".", ","),
        "percent separators": good.replace(".", "%2E"),
        "wide separators": good.replace(".", "\u00b7"),
        "parts in another order": f"{payload}.{header}.{signature}",
        "the header twice": f"{header}.{header}.{signature}",
        "flattened JSON": dump(flat).decode(),
        "general JSON": dump({"payload": payload, "signatures": [parts]}).decode(),
        "JSON in base64": b64(dump(flat)),
        "in base64": b64(good.encode()),
        "in padded base64": b64encode(good.encode()).decode(),
        "in quotes": f'"{good}"',
        "in single quotes": f"'{good}'",
        "in angle brackets": f"<{good}>",
        "with a name": f"token={good}",
        "with a comma": f"{good},",
        "with a semicolon": f"{good};",
        "in upper case": good.upper(),
        "in lower case": good.lower(),
        "backwards": good[::-1],
        "with a zero": f"{good}\0",
        "with a line break inside": f"{header}.\n{payload}.{signature}",
        "with a soft line break": f"{good[:50]}\r\n\t{good[50:]}",
        "a claim set alone": json.dumps(forge.claims, separators=(",", ":")),
        "nothing but a letter": "x",
        "zeros": "\0" * 100,
        "nested in itself": forge.signed(dump(forge.header), good.encode()),
        "nested with cty": forge.signed(dump({**forge.header, "cty": "JWT"}), good.encode()),
    }.items()


def sizes(forge: Forge) -> Hostile:
    """More than anybody sends."""
    for size in (8_193, 100_000, 1_000_000, 4_000_000):
        yield f"{size} letters", "A" * size
        yield f"{size} letters in three parts", ".".join(["A" * (size // 3)] * 3)
    yield "a million dots", "." * 1_000_000
    yield "a good token with a long claim", forge.token(x="x" * 6_100)
    yield "a good token with a long header", forge.headed(x="x" * 6_100)
    yield "a good token with a megabyte", forge.token(x="x" * 1_000_000)


ALL = (base64, jsons, forms, sizes)

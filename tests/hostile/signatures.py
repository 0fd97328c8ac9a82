"""Every way in which a signature can be wrong."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384

from tests.hostile.forge import Forge, Hostile, b64, dump, sign_with

# The order of each group, in which the numbers of a signature live.
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": int(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
        "581a0db248b0a77aecec196accc52973",
        16,
    ),
    "EdDSA": 2**252 + 27742317777372353535851937790883648493,
}


def mutations(forge: Forge) -> Hostile:
    """The good signature, changed."""
    good = forge.sign(forge.message())
    size = len(good)
    changed = {
        "nothing": b"",
        "one zero": b"\0",
        "zeros": bytes(size),
        "ones": b"\xff" * size,
        "the number one": bytes(size - 1) + b"\1",
        "backwards": good[::-1],
        "halves swapped": good[size // 2 :] + good[: size // 2],
        "first half twice": good[: size // 2] * 2,
        "second half twice": good[size // 2 :] * 2,
        "one byte short at the end": good[:-1],
        "one byte short at the front": good[1:],
        "half of it": good[: size // 2],
        "twice": good * 2,
        "a zero in front": b"\0" + good,
        "a zero behind": good + b"\0",
        "inverted": bytes(byte ^ 0xFF for byte in good),
        "much too long": good + bytes(5000),
    }
    for name, signature in changed.items():
        yield name, forge.with_signature(signature)
    for position in range(0, size, max(1, size // 48)):
        for bit in (0x01, 0x80):
            flipped = bytearray(good)
            flipped[position] ^= bit
            yield f"bit {bit:#x} of byte {position}", forge.with_signature(bytes(flipped))


def others(forge: Forge) -> Hostile:
    """A good signature of something else, by somebody else, or of another kind."""
    stranger = forge.stranger()
    yield "a stranger's", forge.with_signature(sign_with(stranger, forge.message()))
    kid = stranger.kid
    yield (
        "a stranger's, with its kid",
        forge.with_signature(sign_with(stranger, forge.message(kid=kid)), kid=kid),
    )
    for algorithm in ("ES256", "ES384", "EdDSA", "RS256", "PS256"):
        signature = sign_with(forge.stranger(algorithm), forge.message())
        yield f"a stranger's {algorithm}", forge.with_signature(signature)
        signature = sign_with(forge.stranger(algorithm), forge.message(alg=algorithm))
        if algorithm != forge.algorithm:
            yield (
                f"a stranger's {algorithm} that says so",
                forge.with_signature(signature, alg=algorithm),
            )
    header, payload, _ = forge.good.split(".")
    for name, message in {
        "of the header": header,
        "of the payload": payload,
        "of the parts without a dot": header + payload,
        "of both in the other order": f"{payload}.{header}",
        "of the bare claims": dump(forge.claims).decode(),
        "of nothing": "",
        "of the whole token": forge.good,
    }.items():
        yield name, forge.with_signature(forge.sign(message))
    claims = forge.claims
    yield (
        "of other claims",
        forge.with_signature(forge.sign(f"{header}.{b64(dump({**claims, 'sub': '2'}))}")),
    )
    yield from other_kinds(forge)


def private_of(forge: Forge) -> Any:
    return forge.key.signer.private_key  # type: ignore[union-attr]  # ours does hold it


def other_kinds(forge: Forge) -> Hostile:
    """Our own key, used in another way."""
    private, message = private_of(forge), forge.message()
    if isinstance(private, ec.EllipticCurvePrivateKey):
        yield from of_a_curve(forge, private, message)
    elif isinstance(private, rsa.RSAPrivateKey):
        yield from of_rsa(forge, private, message)
    elif isinstance(private, ed25519.Ed25519PrivateKey):
        good = private.sign(message)
        number = int.from_bytes(good[32:], "little") + ORDERS["EdDSA"]
        yield "s and the order", forge.with_signature(good[:32] + number.to_bytes(32, "little"))
        yield "s zero", forge.with_signature(good[:32] + bytes(32))
        yield "r the neutral point", forge.with_signature(b"\1" + bytes(31) + good[32:])
        yield "neutral point and s zero", forge.with_signature(b"\1" + bytes(63))


def of_a_curve(forge: Forge, private: ec.EllipticCurvePrivateKey, message: bytes) -> Hostile:
    order, width = ORDERS[forge.algorithm], len(forge.sign(message)) // 2
    good = forge.sign(message)
    r, s = (int.from_bytes(half) for half in (good[:width], good[width:]))

    def raw(one: int, two: int) -> bytes:
        return one.to_bytes(width) + two.to_bytes(width)

    pairs = {
        "both zero": (0, 0),
        "r zero": (0, s),
        "s zero": (r, 0),
        "both one": (1, 1),
        "both the order": (order, order),
        "r the order": (order, s),
        "s the order": (r, order),
        "r swapped with s": (s, r),
        "minus r": (order - r, s),
        "both negated": (order - r, order - s),
        "the order less one": (order - 1, order - 1),
    }
    for name, (one, two) in pairs.items():
        yield name, forge.with_signature(raw(one, two))
    yield "in DER", forge.with_signature(encode_dss_signature(r, s))
    yield "r in fewer bytes", forge.with_signature(good[1:width] + good[width:])
    wider = width + 1
    yield "in wider numbers", forge.with_signature(r.to_bytes(wider) + s.to_bytes(wider))
    for hash_ in (SHA1(), SHA384() if forge.algorithm == "ES256" else SHA256()):
        yield f"over {hash_.name}", forge.with_signature(private.sign(message, ec.ECDSA(hash_)))


def of_rsa(forge: Forge, private: rsa.RSAPrivateKey, message: bytes) -> Hostile:
    good = forge.sign(message)
    modulus = private.public_key().public_numbers().n
    number = int.from_bytes(good) + modulus
    yield "and the modulus", forge.with_signature(number.to_bytes(len(good) + 1))
    yield "the modulus", forge.with_signature(modulus.to_bytes(len(good)))
    yield "the modulus less one", forge.with_signature((modulus - 1).to_bytes(len(good)))

    def pss(salt: int) -> padding.PSS:
        return padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=salt)

    kinds: dict[str, tuple[Any, Any]] = {
        "PKCS 1 over SHA-1": (padding.PKCS1v15(), SHA1()),
        "PKCS 1 over SHA-384": (padding.PKCS1v15(), SHA384()),
        "PSS over SHA-384": (pss(32), SHA384()),
        "PSS without salt": (pss(0), SHA256()),
        "PSS with more salt": (pss(64), SHA256()),
    }
    other = "RS256" if forge.algorithm == "PS256" else "PS256"
    kinds[f"as {other}"] = (
        (padding.PKCS1v15(), SHA256()) if other == "RS256" else (pss(32), SHA256())
    )
    for name, (kind, hash_) in kinds.items():
        yield name, forge.with_signature(private.sign(message, kind, hash_))


ALL = (mutations, others)

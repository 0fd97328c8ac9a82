"""Attacks through the header (RFC 8725 sections 2 and 3)."""

import json
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.hostile.forge import Forge, Hostile, b64, dump, hmac_sign, private_jwk, sign_with

ALGORITHMS = (
    *("none", "None", "NONE", "nOnE", "noNe", "none ", " none", "none\0", "n\u00f6ne", ""),
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "Ed448", "eddsa", "es256", "rs256"),
    *("A128KW", "dir", "RSA-OAEP", "PBES2-HS256+A128KW", "ECDH-ES", "A256GCM", "ESP256"),
)
NO_TEXTS: tuple[Any, ...] = (None, True, False, 0, 1, -1, 1.5, [], {}, ["ES256"], {"alg": "ES256"})


def algorithms(forge: Forge) -> Hostile:
    """The header never says how it is verified: signed by us, unsigned, or made up."""
    for value in (*ALGORITHMS, f"{forge.algorithm} ", f"{forge.algorithm}\n", *NO_TEXTS):
        if value == forge.algorithm:
            continue
        yield f"alg {value!r}, signed by us", forge.headed(alg=value)
        yield f"alg {value!r}, unsigned", forge.with_signature("", alg=value)
        yield (
            f"alg {value!r}, signature of another header",
            forge.with_signature(forge.sign(forge.message()), alg=value),
        )
    yield "no alg", forge.headed(without="alg")


def key_confusion(forge: Forge) -> Hostile:
    """The public key, which everybody has, taken for a shared secret."""
    public: Any = forge.key.public_key
    spki = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = forge.key.public_jwk()
    secrets = {
        "PEM": spki,
        "PEM without its last line break": spki.strip(),
        "PEM in Windows lines": spki.replace(b"\n", b"\r\n"),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": dump(jwk),
        "JWK in pretty JSON": json.dumps(jwk).encode(),
        "JWKS": dump({"keys": [jwk]}),
        "a coordinate": str(jwk.get("x", jwk.get("n"))).encode(),
        "kid": forge.key.kid.encode(),
        "nothing": b"",
        "a zero byte": b"\0",
    }
    for algorithm in ("HS256", "HS384", "HS512"):
        for name, secret in secrets.items():
            signature = hmac_sign(algorithm, secret, forge.message(alg=algorithm))
            yield f"{algorithm} with {name}", forge.with_signature(signature, alg=algorithm)
    for name, secret in secrets.items():
        signature = hmac_sign("HS256", secret, forge.message())
        yield f"HMAC with {name} under our alg", forge.with_signature(signature)


def embedded_keys(forge: Forge) -> Hostile:
    """A key that the token brings along, or says where to find."""
    stranger = forge.stranger()
    jwk = stranger.public_jwk()
    private = private_jwk(forge.algorithm, "a stranger's")
    members: dict[str, Any] = {
        "jwk": jwk,
        "jwk with its private half": private,
        "jku": "https://evil.example/jwks.json",
        "x5u": "https://evil.example/cert.pem",
        "x5c": ["MIIB"],
        "x5t": "AAAA",
        "x5t#S256": "AAAA",
    }
    for name, value in members.items():
        for kid in (forge.header["kid"], jwk["kid"], None):
            header = {**forge.header, name.split()[0]: value, "kid": kid}
            if kid is None:
                del header["kid"]
            message = f"{b64(dump(header))}.{b64(dump(forge.claims))}"
            signature = sign_with(stranger, message.encode())
            yield f"{name}, kid {kid}", f"{message}.{b64(signature)}"


def kids(forge: Forge) -> Hostile:
    """A ``kid`` that is looked up somewhere it should not be, or is no name at all."""
    own = forge.header["kid"]
    names: tuple[Any, ...] = (
        *NO_TEXTS,
        *(
            "",
            " ",
            "0",
            "x",
            own + " ",
            " " + own,
            own + "\0",
            own + "\n",
            own.swapcase(),
            own[:-1],
        ),
        *(own + "x", own * 2, "x" * 64, "x" * 65, "x" * 5000, "\u00e9", "\u202e" + own),
        *("../../../../dev/null", "/dev/null", "file:///dev/null", "C:\\nul", "|whoami", "$(id)"),
        *("' OR '1'='1", "x' UNION SELECT 'AAAA'--", "*", "%", "kid:" + own, "ring:" + own),
        *("https://evil.example/jwks.json", "<script>", "{{7*7}}", "__proto__", "None", "null"),
        *([own], {"kid": own}),
    )
    for name in names:
        yield f"kid {name!r:.60}, signed by us", forge.headed(kid=name)
        signature = hmac_sign("HS256", b"", forge.message(kid=name, alg="HS256"))
        yield (
            f"kid {name!r:.60}, signed with nothing",
            forge.with_signature(signature, kid=name, alg="HS256"),
        )
    yield "no kid", forge.headed(without="kid")


def types(forge: Forge) -> Hostile:
    """A token made for something else (RFC 8725 section 3.11)."""
    for name in (
        *NO_TEXTS,
        *("", "JWT", "jwt", "at+jwt ", " at+jwt", "at+jwt\n", "at+jwt\0", "at +jwt", "at+jws"),
        *("application/jwt", "application/at+jwt ", "application/at+jwt; x=y", "text/at+jwt"),
        *("application//at+jwt", "id+jwt", "refresh+jwt", "logout+jwt", "dpop+jwt", "jose", "x"),
        *("\u0430t+jwt", "at\u200b+jwt", ["at+jwt"]),
    ):
        yield f"typ {name!r}", forge.headed(typ=name)
    yield "no typ", forge.headed(without="typ")


def processing(forge: Forge) -> Hostile:
    """Header members that would change how the rest is read (RFC 7515 section 4.1.11)."""
    members: dict[str, list[Any]] = {
        "crit": [[], ["exp"], ["b64"], ["alg"], None, "exp", {}, [None]],
        "b64": [False, True, None, "false", 0],
        "zip": ["DEF", "GZIP", None, "", []],
    }
    for name, values in members.items():
        for value in values:
            yield f"{name} {value!r}", forge.headed(**{name: value})
    yield "crit and what it names", forge.headed(crit=["exp"], exp=1)
    yield "b64 as RFC 7797 has it", forge.headed(crit=["b64"], b64=False)
    raw = dump(forge.claims).decode()
    yield "an unencoded payload", forge.signed(dump({**forge.header, "b64": False}), raw)


ALL = (algorithms, key_confusion, embedded_keys, kids, types, processing)

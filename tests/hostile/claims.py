"""Claims that are missing, mistyped, out of time, or not for us; all of them signed by us."""

from typing import Any

from tests.hostile.forge import Forge, Hostile, dump

LONG = "x" * 1025
NO_TEXTS: tuple[Any, ...] = (None, True, False, 0, 1, -1, 1.5, 10**30, [], ["1"], {}, {"a": "b"})
NO_TIMES: tuple[Any, ...] = (
    *(None, True, False, "", "x", [], {}, -1, -(10**12), 10**12, 10**30, 10**400, 253_402_300_800),
    *(1e10, 1e300, -0.5),
)


def missing(forge: Forge) -> Hostile:
    for name in forge.claims:
        if name != "sid":
            yield f"no {name}", forge.token(without=name)
            yield (
                f"{name} in upper case",
                forge.token(without=name, **{name.upper(): forge.claims[name]}),
            )
    yield "no claims at all", forge.signed(dump(forge.header), b"{}")


def texts(forge: Forge) -> Hostile:
    for name in ("iss", "sub", "client_id", "jti", "sid"):
        values = NO_TEXTS if name != "sid" else NO_TEXTS[1:]
        for value in (None, *values, "", "\0", f"{forge.claims[name]}\0", LONG):
            yield f"{name} {value!r:.30}", forge.token(**{name: value})
        listed: Any = [forge.claims[name]]
        yield f"{name} in a list", forge.token(**{name: listed})
    for name in ("jti", "sid"):
        yield f"{name} of 65 letters", forge.token(**{name: "x" * 65})
    yield "sub of 256 letters", forge.token(sub="x" * 256)
    for name in ("scope", "perms"):
        for value in (*NO_TEXTS, ["orders:read"]):
            yield f"{name} {value!r:.30}", forge.token(**{name: value})
    for value in (None, True, 0, 1.5, "staff", {}, [None], [1], [["staff"]], ["staff", 1]):
        yield f"groups {value!r}", forge.token(groups=value)


def times(forge: Forge) -> Hostile:
    for name in ("iat", "exp", "nbf"):
        good = forge.claims.get(name, forge.claims["iat"])
        for value in (*NO_TIMES, float(good), good + 0.5, str(good), [good], {"value": good}):
            yield f"{name} {value!r:.30}", forge.token(**{name: value})
    now = forge.claims["iat"]
    for ago in (11, 60, 3600, 10**6, 10**9):
        yield f"exp {ago} s ago", forge.token(exp=now - ago, iat=now - ago - 300)
        yield f"iat in {ago + 5} s", forge.token(iat=now + ago + 5, exp=now + ago + 305)
        yield f"nbf in {ago + 5} s", forge.token(nbf=now + ago + 5)
        yield (
            f"issued {ago + 300} s ago, however long it says",
            forge.token(iat=now - ago - 300, exp=now + 10**9),
        )
    yield "exp zero", forge.token(exp=0)
    yield "everything zero", forge.token(iat=0, exp=0)
    yield "iat zero, exp at the end of time", forge.token(iat=0, exp=253_402_300_799)


def addressees(forge: Forge) -> Hostile:
    issuer, audience = forge.claims["iss"], forge.claims["aud"]
    for value in (
        *(f"{issuer}/", issuer.upper(), issuer[:-1], f" {issuer}", f"{issuer} ", f"{issuer}\n"),
        *(f"{issuer}.evil.example", "https://evil.example", f"{issuer}#", f"{issuer}?", "*"),
        *(issuer.replace("https", "http"), f"{issuer}\u200b", audience),
    ):
        yield f"iss {value!r}", forge.token(iss=value)
    values: tuple[Any, ...] = (
        *NO_TEXTS,
        *(
            "",
            f"{audience}/",
            audience.upper(),
            f"{audience} ",
            "https://evil.example",
            "*",
            issuer,
        ),
        *([""], ["https://evil.example"], [[audience]], [audience, None], [audience, 1], [None]),
        *([audience, [audience]], {audience: True}, [{audience: True}], [audience[:-1]]),
    )
    for value in values:
        yield f"aud {value!r:.60}", forge.token(aud=value)


def subjects(forge: Forge) -> Hostile:
    """Other spellings of the user's key, which Python or a database reads as the same."""
    own = forge.claims["sub"]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in own)
    for value in (
        *(
            f" {own}",
            f"{own} ",
            f"{own}\n",
            f"\t{own}",
            f"+{own}",
            f"0{own}",
            f"{own}.0",
            f"{own}.5",
        ),
        *(f"{own}e0", f"{own}_0", hex(int(own)), wide, f"{own}\u200b", f"'{own}'", f"{own};", "-0"),
        *(f"{own}, 2", f"{own} OR 1=1", "0", "-1", "True", "None", "null", "nan", "admin", "x"),
        *("9" * 19, "9" * 30, "9" * 255, f"-{'9' * 30}", "\u0661", "1,000", "0x1", "1e3", "\u00b9"),
        *("999999999",),
    ):
        if value != own:
            yield f"sub {value!r:.40}", forge.token(sub=value)


ALL = (missing, texts, times, addressees, subjects)

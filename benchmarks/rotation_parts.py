"""The measured parts of docs/key-rotation.md; `tests.key_rotation.load` measures them."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.markdown import number, table
from benchmarks.plots import bars

Found = dict[str, Any]


def _machine(found: Found) -> str:
    machine, versions = found["machine"], found["versions"]
    named = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"Taken on {found['taken']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, load average before the run {machine['load_before']}; "
        f"{named}. {found['clients']} clients at {found['processes']} processes; access tokens "
        f"live {found['lifetime']} s, keys are published {found['publish_ahead']} s ahead, and the "
        f"verifier keeps the JWKS for {found['cache']} s, with `--now` for {found['long_cache']} s."
    )


def _rotations(found: Found) -> str:
    head = (
        "what",
        "rotations",
        "lasted",
        "requests",
        "failed",
        "tokens at the verifier",
        "refused there",
    )
    rows = [
        (
            act["what"],
            act["rotations"],
            number(act["seconds"], "s"),
            f"{act['requests']:,}",
            act["failed"],
            f"{act['verified'] + act['unverified']:,}",
            act["unverified"],
        )
        for act in found["acts"]
    ]
    return table(head, rows)


def _leak(found: Found) -> str:
    leak = found["leak"]
    forged = sum(leak["forged"].values())
    rows = [
        ("forged tokens refused", f"{forged:,}"),
        ("accepted last, by the slowest process", f"{max(leak['last_accepted']):.2f} s after"),
        ("requests of the clients meanwhile", f"{leak['requests']:,}"),
        ("… that failed, following the rule for clients", leak["failed"]),
        *(
            (f"clients that refreshed for it {_times(times)}", count)
            for times, count in sorted(leak["renewals"].items())
        ),
        ("clients that had to log in again", leak["logins"]),
        ("good tokens refused by the verifier until it fetched the JWKS", leak["unverified"]),
    ]
    return table(("after the revocation was committed", ""), rows)


def _times(times: str) -> str:
    return {"0": "never: theirs was due anyway", "1": "once"}.get(times, f"{times} times")


def _plot(found: Found) -> str:
    leak = found["leak"]
    rows = [
        (f"process {n}", seconds, f"{seconds:.2f} s")
        for n, seconds in enumerate(leak["last_accepted"], 1)
    ]
    seconds = max(leak["last_verified"], 0.01)  # less cannot be told apart
    rows.append(("verifier that keeps the JWKS", seconds, f"{seconds:.2f} s"))
    return bars("A forged token was accepted last, after its key was revoked", rows, "process")


PARTS: Final = {"machine": _machine, "rotations": _rotations, "leak": _leak}

PLOTS: Final = {"leaked-key": _plot}

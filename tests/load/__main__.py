"""`python -m tests.load logouts [--count N] | faults [--rounds N]`.

Writes `benchmarks/results/revocation.json`, and fills docs/revocation.md from it.
"""

import argparse
import json
import os

from benchmarks import pages

RESULT = pages.RESULTS / "revocation.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("what", choices=("logouts", "faults"))
    parser.add_argument("--count", type=int, default=200, help="logouts for each kind of server")
    parser.add_argument("--rounds", type=int, default=5, help="how often each fault happens")
    options = parser.parse_args()
    # Before the modules are imported that read it.
    os.environ["JWTAUTH_TEST_DATABASE"] = "postgresql"
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    from tests.load import measuring

    if options.what == "logouts":
        measured = measuring.logouts(options.count)
    else:
        measured = measuring.faults(options.rounds)
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    text = json.dumps({**known, options.what: measured}, indent=1)
    RESULT.write_text(f"{text}\n", encoding="utf-8")
    print(text)
    pages.write()


if __name__ == "__main__":
    main()

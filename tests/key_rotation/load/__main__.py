"""`python -m tests.key_rotation.load [--minutes N]`.

Needs PostgreSQL and Node. Writes `benchmarks/results/rotation.json` and what pages show of it.
"""

import argparse
import json
import os

import django

from benchmarks import pages


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.key_rotation.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long it is to take")
    minutes = parser.parse_args().minutes
    # Before the tests' modules are imported, which read it.
    os.environ["JWTAUTH_TEST_DATABASE"] = "postgresql"
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from tests.key_rotation.load.measuring import measure

    text = json.dumps(measure(minutes), indent=1)
    (pages.RESULTS / "rotation.json").write_text(f"{text}\n", encoding="utf-8")
    pages.write()
    print(text)


if __name__ == "__main__":
    main()

"""`python -m benchmarks [--quick] [compare | growth | page]`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import environment

RESULTS = Path(__file__).with_name("results")


def main(arguments: list[str]) -> int:
    """Measure, and write results and pages."""
    options = _parser().parse_args(arguments)
    if not environment.is_inside():
        environment.go_inside(arguments)
    # Told to end, it drops its databases and ends its processes first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - started:6.0f} s  {text}", flush=True)

    if options.what == "page":
        _write_pages()
        return 0
    found = _compare(options, tell) if options.what == "compare" else _grow(options, tell)
    text = json.dumps(found, indent=1)
    if options.quick or options.peer or options.database:
        print(text)
    else:
        (RESULTS / f"{options.what}.json").write_text(f"{text}\n", encoding="utf-8")
        _write_pages()
    tell("done")
    return 0


def _write_pages() -> None:
    from benchmarks import pages

    pages.write()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("compare", "growth", "page"), default="compare")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="so little of everything that it only shows that it works; writes no result",
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="this one alone")
    parser.add_argument("--peer", action="append", help="this one alone; can be repeated")
    return parser


def _compare(options: argparse.Namespace, tell: Any) -> dict[str, Any]:
    # What is installed in the environment alone.
    from benchmarks.comparison import FULL, QUICK, compare
    from benchmarks.databases import postgresql_version
    from benchmarks.peers import PEERS

    kinds = [options.database] if options.database else ["sqlite", "postgresql"]
    if "postgresql" in kinds and postgresql_version() is None:
        kinds.remove("postgresql")
        tell("left out: no PostgreSQL answers")
    names = options.peer or list(PEERS)
    return compare(QUICK if options.quick else FULL, kinds, names, tell)


def _grow(options: argparse.Namespace, tell: Any) -> dict[str, Any]:
    from benchmarks.growth import FULL, QUICK, grow

    return grow(QUICK if options.quick else FULL, tell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

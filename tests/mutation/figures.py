"""Prints what a run of mutmut has found so far, as the table of docs/mutation-testing.md.

`python tests/mutation/figures.py [folder …]`; mutmut's own folder, `mutants`, by default.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

COLUMNS = ("killed", "timeout", "survived", "no tests", "not checked")
NOTICED = ("killed", "timeout")


def main(folders: list[str]) -> None:
    print("| module | mutants | " + " | ".join(COLUMNS) + " | noticed |")
    print("|---|" + "---|" * (len(COLUMNS) + 2))
    total: dict[str, Counter[str]] = {}
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        found = Counter(status_by_exit_code[code] for code in codes)
        if found:
            print(_row("/".join(path.parts[-2:]).removesuffix(".meta"), found))
            total.setdefault(path.parts[-2], Counter()).update(found)
    for folder, found in total.items():
        print(_row(f"{folder}/", found))
    print(_row("all", sum(total.values(), Counter())))


def _row(name: str, found: Counter[str]) -> str:
    tried = found.total() - found["not checked"]
    share = sum(found[column] for column in NOTICED) / tried if tried else 0
    cells = [f"`{name}`", str(found.total()), *(str(found[column]) for column in COLUMNS)]
    return "| " + " | ".join([*cells, f"{share:.1%}"]) + " |"


if __name__ == "__main__":
    main(sys.argv[1:] or ["mutants"])

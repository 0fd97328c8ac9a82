"""Prints what a run of mutmut has found so far, as the table of docs/mutation-testing.md.

`python tests/mutation/figures.py [folder …]`; mutmut's own folder, `mutants`, by default.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

COLUMNS = ("killed", "timeout", "survived", "no tests", "not checked")


def main(folders: list[str]) -> None:
    print("| module | mutants | " + " | ".join(COLUMNS) + " |")
    print("|---|" + "---|" * (len(COLUMNS) + 1))
    total: Counter[str] = Counter()
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        found = Counter(status_by_exit_code[code] for code in codes)
        if found:
            print(_row("`" + "/".join(path.parts[-2:]).removesuffix(".meta") + "`", found))
        total += found
    print(_row("all", total))


def _row(name: str, found: Counter[str]) -> str:
    cells = [name, str(found.total()), *(str(found[column]) for column in COLUMNS)]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main(sys.argv[1:] or ["mutants"])

"""Prints what a run of mutmut has found so far, as the table of docs/mutation-testing.md.

`python tests/mutation/figures.py [folder]`; mutmut's own folder, `mutants`, by default.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

COLUMNS = ("killed", "timeout", "survived", "no tests", "not checked")
NOTICED = ("killed", "timeout")


def main(folder: str = "mutants") -> None:
    print("| module | mutants | " + " | ".join(COLUMNS) + " | noticed |")
    print("|---|" + "---|" * (len(COLUMNS) + 2))
    package = Path(folder, "django_jwtauth")
    total: dict[str, Counter[str]] = {}
    for path in sorted(package.rglob("*.py.meta")):
        module = path.relative_to(package)
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        found = Counter(status_by_exit_code[code] for code in codes)
        if found:
            print(_row(f"`{str(module).removesuffix('.meta')}`", found))
            total.setdefault(str(module.parent), Counter()).update(found)
    for part, found in total.items():
        if part != ".":
            print(_row(f"**`{part}/`**", found))
    print(_row("**all**", sum(total.values(), Counter())))


def _row(name: str, found: Counter[str]) -> str:
    tried = found.total() - found["not checked"]
    share = sum(found[column] for column in NOTICED) / tried if tried else 0
    cells = [name, str(found.total()), *(str(found[column]) for column in COLUMNS)]
    return "| " + " | ".join([*cells, f"{share:.1%}"]) + " |"


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`docs/security.md` names only tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+?)`", (ROOT / "docs" / "security.md").read_text())
    assert len(named) > 20
    for name in set(named):
        place = ROOT / name
        files = [place] if place.suffix == ".py" else sorted(place.glob("test_*.py"))
        assert files, name
        assert any("def test_" in file.read_text() for file in files), name

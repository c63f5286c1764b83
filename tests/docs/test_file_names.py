"""Files that the documents name are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
FILES = [
    str(path.relative_to(ROOT))
    for folder in ("mpsearch", "tests", "scripts")
    for path in (ROOT / folder).rglob("*.py")
]


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if path.name != "CHANGELOG.md"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_python_file_named_is_there(document: Path) -> None:
    named = set(re.findall(r"`([a-z_/0-9]+\.py)`", document.read_text(encoding="utf-8")))
    written = {"quanti_array.py"}  # by the program
    gone = [
        name
        for name in named - written
        if not any(f"/{file}".endswith(f"/{name}") for file in FILES)
    ]
    assert not gone

"""Documents name files that are there, in lines that fit."""

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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_lines_are_at_most_100_characters(document: Path) -> None:
    in_code, long = False, []
    for line in document.read_text(encoding="utf-8").splitlines():
        in_code ^= line.lstrip().startswith("```")
        # Tables, headings and what has no space to break at stay as they are.
        can_break = not in_code and not line.startswith(("|", "#", "    ")) and " " in line.strip()
        if can_break and len(line) > 100 and line.strip().count(" ") > 1:
            long.append(line)
    assert not long

"""Tables as Markdown and LaTeX.

pandas would need tabulate for the one and Jinja for the other; both are a few lines.
"""

import re
from collections.abc import Sequence
from typing import Final

from mpsearch.report.names import one_line

_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>|~#])")
_LATEX: Final = str.maketrans(
    {
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "×": r"$\times$",
        "→": r"$\rightarrow$",
    }
)

Rows = Sequence[Sequence[str]]


def markdown(head: Sequence[str], rows: Rows, numeric: Sequence[bool]) -> str:
    """A table of GitHub's Markdown; nothing in a cell is markup."""
    marks = ["---:" if right else "---" for right in numeric]
    lines = [_row(head), f"| {' | '.join(marks)} |", *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def latex(head: Sequence[str], rows: Rows, numeric: Sequence[bool]) -> str:
    """A ``longtable`` with the rules of ``booktabs``; nothing in a cell is a command."""
    columns = "".join("r" if right else "l" for right in numeric)
    return "\n".join(
        [
            r"% needs \usepackage{booktabs,longtable}",
            rf"\begin{{longtable}}{{{columns}}}",
            r"\toprule",
            _latex_row(head),
            r"\midrule",
            r"\endhead",
            *(_latex_row(row) for row in rows),
            r"\bottomrule",
            r"\end{longtable}",
            "",
        ]
    )


def as_markdown(text: str) -> str:
    """Text on one line of which nothing is markup."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(as_markdown, cells))} |"


def _latex_row(cells: Sequence[str]) -> str:
    escaped = (one_line(cell).translate(_LATEX) for cell in cells)
    return rf"{' & '.join(escaped)} \\"

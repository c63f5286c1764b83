"""Pieces of HTML. Every text that comes in is escaped here; only :class:`Html` is not."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from mpsearch.report.names import one_line


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure drawn for light and for dark pages.

    Attributes:
        name: Name of the figure's file and anchor; letters, digits and ``-``.
        light: SVG for light pages.
        dark: SVG for dark pages.
        alt: What the figure shows, for readers who cannot see it.
        caption: What the figure shows, in a sentence.
    """

    name: str
    light: str
    dark: str
    alt: str
    caption: str


def text(words: str) -> Html:
    """Escaped words, on one line."""
    return Html(escape(one_line(words)))


def paragraph(words: str, kind: str = "") -> Html:
    """A paragraph."""
    return Html(f"<p{_kind(kind)}>{text(words)}</p>\n")


def bullets(sentences: Sequence[str]) -> Html:
    """A list; nothing for no sentences."""
    if not sentences:
        return Html("")
    items = "".join(f"<li>{text(sentence)}</li>\n" for sentence in sentences)
    return Html(f"<ul>\n{items}</ul>\n")


def code(content: str, label: str) -> Html:
    """A block to copy: a click selects all of it."""
    lines = "\n".join(line.rstrip() for line in content.rstrip("\n").split("\n"))
    clean = "".join(letter if letter == "\n" or letter.isprintable() else " " for letter in lines)
    clean = clean.encode("utf-8", "replace").decode()
    return Html(
        f'<pre tabindex="0" role="region" aria-label="{text(label)}"><code>{escape(clean)}</code>'
        "</pre>\n"
    )


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]
) -> Html:
    """A table whose first column names its rows.

    Args:
        caption: Above it.
        head: Headings of the columns.
        rows: Cells.
        numeric: Whether each column is set to the right.
    """
    kinds = [' class="number"' if right else "" for right in numeric]
    heads = "".join(
        f'<th scope="col"{kind}>{text(cell)}</th>' for cell, kind in zip(head, kinds, strict=True)
    )
    body = []
    for first, *rest in rows:
        cells = "".join(
            f"<td{kind}>{text(cell)}</td>" for cell, kind in zip(rest, kinds[1:], strict=True)
        )
        body.append(f'<tr><th scope="row"{kinds[0]}>{text(first)}</th>{cells}</tr>\n')
    return Html(
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(caption)}">\n'
        f"<table>\n<caption>{text(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{''.join(body)}</tbody>\n</table>\n</div>\n"
    )


def numbers(pairs: Sequence[tuple[str, str, str]]) -> Html:
    """Key numbers: (what, number, remark)."""
    cells = "".join(
        f"<div><dt>{text(what)}</dt><dd>{text(number)}<small>{text(remark)}</small></dd></div>\n"
        for what, number, remark in pairs
    )
    return Html(f'<dl class="numbers">\n{cells}</dl>\n')


def figure(picture: Picture) -> Html:
    """A picture in the page itself, the dark one on dark screens."""
    return Html(
        f'<figure id="{text(picture.name)}">\n'
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(picture.caption)}">'
        f'<picture><source media="screen and (prefers-color-scheme: dark)" '
        f'srcset="{_data(picture.dark)}">'
        f'<img src="{_data(picture.light)}" alt="{text(picture.alt)}"></picture></div>\n'
        f"<figcaption>{text(picture.caption)}</figcaption>\n</figure>\n"
    )


def section(anchor: str, title: str, *parts: Html) -> Html:
    """A section with its heading."""
    return Html(
        f'<section id="{anchor}" aria-labelledby="{anchor}-title">\n'
        f'<h2 id="{anchor}-title">{text(title)}</h2>\n{"".join(parts)}</section>\n'
    )


def page(title: str, sections: Sequence[tuple[str, str, Html]], top: Html, foot: str) -> str:
    """A whole page that fetches nothing and runs nothing.

    Args:
        title: Title of the page.
        sections: (anchor, title, section).
        top: Between the title and the contents.
        foot: Last line.
    """
    style = files("mpsearch.report").joinpath("page.css").read_text(encoding="utf-8")
    contents = "".join(
        f'<li><a href="#{anchor}">{text(name)}</a></li>\n' for anchor, name, _ in sections
    )
    # The policy lets the page have its own style and the pictures inside it, and nothing else.
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#content">Skip to the content</a>\n'
        f'<header>\n<h1>{text(title)}</h1>\n</header>\n<main id="content" tabindex="-1">\n{top}'
        f'<nav aria-label="Contents">\n<ul>\n{contents}</ul>\n</nav>\n'
        f"{''.join(body for _, _, body in sections)}</main>\n"
        f"<footer>\n<p>{text(foot)}</p>\n</footer>\n</body>\n</html>\n"
    )


def _data(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""

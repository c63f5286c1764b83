"""Names of classes, without asking the network."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from mpsearch.values.errors import ImageError

_IMAGENET_CLASSES: Final = 1000
_LARGEST_FILE: Final = 16 * 2**20
_MOST_LINES: Final = 1_000_000
_LINE_ENDS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # of ``str.splitlines``


@cache
def imagenet_classes() -> tuple[str, ...]:
    """The 1000 ImageNet names in Keras' order."""
    path = Path(__file__).parent / "data" / "imagenet_classes.txt"
    return tuple(path.read_text(encoding="utf-8").split())


def sidecar(model_path: Path | None) -> Path | None:
    """The model's own label file, ``<model>.labels.txt`` beside it, if there is one."""
    if model_path is None:
        return None
    path = model_path.with_suffix(".labels.txt")
    return path if path.is_file() else None


def class_names(classes: int, label_file: Path | None) -> tuple[str, ...]:
    """One name per class.

    Args:
        classes: How many the model has.
        label_file: One name a line, UTF-8; without it ImageNet's names for 1000 classes, and
            ``class_0``, ``class_1``, … otherwise.

    Raises:
        ImageError: If the file cannot be read or has another number of names.
    """
    if label_file is None:
        if classes == _IMAGENET_CLASSES:
            return imagenet_classes()
        return tuple(f"class_{i}" for i in range(classes))
    names = read_lines(label_file, "labels")
    if len(names) != classes:
        lines = "line" if len(names) == 1 else "lines"
        raise ImageError(
            f"labels {str(label_file)!r}: {len(names)} {lines} for {classes} classes; give one "
            "name a line, in the model's order"
        )
    return names


def read_lines(path: Path, what: str) -> tuple[str, ...]:
    """The non-empty lines of a small UTF-8 text file, stripped.

    Raises:
        ImageError: If it cannot be read, is not text, is larger than 16 MiB, or has over a million
            lines.
    """
    try:
        if not path.is_file():
            raise ImageError(f"{what} {str(path)!r}: no such file; give a text file, one a line")
        if path.stat().st_size > _LARGEST_FILE:
            raise ImageError(f"{what} {str(path)!r} is larger than 16 MiB; give one name a line")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ImageError(f"{what} {str(path)!r}: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise ImageError(f"{what} {str(path)!r} is not UTF-8 text; give one name a line") from error
    if sum(map(text.count, _LINE_ENDS)) > _MOST_LINES:
        raise ImageError(
            f"{what} {str(path)!r} has more than {_MOST_LINES:,} lines; give one name a line"
        )
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def true_classes(path: Path, names: tuple[str, ...], images: int) -> list[int]:
    """Read the file of ``truth``: one class index or class name a line, one line per image.

    Raises:
        ImageError: If the number of lines is not the number of images, or a class is unknown.
    """
    lines = read_lines(path, "truth")
    if len(lines) != images:
        raise ImageError(
            f"truth {str(path)!r} has {len(lines)} lines for {images} images; give one a line"
        )
    index_of = {name: index for index, name in enumerate(names)}
    classes = []
    for line in lines:
        if names.count(line) > 1:
            raise ImageError(
                f"truth {str(path)!r} names the class {line!r}, which the model has "
                f"{names.count(line)} times; give its index instead"
            )
        index = int(line) if re.fullmatch(r"[0-9]{1,9}", line) else index_of.get(line, -1)
        if not 0 <= index < len(names):
            raise ImageError(
                f"truth {str(path)!r} names the class {line[:40]!r}; the model has classes 0 to "
                f"{len(names) - 1}, from {names[0]!r} to {names[-1]!r}"
            )
        classes.append(index)
    return classes

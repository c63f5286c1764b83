"""Write the report of a study, or of two side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mpsearch.api.study_record import read_study, read_two
from mpsearch.export.quanti_array import quanti_array_file
from mpsearch.report.comparison import comparison_page, comparison_pictures, verdict
from mpsearch.report.pictures import study_pictures
from mpsearch.report.sentences import headline
from mpsearch.report.study_page import study_page
from mpsearch.report.tables import measured_table, plan_table, table_files
from mpsearch.system.files import file_name, write_bytes, write_text
from mpsearch.values.study_folder import StudyFolder
from mpsearch.values.version import __version__

if TYPE_CHECKING:
    from mpsearch.report.pictures import Drawn


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """The files that :func:`write_report` wrote.

    Attributes:
        page: Path of the HTML page.
        pictures: Paths of the PNG files.
        tables: Paths of the CSV, Markdown and LaTeX files.
        sentence: The result in one sentence.
        left_out: Sentences that say what the study's folder lacks.
    """

    page: Path
    pictures: tuple[Path, ...]
    tables: tuple[Path, ...]
    sentence: str
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """A report that is not on the disk yet.

    Attributes:
        name: Name of the page's file.
        page: HTML of the page.
        pictures: File name → PNG.
        tables: File name → text.
        sentence: The result in one sentence.
        left_out: Sentences that say what the study's folder lacks.
    """

    name: str
    page: str
    pictures: Mapping[str, bytes]
    tables: Mapping[str, str]
    sentence: str
    left_out: tuple[str, ...]

    def write(self, folder: Path, within: Path | None = None) -> WrittenReport:
        """Write all files, each whole or not at all.

        Args:
            folder: Folder of the report.
            within: The folder that the user named, around *folder*; that one where it is None.

        Raises:
            SettingError: If a folder inside *within* is a symbolic link.
            EnvironmentFault: If the disk refuses.
        """
        within = folder if within is None else within
        return WrittenReport(
            page=write_text(folder / self.name, self.page, within),
            pictures=tuple(
                write_bytes(folder / n, png, within) for n, png in self.pictures.items()
            ),
            tables=tuple(write_text(folder / n, text, within) for n, text in self.tables.items()),
            sentence=self.sentence,
            left_out=self.left_out,
        )


def write_report(
    study: Path, target: Path | None = None, storage: str | None = None
) -> WrittenReport:
    """Report a study: ``report.html``, its figures as PNG, its tables as CSV, Markdown and LaTeX.

    Neither the model nor the images are read.

    Args:
        study: The study's folder.
        target: Folder of the report; ``report`` in the study's where it is None.
        storage: URL of the study's storage; None takes the one that its folder names.

    Raises:
        StudyError: If the folder holds no result and no trials, or something damaged.
        SettingError: If the folder names a storage that may not be taken from it
            (:mod:`mpsearch.trust`), or a folder to write to is a symbolic link.
        EnvironmentFault: If the disk refuses.
    """
    rendered = render_report(study, storage)
    if target is None:
        return rendered.write(StudyFolder(study).report, study)
    return rendered.write(target)


def render_report(study: Path, storage: str | None = None) -> RenderedReport:
    """What :func:`write_report` writes.

    Args:
        study: The study's folder.
        storage: URL of the study's storage; None takes the one that its folder names.

    Raises:
        StudyError: If the folder holds no result and no trials, or something damaged.
        SettingError: If the folder names a storage that may not be taken from it
            (:mod:`mpsearch.trust`).
    """
    record = read_study(study, storage)
    pictures = list(study_pictures(record))
    tables = dict(table_files("plan", plan_table(record)))
    measured = measured_table(record)
    if measured is not None:
        tables.update(table_files("measured", measured, wide=("plan",)))
    return RenderedReport(
        name="report.html",
        page=study_page(record, quanti_array_file(record.plan), pictures, __version__),
        pictures=_named(pictures),
        tables=tables,
        sentence=headline(record),
        left_out=record.left_out,
    )


def write_comparison(
    first: Path, second: Path, target: Path | None = None, storage: str | None = None
) -> WrittenReport:
    """Report two studies side by side: ``compare.html`` and its figures.

    Args:
        first: A study's folder.
        second: Another study's folder.
        target: Folder of the report; ``report/with-NAME`` in the first one's where it is None.
        storage: URL of the storage of both studies, or of the study whose folder names it.

    Raises:
        StudyError: If a folder holds no result and no trials, or something damaged.
        SettingError: If neither folder names that storage, or one names a storage that may not be
            taken from it (:mod:`mpsearch.trust`), or a folder to write to is a symbolic link.
        EnvironmentFault: If the disk refuses.
    """
    records = read_two(first, second, storage)
    pictures = list(comparison_pictures(*records))
    rendered = RenderedReport(
        name="compare.html",
        page=comparison_page(*records, pictures, __version__),
        pictures=_named(pictures),
        tables={},
        sentence=verdict(*records),
        left_out=tuple(f"{record.name}: {lack}" for record in records for lack in record.left_out),
    )
    if target is None:
        name = f"with-{file_name(records[1].name)}"
        return rendered.write(StudyFolder(first).report / name, first)
    return rendered.write(target)


def _named(pictures: "Iterable[Drawn]") -> dict[str, bytes]:
    return {f"{drawing.picture.name}.png": drawing.png for drawing in pictures}

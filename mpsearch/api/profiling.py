"""Measure, or complete, the sensitivity profile of a workbench."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mpsearch.api.notes import warn
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.schemes import DOCUMENTED, menu_of, parse_scheme
from mpsearch.sensitivity.measure import ALL_PARTS, Part, empty_profile, measure_profile
from mpsearch.sensitivity.plans import cumulative_plan
from mpsearch.sensitivity.profile import Reading, SensitivityProfile
from mpsearch.sensitivity.profile_file import read_profile
from mpsearch.system.files import write_with
from mpsearch.values.errors import SchemeError, StudyError
from mpsearch.values.progress import Progress
from mpsearch.values.question import Question
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.workbench import Workbench


def profile(
    workbench: Workbench,
    schemes: Sequence[str] = DOCUMENTED,
    *,
    parts: tuple[Part, ...] = ALL_PARTS,
    file: Path | None = None,
    progress: Progress | None = None,
    on_note: Callable[[str], None] = warn,
) -> SensitivityProfile:
    """Measure how sensitive every layer is to every scheme.

    Args:
        workbench: Model and images, from :func:`mpsearch.load`.
        schemes: Scheme names, or names of menus.
        parts: ``per_layer``, ``uniform``, ``cumulative``, ``predicted``; all by default.
        file: JSON file of the profile, kept up to date; what it holds is not measured again.
        progress: Receives an update after every plan measured.
        on_note: Receives the reason if ``predicted`` is missing; None issues a Python warning.

    Raises:
        SchemeError: If a name is unknown.
        StudyError: If *file* is the profile of something else.
    """
    names = menu_of(schemes)
    stored = known_profile(workbench, names, file)

    def save(state: SensitivityProfile) -> None:
        if file is not None:
            write_with(file, lambda out: _write_all(out, state))

    return measure_profile(
        workbench.engine,
        workbench.model.network,
        workbench.inputs,
        stored,
        parts=parts,
        save=save,
        progress=progress,
        on_note=on_note,
    )


def _write_all(out: BinaryIO, state: SensitivityProfile) -> None:
    out.writelines(piece.encode() for piece in state.json_pieces())


def known_profile(
    workbench: Workbench, names: tuple[str, ...], file: Path | None
) -> SensitivityProfile:
    """The part of these schemes' profile that *file* holds; an empty profile if there is no file.

    Raises:
        StudyError: If *file* is the profile of something else.
    """
    fingerprint = workbench.fingerprint
    fresh = empty_profile(workbench.engine, names, workbench.images, fingerprint.as_mapping())
    if workbench.has_truth:
        fresh = replace(fresh, truth=workbench.engine.reference)
    if file is None or not file.exists():
        return fresh
    stored = read_profile(file)
    different = fingerprint.differences(stored.fingerprint)
    if different:
        raise StudyError(
            f"profile {str(file)!r} was measured with another {different[0]}; give another "
            "`out` or `study_name`, or delete the file to measure again"
        )
    return _counted(_widened(stored, fresh), workbench.model.bank)


def profile_in(question: Question, workbench: Workbench, folder: Path) -> SensitivityProfile | None:
    """What was measured of layers before a search in a folder; None where it cannot be used."""
    file = StudyFolder(folder).profile
    if question.calibrate or not file.exists():
        return None
    return known_profile(workbench, menu_of(question.schemes or DOCUMENTED), file)


def _counted(profile: SensitivityProfile, bank: WeightBank) -> SensitivityProfile:
    """The profile with the bytes that *bank* counts; *file* may have another coding's."""
    names = tuple(layer.name for layer in profile.layers)
    index_of = {layer.name: layer.index for layer in profile.layers}
    every = {
        *profile.uniform,
        *(s for s, _ in profile.cumulative),
        *(s for _, s in profile.per_layer),
    }
    known_schemes = {scheme for scheme in every if _is_known(scheme)}
    strange = {layer for layer, _ in profile.per_layer} - set(names)
    if strange:
        raise StudyError(
            f"the profile names layer {min(strange)!r}, which the model does not have; delete the "
            "file to measure again"
        )
    refused = frozenset(
        (name, scheme)
        for name, index in index_of.items()
        for scheme in known_schemes
        if bank.refusal(index, scheme) is not None
    )

    def of_layer(reading: Reading, layer: str, scheme: str) -> Reading:
        if scheme not in known_schemes:
            return reading
        return replace(reading, nbytes=bank.nbytes(index_of[layer], scheme))

    def of_all(reading: Reading, scheme: str, last: int) -> Reading:
        if scheme not in known_schemes:
            return reading
        plan = cumulative_plan(names, scheme, last, refused)
        return replace(reading, nbytes=bank.plan_nbytes(plan.schemes))

    end = len(names) - 1
    return replace(
        profile,
        per_layer={key: of_layer(reading, *key) for key, reading in profile.per_layer.items()},
        uniform={
            scheme: of_all(reading, scheme, end) for scheme, reading in profile.uniform.items()
        },
        cumulative={key: of_all(reading, *key) for key, reading in profile.cumulative.items()},
    )


def _is_known(scheme: str) -> bool:
    """Whether there is such a scheme; a profile may hold those of a package that is gone."""
    try:
        parse_scheme(scheme)
    except SchemeError:
        return False
    return True


def _widened(stored: SensitivityProfile, fresh: SensitivityProfile) -> SensitivityProfile:
    """The known measurements under the schemes asked for now."""
    return replace(
        fresh,
        per_layer=stored.per_layer,
        predicted=stored.predicted,
        uniform=stored.uniform,
        cumulative=stored.cumulative,
        seconds=stored.seconds,
        stage_runs=stored.stage_runs,
    )

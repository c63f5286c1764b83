"""A calibration that is stopped goes on where it was, and ends with the same weights."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mpsearch
from mpsearch.api.search import help_search
from mpsearch.calibration import Calibration
from mpsearch.cli.main import run
from mpsearch.model.input_moments import MomentSums
from mpsearch.values.progress import Silent, Work
from mpsearch.values.question import Question
from mpsearch.workbench import calibration_folder
from mpsearch.workbench.calibrate import calibrate_all, calibrated
from mpsearch.workbench.workbench import Workbench

pytestmark = pytest.mark.tf

MENU = ("original", "fix8", "int4c", "int3c", "e2m1", "km3")
PAIRS = 6 * 4  # layers, and schemes of the menu that are fitted
SEARCHED = 6


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """Nine digits, three of which are held back."""
    path = tmp_path_factory.mktemp("nine") / "nine.npz"
    with np.load(mpsearch.__path__[0] + "/model/bundled/digits.npz") as archive:
        np.savez(path, x=archive["x"][:9])
    return mpsearch.load(images=path)


class Effort:
    """What a calibration did: images run, and layers rounded under a scheme."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images, self.pairs = 0, 0
        self.stop_at_pair = -1
        add, calibrated = MomentSums.add, Calibration._calibrated

        def counted_add(sums: MomentSums, image: Any) -> None:
            self.images += 1
            add(sums, image)

        def counted(calibration: Calibration, *args: Any) -> Any:
            if self.pairs == self.stop_at_pair:
                raise KeyboardInterrupt
            self.pairs += 1
            return calibrated(calibration, *args)

        monkeypatch.setattr(MomentSums, "add", counted_add)
        monkeypatch.setattr(Calibration, "_calibrated", counted)

    def taken(self) -> tuple[int, int]:
        """Since the last time."""
        found = self.images, self.pairs
        self.images, self.pairs, self.stop_at_pair = 0, 0, -1
        return found


@pytest.fixture
def effort(monkeypatch: pytest.MonkeyPatch) -> Effort:
    return Effort(monkeypatch)


class StoppedAt(Silent):
    """Ctrl-C after so many steps of a task."""

    def __init__(self, task: str, step: int) -> None:
        self._wanted, self._task, self._left = task, "", step
        self.started: list[tuple[str, int, int]] = []
        self.told: list[Work] = []

    def start(self, task: str, steps: int, done: int = 0) -> None:
        self._task = task
        self.started.append((task, steps, done))

    def advance(self, steps: int = 1, remark: str = "", work: Work | None = None) -> None:
        if self._task == self._wanted:
            self._left -= steps
            if work is not None:
                self.told.append(work)
            if not self._left:
                raise KeyboardInterrupt


INPUTS, CODES = "calibrating: inputs of layers", "calibrating: codes of layers"


def search(
    bench: Workbench, folder: Path, progress: Silent | None = None, budget: float = 1.0
) -> mpsearch.SearchResult:
    return mpsearch.find_plan(
        bench,
        budget_pp=budget,
        schemes=MENU,
        calibrate=True,
        trials=4,
        folder=folder,
        study_name=f"{budget}",
        progress=progress,
    )


@pytest.fixture(scope="module")
def whole(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that nobody stopped."""
    folder: Path = tmp_path_factory.mktemp("whole")
    search(bench, folder)
    return folder


def kept(folder: Path) -> Path:
    """The folder of what is kept."""
    (found,) = (folder / "calibration").iterdir()
    return found


def weights(folder: Path) -> bytes:
    return (folder / "plan.mpq").read_bytes()


def test_stopped_anywhere_it_goes_on_and_ends_with_the_same_bytes(
    bench: Workbench, whole: Path, tmp_path: Path, effort: Effort
) -> None:
    with pytest.raises(KeyboardInterrupt) as stop:
        search(bench, tmp_path, StoppedAt(INPUTS, 2))
    assert stop.value.__notes__ == ["33 % of the calibration's sums over images are kept"]
    assert effort.taken() == (2, 0)
    effort.stop_at_pair = 9  # in the middle of a layer
    with pytest.raises(KeyboardInterrupt) as stop:
        search(bench, tmp_path)
    assert effort.taken() == (SEARCHED - 2, 9)
    n = PAIRS + 2 * 6  # with what is not calibrated
    said = f"the calibration of {9 + 12} of {n} pairs of layer and scheme is kept"
    assert stop.value.__notes__ == [said]
    listener = StoppedAt(CODES, 1)
    with pytest.raises(KeyboardInterrupt):
        search(bench, tmp_path, listener)
    assert effort.taken() == (0, 1)
    assert listener.started[-1] == (CODES, n, 9 + 12)
    search(bench, tmp_path)
    assert effort.taken() == (0, PAIRS - 10)
    assert weights(tmp_path) == weights(whole)
    names = [{path.name for path in kept(folder).iterdir()} for folder in (tmp_path, whole)]
    assert {f"{layer}-inputs.mpq" for layer in range(6)} <= names[0] & names[1]


def test_another_budget_takes_no_time_for_it(
    bench: Workbench, whole: Path, tmp_path: Path, effort: Effort
) -> None:
    shutil.copytree(whole, tmp_path / "s")
    search(bench, tmp_path / "s", budget=3.0)
    assert effort.taken() == (0, 0)
    again = mpsearch.find_plan(
        bench,
        budget_pp=1.0,
        schemes=(*MENU, "int2c"),
        calibrate=True,
        trials=3,
        folder=tmp_path / "s",
        study_name="longer",
    )
    assert again.trials == 3
    assert effort.taken() == (0, 6)  # the new scheme's, from the sums that are kept


def test_helpers_take_what_is_kept(
    bench: Workbench, whole: Path, tmp_path: Path, effort: Effort
) -> None:
    shutil.copytree(whole, tmp_path / "s")
    question = Question(
        budget=2.0, schemes=MENU, sampler="random", trials=2, calibrate=True, study_name="helped"
    )
    help_search(question, bench, tmp_path / "s")
    assert effort.taken() == (0, 0)


def flipped(folder: Path) -> None:
    for path in folder.iterdir():
        data = bytearray(path.read_bytes())
        data[-3] ^= 1
        path.write_bytes(data)


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"")


def swapped(folder: Path) -> None:
    files = sorted(folder.iterdir())
    contents = [path.read_bytes() for path in files]
    for path, content in zip(files, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)


def calibrate(bench: Workbench, folder: Path, progress: Silent | None = None) -> list[bytes]:
    """Calibrate on all images; returns the decoded weights of every layer and scheme."""
    model = calibrated(bench, folder=folder)
    calibrate_all(bench.with_model(model), MENU, progress or Silent())
    pairs = [(layer.index, scheme) for layer in bench.layers for scheme in MENU]
    return [one.tobytes() for pair in pairs for one in model.bank.decoded(*pair)]


@pytest.fixture(scope="module")
def sound(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """A folder of what is kept, and the weights."""
    folder: Path = tmp_path_factory.mktemp("sound")
    return folder, calibrate(bench, folder)


@pytest.mark.parametrize("damage", [flipped, emptied, swapped])
def test_damaged_files_are_made_anew(
    bench: Workbench,
    sound: tuple[Path, list[bytes]],
    tmp_path: Path,
    damage: Callable[[Path], None],
    effort: Effort,
) -> None:
    folder, weights = sound
    shutil.copytree(folder / "calibration", tmp_path / "calibration")
    assert calibrate(bench, tmp_path) == weights
    assert effort.taken() == (0, 0)
    damage(kept(tmp_path))
    assert calibrate(bench, tmp_path) == weights
    assert effort.taken()[0] == 9
    assert calibrate(bench, tmp_path) == weights
    assert effort.taken() == (0, 0)


def test_nothing_is_kept_through_links(
    bench: Workbench, sound: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    elsewhere, study = tmp_path / "elsewhere", tmp_path / "study"
    elsewhere.mkdir()
    study.mkdir()
    (study / "calibration").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(KeyboardInterrupt) as stop:
        calibrate(bench, study, StoppedAt(INPUTS, 2))
    assert stop.value.__notes__ == ["what was measured is kept, the calibration begins anew"]
    assert calibrate(bench, study) == sound[1]
    assert list(elsewhere.iterdir()) == []


def test_what_is_kept_is_bounded(
    bench: Workbench,
    sound: tuple[Path, list[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = tmp_path / "calibration" / ("0" * 16)
    other.mkdir(parents=True)
    (other / "0-000000000000.mpq").write_bytes(bytes(40_000))
    (other / "note.txt").write_text("mine")
    monkeypatch.setattr(calibration_folder, "MOST", 30_000)
    assert calibrate(bench, tmp_path) == sound[1]
    assert [path.name for path in other.iterdir()] == ["note.txt"]
    (ours,) = [path for path in (tmp_path / "calibration").iterdir() if path != other]
    assert 0 < sum(path.stat().st_size for path in ours.iterdir()) <= 32_000


def test_where_nothing_can_be_written_it_goes_on(
    bench: Workbench, sound: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    (tmp_path / "calibration").write_text("a file")
    assert calibrate(bench, tmp_path) == sound[1]


def test_time_left_goes_by_the_work_of_the_layers(bench: Workbench, tmp_path: Path) -> None:
    listener = StoppedAt(CODES, -1)
    calibrate(bench, tmp_path, listener)
    total = listener.told[0].done + listener.told[0].left
    assert len(listener.told) == PAIRS
    assert listener.told[-1].left == 0
    for work in listener.told:
        assert work.done + work.left == pytest.approx(total)
    steps = np.diff([work.done for work in listener.told])
    assert steps.max() > 3 * steps.min()


def test_the_command_says_what_is_kept_and_it_is(
    here: Path, effort: Effort, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["search", "--budget", "2", "--schemes", "original,int4c", "--calibrate"]
    argv += ["--trials", "3", "--out", "s", "--quiet"]
    effort.stop_at_pair = 4
    assert run(argv) == 130
    assert capsys.readouterr().err == (
        "mpsearch: stopped; the calibration of 10 of 12 pairs of layer and scheme is kept, run the "
        "same command again to go on\n"
    )
    effort.taken()
    assert run(argv) in {0, 4}
    assert effort.taken() == (0, 2)

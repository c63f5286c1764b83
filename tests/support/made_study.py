"""Studies of networks that never were, written by the code that writes real ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.surrogate.assessment import Assessment
from mpsearch.search.result import FrontPoint, LayerRow, Rung, SearchResult
from mpsearch.search.result_json import SizedLayer, Subject, result_text
from mpsearch.sensitivity.profile import Reading, SensitivityProfile
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import sqlite_url
from mpsearch.study.study import StudyStore
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.plan import Plan
from mpsearch.workbench.held_back import ImageSetDrop

# Scheme → bits a weight takes; what made-up layers store.
BITS = {"original": 32, "fl16": 16, "bitwiseAnd_20": 12, "fix8": 8, "int6c": 6, "int4c": 4}
IMAGES = 6
OTHER_NBYTES = 12_000
HOSTILE = (
    '<script>alert("1")</script>',
    "a & b | c $x^2$ _y_ {z} % # \\ ~",
    "line\nbreak\r\ttab\x00nul\x1b[31m",
    "' onmouseover='alert(2)",
    "]]> --> <!--",
    "層の名前 \u202e backwards",
    "x" * 400,
)


class MadeStudy:
    """A network of any number of layers, and a search in it that never ran.

    Args:
        folder: Where its files go.
        names: Of the layers.
        goal: What is asked.
        trials: Plans measured.
        seed: Other seeds, other numbers.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str] = ("conv1", "conv2", "conv3", "dense"),
        goal: Goal | None = None,
        trials: int = 24,
        seed: int = 0,
    ) -> None:
        self.folder = folder
        self.names = tuple(names)
        self.goal = goal or Goal("mean", 2.0)
        rng = np.random.default_rng(seed)
        self.layers = tuple(
            WeightLayer(i, name, "Conv2D", (WeightTensor("kernel", (3, 3, 8, int(width))),))
            for i, (name, width) in enumerate(
                zip(names, rng.integers(4, 400, len(names)), strict=True)
            )
        )
        self._bears = 10 ** rng.uniform(-3.5, -0.7, len(names)) / len(names)
        self.tried = [self._measured(Plan.uniform(self.names, "original"), "original")]
        for _ in range(trials - 2):
            picks = rng.choice(list(BITS), len(names), p=(0.05, 0.2, 0.2, 0.25, 0.2, 0.1))
            self.tried.append(self._measured(Plan(self.names, tuple(map(str, picks))), "surrogate"))
        self.tried.append(self._measured(Plan.uniform(self.names, "fl16"), "uniform"))

    def nbytes(self, layer: WeightLayer, scheme: str) -> int:
        """Stored bytes of a layer."""
        return layer.parameters * BITS[scheme] // 8

    def write_trials(self, name: str = "made") -> None:
        """``study.db``; *name* is the study's."""
        schemes = tuple(BITS)
        menu = Menu(
            self.names,
            tuple((i,) for i in range(len(self.names))),
            (schemes,) * len(self.names),
            tuple(np.array([self.nbytes(one, s) for s in schemes]) for one in self.layers),
        )
        fingerprint = {key: key * 8 for key in ("model", "images", "reference", "numerics")}
        url = sqlite_url(self.folder / "study.db")
        store = StudyStore.open(url, name, Identity(fingerprint, menu, self.goal))
        original = sum(one.original_nbytes for one in self.layers)
        for one in self.tried:
            store.add(one, original)
        store.close()

    def write_profile(self) -> None:
        """``profile.json``."""
        before = self._measured(Plan.uniform(self.names, "original"), "")
        plain = Plan.uniform(self.names, "original")

        def reading(plan: Plan, nbytes: int) -> Reading:
            said = self._measured(plan, "")
            return Reading(nbytes, said.confidence, said.margin, np.zeros(IMAGES, np.int64))

        profile = SensitivityProfile(
            fingerprint={"model": "m"},
            layers=self.layers,
            schemes=tuple(BITS),
            images=tuple(f"image{i}" for i in range(IMAGES)),
            baseline=reading(plain, before.nbytes),
            per_layer={
                (one.name, s): reading(plain.replace(one.name, s), self.nbytes(one, s))
                for one in self.layers
                for s in BITS
            },
            cumulative={
                (s, last): reading(
                    Plan(
                        self.names,
                        (s,) * (last + 1) + ("original",) * (len(self.names) - last - 1),
                    ),
                    0,
                )
                for s in BITS
                for last in range(len(self.names))
            },
        )
        (self.folder / "profile.json").write_text(profile.to_json(), encoding="utf-8")

    def write_result(
        self, worst_image: str = "image3", result: SearchResult | None = None
    ) -> SearchResult:
        """``result.json``, of *result* or of what a search would return."""
        result = result or self.result(worst_image)
        chosen = result.plan.as_mapping()
        subject = Subject(
            model="made<up>",
            fingerprint={key: key * 8 for key in ("model", "images", "reference", "numerics")},
            images=IMAGES + 4,
            coding="none",
            calibrated=False,
            layers=tuple(
                SizedLayer(
                    one.name,
                    one.kind,
                    one.tensors[0].shape,
                    one.original_nbytes,
                    self.nbytes(one, chosen[one.name]),
                )
                for one in self.layers
            ),
            study_name="made",
            settings='model = "made.keras"\nbudget = 2.0\n',
            versions={"mpsearch": "0.1.0", "tensorflow": "2.21.0"},
        )
        text = result_text(result, subject)
        (self.folder / "result.json").write_text(text, encoding="utf-8")
        return result

    def result(self, worst_image: str = "image3") -> SearchResult:
        """As a search would return it."""
        goal = self.goal if self.goal.kind != "front" else Goal(self.goal.metric, 2.0)
        history = History(goal, self.tried)
        best = history.best or history.nearest
        assert best is not None
        order = list(BITS)
        rows = []
        for one, scheme in zip(self.layers, best.plan.schemes, strict=True):
            place = order.index(scheme)
            cheaper = order[place + 1] if place + 1 < len(order) else None
            larger = order[place - 1] if place else None
            now = self.nbytes(one, scheme)
            rows.append(
                LayerRow(
                    one.name,
                    scheme,
                    now,
                    drop_pp=0.25,
                    cheaper=cheaper,
                    saved=0 if cheaper is None else now - self.nbytes(one, cheaper),
                    cheaper_drop_pp=None if cheaper is None else 2.5,
                    larger=larger,
                    added=0 if larger is None else self.nbytes(one, larger) - now,
                )
            )
        feasible = history.best is not None
        found = ImageSetDrop(IMAGES, best.drop_pp, best.drop_pp, (0.6, 3.1), 4.0, worst_image, 1)
        return SearchResult(
            plan=best.plan,
            feasible=feasible,
            reason="" if feasible else "no plan measured keeps it",
            goal=self.goal,
            budget_pp=goal.budget_pp,
            nbytes=best.nbytes,
            other_nbytes=OTHER_NBYTES,
            original_nbytes=sum(one.original_nbytes for one in self.layers),
            baseline_confidence_pct=90.0,
            confidence_pct=90.0 - best.drop_pp,
            search=found,
            verify=ImageSetDrop(4, 1.7, -0.5, (0.6, 3.1), 5.5, "image8", 0),
            dominated=3,
            measurements=len(self.tried) - 1,
            screening_measurements=0,
            gradient_passes=12,
            single_changes=0,
            trials=len(self.tried),
            seconds=1.5,
            ladder={
                "original": Rung(sum(one.original_nbytes for one in self.layers), 0.0, 0),
                "uniform": Rung(None, None, 2),
            },
            front=tuple(FrontPoint(t.plan, t.nbytes, t.drop_pp, t.bound_pp) for t in history.front),
            layers=tuple(rows),
            assessment=Assessment(best.nbytes // 2, 9, 0.98, 0.02),
            one_change_optimal=None if self.goal.kind == "front" else True,
            proved_optimal=False,
            stopped="done",
        )

    def _measured(self, plan: Plan, origin: str) -> Tried:
        cuts = np.array([(32 - BITS[scheme]) ** 2 / 100 for scheme in plan.schemes])
        fall = float((cuts * self._bears).sum())
        confidence = np.clip(0.9 - fall * np.linspace(0.5, 1.5, IMAGES) / 100 * 10, 0.01, 1)
        return Tried(
            plan=plan,
            nbytes=sum(
                self.nbytes(one, s) for one, s in zip(self.layers, plan.schemes, strict=True)
            ),
            drop_pp=float(100 * (0.9 - confidence).mean()),
            confidence=confidence,
            margin=np.log(confidence / (1 - np.minimum(confidence, 0.999))),
            origin=origin,
            stage_runs=1,
        )


def made_study(folder: Path, names: Sequence[str], worst_image: str = "image3") -> MadeStudy:
    """A finished study with everything in its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = MadeStudy(folder, names)
    made.write_trials()
    made.write_profile()
    made.write_result(worst_image)
    return made

"""Real networks with all their images, and plans judged on images that a search did not get.

The networks and images come from the folder ``MPSEARCH_REAL_DATA`` names.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from loops import DATA, MEMORY

import mpsearch
from mpsearch.search.meter import Meter
from mpsearch.values.arrays import IntArray
from mpsearch.values.choices import METRICS, Metric
from mpsearch.values.plan import Plan
from mpsearch.workbench.calibrated_weights import with_stored_codes
from mpsearch.workbench.workbench import Workbench

INTEGERS: Final = "original,fl16,int8c,int7c,int6c,int5c,int4c"
NETWORKS: Final = {
    # Name → model, preprocessing, images.
    "squeezenet": ("squeezenet11_imagenet.keras", "caffe", "imagenet200"),
    "lite0": ("efficientnet_lite0_imagenet.keras", "0.0078125,-0.9921875", "imagenet200"),
    "resnet8": ("resnet8_cifar10.keras", "raw", "cifar10_test600.npz"),
    "doodlenet": ("doodlenet_quickdraw345.keras", "unit", "quickdraw600.npz"),
    "vww96": ("vww96_mobilenet025.keras", "unit", "imagenet200"),
}


def true_classes(network: str) -> IntArray | None:
    """True class of every image of a network's pool, shape (images,); None where not known."""
    source = DATA / "images" / NETWORKS[network][2]
    if network == "vww96":  # its two classes are none of ImageNet's
        return None
    if source.is_file():
        with np.load(source) as archive:
            return np.asarray(archive["y"], dtype=np.int64).reshape(-1)
    index = json.loads((DATA / "labels" / "imagenet_class_index.json").read_text())
    classes = {wordnet: int(number) for number, (wordnet, _) in index.items()}
    names = sorted(path.name for path in source.iterdir())
    return np.array([classes[name.split("_")[0]] for name in names], dtype=np.int64)


def pool(network: str, *, with_truth: bool) -> Workbench:
    """A network and all its images.

    Args:
        network: Name of the network.
        with_truth: Whether confidence is that of the true class, where it is known; else that of
            the network's own answer.
    """
    file, preprocess, images = NETWORKS[network]
    classes = true_classes(network) if with_truth else None
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.txt"
        if classes is not None:
            truth.write_text("\n".join(map(str, classes)) + "\n")
        return mpsearch.load(
            str(DATA / "models" / file),
            str(DATA / "images" / images),
            preprocess=preprocess,
            resize="crop",
            truth=None if classes is None else truth,
            memory=MEMORY,
        )


class Judge:
    """Measures plans on the images that a search did not get, each once.

    Args:
        whole: Network and all images.
        rows: Positions of the images to judge on.
    """

    def __init__(self, whole: Workbench, rows: IntArray) -> None:
        self._work = whole.of_images(rows)
        self._drops: dict[tuple[Plan, bool], Mapping[Metric, float]] = {}

    def drop_pp(self, plan: Plan, metric: Metric, codes: Path | None) -> float:
        """Drop of a plan.

        Args:
            plan: The plan.
            metric: What counts.
            codes: Folder of the search that calibrated the plan's codes; None without calibration.
        """
        key = plan, codes is not None
        if key not in self._drops:
            work = self._work if codes is None else with_stored_codes(self._work, plan, codes)
            (measurement,) = work.engine.measure([plan])
            self._drops[key] = {
                every: Meter.of_all(work.engine, every).measured(measurement, "judge").drop_pp
                for every in METRICS
                if every != "accuracy" or work.has_truth
            }
            work.engine.release()
        return self._drops[key][metric]

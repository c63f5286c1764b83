"""What TensorFlow 2.15's Keras says of model files; run by scripts/golden_keras2.py.

    python answer_models.py FOLDER ANSWERS.json [FILE …]

Writes the class scores of each of three images for every model file in the folder that it reads.
The images' values go from 0 to 1, for the files named to 255.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


def scores(path: Path, scale: float) -> Any:
    model = tf.keras.models.load_model(path, compile=False)
    shape = model.input_shape[1:]
    numbers = np.arange(3 * int(np.prod(shape)), dtype=np.int64) * 7919 % 251
    images = numbers.reshape(3, *shape).astype(np.float32) / np.float32(255) * np.float32(scale)
    found = model.predict(images, verbose=0)
    return None if isinstance(found, list) else np.asarray(found, np.float64).tolist()


def main(folder: Path, to: Path, of_bytes: list[str]) -> None:
    found = {}
    for path in sorted(folder.rglob("*.*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix not in {".h5", ".hdf5", ".keras"} or "weights" in name:
            continue
        tf.keras.backend.clear_session()
        try:
            found[name] = scores(path, 255.0 if name in of_bytes else 1.0)
        except Exception as error:  # noqa: BLE001 - Keras raises whatever its layers raise
            print(name, "has no answer:", type(error).__name__, str(error)[:80])
    to.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])

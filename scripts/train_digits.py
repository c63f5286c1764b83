"""Train the small digit classifier that ships inside mpsearch.

The data are the 1,797 handwritten digits that scikit-learn carries, so nothing is downloaded.
About a fifth of them is held back and never trained on; the accuracy printed is measured on
that fifth. Two files are written: `digits.keras` (the model) and `digits.npz` (60 of the
held-back digits, six of each class, with their labels).

Run it from the top of the checkout:

    uv run python scripts/train_digits.py [--out DIR] [--seed N]

It takes well under three minutes on two processor cores. The same seed gives the same model on
the same machine. Below 97 % held-back accuracy nothing is written and the exit code is 1.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from sklearn.datasets import load_digits

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "mpsearch" / "model" / "bundled"
CLASSES = 10
DARKEST = 16  # the data set counts ink in 4x4 blocks, so a value runs from 0 to 16
HELD_BACK_SHARE = 0.2
SAMPLES_PER_CLASS = 6
LEAST_ACCURACY = 0.97

EPOCHS = 60
BATCH = 32
LEARNING_RATE = 2e-3
# Keeps the confidences away from 1.000, so that a small loss of confidence can be seen.
LABEL_SMOOTHING = 0.05
LARGEST_SHIFT = 0.75  # of a pixel: the strokes reach the edge, a whole pixel would cut them off
NOISE = 0.04

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Digits:
    """Images of shape (n, 8, 8, 1) with values 0..255, and their labels."""

    x: Images
    y: Labels

    def take(self, index: npt.NDArray[np.int64]) -> "Digits":
        """Return the digits at these positions, in this order."""
        return Digits(self.x[index], self.y[index])


def read_digits() -> Digits:
    """Return all digits, stretched from 0..16 to 0..255."""
    data = load_digits()
    x = np.round(data.images * 255 / DARKEST).astype(np.uint8)[..., np.newaxis]
    return Digits(x, data.target.astype(np.int64))


def split(digits: Digits, rng: np.random.Generator) -> tuple[Digits, Digits]:
    """Return (training digits, held-back digits), drawn at random."""
    order = rng.permutation(len(digits.y))
    held_back = round(len(order) * HELD_BACK_SHARE)
    return digits.take(order[held_back:]), digits.take(order[:held_back])


def pick_samples(held_back: Digits) -> Digits:
    """Return the first six held-back digits of each class, ordered 0..9, 0..9, and so on.

    The predictions play no part in the choice, so the samples are neither easy nor hard ones.
    """
    firsts = [np.flatnonzero(held_back.y == c)[:SAMPLES_PER_CLASS] for c in range(CLASSES)]
    return held_back.take(np.stack(firsts, axis=1).ravel())


def build() -> keras.Model:
    """Return the untrained network: VGG in small, four convolutions and two dense layers."""
    layers = keras.layers
    inputs = keras.Input((8, 8, 1), name="image")
    x = inputs
    for block, filters in ((1, 16), (2, 32)):
        for conv in (1, 2):
            name = f"block{block}_conv{conv}"
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, activation="relu", name="fc1")(x)
    x = layers.Dense(CLASSES, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, x, name="digits")


def to_unit(x: Images) -> Floats:
    """Return the images as floats 0..1: the input the network is trained for."""
    return x.astype(np.float32) / np.float32(255)


def shift(x: Floats, by: Floats, axis: int) -> Floats:
    """Move each image by a part of a pixel along one axis, mixing it with its neighbour pixel."""
    margin = [(1, 1) if a == axis else (0, 0) for a in range(x.ndim)]
    padded = np.pad(x, margin)
    size = x.shape[axis]
    before = np.take(padded, np.arange(size), axis=axis)
    after = np.take(padded, np.arange(2, size + 2), axis=axis)
    by = by.reshape(-1, 1, 1, 1)
    mixed = (1 - np.abs(by)) * x + np.maximum(by, 0) * before + np.maximum(-by, 0) * after
    return mixed.astype(np.float32, copy=False)


def augment(x: Floats, rng: np.random.Generator) -> Floats:
    """Return a slightly shifted and noisy copy of the images."""
    for axis in (1, 2):
        by = rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, len(x)).astype(np.float32)
        x = shift(x, by, axis)
    noise = rng.normal(0, NOISE, x.shape).astype(np.float32)
    clipped: Floats = np.clip(x + noise, 0, 1)
    return clipped


def train(digits: Digits, rng: np.random.Generator) -> keras.Model:
    """Return a network trained on these digits."""
    model = build()
    steps = EPOCHS * -(-len(digits.y) // BATCH)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        ),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=LABEL_SMOOTHING),
    )
    x = to_unit(digits.x)
    y = np.eye(CLASSES, dtype=np.float32)[digits.y]
    for _ in range(EPOCHS):  # one call per epoch, because every epoch sees new shifts and noise
        model.fit(augment(x, rng), y, batch_size=BATCH, epochs=1, verbose=0)
    return without_training_state(model)


def without_training_state(model: keras.Model) -> keras.Model:
    """Return a copy that was never compiled, so that its file holds no optimizer settings."""
    copy = build()
    copy.set_weights(model.get_weights())
    return copy


def measure(model: keras.Model, digits: Digits) -> tuple[float, float]:
    """Return (accuracy, mean confidence in the class chosen)."""
    p = model.predict(to_unit(digits.x), verbose=0)
    return float(np.mean(p.argmax(axis=1) == digits.y)), float(p.max(axis=1).mean())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary name to write to, and move the finished file into place."""
    # The ending stays: Keras chooses the format by it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write(model: keras.Model, samples: Digits, out: Path) -> None:
    """Write the model and the sample digits into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    with replacing(out / "digits.keras") as path:
        model.save(path)
    with replacing(out / "digits.npz") as path:
        np.savez_compressed(path, x=samples.x, y=samples.y)
    for name in ("digits.keras", "digits.npz"):
        print(f"{out / name}: {(out / name).stat().st_size:,} bytes")


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Return the command line options."""
    parser = argparse.ArgumentParser(description="Train the bundled digit classifier.")
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="folder for the two files (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="for every random choice (%(default)s)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Train, measure, and write the files if the model is good enough."""
    options = parse(argv)
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    rng = np.random.default_rng(options.seed)
    training, held_back = split(read_digits(), rng)
    model = train(training, rng)
    accuracy, confidence = measure(model, held_back)
    samples = pick_samples(held_back)
    print(f"trained on {len(training.y)} digits, {model.count_params():,} parameters")
    print(f"held-back accuracy {accuracy:.2%} on {len(held_back.y)} digits", end="")
    print(f", mean confidence {confidence:.4f}")
    print(f"accuracy on the {len(samples.y)} sample digits {measure(model, samples)[0]:.2%}")
    if accuracy < LEAST_ACCURACY:
        print(f"below {LEAST_ACCURACY:.0%}: nothing written", file=sys.stderr)
        return 1
    write(model, samples, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())

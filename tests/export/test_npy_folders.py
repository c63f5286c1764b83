"""One flat .npy per kernel and bias, as the original program left them."""

from pathlib import Path

import numpy as np
import pytest
from weight_arrays import ORIGINAL_PROGRAM, bits

from mpsearch.export.npy_folders import write_npy_folder
from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError
from mpsearch.values.layer import WeightLayer, WeightTensor

KERNEL = (3, 3, 2, 4)
DTYPES = {"fl16": np.float16, "fix8": np.uint8}


def network(*names: str) -> tuple[WeightLayer, ...]:
    tensors = (WeightTensor("kernel", KERNEL), WeightTensor("bias", (4,)))
    return tuple(WeightLayer(i, name, "Conv2D", tensors) for i, name in enumerate(names))


def weights(index: int) -> tuple[Float32Array, ...]:
    rng = np.random.default_rng(index)
    drawn = [rng.normal(0, 0.5, shape).astype(np.float32) for shape in (KERNEL, (4,))]
    return tuple(drawn)


def write(folder: Path, scheme: str, *names: str, model: str = "vgg") -> list[Path]:
    return write_npy_folder(folder, model, parse_scheme(scheme), network(*names), weights)


def test_files_are_named_by_model_scheme_layer_and_tensor_in_layer_order(tmp_path: Path) -> None:
    files = write(tmp_path, "fix8", "conv", "block1_conv1")
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        "vgg/fix8/conv_kernel.npy",
        "vgg/fix8/conv_bias.npy",
        "vgg/fix8/block1_conv1_kernel.npy",
        "vgg/fix8/block1_conv1_bias.npy",
    ]
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(files)


@pytest.mark.parametrize("name", [*DOCUMENTED, "prun_0.1"])
def test_arrays_are_flat_and_hold_what_the_scheme_stores(tmp_path: Path, name: str) -> None:
    scheme = parse_scheme(name)
    arrays = [np.load(path) for path in write(tmp_path, name, "a", "b")]
    originals = [tensor for index in (0, 1) for tensor in weights(index)]
    for array, tensor in zip(arrays, originals, strict=True):
        codes = scheme.encode(tensor)
        assert array.shape == (tensor.size,)
        assert array.dtype == DTYPES.get(name, np.float32)
        decoded = scheme.decode(array) if name in DTYPES else array
        np.testing.assert_array_equal(bits(decoded), bits(scheme.decode(codes)).reshape(-1))


def original_program(
    folder: Path, scheme: str, taken: slice
) -> np.ndarray[tuple[int, ...], np.dtype]:
    """What is written for the weights of the original program's outputs."""
    with np.load(ORIGINAL_PROGRAM) as made:
        x = made["x"].view(np.float32)[taken]
    layer = WeightLayer(0, "all", "Dense", (WeightTensor("kernel", x.shape),))
    (path,) = write_npy_folder(folder, "m", parse_scheme(scheme), (layer,), lambda _: (x,))
    written: np.ndarray[tuple[int, ...], np.dtype] = np.load(path)
    return written


def test_bytes_of_fix8_are_those_of_the_original_program(tmp_path: Path) -> None:
    with np.load(ORIGINAL_PROGRAM) as made:
        codes = made["fix8_code"]
    written = original_program(tmp_path, "fix8", slice(None))
    assert written.dtype == np.uint8
    assert written.tobytes() == codes.tobytes()


def test_arrays_of_bitwise_and_are_those_of_the_original_program(tmp_path: Path) -> None:
    with np.load(ORIGINAL_PROGRAM) as made:
        patterns = made["bitwiseAnd_16"]
    assert original_program(tmp_path, "bitwiseAnd_16", slice(None)).tobytes() == patterns.tobytes()


@pytest.mark.parametrize("model", ["../../outside", "/outside", "", "..", "CON", "a/b", "a\nb"])
def test_odd_names_stay_inside_the_folder_and_apart(tmp_path: Path, model: str) -> None:
    names = ["../../x", "/etc/x", "a/b", "a_b", "A_B", "CON", "", "..", "x\ny", "層", "z" * 300]
    folder = tmp_path / "inside"
    files = write(folder, "fix8", *names, model=model)
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
    assert all(path.resolve().is_relative_to(folder.resolve()) for path in files)
    assert len({path.as_posix().casefold() for path in files}) == 2 * len(names)
    assert {len(path.relative_to(folder).parts) for path in files} == {3}
    for i, path in enumerate(files[::2]):
        codes = parse_scheme("fix8").encode(weights(i)[0])
        np.testing.assert_array_equal(np.load(path), codes.reshape(-1))


def test_files_hold_no_pickled_objects(tmp_path: Path) -> None:
    for path in write(tmp_path, "original", "a"):
        assert np.load(path, allow_pickle=False).dtype == np.float32
        assert path.read_bytes().startswith(b"\x93NUMPY")


def test_layers_before_a_refused_one_stay_whole(tmp_path: Path) -> None:
    def one_too_large(index: int) -> tuple[Float32Array, ...]:
        kernel, bias = weights(index)
        return kernel, bias + np.float32(70000 * index)

    with pytest.raises(SchemeError, match="fl16 cannot store"):
        write_npy_folder(tmp_path, "m", parse_scheme("fl16"), network("a", "b", "c"), one_too_large)
    left = sorted(path.name for path in (tmp_path / "m" / "fl16").iterdir())
    assert left == ["a_bias.npy", "a_kernel.npy", "b_kernel.npy"]
    assert all(np.load(tmp_path / "m" / "fl16" / name).size for name in left)

"""Write small classifiers as an old Keras writes them; run by scripts/golden_keras2.py.

    python make_models.py keras|tf.keras|tf_keras FOLDER ENDING [NAME …]

It runs under Python 3.7 and TensorFlow 1.15 as well. What the Keras at hand does not have is left
out. Beside the models it writes ``answers.json``: name → the class scores that this Keras, having
loaded the file again, gives for the images of :func:`images`.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict  # noqa: UP035 - Python 3.7

import numpy as np

KERAS = importlib.import_module(
    {"keras": "keras", "tf.keras": "tensorflow.keras", "tf_keras": "tf_keras"}[sys.argv[1]]
    if sys.argv[1:]
    else "keras"
)
TF = importlib.import_module("tensorflow")
L = KERAS.layers
Sequential, Model = KERAS.models.Sequential, KERAS.models.Model
MODELS: Dict[str, Callable[[], Any]] = {}  # noqa: UP006 - Python 3.7


def images(shape: Any, count: int = 3) -> Any:
    """Some numbers from 0 to 1 that are the same everywhere."""
    numbers = np.arange(count * int(np.prod(shape)), dtype=np.int64) * 7919 % 251
    return numbers.reshape(count, *shape).astype(np.float32) / np.float32(255)


def model(build: Callable[[], Any]) -> Callable[[], Any]:
    MODELS[build.__name__] = build
    return build


def picture() -> Any:
    return L.Input((8, 8, 3))


def scores(x: Any) -> Any:
    return L.Dense(4, activation="softmax")(L.Flatten()(x))


def chain(*steps: Any) -> Any:
    x = source = picture()
    for step in steps:
        x = step(x)
    return Model(source, scores(x))


def rows() -> Any:
    return L.Reshape((8, 24))


def backbone() -> Any:
    x = source = picture()
    x = L.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = L.BatchNormalization()(x)
    x = L.ReLU()(x)
    x = L.DepthwiseConv2D(3, padding="same")(x)
    x = L.BatchNormalization()(x)
    return Model(source, x, name="backbone")


@model
def first_layer_has_shape() -> Any:
    return Sequential(
        [
            L.Conv2D(4, 3, input_shape=(8, 8, 3), activation="relu"),
            L.MaxPooling2D(),
            L.Dropout(0.3),
            L.Flatten(),
            L.Dense(4, activation="softmax"),
        ]
    )


@model
def input_layer() -> Any:
    return Sequential(
        [
            L.InputLayer((8, 8, 3)),
            L.Conv2D(4, 3),
            L.BatchNormalization(),
            L.Activation("relu"),
            L.GlobalAveragePooling2D(),
            L.Dense(4),
            L.Softmax(),
        ]
    )


@model
def built_later() -> Any:
    made = Sequential(
        [L.Rescaling(0.5), L.Conv2D(3, 3), L.Flatten(), L.Dense(4, activation="softmax")]
    )
    made.build((None, 8, 8, 3))
    return made


@model
def augmented() -> Any:
    return Sequential(
        [
            Sequential([L.Resizing(8, 8), L.Rescaling(1.0 / 255)]),
            Sequential([L.RandomFlip("horizontal_and_vertical"), L.RandomRotation(0.2)]),
            L.RandomZoom(0.1),
            L.RandomContrast(0.2),
            L.RandomTranslation(0.1, 0.1),
            L.Conv2D(3, 3, activation="relu", input_shape=(32, 8, 8, 3)),
            L.Flatten(),
            L.Dense(4, activation="softmax"),
        ]
    )


@model
def depthwise() -> Any:
    return chain(
        L.DepthwiseConv2D(3, depth_multiplier=2, depthwise_regularizer=KERAS.regularizers.l2(1e-4)),
        L.BatchNormalization(),
        L.ReLU(6.0),
    )


@model
def separable() -> Any:
    return chain(
        L.SeparableConv2D(
            5,
            3,
            kernel_regularizer="l2",
            kernel_constraint="max_norm",
            kernel_initializer="he_normal",
            depth_multiplier=2,
            activation="relu",
        ),
        L.Reshape((12, 15)),
        L.SeparableConv1D(5, 3),
        L.Conv1D(3, 2, padding="causal"),
    )


@model
def transposed() -> Any:
    return chain(L.Conv2DTranspose(3, 3, strides=2, output_padding=1), L.Conv2D(2, 3))


@model
def transposed_1d() -> Any:
    return chain(rows(), L.Conv1DTranspose(3, 3, strides=2), L.DepthwiseConv1D(3))


@model
def grouped() -> Any:
    return chain(L.Conv2D(6, 3, groups=3))


@model
def normalized() -> Any:
    return chain(
        L.BatchNormalization(scale=False),
        L.LayerNormalization(),
        L.BatchNormalization(axis=1, center=False),
        L.LayerNormalization(axis=[1, 2]),
    )


@model
def nested_sequential() -> Any:
    return Sequential(
        [
            Sequential([backbone(), L.GlobalAveragePooling2D()]),
            Sequential(
                [
                    L.Dense(5, activation="relu", input_shape=(4,)),
                    L.Dense(4, activation="softmax", use_bias=False),
                ]
            ),
        ]
    )


@model
def nested_frozen() -> Any:
    inner, source = backbone(), picture()
    inner.trainable = False
    return Model(source, scores(inner(source)))


@model
def nested_half_frozen() -> Any:
    inner, source = backbone(), picture()
    inner.layers[1].trainable = inner.layers[2].trainable = False
    return Model(source, scores(L.BatchNormalization()(inner(source))))


@model
def nested_inference() -> Any:
    inner, source = backbone(), picture()
    return Model(source, scores(inner(source, training=False)))


@model
def nested_twice() -> Any:
    inner, source = backbone(), picture()
    return Model(source, scores(L.Add()([inner(source), inner(L.ZeroPadding2D(0)(source))])))


@model
def nested_last() -> Any:
    inner, source = chain(L.Conv2D(2, 3)), picture()
    return Model(source, inner(L.Activation("relu")(source)))


@model
def sequential_twice() -> Any:
    steps = [L.Conv2D(3, 3, padding="same"), L.BatchNormalization(), L.ReLU()]
    block, source = Sequential(steps, name="block"), picture()
    return Model(source, scores(block(block(source))))


@model
def shared() -> Any:
    conv, norm, x = L.Conv2D(3, 3, padding="same"), L.BatchNormalization(), picture()
    return Model(x, scores(norm(conv(norm(conv(x))))))


@model
def branches() -> Any:
    source = picture()
    a = L.Conv2D(4, 3, padding="same")(source)
    b = L.Conv2D(4, 1)(source)
    c = L.AveragePooling2D(2, strides=1, padding="same")(a)
    merged = [L.Add()([a, b]), L.Multiply()([a, c]), L.Maximum()([b, c])]
    x = L.Concatenate()([*merged, L.Average()([a, b, c]), L.Subtract()([a, b])])
    return Model(source, scores(L.Cropping2D(1)(L.UpSampling2D(2)(x))))


@model
def recurrent() -> Any:
    return chain(
        rows(),
        L.Bidirectional(L.LSTM(3, return_sequences=True)),
        L.GRU(3, return_sequences=True),
        L.SimpleRNN(3, return_sequences=True),
        L.TimeDistributed(L.Dense(4, activation="relu")),
    )


@model
def recurrent_by_hand() -> Any:
    return chain(
        rows(),
        L.LSTM(3, recurrent_activation="hard_sigmoid", return_sequences=True, implementation=1),
        L.Bidirectional(L.GRU(3, reset_after=True, return_sequences=True), merge_mode="sum"),
        L.GRU(3, reset_after=False, return_sequences=True, unroll=True),
        L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True),
    )


@model
def convolved_over_time() -> Any:
    return chain(L.Reshape((2, 4, 8, 3)), L.ConvLSTM2D(2, 3))


@model
def distributed() -> Any:
    steps = [L.Conv2D(3, 3, input_shape=(4, 8, 3)), L.BatchNormalization()]
    return chain(L.Reshape((2, 4, 8, 3)), L.TimeDistributed(Sequential(steps)))


@model
def slashes() -> Any:
    source = picture()
    x = L.Conv2D(3, 3, name="block/conv")(source)
    x = L.BatchNormalization(name="block/conv/bn")(x)
    x = L.DepthwiseConv2D(3, name="block_conv")(x)
    return Model(source, scores(x), name="net/one")


@model
def bends() -> Any:
    return chain(
        L.Conv2D(4, 1, activation="selu"),
        L.LeakyReLU(0.1),
        L.Conv2D(4, 1, activation="softplus"),
        L.PReLU(shared_axes=[1, 2]),
        L.ELU(0.5),
        L.ThresholdedReLU(0.2),
        L.Conv2D(4, 1, activation="tanh"),
        L.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.1),
        L.Softmax(),
    )


@model
def bends_of_tensorflow() -> Any:
    functions = [TF.nn.relu6, TF.nn.leaky_relu, "swish", "gelu", L.LeakyReLU(0.2), TF.nn.softmax]
    return chain(*[L.Conv2D(4, 1, activation=one) for one in functions])


@model
def hard_sigmoid() -> Any:
    return chain(
        L.Conv2D(4, 1, activation="hard_sigmoid"), L.Conv2D(4, 1), L.Activation("hard_sigmoid")
    )


@model
def initialized() -> Any:
    make = KERAS.initializers
    return chain(
        L.Conv2D(4, 1, kernel_initializer="he_normal", kernel_regularizer="l1_l2"),
        L.Conv2D(4, 1, kernel_initializer=make.TruncatedNormal(stddev=0.1)),
        L.Conv2D(4, 1, kernel_initializer="orthogonal", bias_initializer=make.Constant(0.1)),
        L.Conv2D(4, 1, kernel_initializer=make.VarianceScaling(2.0, "fan_out")),
        L.Conv2D(4, 1, kernel_constraint=KERAS.constraints.MaxNorm(2), activity_regularizer="l2"),
    )


@model
def adapted() -> Any:
    layer, inside = L.Normalization(), L.Normalization()
    for one in (layer, inside):
        one.adapt(images((8, 8, 3), 5) * 9)
    source = picture()
    inner = Model(source, L.Conv2D(3, 3)(inside(source)))
    return chain(L.Rescaling([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]), layer, inner)


@model
def given_statistics() -> Any:
    return chain(
        L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 1.0, 4.0]), L.CenterCrop(6, 6)
    )


@model
def attention() -> Any:
    source = picture()
    x = rows()(source)
    x = L.LayerNormalization()(L.MultiHeadAttention(2, 3)(x, x))
    return Model(source, scores(L.Attention()([x, x])))


@model
def silent() -> Any:
    return chain(
        L.GaussianNoise(0.1),
        L.SpatialDropout2D(0.1),
        L.AlphaDropout(0.1),
        L.ActivityRegularization(0.1),
        L.Permute((2, 1, 3)),
        L.Reshape((-1, 3)),
        L.ZeroPadding1D(2),
        L.MaxPooling1D(2),
        L.UpSampling1D(2),
    )


@model
def trained() -> Any:
    made = chain(L.Conv2D(4, 3), L.BatchNormalization())
    made.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    made.fit(images((8, 8, 3), 4), np.eye(4), verbose=0)
    return made


@model
def prepared_as_tf() -> Any:
    source = picture()
    prepare = KERAS.applications.mobilenet_v2.preprocess_input
    return Model(source, scores(L.Conv2D(3, 3)(prepare(source))))


@model
def prepared_as_caffe() -> Any:
    source = picture()
    prepare = KERAS.applications.resnet50.preprocess_input
    return Model(source, scores(L.Conv2D(3, 3)(prepare(source))))


@model
def prepared_as_torch() -> Any:
    source = picture()
    prepare = KERAS.applications.densenet.preprocess_input
    return Model(source, scores(L.Conv2D(3, 3)(prepare(source))))


@model
def calculated() -> Any:
    source = picture()
    x = L.Conv2D(4, 3, padding="same")(source)
    y = 2.0 * (x + 1.5)
    x = x * -((1.0 - (x - y)) / 3.0)
    x = TF.nn.relu(TF.nn.relu6(x**2) + y)
    x = TF.sigmoid(TF.concat([x, y], axis=-1))
    x = TF.reduce_mean(x, axis=[1], keepdims=True)
    x = TF.math.sqrt(TF.abs(TF.clip_by_value(x, 0.1, 0.9)))
    x = TF.maximum(TF.transpose(x, [0, 2, 1, 3]), 0.3)
    x = TF.squeeze(TF.expand_dims(TF.reshape(x, [-1, 64]), 1), 1)
    return Model(source, L.Dense(4, activation="softmax")(x))


@model
def calculated_at_the_end() -> Any:
    source = picture()
    x = TF.image.resize(L.Conv2D(4, 3, padding="same")(source), (4, 4))
    x = TF.pad(x[:, 1:, ::2, :], [[0, 0], [1, 1], [0, 0], [0, 0]])
    x = TF.cast(TF.reduce_max(x, axis=-1, keepdims=True), "float32")
    return Model(source, TF.nn.softmax(L.Dense(4)(L.Flatten()(x))))


@model
def two_outputs() -> Any:
    source = picture()
    x = L.Flatten()(source)
    return Model(source, [L.Dense(4, name="a")(x), L.Dense(2, name="b")(x)])


@model
def locally_connected() -> Any:
    return chain(L.LocallyConnected2D(2, 3))


def fill(made: Any) -> None:
    """Give a model weights that are the same everywhere; means that were adapted stay."""
    numbers = np.random.RandomState(7)
    for layer in made.layers:
        kind = type(layer).__name__
        if hasattr(layer, "layers"):
            fill(layer)
        elif kind != "Normalization":
            weights = [numbers.randint(-1000, 1000, w.shape) / 1500 for w in layer.get_weights()]
            # Variances are positive.
            layer.set_weights([np.abs(w) + 0.5 if w.ndim == 1 else w for w in weights])


def write(made: Any, folder: Path, name: str, ending: str) -> Any:
    """Save a model; the scores of what is loaded again, None where there are several outputs."""
    try:
        shape = made.input_shape[1:]
    except AttributeError:  # a Sequential model that is built by its first images
        shape = (8, 8, 3)
    made.predict(images(shape))
    fill(made)
    path = folder / "{}.{}".format(name, ending)  # noqa: UP032
    made.save(str(path))
    if name in {"input_layer", "nested_sequential"}:
        made.save_weights(str(folder / "{}.weights_only.h5".format(name)))  # noqa: UP032
        (folder / "{}.json".format(name)).write_text(made.to_json())  # noqa: UP032
    if name == "input_layer" and ending == "keras":
        made.save_weights(str(folder / "input_layer.weights.h5"))
    found = KERAS.models.load_model(str(path), compile=False).predict(images(shape))
    return None if isinstance(found, list) else np.asarray(found, np.float64).tolist()


def main(folder: Path, ending: str, names: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    answers = {}
    for name, build in MODELS.items():
        if names and name not in names:
            continue
        KERAS.backend.clear_session()
        try:
            answers["{}.{}".format(name, ending)] = write(build(), folder, name, ending)  # noqa: UP032
        except Exception as error:  # noqa: BLE001 - this Keras does not have it
            print(name, "left out:", type(error).__name__, str(error)[:80])
    (folder / "answers.{}.json".format(ending)).write_text(json.dumps(answers))  # noqa: UP032


if __name__ == "__main__":
    main(Path(sys.argv[2]), sys.argv[3], sys.argv[4:])

# SPDX-License-Identifier: Apache-2.0
"""Keras' layers that are no convolutions and have no steps: dense layers, activations, arithmetic,
normalization, shapes."""

from __future__ import annotations

import math
import typing

import numpy as np

from ...building import maths, shapes
from ...format.graph import Array, ConvertError, Shape, Tensor, signature
from .activations import FUNCTIONS, activate, softmax
from .config import Json
from .context import Context, Convert, Mask, Unsupported, array_of

Tensors = typing.List[Tensor]


# ---- activations ---------------------------------------------------------------------------------


def activation_name(c: Context, key: str = "activation", otherwise: str = "linear") -> str:
    """A word, or what Keras 3 and TensorFlow.js write for a function or a layer."""
    value = c.get(key, otherwise)
    if value is None:
        return "linear"
    if isinstance(value, dict):
        inner: Json = value.get("config")
        value = inner if isinstance(inner, str) else _layer_as_function(c, value, inner)
    if not isinstance(value, str):
        raise c.wrong(key, value, "the name of an activation")
    return value.split(">")[-1]


def _layer_as_function(c: Context, value: Json, settings: Json) -> Json:
    """Layers that have a function's name, and no settings that a function has not."""
    kind = value.get("class_name")
    usual = {"ReLU": (("max_value", None), ("negative_slope", 0), ("threshold", 0))}
    for key, wanted in usual.get(kind, ()) if isinstance(kind, str) else ():
        if isinstance(settings, dict) and (settings.get(key) or wanted) != wanted:
            raise Unsupported("a %s layer with settings as an activation is not supported" % kind)
    return kind.lower() if isinstance(kind, str) and kind.lower() in FUNCTIONS else kind


def then_activate(c: Context, x: Tensor, key: str = "activation") -> Tensor:
    return activate(c.builder, x, activation_name(c, key), c.keras)


def activation(c: Context, inputs: Tensors) -> Tensor:
    return then_activate(c, inputs[0])


def relu(c: Context, inputs: Tensors) -> Tensor:
    b, x = c.builder, inputs[0]
    top = c.get("max_value", None)
    slope, threshold = (0.0 if c.get(key, None) is None else c.number(key)
                        for key in ("negative_slope", "threshold"))
    if threshold:
        raise Unsupported("a threshold of %g is not supported" % threshold)
    if slope:
        made = maths.unary(b, "LEAKY_RELU", x, alpha=slope)
        return made if top is None else maths.binary(b, "MINIMUM", made, c.number("max_value"))
    return maths.clip(b, x, 0.0, math.inf if top is None else c.number("max_value"))


def leaky_relu(c: Context, inputs: Tensors) -> Tensor:
    slope = c.number("negative_slope" if "negative_slope" in c.layer.config else "alpha", 0.3)
    return maths.unary(c.builder, "LEAKY_RELU", inputs[0], alpha=slope)


def elu_layer(c: Context, inputs: Tensors) -> Tensor:
    return maths.elu(c.builder, inputs[0], c.number("alpha", 1.0))


def prelu(c: Context, inputs: Tensors) -> Tensor:
    x = inputs[0]
    alpha = c.constant("alpha", lambda: c.weights("alpha")["alpha"])
    if len(alpha.shape) != len(x.shape) - 1:
        raise ConvertError("its alpha has the shape %s" % list(alpha.shape))
    return c.builder.emit("PRELU", [x, alpha], signature(x))


def softmax_layer(c: Context, inputs: Tensors) -> Tensor:
    c.unmasked()
    axis = c.get("axis", -1)
    if isinstance(axis, list) and len(axis) == 1:
        axis = axis[0]
    if not isinstance(axis, int):
        raise Unsupported("softmax over axes %s is not supported" % (axis,))
    return softmax(c.builder, inputs[0], axis)


def same(c: Context, inputs: Tensors) -> Tensor:
    return inputs[0]


# ---- dense ---------------------------------------------------------------------------------------


def dense(c: Context, inputs: Tensors) -> Tensor:
    x, b = inputs[0], c.builder
    units, biased = c.integer("units"), c.flag("use_bias", True)
    c.rank(x, 2, 3, 4, 5)
    shape = (c.fixed(x, -1, "the number of its inputs"), units)
    names = ["kernel"] + ["bias"] * biased
    kernel = c.constant("kernel", lambda: c.shaped(c.weights(*names)["kernel"], shape, "kernel").T)
    bias = c.constant("bias", lambda: c.shaped(c.weights(*names)["bias"], shape[1:], "bias")) \
        if biased else None
    return then_activate(c, maths.fully_connected(b, x, kernel, bias))


def embedding(c: Context, inputs: Tensors) -> Tensor:
    shape = c.integer("input_dim"), c.integer("output_dim")
    table = c.constant("embeddings",
                       lambda: c.shaped(c.weights("embeddings")["embeddings"], shape, "table"))
    indices = maths.cast(c.builder, inputs[0], "INT32")
    if c.flag("mask_zero", False):
        c.made_mask = Mask(maths.binary(c.builder, "NOT_EQUAL", indices, 0))
    return shapes.gather(c.builder, table, indices, 0)


def masking(c: Context, inputs: Tensors) -> Tensor:
    """Steps of which all numbers are the mask's value become zeros, and are left out from here on."""
    b, x = c.builder, inputs[0]
    c.rank(x, 3)
    differs = maths.binary(b, "NOT_EQUAL", x, c.number("mask_value", 0.0))
    there = maths.reduce(b, "REDUCE_ANY", differs, [2], True)
    c.made_mask = Mask(shapes.squeeze(b, there, [2]))
    return maths.binary(b, "MUL", x, maths.cast(b, there, x.dtype))


# ---- normalization -------------------------------------------------------------------------------


def _axis(c: Context, x: Tensor, otherwise: int = -1) -> int:
    value = c.get("axis", otherwise)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, int) or not -len(x.shape) <= value < len(x.shape):
        raise Unsupported("axis %s is not supported" % (value,))
    return value % len(x.shape)


def _along(values: Array, axis: int, rank: int) -> Array:
    return values if axis == rank - 1 else values.reshape([-1] + [1] * (rank - 1 - axis))


def batch_normalization(c: Context, inputs: Tensors) -> Tensor:
    x, b = inputs[0], c.builder
    axis = _axis(c, x)
    channels = c.fixed(x, axis, "the number of channels")
    given = (("gamma", c.flag("scale", True)), ("beta", c.flag("center", True)),
             ("moving_mean", True), ("moving_variance", True))
    names = [name for name, there in given if there]

    def numbers() -> tuple[Array, Array]:
        found = {name: c.shaped(each, [channels], name).astype(np.float64)
                 for name, each in c.weights(*names).items()}
        spread = np.sqrt(np.maximum(found["moving_variance"] + c.number("epsilon", 1e-3), 1e-37))
        gain = found.get("gamma", np.ones(channels)) / spread
        return gain, found.get("beta", np.zeros(channels)) - found["moving_mean"] * gain

    rank = len(x.shape)
    gain = c.constant("gain", lambda: _along(numbers()[0], axis, rank))
    offset = c.constant("offset", lambda: _along(numbers()[1], axis, rank))
    return maths.binary(b, "ADD", maths.binary(b, "MUL", x, gain), offset)


def _normalized(c: Context, x: Tensor, axes: list[int], epsilon: float) -> Tensor:
    """Less the mean over the axes, and divided by the deviation."""
    return maths.layer_norm(c.builder, x, axes, epsilon)[0]


def _scaled(c: Context, x: Tensor, shape: Shape) -> Tensor:
    b = c.builder
    parts = [("gamma", "MUL", c.flag("scale", True)), ("beta", "ADD", c.flag("center", True))]
    names = [name for name, _, there in parts if there]
    for name, kind, there in parts:
        if there:
            found = c.weights(*names)[name]
            if found.size != math.prod(shape):
                raise ConvertError("its %s has the shape %s" % (name, list(found.shape)))
            x = maths.binary(b, kind, x, c.constant(name, lambda: found.reshape(shape)))
    return x


def layer_normalization(c: Context, inputs: Tensors) -> Tensor:
    x, rank = inputs[0], len(inputs[0].shape)
    value = c.get("axis", -1)
    axes = sorted(axis % rank for axis in (value if isinstance(value, list) else [value])
                  if isinstance(axis, int))
    if not axes or axes != list(range(rank - len(axes), rank)) or axes[0] == 0:
        raise Unsupported("over axes %s is not supported: only over the last ones" % (value,))
    if c.flag("rms_scaling", False):
        raise Unsupported("rms_scaling is not supported")
    shape = tuple(c.fixed(x, axis, "a normalized size") for axis in axes)
    return _scaled(c, _normalized(c, x, axes, c.number("epsilon", 1e-3)), shape)


def group_normalization(c: Context, inputs: Tensors) -> Tensor:
    x, b, rank = inputs[0], c.builder, len(inputs[0].shape)
    if _axis(c, x) != rank - 1:
        raise Unsupported("axis %s is not supported: only the last one" % c.get("axis", -1))
    channels = c.fixed(x, -1, "the number of channels")
    groups = c.integer("groups", 32, low=-1)
    groups = channels if groups == -1 else groups
    if groups == 0 or channels % groups:
        raise ConvertError("%d channels make no %d groups" % (channels, groups))
    places = math.prod(c.fixed(x, axis, "the size of its picture") for axis in range(1, rank - 1))
    # Four dimensions: other runtimes do not spread more over each other.
    split = (signature(x)[0], places, groups, channels // groups)
    made = _normalized(c, shapes.reshape(b, x, split), [1, 3], c.number("epsilon", 1e-3))
    return _scaled(c, shapes.reshape(b, made, signature(x)), (channels,))


def rescaling(c: Context, inputs: Tensors) -> Tensor:
    b, x = c.builder, maths.cast(c.builder, inputs[0], "FLOAT32")
    scale, offset = (_numbers(c, key, otherwise) for key, otherwise in (("scale", 1.0),
                                                                        ("offset", 0.0)))
    return maths.binary(b, "ADD", maths.binary(b, "MUL", x, scale), offset)


def _numbers(c: Context, key: str, otherwise: Json) -> Array:
    value = array_of(c.get(key, otherwise))
    try:
        return np.asarray(value, np.float32)
    except (TypeError, ValueError, OverflowError):
        raise c.wrong(key, value, "a number") from None


def normalization(c: Context, inputs: Tensors) -> Tensor:
    """Statistics are settings, or were learned: mean, variance and how many there were."""
    b, x = c.builder, maths.cast(c.builder, inputs[0], "FLOAT32")
    if c.get("mean", None) is not None:
        mean, variance = (_numbers(c, key, 0.0) for key in ("mean", "variance"))
    else:
        names = ["mean", "variance", "count"][:max(2, len(c.arrays))]
        mean, variance = (c.weights(*names)[name] for name in names[:2])
    spread = np.maximum(np.sqrt(np.maximum(variance, 0)), 1e-7)
    if max(mean.size, spread.size) not in (1, x.shape[-1]):
        raise Unsupported("axis %s is not supported: only the last one" % (c.get("axis", -1),))
    mean, spread = mean.reshape(-1), spread.reshape(-1)
    if c.flag("invert", False):
        return maths.binary(b, "ADD", maths.binary(b, "MUL", x, spread), mean)
    return maths.binary(b, "MUL", maths.binary(b, "SUB", x, mean), 1 / spread)


def unit_normalization(c: Context, inputs: Tensors) -> Tensor:
    if _axis(c, inputs[0]) != len(inputs[0].shape) - 1:
        raise Unsupported("axis %s is not supported: only the last one" % (c.get("axis", -1),))
    return _unit(c, inputs[0])


def _unit(c: Context, x: Tensor) -> Tensor:
    """Rows of length 1."""
    return maths.unary(c.builder, "L2_NORMALIZATION", x, **maths.PLAIN)


# ---- arithmetic ----------------------------------------------------------------------------------


def merge(kind: str) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensor:
        if len(inputs) < 2 or (kind == "SUB" and len(inputs) != 2):
            raise ConvertError("has %d inputs" % len(inputs))
        if len({len(x.shape) for x in inputs}) > 1:
            raise Unsupported("inputs with different numbers of dimensions are not supported")
        made = inputs[0]
        for x in inputs[1:]:
            made = maths.binary(c.builder, kind, made, x)
        return made
    return convert


def average(c: Context, inputs: Tensors) -> Tensor:
    made = merge("ADD")(c, inputs)
    assert isinstance(made, Tensor)
    return maths.binary(c.builder, "MUL", made, 1 / len(inputs))


def concatenate(c: Context, inputs: Tensors) -> Tensor:
    return shapes.concat(c.builder, inputs, _axis(c, inputs[0]))


def dot(c: Context, inputs: Tensors) -> Tensor:
    b = c.builder
    if len(inputs) != 2:
        raise ConvertError("has %d inputs" % len(inputs))
    x, y = inputs
    value = c.get("axes", -1)
    axes = value if isinstance(value, list) else [value, value]
    if len(axes) != 2 or any(not isinstance(axis, int) or not -len(t.shape) <= axis < len(t.shape)
                             for axis, t in zip(axes, inputs)):
        raise c.wrong("axes", value, "an axis of each input")
    first, second = (axis % len(t.shape) for axis, t in zip(axes, inputs))
    if c.flag("normalize", False):
        if (first, second) != (len(x.shape) - 1, len(y.shape) - 1):
            raise Unsupported("normalized over other axes than the last is not supported")
        x, y = _unit(c, x), _unit(c, y)
    if (len(x.shape), len(y.shape)) == (2, 2):
        return maths.reduce(b, "SUM", maths.binary(b, "MUL", x, y), [1], True)
    if (len(x.shape), len(y.shape)) != (3, 3) or 0 in (first, second):
        raise Unsupported("of tensors of %d and %d dimensions is not supported"
                          % (len(x.shape), len(y.shape)))
    return maths.matmul(b, x, y, first == 1, second == 2)


# ---- shapes --------------------------------------------------------------------------------------


def flatten(c: Context, inputs: Tensors) -> Tensor:
    c.channels_last()
    x = inputs[0]
    rest = signature(x)[1:]
    return shapes.reshape(c.builder, x, (signature(x)[0], -1 if -1 in rest else math.prod(rest)))


def reshape(c: Context, inputs: Tensors) -> Tensor:
    x = inputs[0]
    value = c.get("target_shape")
    value = [-1 if n is None else n for n in value] if isinstance(value, list) else value
    if not isinstance(value, list) or not all(isinstance(n, int) and n >= -1 for n in value) \
            or value.count(-1) > 1:
        raise c.wrong("target_shape", value, "a list of sizes")
    target, rest = list(value), signature(x)[1:]
    if -1 not in rest:
        known = math.prod(n for n in target if n >= 0)
        if -1 in target and known:
            target[target.index(-1)] = math.prod(rest) // known
        if math.prod(target) != math.prod(rest):
            raise ConvertError("%s does not become %s" % (list(rest), value))
    return shapes.reshape(c.builder, x, signature(x)[:1] + tuple(target))


def permute(c: Context, inputs: Tensors) -> Tensor:
    x = inputs[0]
    order = [0] + c.sizes("dims", len(x.shape) - 1)
    if sorted(order) != list(range(len(x.shape))):
        raise c.wrong("dims", order[1:], "an order of the dimensions")
    return shapes.transpose(c.builder, x, order)


def repeat_vector(c: Context, inputs: Tensors) -> Tensor:
    x = inputs[0]
    c.rank(x, 2)
    return shapes.tile(c.builder, shapes.expand(c.builder, x, [1]), [1, c.integer("n"), 1])


LAYERS: dict[str, Convert] = {
    "Activation": activation, "ActivityRegularization": same, "Add": merge("ADD"),
    "AlphaDropout": same, "Average": average, "BatchNormalization": batch_normalization,
    "BatchNormalizationV1": batch_normalization, "Concatenate": concatenate, "Dense": dense,
    "Dot": dot, "Dropout": same, "ELU": elu_layer, "Embedding": embedding, "Flatten": flatten,
    "GaussianDropout": same, "GaussianNoise": same, "GroupNormalization": group_normalization,
    "LayerNormalization": layer_normalization, "LeakyReLU": leaky_relu, "Masking": masking,
    "Maximum": merge("MAXIMUM"),
    "Minimum": merge("MINIMUM"), "Multiply": merge("MUL"), "Normalization": normalization,
    "PReLU": prelu, "Permute": permute, "ReLU": relu, "RandomBrightness": same,
    "RandomContrast": same, "RandomFlip": same, "RandomRotation": same, "RandomTranslation": same,
    "RandomZoom": same, "RepeatVector": repeat_vector,
    "Rescaling": rescaling, "Reshape": reshape, "Softmax": softmax_layer, "SpatialDropout1D": same,
    "SpatialDropout2D": same, "Subtract": merge("SUB"), "SyncBatchNormalization": batch_normalization,
    "UnitNormalization": unit_normalization,
}

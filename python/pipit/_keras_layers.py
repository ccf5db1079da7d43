# SPDX-License-Identifier: Apache-2.0
"""Which Keras layers stand for an operator: functions (graph, node, inputs, outputs) by its name.

Numbers after `option` are the fields' ids in the file format's tables of options.
"""

from __future__ import annotations

import typing

from . import _types as types

if typing.TYPE_CHECKING:
    from .export_keras import Graph

np = types.np

Ints = typing.Sequence[int]
Array = typing.Any  # of numpy, where there is one
Convert = typing.Callable[["Graph", int, Ints, Ints], typing.Any]

_ACTIVATIONS = {0: "linear", 1: "relu", 3: "relu6"}
_TANH = 4  # computed by recurrent operators alone


class Unsupported(Exception):
    """No layer does what is asked; the argument says what."""


def _activation(g: Graph, node: int, field: int) -> str:
    number = g.option(node, field, 1)
    if number not in _ACTIVATIONS:
        raise Unsupported("its activation (%d of the file format) is none of %s"
                          % (number, ", ".join(_ACTIVATIONS.values())))
    return _ACTIVATIONS[number]


def _with_activation(g: Graph, kind: str, output: int, inputs: typing.Sequence[int | str],
                     activation: str, weights: dict[str, Array] | None = None,
                     **config: typing.Any) -> None:
    """A layer that has an `activation`; relu6 becomes a layer of its own."""
    separate = activation == "relu6"
    name = g.layer(kind, output, inputs, weights, activation="linear" if separate else activation,
                   **config)
    if separate:
        g.layer("ReLU", output, [name], max_value=6.0)


def _then(g: Graph, output: int, name: str, activation: str) -> None:
    """The activation of a layer that has none itself."""
    if activation == "relu6":
        g.layer("ReLU", output, [name], max_value=6.0)
    elif activation != "linear":
        g.layer("ReLU", output, [name])


def _padding(g: Graph, node: int) -> str:
    return "same" if g.option(node, 0, 1) == 0 else "valid"


def _bias(g: Graph, inputs: Ints) -> dict[str, Array]:
    present = len(inputs) > 2 and inputs[2] >= 0
    return {"bias": g.constant(inputs[2])} if present else {}


def _strides(g: Graph, node: int, dilation: int) -> dict[str, typing.Any]:
    strides = [g.option(node, 2, 4), g.option(node, 1, 4)]
    rate = [g.option(node, dilation + 1, 4, 1), g.option(node, dilation, 4, 1)]
    if rate != [1, 1] and strides != [1, 1]:
        raise Unsupported("it has both strides and dilation")
    return {"strides": strides, "dilation_rate": rate, "padding": _padding(g, node),
            "data_format": "channels_last"}


def conv_2d(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    kernel = g.constant(inputs[1]).transpose(1, 2, 3, 0)
    if kernel.shape[2] != g.shape(inputs[0])[3]:
        raise Unsupported("it has groups of channels")
    bias = _bias(g, inputs)
    _with_activation(g, "Conv2D", outputs[0], inputs[:1], _activation(g, node, 3),
                     dict(kernel=kernel, **bias), filters=kernel.shape[3],
                     kernel_size=list(kernel.shape[:2]), use_bias=bool(bias),
                     **_strides(g, node, 4))


def depthwise_conv_2d(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    kernel = g.constant(inputs[1])
    channels = g.shape(inputs[0])[3]
    kernel = kernel.reshape(kernel.shape[1], kernel.shape[2], channels, -1)
    bias = _bias(g, inputs)
    _with_activation(g, "DepthwiseConv2D", outputs[0], inputs[:1], _activation(g, node, 4),
                     dict(depthwise_kernel=kernel, **bias), depth_multiplier=kernel.shape[3],
                     kernel_size=list(kernel.shape[:2]), use_bias=bool(bias),
                     **_strides(g, node, 5))


def fully_connected(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    if g.option(node, 1, 1) != 0:
        raise Unsupported("its weights are shuffled")
    kernel = g.constant(inputs[1]).transpose()
    source: int | str = inputs[0]
    shape = g.shape(inputs[0])
    if len(shape) > 2 and not g.option(node, 2, 1):
        if shape[0] != g.shape(outputs[0])[0]:
            raise Unsupported("it makes one batch of several dimensions")
        source = g.layer("Flatten", outputs[0], [source])
    bias = _bias(g, inputs)
    _with_activation(g, "Dense", outputs[0], [source], _activation(g, node, 0),
                     dict(kernel=kernel, **bias), units=kernel.shape[1], use_bias=bool(bias))


def transpose_conv(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    kernel = g.constant(inputs[1]).transpose(1, 2, 0, 3)
    before, after = g.shape(inputs[2])[1:3], g.shape(outputs[0])[1:3]
    strides, padding = [g.option(node, 2, 4), g.option(node, 1, 4)], _padding(g, node)
    beyond = [max(k - s, 0) if padding == "valid" else 0 for k, s in zip(kernel.shape, strides)]
    usual = tuple(n * s + more for n, s, more in zip(before, strides, beyond))
    if after != usual:
        raise Unsupported("it makes a picture of %s, the layer one of %s" % (list(after), list(usual)))
    bias = _bias(g, inputs[1:])
    _with_activation(g, "Conv2DTranspose", outputs[0], inputs[2:3], _activation(g, node, 3),
                     dict(kernel=kernel, **bias), filters=kernel.shape[2],
                     kernel_size=list(kernel.shape[:2]), use_bias=bool(bias), strides=strides,
                     padding=padding, data_format="channels_last")


def resize_nearest(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    before, after = g.shape(inputs[0])[1:3], g.shape(outputs[0])[1:3]
    size = [n // max(m, 1) for n, m in zip(after, before)]
    if g.option(node, 0, 1) or 0 in size or any(n % m for n, m in zip(after, before)):
        raise Unsupported("from %s to %s: it does not repeat rows and columns"
                          % (list(before), list(after)))
    g.layer("UpSampling2D", outputs[0], inputs[:1], size=size, interpolation="nearest",
            data_format="channels_last")


def transpose(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    order = g.integers(inputs[1])
    if order[0] != 0:
        raise Unsupported("it moves the first dimension, which is the batch: %s" % order)
    g.layer("Permute", outputs[0], inputs[:1], dims=order[1:])


def hard_swish(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    y = _affine(g, outputs[0], inputs[0], 1, 3)
    y = g.layer("ReLU", outputs[0], [y], max_value=6.0)
    y = _affine(g, outputs[0], y, 1 / 6, 0)
    g.layer("Multiply", outputs[0], [inputs[0], y])


def of_shapes(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    """Layers know the shapes that operators compute before they use them."""
    if any(g.type(i) not in (types.INT32, types.INT64) for i in outputs):
        raise Unsupported("no layer does that")


def _pool(kind: str) -> Convert:
    def convert(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
        name = g.layer(kind, outputs[0], inputs, padding=_padding(g, node),
                       pool_size=[g.option(node, 4, 4), g.option(node, 3, 4)],
                       strides=[g.option(node, 2, 4), g.option(node, 1, 4)],
                       data_format="channels_last")
        _then(g, outputs[0], name, _activation(g, node, 5))
    return convert


def _reduce(kind: str) -> Convert:
    def convert(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
        rank = len(g.shape(inputs[0]))
        axes = sorted(axis % rank for axis in g.integers(inputs[1]))
        kinds = {(4, (1, 2)): "2D", (3, (1,)): "1D"}
        if (rank, tuple(axes)) not in kinds:
            raise Unsupported("it reduces axes %s of %d" % (axes, rank))
        name = g.layer(kind + kinds[rank, tuple(axes)], outputs[0], inputs[:1])
        if g.option(node, 0, 1):
            g.layer("Reshape", outputs[0], [name], target_shape=list(g.shape(outputs[0])[1:]))
    return convert


def reshape(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    before, after = g.shape(inputs[0]), g.shape(outputs[0])
    if before[:1] != after[:1]:
        raise Unsupported("it changes the first dimension, which is the batch: %s to %s"
                          % (list(before), list(after)))
    if len(after) == 2 and len(before) > 2:
        g.layer("Flatten", outputs[0], inputs[:1])
    else:
        g.layer("Reshape", outputs[0], inputs[:1], target_shape=list(after[1:]))


def _arithmetic(kind: str | None, gamma: typing.Any, beta: typing.Any) -> Convert:
    """Two tensors merge; with a constant for each channel it is a batch normalization that
    multiplies by gamma(constant) and adds beta(constant)."""
    def convert(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
        constants = [i for i in inputs if g.is_constant(i)]
        if constants:
            name = _scale(g, inputs, constants[0], outputs[0])
        elif kind is None:
            raise Unsupported("of two computed tensors")
        elif not _spread(g.shape(inputs[0]), g.shape(inputs[1])):
            raise Unsupported("its operands have different shapes")
        else:
            name = g.layer(kind, outputs[0], inputs)
        _then(g, outputs[0], name, _activation(g, node, 0))

    def _scale(g: Graph, inputs: Ints, constant: int, output: int) -> str:
        if len(g.shape(output)) < 2:
            raise Unsupported("of a tensor that has no dimension but the batch")
        channels = g.shape(output)[-1]
        values = g.constant(constant)
        if values.size not in (1, channels) or (values.size > 1 and values.shape[-1] != channels):
            raise Unsupported("a constant of shape %s is not one number for each channel"
                              % (list(values.shape),))
        if gamma is None:
            raise Unsupported("with a constant")
        if kind is None and constant == inputs[0]:
            raise Unsupported("its first operand is a constant")
        values = np.broadcast_to(values.reshape(-1), [channels])
        source = inputs[0] if constant == inputs[1] else inputs[1]
        return _affine(g, output, source, gamma(values), beta(values))
    return convert


def _spread(a: Ints, b: Ints) -> bool:
    """Whether layers spread the one over the other as the format does."""
    return len(a) == len(b) and a[:1] == b[:1] and all(
        n == m or 1 in (n, m) for n, m in zip(a, b))


def _affine(g: Graph, output: int, source: int | str, gamma: typing.Any,
            beta: typing.Any) -> str:
    """Multiplies by gamma and adds beta: a number, or one for each channel."""
    channels = g.shape(output)[-1:]
    ones, zeros = np.ones(channels), np.zeros(channels)
    return g.layer("BatchNormalization", output, [source], dict(
        gamma=gamma * ones, beta=beta * ones, moving_mean=zeros, moving_variance=ones),
        axis=-1, momentum=0.99, epsilon=0.0, center=True, scale=True)


def concatenation(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    rank = len(g.shape(outputs[0]))
    axis = g.option(node, 0, 4) % rank
    if axis == 0:
        raise Unsupported("along the batch")
    if any(g.is_constant(i) for i in inputs):
        raise Unsupported("of constants")
    name = g.layer("Concatenate", outputs[0], inputs, axis=axis)
    _then(g, outputs[0], name, _activation(g, node, 1))


def pad(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    amounts = np.reshape(g.integers(inputs[1]), [-1, 2]).tolist()
    if len(amounts) != 4 or amounts[0] != [0, 0] or amounts[3] != [0, 0]:
        raise Unsupported("of other than height and width: %s" % amounts)
    if len(inputs) > 2 and np.any(g.constant(inputs[2]) != 0):
        raise Unsupported("with other numbers than 0")
    g.layer("ZeroPadding2D", outputs[0], inputs[:1], padding=amounts[1:3],
            data_format="channels_last")


def softmax(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    if g.real_option(node, 0, 0) != 1:
        raise Unsupported("its beta is %g, not 1" % g.real_option(node, 0, 0))
    g.layer("Softmax", outputs[0], inputs, axis=-1)


def leaky_relu(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    g.layer("LeakyReLU", outputs[0], inputs, alpha=g.real_option(node, 0, 0))


def prelu(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    alpha, shape = g.constant(inputs[1]), g.shape(inputs[0])
    alpha = alpha.reshape([1] * (len(shape) - alpha.ndim) + list(alpha.shape))[0]
    shared = [axis + 1 for axis, n in enumerate(alpha.shape) if n == 1 and shape[axis + 1] != 1]
    g.layer("PReLU", outputs[0], inputs[:1], dict(alpha=alpha), shared_axes=shared or None)


def _function(kind: str, **config: typing.Any) -> Convert:
    return lambda g, node, inputs, outputs: g.layer(kind, outputs[0], inputs[:1], **config)


def same(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    g.rename(outputs[0], inputs[0])


def lstm(g: Graph, node: int, inputs: Ints, outputs: Ints) -> None:
    present = list(inputs) + [-1] * (24 - len(inputs))
    for what, which in (("peepholes", (9, 10, 11)), ("a projection", (16, 17)),
                        ("layer normalization", (20, 21, 22, 23))):
        if any(present[i] >= 0 for i in which):
            raise Unsupported("it has " + what)
    if min(present[1:9] + present[12:16]) < 0:
        raise Unsupported("its input and forget gates are coupled")
    if g.option(node, 3, 1):
        raise Unsupported("time is its first dimension")
    if g.option(node, 0, 1) != _TANH:
        raise Unsupported("its activation is not tanh")
    # The converter writes 10 for every Keras LSTM, and beyond that tanh is 1 all the same.
    if g.real_option(node, 1, 0) not in (0, 10):
        raise Unsupported("its cell is clipped at %g" % g.real_option(node, 1, 0))

    def gates(first: int) -> Array:
        return np.concatenate([g.constant(i).transpose() for i in present[first:first + 4]], -1)

    # Both have the gates in the order input, forget, cell, output.
    kernel = gates(1)
    g.layer("LSTM", outputs[0], inputs[:1], dict(kernel=kernel, recurrent_kernel=gates(5),
                                                bias=gates(12)),
            units=kernel.shape[1] // 4, activation="tanh",
            recurrent_activation="sigmoid", use_bias=True, return_sequences=True,
            unit_forget_bias=False, implementation=1)


LAYERS: dict[str, Convert] = {
    "ADD": _arithmetic("Add", lambda c: 1, lambda c: c),
    "AVERAGE_POOL_2D": _pool("AveragePooling2D"),
    "CONCATENATION": concatenation,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEQUANTIZE": same,
    "DIV": _arithmetic(None, lambda c: 1 / c, lambda c: 0),
    "ELU": _function("ELU"),
    "EXPAND_DIMS": reshape,
    "FAKE_QUANT": same,
    "FULLY_CONNECTED": fully_connected,
    "HARD_SWISH": hard_swish,
    "LEAKY_RELU": leaky_relu,
    "LOGISTIC": _function("Activation", activation="sigmoid"),
    "MAXIMUM": _arithmetic("Maximum", None, None),
    "MAX_POOL_2D": _pool("MaxPooling2D"),
    "MEAN": _reduce("GlobalAveragePooling"),
    "MINIMUM": _arithmetic("Minimum", None, None),
    "MUL": _arithmetic("Multiply", lambda c: c, lambda c: 0),
    "PACK": of_shapes,
    "PAD": pad,
    "PADV2": pad,
    "PRELU": prelu,
    "QUANTIZE": same,
    "REDUCE_MAX": _reduce("GlobalMaxPooling"),
    "RELU": _function("ReLU"),
    "RELU6": _function("ReLU", max_value=6.0),
    "RELU_0_TO_1": _function("ReLU", max_value=1.0),
    "RESHAPE": reshape,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest,
    "SHAPE": of_shapes,
    "SOFTMAX": softmax,
    "SQUEEZE": reshape,
    "STRIDED_SLICE": of_shapes,
    "SUB": _arithmetic(None, lambda c: 1, lambda c: -c),
    "TANH": _function("Activation", activation="tanh"),
    "TRANSPOSE": transpose,
    "TRANSPOSE_CONV": transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
}

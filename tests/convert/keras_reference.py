# SPDX-License-Identifier: Apache-2.0
"""What Keras' layers compute, in numpy and written for the eye: cases of the converter's tests.

A case: the layer, the shapes of its weights by name, the shape of the input, and a function of the input
and the weights.
"""

import math

import numpy as np
from keras_made import layer

sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
erf = np.vectorize(math.erf)


def around(size, kernel, stride, dilation):
    """Zeros that `same` padding puts before and after."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def conv2d(x, kernel, strides=(1, 1), dilation=(1, 1), same=False):
    if same:
        pads = [around(x.shape[i + 1], kernel.shape[i], strides[i], dilation[i]) for i in (0, 1)]
        x = np.pad(x, [(0, 0), *pads, (0, 0)])
    reach = [(kernel.shape[i] - 1) * dilation[i] + 1 for i in (0, 1)]
    rows, columns = ((x.shape[i + 1] - reach[i]) // strides[i] + 1 for i in (0, 1))
    out = np.zeros((x.shape[0], rows, columns, kernel.shape[3]))
    for r in range(rows):
        for c in range(columns):
            top, left = r * strides[0], c * strides[1]
            part = x[:, top:top + reach[0]:dilation[0], left:left + reach[1]:dilation[1]]
            out[:, r, c] = np.tensordot(part, kernel, 3)
    return out


def depthwise(x, kernel, **how):
    channels, times = kernel.shape[2:]
    full = np.zeros(kernel.shape[:3] + (channels * times,))
    for c in range(channels):
        full[:, :, c, c * times:(c + 1) * times] = kernel[:, :, c]
    return conv2d(x, full, **how)


def transposed(x, kernel, strides, same):
    (rows, columns), (h, w) = x.shape[1:3], kernel.shape[:2]
    out = np.zeros((1, (rows - 1) * strides[0] + max(h, strides[0]),
                    (columns - 1) * strides[1] + max(w, strides[1]), kernel.shape[2]))
    for r in range(rows):
        for c in range(columns):
            out[0, r * strides[0]:r * strides[0] + h, c * strides[1]:c * strides[1] + w] += (
                kernel @ x[0, r, c])
    if same:
        cut = [(max(k - s, 0)) // 2 for k, s in zip((h, w), strides)]
        out = out[:, cut[0]:cut[0] + rows * strides[0], cut[1]:cut[1] + columns * strides[1]]
    return out


def row(x):
    return x[:, None]


def steps(x, cell, states, back=False):
    outputs = []
    for t in (reversed if back else iter)(range(x.shape[1])):
        states = cell(x[:, t], states)
        outputs.append(states[0])
    return np.stack(outputs, 1)


def lstm(x, w, recurrent, b, back=False, gate=sigmoid):
    def cell(x, s):
        i, f, g, o = np.split(x @ w + s[0] @ recurrent + b, 4, -1)
        c = gate(f) * s[1] + gate(i) * np.tanh(g)
        return gate(o) * np.tanh(c), c
    units = recurrent.shape[0]
    return steps(x, cell, [np.zeros((1, units))] * 2, back)


def gru(x, w, recurrent, b, after):
    bi, br = b if after else (b, np.zeros_like(b))

    def cell(x, s):
        zx, rx, hx = np.split(x @ w + bi, 3, -1)
        zh, rh, hh = np.split(s[0] @ recurrent + br, 3, -1)
        z, r = sigmoid(zx + zh), sigmoid(rx + rh)
        late = r * hh if after else (r * s[0]) @ recurrent[:, -s[0].shape[1]:]
        new = np.tanh(hx + late)
        return [z * s[0] + (1 - z) * new]
    return steps(x, cell, [np.zeros((1, recurrent.shape[0]))])


def simple(x, w, recurrent, b):
    return steps(x, lambda x, s: [np.tanh(x @ w + s[0] @ recurrent + b)],
                 [np.zeros((1, recurrent.shape[0]))])


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def normed(x, axes, epsilon):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def groups(x, gamma, beta, count):
    parts = x.reshape(x.shape[:-1] + (count, -1))
    return normed(parts, (1, 2, 4), 1e-3).reshape(x.shape) * gamma + beta


def batch_norm(x, gamma, beta, mean, variance):
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta


SELU = lambda x: 1.0507009873554805 * np.where(  # noqa: E731
    x > 0, x, 1.6732632423543772 * (np.exp(np.minimum(x, 0)) - 1))
softplus = lambda x: np.log1p(np.exp(x))  # noqa: E731
LSTM = {"kernel": (4, 12), "recurrent_kernel": (3, 12), "bias": (12,)}
GRU = {"kernel": (4, 9), "recurrent_kernel": (3, 9), "bias": (2, 9)}
BN = {name: (3,) for name in ("gamma", "beta", "moving_mean", "moving_variance")}

ACTIVATIONS = {
    "elu": lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1), "exponential": np.exp,
    "gelu": lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))),
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6, "linear": lambda x: x,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x), "log_softmax": lambda x: np.log(softmax(x)),
    "mish": lambda x: x * np.tanh(softplus(x)), "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6), "selu": SELU, "sigmoid": sigmoid, "softmax": softmax,
    "softplus": softplus, "softsign": lambda x: x / (1 + abs(x)), "swish": lambda x: x * sigmoid(x),
    "silu": lambda x: x * sigmoid(x), "tanh": np.tanh, "hard_tanh": lambda x: np.clip(x, -1, 1),
    "log_sigmoid": lambda x: -softplus(-x),
}

CASES = [
    (layer("Dense", units=4, activation="relu"), {"kernel": (5, 4), "bias": (4,)}, (5,),
     lambda x, w: np.maximum(x @ w["kernel"] + w["bias"], 0)),
    (layer("Dense", units=4, use_bias=False), {"kernel": (5, 4)}, (3, 2, 5),
     lambda x, w: x @ w["kernel"]),
    (layer("Conv2D", filters=4, kernel_size=[3, 2], strides=[2, 1], padding="same"),
     {"kernel": (3, 2, 3, 4), "bias": (4,)}, (7, 6, 3),
     lambda x, w: conv2d(x, w["kernel"], (2, 1), same=True) + w["bias"]),
    (layer("Conv2D", filters=4, kernel_size=3, dilation_rate=2, use_bias=False, padding="valid"),
     {"kernel": (3, 3, 3, 4)}, (7, 6, 3), lambda x, w: conv2d(x, w["kernel"], dilation=(2, 2))),
    (layer("Conv2D", filters=4, kernel_size=[3, 3], groups=2), {"kernel": (3, 3, 2, 4), "bias": (4,)},
     (5, 5, 4), lambda x, w: np.concatenate([conv2d(x[..., :2], w["kernel"][..., :2]), conv2d(
         x[..., 2:], w["kernel"][..., 2:])], -1) + w["bias"]),
    (layer("Conv1D", filters=4, kernel_size=[3], padding="causal", dilation_rate=[2]),
     {"kernel": (3, 3, 4), "bias": (4,)}, (8, 3),
     lambda x, w: conv2d(row(np.pad(x, [(0, 0), (4, 0), (0, 0)])), w["kernel"][None],
                         dilation=(1, 2))[:, 0] + w["bias"]),
    (layer("Conv1D", filters=4, kernel_size=3, strides=2, padding="same"),
     {"kernel": (3, 3, 4), "bias": (4,)}, (8, 3),
     lambda x, w: conv2d(row(x), w["kernel"][None], (1, 2), same=True)[:, 0] + w["bias"]),
    (layer("DepthwiseConv2D", kernel_size=[3, 3], depth_multiplier=2, padding="same"),
     {"depthwise_kernel": (3, 3, 3, 2), "bias": (6,)}, (5, 6, 3),
     lambda x, w: depthwise(x, w["depthwise_kernel"], same=True) + w["bias"]),
    (layer("DepthwiseConv1D", kernel_size=3), {"depthwise_kernel": (3, 3, 1), "bias": (3,)}, (6, 3),
     lambda x, w: depthwise(row(x), w["depthwise_kernel"][None])[:, 0] + w["bias"]),
    (layer("SeparableConv2D", filters=5, kernel_size=3),
     {"depthwise_kernel": (3, 3, 2, 1), "pointwise_kernel": (1, 1, 2, 5), "bias": (5,)}, (5, 6, 2),
     lambda x, w: conv2d(depthwise(x, w["depthwise_kernel"]), w["pointwise_kernel"]) + w["bias"]),
    (layer("SeparableConv1D", filters=5, kernel_size=3, depth_multiplier=2),
     {"depthwise_kernel": (3, 2, 2), "pointwise_kernel": (1, 4, 5), "bias": (5,)}, (6, 2),
     lambda x, w: conv2d(depthwise(row(x), w["depthwise_kernel"][None]),
                         w["pointwise_kernel"][None])[:, 0] + w["bias"]),
    (layer("Conv2DTranspose", filters=2, kernel_size=3, strides=2, padding="same"),
     {"kernel": (3, 3, 2, 3), "bias": (2,)}, (4, 3, 3),
     lambda x, w: transposed(x, w["kernel"], (2, 2), True) + w["bias"]),
    (layer("Conv2DTranspose", filters=2, kernel_size=[2, 4], strides=[3, 2]),
     {"kernel": (2, 4, 2, 3), "bias": (2,)}, (4, 3, 3),
     lambda x, w: transposed(x, w["kernel"], (3, 2), False) + w["bias"]),
    (layer("Conv1DTranspose", filters=2, kernel_size=3, strides=2),
     {"kernel": (3, 2, 3), "bias": (2,)}, (4, 3),
     lambda x, w: transposed(row(x), w["kernel"][None], (1, 2), False)[:, 0] + w["bias"]),
    (layer("BatchNormalization", axis=[3]), BN, (4, 2, 3), lambda x, w: batch_norm(x, **{
        k.replace("moving_", ""): v for k, v in w.items()})),
    (layer("BatchNormalization", axis=1, scale=False, center=False, epsilon=0.01),
     {k: v for k, v in BN.items() if "moving" in k}, (3, 5),
     lambda x, w: (x - w["moving_mean"][:, None]) / np.sqrt(w["moving_variance"][:, None] + 0.01)),
    (layer("LayerNormalization", epsilon=0.01), {"gamma": (5,), "beta": (5,)}, (3, 5),
     lambda x, w: normed(x, -1, 0.01) * w["gamma"] + w["beta"]),
    (layer("GroupNormalization", groups=2), {"gamma": (6,), "beta": (6,)}, (3, 4, 6),
     lambda x, w: groups(x, w["gamma"], w["beta"], 2)),
    (layer("Normalization", axis=-1), {"mean": (3,), "variance": (3,), "count": ()}, (4, 3),
     lambda x, w: (x - w["mean"]) / np.sqrt(w["variance"])),
    (layer("Rescaling", scale=0.5, offset=[1, 2, 3]), {}, (2, 3), lambda x, w: x / 2 + [1, 2, 3]),
    (layer("PReLU", shared_axes=[1, 2]), {"alpha": (1, 1, 3)}, (4, 2, 3),
     lambda x, w: np.where(x > 0, x, w["alpha"] * x)),
    (layer("ReLU", max_value=2.5, negative_slope=0.0), {}, (20,), lambda x, w: np.clip(x, 0, 2.5)),
    (layer("ReLU", max_value=6.0), {}, (20,), lambda x, w: np.clip(x, 0, 6)),
    (layer("LeakyReLU", alpha=0.3), {}, (20,), lambda x, w: np.where(x > 0, x, 0.3 * x)),
    (layer("ELU", alpha=0.5), {}, (20,),
     lambda x, w: np.where(x > 0, x, 0.5 * (np.exp(np.minimum(x, 0)) - 1))),
    (layer("Softmax", axis=1), {}, (3, 4), lambda x, w: softmax(x, 1)),
    (layer("MaxPooling2D", pool_size=[2, 3], strides=[2, 2]), {}, (6, 7, 2),
     lambda x, w: np.stack([np.stack([x[:, r:r + 2, c:c + 3].max((1, 2)) for c in (0, 2, 4)], 1)
                            for r in (0, 2, 4)], 1)),
    (layer("AveragePooling1D", pool_size=2), {}, (6, 3),
     lambda x, w: x.reshape(1, 3, 2, 3).mean(2)),
    (layer("GlobalAveragePooling2D", keepdims=True), {}, (4, 5, 3),
     lambda x, w: x.mean((1, 2), keepdims=True)),
    (layer("GlobalMaxPooling1D"), {}, (4, 3), lambda x, w: x.max(1)),
    (layer("ZeroPadding2D", padding=[[1, 0], [2, 3]]), {}, (2, 3, 1),
     lambda x, w: np.pad(x, [(0, 0), (1, 0), (2, 3), (0, 0)])),
    (layer("ZeroPadding1D", padding=[1, 2]), {}, (3, 2),
     lambda x, w: np.pad(x, [(0, 0), (1, 2), (0, 0)])),
    (layer("Cropping2D", cropping=[[1, 0], [0, 2]]), {}, (4, 5, 2), lambda x, w: x[:, 1:, :-2]),
    (layer("Cropping1D", cropping=1), {}, (5, 2), lambda x, w: x[:, 1:-1]),
    (layer("UpSampling2D", size=[2, 3]), {}, (2, 3, 2), lambda x, w: x.repeat(2, 1).repeat(3, 2)),
    (layer("UpSampling1D", size=3), {}, (4, 2), lambda x, w: x.repeat(3, 1)),
    (layer("Flatten"), {}, (2, 3, 4), lambda x, w: x.reshape(1, -1)),
    (layer("Reshape", target_shape=[-1, 2]), {}, (3, 4), lambda x, w: x.reshape(1, 6, 2)),
    (layer("Permute", dims=[2, 1]), {}, (3, 4), lambda x, w: x.transpose(0, 2, 1)),
    (layer("RepeatVector", n=4), {}, (3,), lambda x, w: np.repeat(x[:, None], 4, 1)),
    (layer("Dropout", rate=0.5), {}, (3,), lambda x, w: x),
    (layer("LSTM", units=3, return_sequences=True), LSTM, (5, 4),
     lambda x, w: lstm(x, *w.values())),
    (layer("LSTM", units=3, go_backwards=True), LSTM, (5, 4),
     lambda x, w: lstm(x, *w.values(), back=True)[:, -1]),
    (layer("LSTM", units=3, recurrent_activation="hard_sigmoid"), LSTM, (5, 4),
     lambda x, w: lstm(x, *w.values(), gate=lambda v: np.clip(0.2 * v + 0.5, 0, 1))[:, -1]),
    (layer("GRU", units=3, reset_after=True, return_sequences=True), GRU, (5, 4),
     lambda x, w: gru(x, *w.values(), True)),
    (layer("GRU", units=3, reset_after=False), dict(GRU, bias=(9,)), (5, 4),
     lambda x, w: gru(x, *w.values(), False)[:, -1]),
    (layer("SimpleRNN", units=3), {"kernel": (4, 3), "recurrent_kernel": (3, 3), "bias": (3,)}, (5, 4),
     lambda x, w: simple(x, *w.values())[:, -1]),
    (layer("TimeDistributed", layer=layer("Conv2D", filters=2, kernel_size=2)),
     {"kernel": (2, 2, 3, 2), "bias": (2,)}, (3, 4, 4, 3),
     lambda x, w: (conv2d(x[0], w["kernel"]) + w["bias"])[None]),
    (layer("UnitNormalization"), {}, (4,),
     lambda x, w: x / np.sqrt((x * x).sum(-1, keepdims=True))),
]

# SPDX-License-Identifier: Apache-2.0
"""Neural-network operators in numpy, with TensorFlow Lite's layouts and padding rules.

Activations are [N, H, W, C], weights of a convolution [O, K, K, I], of a depthwise one
[1, K, K, C], of a fully connected layer [O, I]. Everything but softmax() works on floats and on
integers alike: the integer arithmetic in int8.py calls the same functions.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def padding_before_after(size, kernel, stride, padding):
    """Rows to add on either side: SAME makes the output ceil(size / stride) rows."""
    if padding == "VALID":
        return 0, 0
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def windows(x, kernel, stride=1, padding="VALID"):
    """Every window that a kernel sees: [N, H, W, C] -> [N, OH, OW, K, K, C], a view if possible."""
    rows = padding_before_after(x.shape[1], kernel, stride, padding)
    columns = padding_before_after(x.shape[2], kernel, stride, padding)
    if rows != (0, 0) or columns != (0, 0):
        x = np.pad(x, ((0, 0), rows, columns, (0, 0)))
    view = sliding_window_view(x, (kernel, kernel), axis=(1, 2))
    return np.moveaxis(view[:, ::stride, ::stride], 3, 5)


def conv2d(x, w, b, stride=1, padding="VALID"):
    """[N, H, W, I] and [O, K, K, I] -> [N, OH, OW, O], as one matrix product (im2col)."""
    win = windows(x, w.shape[1], stride, padding)
    columns = win.reshape(-1, w[0].size)
    return (columns @ w.reshape(len(w), -1).T + b).reshape(*win.shape[:3], len(w))


def depthwise_conv2d(x, w, b, stride=1, padding="VALID"):
    """[N, H, W, C] and [1, K, K, C] -> [N, OH, OW, C]."""
    return np.einsum("nhwijc,ijc->nhwc", windows(x, w.shape[1], stride, padding), w[0]) + b


def fully_connected(x, w, b):
    """[N, I] and [O, I] -> [N, O]."""
    return x @ w.T + b


def max_pool(x, size):
    """The largest value of each size x size block, without overlap."""
    return windows(x, size, size).max(axis=(3, 4))


def average_pool(x, size):
    """The mean of each size x size block, without overlap."""
    return windows(x, size, size).mean(axis=(3, 4))


def softmax(x):
    """exp(x) over its sum along the last dimension."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

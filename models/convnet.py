# SPDX-License-Identifier: Apache-2.0
"""A small trainable convolutional network: forward, back-propagation, Adam, all in numpy.

Every layer keeps what its backward() needs from the last forward(). `weights` and `bias` are the
trained arrays in the layouts of ops.py, `grads` their gradients after backward().
"""

import numpy as np

import ops


class Layer:
    """A layer without parameters."""

    weights = bias = None
    grads = ()

    def params(self):
        """The trained arrays, in the order of `grads`."""
        return () if self.weights is None else (self.weights, self.bias)


class Conv(Layer):
    """Convolution, stride 1, and RELU."""

    def __init__(self, rng, kernel, inputs, outputs, padding):
        self.kernel, self.padding = kernel, padding
        self.weights = he_normal(rng, (outputs, kernel, kernel, inputs), kernel**2 * inputs)
        self.bias = np.zeros(outputs)

    def forward(self, x):
        self.x = x
        self.y = np.maximum(ops.conv2d(x, self.weights, self.bias, 1, self.padding), 0)
        return self.y

    def backward(self, dy):
        dy = dy * (self.y > 0)
        win = ops.windows(self.x, self.kernel, 1, self.padding)
        flat = dy.reshape(-1, dy.shape[-1])
        dw = flat.T @ win.reshape(len(flat), -1)
        self.grads = dw.reshape(self.weights.shape), flat.sum(axis=0)
        dwin = flat @ self.weights.reshape(len(self.weights), -1)
        return scatter_windows(dwin.reshape(win.shape), self.x.shape, self.padding)


class Depthwise(Layer):
    """Depthwise convolution, stride 1, one output for each channel, and RELU."""

    def __init__(self, rng, kernel, channels, padding):
        self.kernel, self.padding = kernel, padding
        self.weights = he_normal(rng, (1, kernel, kernel, channels), kernel**2)
        self.bias = np.zeros(channels)

    def forward(self, x):
        self.x = x
        self.y = np.maximum(ops.depthwise_conv2d(x, self.weights, self.bias, 1, self.padding), 0)
        return self.y

    def backward(self, dy):
        dy = dy * (self.y > 0)
        win = ops.windows(self.x, self.kernel, 1, self.padding)
        dw = np.einsum("nhwijc,nhwc->ijc", win, dy)
        self.grads = dw[None], dy.sum(axis=(0, 1, 2))
        dwin = dy[:, :, :, None, None, :] * self.weights[0]
        return scatter_windows(dwin, self.x.shape, self.padding)


class MaxPool(Layer):
    """Maximum over size x size blocks; the gradient goes to the (first) largest value."""

    def __init__(self, size):
        self.size = size

    def forward(self, x):
        blocks = self._blocks(x)
        self.shape, self.winner = x.shape, blocks.argmax(axis=3)
        return blocks.max(axis=3)

    def backward(self, dy):
        n, h, w, c = self.shape
        s = self.size
        dblocks = np.zeros((n, h // s, w // s, s * s, c))
        np.put_along_axis(dblocks, self.winner[:, :, :, None], dy[:, :, :, None], axis=3)
        return (dblocks.reshape(n, h // s, w // s, s, s, c).transpose(0, 1, 3, 2, 4, 5)
                .reshape(self.shape))

    def _blocks(self, x):
        """[N, H, W, C] -> [N, H/s, W/s, s*s, C]"""
        win = ops.windows(x, self.size, self.size)
        return win.reshape(*win.shape[:3], -1, x.shape[3])


class Flatten(Layer):
    """[N, H, W, C] -> [N, H*W*C]"""

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)


class Dense(Layer):
    """Fully connected, without an activation function."""

    def __init__(self, rng, inputs, outputs):
        self.weights = he_normal(rng, (outputs, inputs), inputs)
        self.bias = np.zeros(outputs)

    def forward(self, x):
        self.x = x
        return ops.fully_connected(x, self.weights, self.bias)

    def backward(self, dy):
        self.grads = dy.T @ self.x, dy.sum(axis=0)
        return dy @ self.weights


class Adam:
    """Adam (Kingma and Ba, 2015, algorithm 1) with decoupled weight decay on the weights."""

    def __init__(self, layers, decay, beta1=0.9, beta2=0.999, epsilon=1e-7):
        self.layers = [layer for layer in layers if layer.weights is not None]
        self.decay, self.beta1, self.beta2, self.epsilon = decay, beta1, beta2, epsilon
        self.moments = [[(np.zeros_like(p), np.zeros_like(p)) for p in layer.params()]
                        for layer in self.layers]
        self.steps = 0

    def step(self, rate):
        """Moves every parameter along its last gradient."""
        self.steps += 1
        correction1 = 1 - self.beta1**self.steps
        correction2 = 1 - self.beta2**self.steps
        for layer, moments in zip(self.layers, self.moments):
            layer.weights *= 1 - rate * self.decay
            for p, g, (m, v) in zip(layer.params(), layer.grads, moments):
                m += (1 - self.beta1) * (g - m)
                v += (1 - self.beta2) * (g * g - v)
                p -= rate * (m / correction1) / (np.sqrt(v / correction2) + self.epsilon)


def he_normal(rng, shape, fan_in):
    """Initial weights for layers with RELU (He et al., 2015): variance 2 / fan_in."""
    return rng.normal(0, np.sqrt(2 / fan_in), shape)


def scatter_windows(dwin, shape, padding):
    """The transpose of ops.windows() at stride 1: adds [N, OH, OW, K, K, C] up to `shape`."""
    _, oh, ow, kernel = dwin.shape[:4]
    before, after = ops.padding_before_after(shape[1], kernel, 1, padding)
    dx = np.zeros((shape[0], shape[1] + before + after, shape[2] + before + after, shape[3]))
    for i in range(kernel):
        for j in range(kernel):
            dx[:, i:i + oh, j:j + ow] += dwin[:, :, :, i, j]
    return dx[:, before:before + shape[1], before:before + shape[2]]


def forward(layers, x):
    """The output of each layer; the last one holds the logits."""
    outputs = []
    for layer in layers:
        x = layer.forward(x)
        outputs.append(x)
    return outputs


def backward(layers, x, labels):
    """Fills every layer's grads with those of the mean cross-entropy, and returns that mean."""
    p = ops.softmax(forward(layers, x)[-1])
    loss = -np.log(p[np.arange(len(x)), labels]).mean()
    p[np.arange(len(x)), labels] -= 1  # d loss / d logits = (softmax - one-hot) / N
    dy = p / len(x)
    for layer in reversed(layers):
        dy = layer.backward(dy)
    return loss

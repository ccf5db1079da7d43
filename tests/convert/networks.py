# SPDX-License-Identifier: Apache-2.0
"""Small networks with random weights, as the converter's readers build them, for its tests."""

import pathlib

import numpy as np

from pipit.convert.format import tflite_file
from pipit.convert.format.graph import Model, Operator, Signature, Subgraph, Tensor

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"


class Network:
    """Operators added one after the other; each method returns the output."""

    def __init__(self, *shape, seed=0):
        self.random = np.random.default_rng(seed)
        self.graph = Subgraph()
        self.x = self.input("x", shape)

    def input(self, name, shape):
        self.graph.inputs.append(Tensor(name, tuple(shape)))
        return self.graph.inputs[-1]

    def weights(self, name, *shape, gain=1.0):
        fan_in = np.prod(shape[1:]) or 1
        data = self.random.normal(0, gain / np.sqrt(fan_in), shape).astype(np.float32)
        return Tensor(name, shape, data=data)

    def op(self, kind, inputs, shape, **options):
        y = Tensor(f"{kind.lower()}_{len(self.graph.operators)}", tuple(shape))
        self.graph.operators.append(Operator(kind, list(inputs), [y], options, layer=y.name))
        return y

    def conv(self, x, channels, size=3, stride=1, activation="RELU"):
        n, h, w, c = x.shape
        filters = self.weights(f"w{len(self.graph.operators)}", channels, size, size, c, gain=1.5)
        shape = (n, -(-h // stride), -(-w // stride), channels)
        return self.op("CONV_2D", [x, filters, self.bias(channels)], shape, padding="SAME",
                       stride_w=stride, stride_h=stride, fused_activation_function=activation)

    def depthwise(self, x, size=3, activation="RELU"):
        channels = x.shape[3]
        data = self.random.normal(0, 0.4, (1, size, size, channels)).astype(np.float32)
        filters = Tensor(f"w{len(self.graph.operators)}", data.shape, data=data)
        return self.op("DEPTHWISE_CONV_2D", [x, filters, self.bias(channels)], x.shape,
                       padding="SAME", stride_w=1, stride_h=1, depth_multiplier=1,
                       fused_activation_function=activation)

    def dense(self, x, units, activation="NONE"):
        return self.op("FULLY_CONNECTED", [x, self.weights(
            f"w{len(self.graph.operators)}", units, x.shape[-1], gain=1.5), self.bias(units)],
            (*x.shape[:-1], units), fused_activation_function=activation)

    def bias(self, size):
        data = self.random.normal(0, 0.2, size).astype(np.float32)
        return Tensor(f"b{len(self.graph.operators)}", (size,), data=data)

    def ints(self, *values):
        data = np.array(values, np.int32)
        return Tensor(f"c{len(self.graph.operators)}", data.shape, "INT32", data)

    def flatten(self, x):
        shape = (x.shape[0], int(np.prod(x.shape[1:])))
        return self.op("RESHAPE", [x, self.ints(*shape)], shape, new_shape=list(shape))

    def model(self, *outputs):
        self.graph.outputs = list(outputs)
        names = [{each.name: each for each in side}
                 for side in (self.graph.inputs, self.graph.outputs)]
        return Model([self.graph], [Signature("serving_default", *names)], "a test's")

    def samples(self, count, seed=1):
        random = np.random.default_rng(seed)
        return [[random.normal(0, 1, each.shape).astype(np.float32) for each in self.graph.inputs]
                for _ in range(count)]


def classifier(seed=0):
    """-> network, model: convolutions, a residual add, pooling, a dense layer and softmax."""
    n = Network(1, 8, 8, 3, seed=seed)
    a = n.conv(n.x, 8)
    b = n.conv(n.depthwise(a), 8, size=1, activation="NONE")
    c = n.op("ADD", [a, b], a.shape, fused_activation_function="RELU")
    p = n.op("AVERAGE_POOL_2D", [c], (1, 1, 1, 8), padding="VALID", stride_w=8, stride_h=8,
             filter_width=8, filter_height=8)
    y = n.op("SOFTMAX", [n.dense(n.flatten(p), 10)], (1, 10), beta=1.0)
    return n, n.model(y)


def run(model, inputs):
    """The outputs of a graph.Model, or of a file's bytes."""
    from pipit.interpreter import Interpreter
    content = model if isinstance(model, bytes) else tflite_file.write(model)
    with Interpreter(model_content=content) as interpreter:
        return interpreter.run(list(inputs))

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a MobileNet with random weights: something real-sized to measure, with no download.

The network has the published shape (V1: arXiv 1704.04861, V2: arXiv 1801.04381) and the usual
operators, so time and memory are those of a trained model of that size. Its answers mean nothing.
Weights are scaled layer by layer until the activations for a random picture look like a trained
network's, so that quantized tensors use their range instead of saturating.
"""

import argparse
import os
import pathlib
import sys

# One thread, so that one seed gives one file. Must be set before numpy is loaded.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import graph
from tflite_writer import Quant

# V1: output channels at width 1 and stride of each depthwise-separable block.
V1_BLOCKS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1),
             (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)]

# V2: expansion, output channels at width 1, repetitions, stride of the first.
V2_BLOCKS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
             (6, 160, 3, 2), (6, 320, 1, 1)]

# A pixel p is p / 128 - 1: the nearest to [-1, 1] that takes pixels without rounding.
INPUT_QUANTS = {"FLOAT32": None, "UINT8": Quant([1 / 128], [128]), "INT8": Quant([1 / 128], [0])}

# Spread of the logits: enough for the scores to have a clear winner among 1000 classes.
LOGIT_DEVIATION = 4.0

TYPES = {"float32": "FLOAT32", "int8": "INT8", "uint8": "UINT8"}


class Builder:
    """Adds nodes at the end of a network and runs each at once on the calibration picture.

    `values` holds every tensor for that picture, as float32 [1, ...].
    """

    def __init__(self, rng, picture):
        self.rng = rng
        self.nodes = []
        self.last = "image"
        self.values = {"image": picture}

    def append(self, node):
        """Adds a node and returns its output's name."""
        inputs = [self.values[name] for name in node.inputs]
        self.values[node.output] = graph.run_float(node, *inputs)
        self.nodes.append(node)
        self.last = node.output
        return self.last

    def conv(self, name, outputs, kernel=1, stride=1, activation="RELU6",
             deviation=1.6):
        """A convolution of the last tensor."""
        shape = (outputs, kernel, kernel, self._channels())
        node = graph.conv(self.last, name, self._normal(shape), np.zeros(outputs, np.float32),
                          stride, activation=activation)
        return self.append(self._normalized(node, 0, deviation))

    def depthwise(self, name, stride):
        """A 3x3 depthwise convolution of the last tensor."""
        channels = self._channels()
        node = graph.depthwise(self.last, name, self._normal((1, 3, 3, channels)),
                               np.zeros(channels, np.float32), stride, activation="RELU6")
        return self.append(self._normalized(node, 3, 1.6))

    def _channels(self):
        return self.values[self.last].shape[3]

    def _normal(self, shape):
        return self.rng.standard_normal(shape, np.float32)

    def _normalized(self, node, axis, deviation):
        """Gives every output channel one mean and deviation, as a folded batch normalization does.

        With RELU6, about a third of the values then lie below 0 and a few above 6.
        """
        activation = node.fields["fused_activation_function"]
        mean = 0.8 if activation == "RELU6" else 0.0
        node.fields["fused_activation_function"] = "NONE"
        y = graph.run_float(node, self.values[node.inputs[0]])
        node.fields["fused_activation_function"] = activation
        # A 1x1 picture has no deviation over its positions: take all channels together.
        axes = (0, 1, 2) if y[0, :, :, 0].size > 1 else None
        scale = np.broadcast_to(deviation / (y.std(axis=axes) + 1e-3), y.shape[3:])
        node.bias = np.float32(mean - y.mean(axis=axes) * scale)
        node.weights = node.weights * scale.reshape([-1 if d == axis else 1 for d in range(4)])
        return node


def mobilenet_v1(net, width, classes):
    """Depthwise-separable blocks, average pooling, and the classifier as a 1x1 convolution."""
    def channels(c):
        return max(int(c * width), 8)

    net.conv("conv0", channels(32), 3, 2)
    for i, (outputs, stride) in enumerate(V1_BLOCKS, 1):
        net.depthwise(f"block{i}/depthwise", stride)
        net.conv(f"block{i}/pointwise", channels(outputs))
    net.append(graph.pool("AVERAGE_POOL_2D", net.last, "pool", net.values[net.last].shape[1]))
    net.conv("logits", classes, activation="NONE", deviation=LOGIT_DEVIATION)
    net.append(graph.reshape(net.last, "logits_flat", [1, classes]))


def mobilenet_v2(net, width, classes):
    """Inverted residuals, mean over the picture, and the classifier as a fully connected layer."""
    def channels(c):
        """c * width to the nearest multiple of 8, but never a tenth less."""
        rounded = max(8, int(c * width + 4) // 8 * 8)
        return rounded if rounded >= 0.9 * c * width else rounded + 8

    net.conv("conv0", channels(32), 3, 2)
    block = 0
    for expansion, outputs, repetitions, first_stride in V2_BLOCKS:
        for repetition in range(repetitions):
            block += 1
            inverted_residual(net, f"block{block}", expansion, channels(outputs),
                              first_stride if repetition == 0 else 1)
    net.conv("conv_last", channels(1280) if width > 1 else 1280)
    features = net.append(graph.mean(net.last, "pool"))
    inputs = net.values[features].shape[1]
    length = np.linalg.norm(net.values[features])
    weights = net.rng.standard_normal((classes, inputs), np.float32) * (LOGIT_DEVIATION / length)
    net.append(graph.fully_connected(features, "logits", weights, np.zeros(classes, np.float32)))


def inverted_residual(net, name, expansion, outputs, stride):
    """Expand, depthwise, project without activation; add the input where shapes allow."""
    start = net.last
    inputs = net.values[start].shape[3]
    if expansion > 1:
        net.conv(f"{name}/expand", inputs * expansion)
    net.depthwise(f"{name}/depthwise", stride)
    projected = net.conv(f"{name}/project", outputs, activation="NONE", deviation=1.0)
    if stride == 1 and inputs == outputs:
        net.append(graph.add(start, projected, f"{name}/add"))


def random_picture(rng, size):
    """[1, size, size, 3] in [-1, 1]: coarse random patches with fine noise, as pictures have."""
    coarse = rng.uniform(-1, 1, (8, 8, 3)).astype(np.float32)
    patch = -(-size // 8)
    x = coarse.repeat(patch, axis=0).repeat(patch, axis=1)[:size, :size]
    return np.clip(x + rng.normal(0, 0.2, x.shape), -1, 1).astype(np.float32)[None]


def build(arguments):
    """The bytes of the model."""
    rng = np.random.default_rng(arguments.seed)
    net = Builder(rng, random_picture(rng, arguments.size))
    network = {1: mobilenet_v1, 2: mobilenet_v2}[arguments.version]
    network(net, arguments.width, arguments.classes)
    net.append(graph.softmax(net.last, "scores"))
    dtype = TYPES[arguments.type]
    quants = None
    if dtype != "FLOAT32":
        quants = graph.activation_quants(net.nodes, net.values, "image", INPUT_QUANTS[dtype],
                                         dtype)
    shapes = {name: value.shape for name, value in net.values.items()}
    description = (f"MobileNet V{arguments.version}, width {arguments.width}, random weights "
                   f"(seed {arguments.seed}). Made by models/make_mobilenet.py")
    return graph.write_model(net.nodes, shapes, "image", description, quants, dtype)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: make_mobilenet.py --version 2 --width 0.35 --size 96 -o v2_small.tflite")
    parser.add_argument("--version", type=int, choices=(1, 2), default=1,
                        help="MobileNet V1 or V2 (default: 1)")
    parser.add_argument("--width", type=float, default=1.0, metavar="FACTOR",
                        help="multiplies the number of channels, such as 0.25 or 1.4 (default: 1)")
    parser.add_argument("--size", type=int, default=224, metavar="PIXELS",
                        help="height and width of the input, at least 32 (default: 224)")
    parser.add_argument("--classes", type=int, default=1000, metavar="N",
                        help="number of outputs (default: 1000)")
    parser.add_argument("--type", choices=tuple(TYPES), default="int8",
                        help="type of activations and weights; int8 has a scale for each channel "
                        "of the weights, uint8 the older form with one (default: int8)")
    parser.add_argument("--seed", type=int, default=0, metavar="N",
                        help="of the random weights; one seed, one file (default: 0)")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, metavar="FILE",
                        help="the .tflite file to write")
    arguments = parser.parse_args()
    if arguments.size < 32 or arguments.classes < 1 or not 0 < arguments.width <= 4:
        parser.error("needs --size >= 32, --classes >= 1, 0 < --width <= 4")
    return arguments


def main():
    arguments = parse_arguments()
    data = build(arguments)
    arguments.output.write_bytes(data)
    print(f"{arguments.output}: {len(data):,} bytes")


if __name__ == "__main__":
    sys.exit(main())

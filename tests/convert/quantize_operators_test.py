# SPDX-License-Identifier: Apache-2.0
"""Every operator that the quantizer has a rule for: alone in a network, in int8 and in int16, it runs on
integers and is near the float one."""

import unittest

import networks
import numpy as np

from pipit.convert.format.graph import Tensor
from pipit.convert.quantization import recurrent
from pipit.convert.quantization.op_rules import INT16, INT8, RULES
from pipit.convert.quantization.quantize import Settings, quantize

NO_ACTIVATION = {"fused_activation_function": "NONE"}
SHAPE = (1, 4, 6, 8)


def unary(kind, shape=SHAPE, **options):
    return lambda n: n.op(kind, [n.x], shape, **options)


def binary(kind, **options):
    return lambda n: n.op(kind, [n.x, n.weights("other", 8)], SHAPE, **options)


def two(kind, shape=SHAPE, **options):
    return lambda n: n.op(kind, [n.x, n.input("y", SHAPE)], shape, **options)


def pool(kind):
    return unary(kind, (1, 2, 3, 8), padding="VALID", stride_w=2, stride_h=2, filter_width=2,
                 filter_height=2, fused_activation_function="NONE")


def reduce(kind):
    return lambda n: n.op(kind, [n.x, n.ints(1, 2)], (1, 8), keep_dims=False)


def moved(kind, shape, *constants, **options):
    return lambda n: n.op(kind, [n.x, *(each if isinstance(each, Tensor) else n.ints(*each)
                                        for each in constants)], shape, **options)


def compare(kind):
    def add(n):
        y = n.op(kind, [n.x, n.input("y", SHAPE)], SHAPE)
        y.dtype = "BOOL"
        return y
    return add


def positive(n):
    return n.op("ADD", [n.op("RELU", [n.x], SHAPE), scalar(0.5)], SHAPE, **NO_ACTIVATION)


def scalar(value):
    return Tensor(f"scalar{value}", (), data=np.array(value, np.float32))


def index(kind):
    def add(n):
        y = n.op(kind, [n.x, n.ints(3)], SHAPE[:3], output_type="INT32")
        y.dtype = "INT32"
        return y
    return add


def split(kind, axis, *sizes):
    def add(n):
        inputs = [n.x, n.ints(*sizes), axis] if sizes else [axis, n.x]
        n.op(kind, inputs, (1, 4, 6, 4), num_splits=2)
        n.graph.operators[-1].outputs.append(Tensor("second", (1, 4, 6, 4)))
        return n.graph.operators[-1].outputs[1]
    return add


def select(kind):
    def add(n):
        where = Tensor("where", SHAPE, "BOOL", np.arange(192).reshape(SHAPE) % 3 == 0)
        return n.op(kind, [where, n.x, n.input("y", SHAPE)], SHAPE)
    return add


def transpose_conv(n):
    w = n.weights("w", 5, 3, 3, 8)
    return n.op("TRANSPOSE_CONV", [n.ints(1, 8, 12, 5), w, n.x, n.bias(5)], (1, 8, 12, 5),
                padding="SAME", stride_w=2, stride_h=2, fused_activation_function="NONE")


def top(n):
    n.op("TOPK_V2", [n.x, Tensor("k", (), "INT32", np.array(3, np.int32))], (1, 4, 6, 3))
    n.graph.operators[-1].outputs.append(Tensor("places", (1, 4, 6, 3), "INT32"))
    return n.graph.operators[-1].outputs[0]


def unpack(n):
    n.op("UNPACK", [n.x], (1, 6, 8), num=4, axis=1)
    n.graph.operators[-1].outputs += [Tensor(f"more{i}", (1, 6, 8)) for i in range(3)]
    return n.graph.operators[-1].outputs[2]


def update(n):
    return n.op("DYNAMIC_UPDATE_SLICE", [n.x, n.input("y", (1, 2, 6, 8)), n.ints(0, 1, 0, 0)], SHAPE)


def prelu(n):
    return n.op("PRELU", [n.x, n.weights("alpha", 1, 1, 8)], SHAPE)


PADS = [[0, 0], [1, 1], [1, 0], [0, 0]]


def pads(n):
    return Tensor("pads", (4, 2), "INT32", np.array(PADS, np.int32))


NETWORKS = {
    "CONV_2D": lambda n: n.conv(n.x, 5), "DEPTHWISE_CONV_2D": lambda n: n.depthwise(n.x),
    "FULLY_CONNECTED": lambda n: n.dense(n.flatten(n.x), 7), "TRANSPOSE_CONV": transpose_conv,
    "SOFTMAX": unary("SOFTMAX", beta=1.0), "L2_NORMALIZATION": unary("L2_NORMALIZATION"),
    "ADD": binary("ADD", **NO_ACTIVATION), "SUB": binary("SUB", **NO_ACTIVATION),
    "MUL": binary("MUL", **NO_ACTIVATION), "MEAN": reduce("MEAN"), "SUM": reduce("SUM"),
    "BATCH_MATMUL": two("BATCH_MATMUL", (1, 4, 6, 6), adj_y=True),
    "LEAKY_RELU": unary("LEAKY_RELU", alpha=0.2), "PRELU": prelu,
    "RSQRT": lambda n: n.op("RSQRT", [positive(n)], SHAPE),
    "SQUARED_DIFFERENCE": two("SQUARED_DIFFERENCE"),
    "MAX_POOL_2D": pool("MAX_POOL_2D"), "AVERAGE_POOL_2D": pool("AVERAGE_POOL_2D"),
    "RESHAPE": lambda n: n.flatten(n.x), "SQUEEZE": unary("SQUEEZE", SHAPE[1:], squeeze_dims=[0]),
    "EXPAND_DIMS": moved("EXPAND_DIMS", (1, *SHAPE), [0]),
    "TRANSPOSE": moved("TRANSPOSE", (1, 8, 4, 6), [0, 3, 1, 2]),
    "PAD": lambda n: n.op("PAD", [n.x, pads(n)], (1, 6, 7, 8)),
    "PADV2": lambda n: n.op("PADV2", [n.x, pads(n), scalar(-1.5)], (1, 6, 7, 8)),
    "MIRROR_PAD": lambda n: n.op("MIRROR_PAD", [n.x, pads(n)], (1, 6, 7, 8), mode="REFLECT"),
    "SLICE": moved("SLICE", (1, 2, 3, 8), [0, 1, 2, 0], [1, 2, 3, 8]),
    "STRIDED_SLICE": moved("STRIDED_SLICE", (1, 2, 6, 8), [0, 0, 0, 0], [1, 4, 6, 8], [1, 2, 1, 1]),
    "SPLIT": lambda n: split("SPLIT", Tensor("axis", (), "INT32", np.array(3, np.int32)))(n),
    "SPLIT_V": lambda n: split("SPLIT_V", Tensor("axis", (), "INT32", np.array(3, np.int32)), 4, 4)(n),
    "CONCATENATION": two("CONCATENATION", (1, 4, 6, 16), axis=3, **NO_ACTIVATION),
    "PACK": two("PACK", (2, *SHAPE), values_count=2, axis=0), "UNPACK": unpack,
    "RESIZE_BILINEAR": moved("RESIZE_BILINEAR", (1, 8, 12, 8), [8, 12], half_pixel_centers=True),
    "RESIZE_NEAREST_NEIGHBOR": moved("RESIZE_NEAREST_NEIGHBOR", (1, 8, 12, 8), [8, 12]),
    "SPACE_TO_BATCH_ND": lambda n: n.op(
        "SPACE_TO_BATCH_ND", [n.x, n.ints(2, 2), Tensor("pads", (2, 2), "INT32",
                                                        np.zeros((2, 2), np.int32))], (4, 2, 3, 8)),
    "TILE": moved("TILE", (2, 4, 12, 8), [2, 1, 2, 1]),
    "REVERSE_V2": moved("REVERSE_V2", SHAPE, [1]),
    "MAXIMUM": two("MAXIMUM"), "MINIMUM": binary("MINIMUM"),
    "REDUCE_MAX": reduce("REDUCE_MAX"), "REDUCE_MIN": reduce("REDUCE_MIN"), "TOPK_V2": top,
    "GATHER": moved("GATHER", (1, 4, 2, 8), [1, 3], axis=2),
    "GATHER_ND": lambda n: n.op("GATHER_ND", [n.x, Tensor("at", (2, 3), "INT32", np.array(
        [[0, 1, 2], [0, 3, 5]], np.int32))], (2, 8)),
    "BROADCAST_TO": lambda n: n.op("BROADCAST_TO", [n.x, n.ints(3, 4, 6, 8)], (3, 4, 6, 8)),
    "SELECT": select("SELECT"), "SELECT_V2": select("SELECT_V2"), "DYNAMIC_UPDATE_SLICE": update,
    "SPACE_TO_DEPTH": unary("SPACE_TO_DEPTH", (1, 2, 3, 32), block_size=2),
    "DEPTH_TO_SPACE": unary("DEPTH_TO_SPACE", (1, 8, 12, 2), block_size=2),
    "ARG_MAX": index("ARG_MAX"), "ARG_MIN": index("ARG_MIN"),
    "GELU": unary("GELU", approximate=False),
} | {kind: compare(kind) for kind in (
    "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
} | {kind: unary(kind) for kind in (
    "LOGISTIC", "TANH", "LOG_SOFTMAX", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "ABS", "ELU",
    "HARD_SWISH")}


def batch_to_space(n):
    crops = Tensor("crops", (2, 2), "INT32", np.zeros((2, 2), np.int32))
    return n.op("BATCH_TO_SPACE_ND", [n.x, n.ints(2, 2), crops], (1, 8, 12, 8))


class Operators(unittest.TestCase):

    def quantized(self, kind, scheme, output_type="FLOAT32"):
        shape, add = (4, 4, 6, 8), batch_to_space
        if kind != "BATCH_TO_SPACE_ND":
            shape, add = SHAPE, NETWORKS[kind]
        n = networks.Network(*shape)
        model = n.model(add(n))
        return quantize(model, Settings(scheme, output_type=output_type), n.samples(12))

    def check(self, dtype, scheme, snr):
        for kind, rule in RULES.items():
            if kind == recurrent.LSTM:  # quantize_test.py has it
                continue
            with self.subTest(kind):
                model, report = self.quantized(kind, scheme)
                found = [op for op in model.main.operators if op.kind == kind]
                ran = {t.dtype for t in found[0].inputs + found[0].outputs
                       if t.dtype in ("FLOAT32", INT8, INT16)}
                if dtype not in rule.types:
                    self.assertEqual(ran, {"FLOAT32"})
                    continue
                self.assertNotIn("FLOAT32", ran)
                self.assertIn(dtype, ran)
                if report.output_snr is not None and rule.scale != "none":
                    self.assertGreater(report.output_snr, snr)

    def test_int8(self):
        self.check(INT8, "int8", 25)

    def test_int16(self):
        self.check(INT16, "int16x8", 38)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""ONNX models: whole networks compute what numpy computes, no transpose is left where it cancels,
and what cannot be converted is named."""

import math
import pathlib
import re
import tempfile
import unittest

import numpy as np
import onnx_graphs
import wire
from onnx_graphs import Graph, kinds, run

from pipit.convert.format.graph import ConvertError
from pipit.convert.readers.onnx import file as onnx_file, read as onnx
from pipit.convert.readers.saved_model import read as saved_model
from pipit.convert.rewriting.pairs import recovered


def conv(x, w, bias=None, stride=1, pad=0, groups=1):
    """[batch, channels, height, width] by loops over the filter alone."""
    x = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    out, per_group, kh, kw = w.shape
    h, wide = ((s - k) // stride + 1 for s, k in zip(x.shape[2:], (kh, kw)))
    y = np.zeros((x.shape[0], out, h, wide), np.float64)
    for o in range(out):
        first = o // (out // groups) * per_group
        for i in range(kh):
            for j in range(kw):
                part = x[:, first:first + per_group, i:i + stride * h:stride,
                         j:j + stride * wide:stride]
                y[:, o] += np.einsum("nchw,c->nhw", part, w[o, :, i, j].astype(np.float64))
    return y if bias is None else y + bias.reshape(1, -1, 1, 1)


def data_of(graph, name):
    found = next(c for c in graph.constants if c["name"] == name)
    return np.frombuffer(found["raw_data"], np.float32).reshape(found["dims"])


def last(x):
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


class Networks(unittest.TestCase):

    def assertNear(self, got, want, **options):
        self.assertEqual(got.shape, want.shape)
        np.testing.assert_allclose(got, want, **{"rtol": 1e-4, "atol": 2e-5, **options})

    def setUp(self):
        self.random = np.random.default_rng(3)

    def test_pictures(self):
        g = Graph()
        x = g.input("x", "batch", 3, 16, 16)
        w, b, d = g.weights(8, 3, 3, 3), g.weights(8), g.weights(8, 1, 3, 3)
        y = g.node("Conv", x, w, b, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        stats = [self.random.uniform(0.5, 1.5, 8).astype(np.float32) for _ in range(4)]
        y = g.node("BatchNormalization", y, *(g.constant(s) for s in stats))
        y = g.node("Relu", y)
        skip = y = g.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
        y = g.node("Conv", y, d, group=8, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        y = g.node("Add", y, skip)
        y = g.node("Flatten", y)
        dense = g.weights(5, 8 * 8 * 8)
        y = g.node("Softmax", g.node("Gemm", y, dense, g.weights(5), transB=1))
        g.output(y)
        model = g.convert()
        self.assertEqual(kinds(model), [
            "CONV_2D", "MAX_POOL_2D", "DEPTHWISE_CONV_2D", "ADD", "RESHAPE", "FULLY_CONNECTED",
            "SOFTMAX"
        ])
        values = self.random.normal(size=(1, 3, 16, 16)).astype(np.float32)
        want = conv(values, data_of(g, w), data_of(g, b), pad=1)
        scale, shift, mean, variance = (s.reshape(1, -1, 1, 1) for s in stats)
        want = np.maximum((want - mean) / np.sqrt(variance + 1e-5) * scale + shift, 0)
        want = want.reshape(1, 8, 8, 2, 8, 2).max((3, 5))
        want = (conv(want, data_of(g, d), pad=1, groups=8) + want).reshape(1, -1)
        want = want @ data_of(g, dense).T + data_of(g, g.constants[-1]["name"])
        want = np.exp(want - want.max()) / np.exp(want - want.max()).sum()
        self.assertNear(run(model, last(values))[0], want)
        self.assertEqual(model.main.inputs[0].shape_signature, (-1, 16, 16, 3))
        self.assertEqual(list(model.signatures[0].inputs), ["x"])
        self.assertEqual(model.main.outputs[0].name, y)

    def test_shuffled_channels(self):
        g = Graph()
        x = g.input("x", 1, 8, 6, 6)
        w = g.weights(12, 4, 1, 1)
        y = g.node("Conv", x, w, group=2, kernel_shape=[1, 1])
        y = g.node("Reshape", y, g.constant([1, 2, 6, 6, 6], np.int64))
        y = g.node("Transpose", y, perm=[0, 2, 1, 3, 4])
        y = g.node("Reshape", y, g.constant([1, 12, 6, 6], np.int64))
        y = g.node("Relu", y)
        g.output(y)
        model = g.convert()
        self.assertEqual(kinds(model).count("TRANSPOSE"), 1)  # that of the groups
        values = self.random.normal(size=(1, 8, 6, 6)).astype(np.float32)
        want = conv(values, data_of(g, w), groups=2).reshape(1, 2, 6, 6, 6).transpose(0, 2, 1, 3, 4)
        self.assertNear(run(model, last(values))[0], last(np.maximum(want.reshape(1, 12, 6, 6), 0)))

    def test_patches_to_tokens(self):
        """What a vision transformer begins with: [n, c, h, w] to [n, h * w, c]."""
        g = Graph()
        x = g.input("x", 1, 3, 8, 8)
        w = g.weights(6, 3, 4, 4)
        y = g.node("Conv", x, w, kernel_shape=[4, 4], strides=[4, 4])
        y = g.node("Reshape", y, g.constant([0, 6, -1], np.int64))
        y = g.node("Transpose", y, perm=[0, 2, 1])
        y = g.node("LayerNormalization", y, g.constant(np.ones(6, np.float32)), axis=-1)
        half = g.node("Div", y, g.constant(math.sqrt(2), np.float32))
        half = g.node("Add", g.node("Erf", half), g.constant(1, np.float32))
        y = g.node("Mul", g.node("Mul", y, half), g.constant(0.5, np.float32))
        g.output(y)
        model = g.convert()
        self.assertNotIn("TRANSPOSE", kinds(model))
        self.assertEqual(kinds(model)[-1], "GELU")
        values = self.random.normal(size=(1, 3, 8, 8)).astype(np.float32)
        want = conv(values, data_of(g, w), stride=4).reshape(1, 6, 4).transpose(0, 2, 1)
        want = (want - want.mean(-1, keepdims=True)) / np.sqrt(want.var(-1, keepdims=True) + 1e-5)
        want = want * 0.5 * (1 + np.vectorize(math.erf)(want / math.sqrt(2)))
        self.assertNear(run(model, last(values))[0], want)

    def test_squeeze_and_excitation(self):
        g = Graph()
        x = g.input("x", 1, 4, 5, 5)
        up, down = g.weights(4, 2, 1, 1), g.weights(2, 4, 1, 1)
        s = g.node("GlobalAveragePool", x)
        s = g.node("Conv", g.node("Relu", g.node("Conv", s, down, kernel_shape=[1, 1])), up,
                   kernel_shape=[1, 1])
        g.output(g.node("Mul", x, g.node("Sigmoid", s)))
        model = g.convert()
        self.assertNotIn("TRANSPOSE", kinds(model))
        values = self.random.normal(size=(1, 4, 5, 5)).astype(np.float32)
        want = values.mean((2, 3), keepdims=True)
        want = conv(np.maximum(conv(want, data_of(g, down)), 0), data_of(g, up))
        self.assertNear(run(model, last(values))[0], last(values / (1 + np.exp(-want))))

    def test_sound(self):
        g = Graph()
        x = g.input("x", 1, 2, 40)
        w = g.weights(6, 2, 5)
        y = g.node("Conv", x, w, kernel_shape=[5], strides=[2], pads=[2, 2])
        y = g.node("ReduceMean", g.node("Relu", y), axes=[2], keepdims=0)
        g.output(g.node("MatMul", y, g.weights(6, 3)))
        model = g.convert()
        self.assertNotIn("TRANSPOSE", kinds(model))
        values = self.random.normal(size=(1, 2, 40)).astype(np.float32)
        want = conv(np.pad(values, [(0, 0), (0, 0), (2, 2)])[:, :, None], data_of(g, w)[:, :, None],
                    stride=1)[:, :, 0, ::2]
        want = np.maximum(want, 0).mean(2) @ data_of(g, g.constants[-1]["name"])
        self.assertNear(run(model, last(values))[0], want)

    def test_recurrent(self):
        for kind, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
            with self.subTest(kind):
                g = Graph()
                x = g.input("x", 7, 1, 3)
                y, h = g.node(kind,
                              x,
                              g.weights(2, gates * 5, 3),
                              g.weights(2, gates * 5, 5),
                              outputs=2,
                              hidden_size=5,
                              direction="bidirectional")
                g.output(y)
                g.output(h)
                model = g.convert()
                values = self.random.normal(size=(7, 1, 3)).astype(np.float32)
                got, last_state = run(model, values)
                weights = [data_of(g, c["name"]) for c in g.constants]
                forward = recurrent(kind, values, weights[0][0], weights[1][0])
                backward = recurrent(kind, values[::-1], weights[0][1], weights[1][1])[::-1]
                self.assertNear(got, np.stack([forward, backward], 1))
                self.assertNear(last_state, np.stack([forward[-1], backward[0]]))

    def test_states_between_runs(self):
        g = Graph()
        x, h, c = g.input("x", 1, 1, 3), g.input("h", 1, 1, 4), g.input("c", 1, 1, 4)
        for name in g.node("LSTM",
                           x,
                           g.weights(1, 16, 3),
                           g.weights(1, 16, 4),
                           "",
                           "",
                           h,
                           c,
                           outputs=3,
                           hidden_size=4):
            g.output(name)
        model = g.convert()
        self.assertFalse(any(t.variable for t in model.main.tensors()))
        values = self.random.normal(size=(2, 1, 3)).astype(np.float32)
        state = [np.zeros((1, 1, 4), np.float32)] * 2
        for step in values:
            y, *state = run(model, step[None], *state)
        weights = [data_of(g, each["name"])[0] for each in g.constants]
        self.assertNear(y[0, 0], recurrent("LSTM", values, *weights)[-1])

    def test_quantized(self):
        g = Graph()
        x = g.input("x", 1, 3, 4, 4)
        scale, zero = g.constant(0.05, np.float32), g.constant(3, np.int8)
        y = g.node("DequantizeLinear", g.node("QuantizeLinear", x, scale, zero), scale, zero)
        w = self.random.integers(-127, 128, (4, 3, 1, 1)).astype(np.int8)
        scales = np.array([0.01, 0.02, 0.03, 0.04], np.float32)
        weights = g.node("DequantizeLinear", g.constant(w), g.constant(scales),
                         g.constant(np.zeros(4, np.int8)), axis=0)
        g.output(g.node("Conv", y, weights, kernel_shape=[1, 1]))
        model = g.convert()
        self.assertEqual(kinds(model), ["QUANTIZE", "DEQUANTIZE", "CONV_2D"])
        values = self.random.normal(size=(1, 3, 4, 4)).astype(np.float32)
        seen = (np.clip(np.rint(values / np.float32(0.05)) + 3, -128, 127) - 3) * 0.05
        self.assertNear(
            run(model, last(values))[0], last(conv(seen, w * scales.reshape(4, 1, 1, 1))))


class Quantized(unittest.TestCase):
    """A network as training in 8 bits leaves it: a pair of operators at every tensor."""

    def setUp(self):
        self.random = np.random.default_rng(2)
        self.steps = []

    def pair(self, g, x, scale, zero):
        scale, zero = g.constant(scale, np.float32), g.constant(zero)
        return g.node("DequantizeLinear", g.node("QuantizeLinear", x, scale, zero), scale, zero)

    def weights(self, g, *shape, axis=0):
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        size = shape[axis] if axis is not None else 1
        scales = self.random.uniform(0.001, 0.003, size).astype(np.float32)
        zeros = np.zeros(size, np.int8)
        constants = [g.constant(a if size > 1 else a[0]) for a in (scales, zeros)]
        return g.node("DequantizeLinear", g.constant(data), *constants, axis=axis or 0)

    def network(self, zero):
        g = Graph()
        x = self.pair(g, g.input("x", 1, 3, 8, 8), 0.03, zero(5))
        y = g.node("Conv", x, self.weights(g, 8, 3, 3, 3), g.weights(8), kernel_shape=[3, 3],
                   pads=[1, 1, 1, 1])
        y = self.pair(g, g.node("Relu", y), 0.02, zero(-128))
        y = g.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
        y = self.pair(g, y, 0.02, zero(-128))
        z = g.node("Conv", y, self.weights(g, 8, 1, 3, 3), group=8, kernel_shape=[3, 3],
                   pads=[1, 1, 1, 1])
        y = self.pair(g, g.node("Add", y, self.pair(g, z, 0.015, zero(3))), 0.03, zero(-20))
        y = g.node("GlobalAveragePool", y)
        y = self.pair(g, g.node("Flatten", y), 0.02, zero(0))
        y = g.node("Gemm", y, self.weights(g, 5, 8, axis=None), g.weights(5), transB=1)
        g.output(self.pair(g, y, 0.01, zero(1)))
        return g

    def check(self, g):
        floats, integers = g.convert(rewritten=False), g.convert()
        self.assertEqual(kinds(integers), [
            "QUANTIZE", "CONV_2D", "MAX_POOL_2D", "DEPTHWISE_CONV_2D", "ADD", "MEAN", "RESHAPE",
            "FULLY_CONNECTED", "DEQUANTIZE"])
        for _ in range(20):
            x = self.random.normal(0, 1, (1, 8, 8, 3)).astype(np.float32)
            np.testing.assert_allclose(run(integers, x)[0], run(floats, x)[0], atol=0.0201)
        return integers

    def test_signed(self):
        model = self.check(self.network(lambda zero: np.int8(zero)))
        conv = model.main.operators[1]
        self.assertEqual([t.dtype for t in conv.inputs], ["INT8", "INT8", "INT32"])
        self.assertEqual(conv.inputs[1].quantization.scale.size, 8)

    def test_unsigned(self):
        self.check(self.network(lambda zero: np.uint8(zero + 128)))

    def test_weights_that_are_no_integers(self):
        self.assertIsNone(recovered(self.random.normal(size=(4, 50)).astype(np.float32), 0))
        scales = np.float32([0.1, 0.02, 3e-5]).reshape(3, 1)
        wanted = self.random.integers(-127, 128, (3, 50))
        wanted[:, 0] = (127, -127, 64)
        integers, found = recovered((wanted * scales).astype(np.float32), 0)
        np.testing.assert_allclose(integers * found.reshape(3, 1), wanted * scales, rtol=1e-5)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def recurrent(kind, x, w, r):
    """Without biases, from zeros; all outputs."""
    units = r.shape[1]
    h = c = np.zeros((x.shape[1], units))
    out = []
    for step in x:
        a, b = np.split(step @ w.T, len(w) // units, 1), np.split(h @ r.T, len(w) // units, 1)
        if kind == "LSTM":
            i, o, f = (sigmoid(a[k] + b[k]) for k in range(3))
            c = f * c + i * np.tanh(a[3] + b[3])
            h = o * np.tanh(c)
        elif kind == "GRU":
            z, reset = (sigmoid(a[k] + b[k]) for k in range(2))
            h = (1 - z) * np.tanh(a[2] + (reset * h) @ r[2 * units:].T) + z * h
        else:
            h = np.tanh(a[0] + b[0])
        out.append(h)
    return np.array(out)


class Interface(unittest.TestCase):

    def graph(self):
        g = Graph()
        g.output(
            g.node("Conv", g.input("x", 1, 3, 4, 5), g.weights(2, 3, 1, 1), kernel_shape=[1, 1]))
        return g

    def test_layout(self):
        x = np.random.default_rng(0).normal(size=(1, 3, 4, 5)).astype(np.float32)
        g = self.graph()
        model, kept = g.convert(), g.convert(keep_layout=True)
        self.assertEqual((model.main.inputs[0].shape, model.main.outputs[0].shape),
                         ((1, 4, 5, 3), (1, 4, 5, 2)))
        self.assertEqual((kept.main.inputs[0].shape, kept.main.outputs[0].shape),
                         ((1, 3, 4, 5), (1, 2, 4, 5)))
        np.testing.assert_allclose(run(model, last(x))[0], last(run(kept, x)[0]), rtol=1e-6)

    def test_what_is_no_picture_stays(self):
        g = Graph()
        g.output(g.node("MatMul", g.input("x", 1, 6, 4), g.weights(4, 2)))
        self.assertEqual(g.convert().main.inputs[0].shape, (1, 6, 4))

    def test_pictures_with_channels_last_already(self):
        g = Graph()
        y = g.node("Transpose", g.input("x", 1, 4, 5, 3), perm=[0, 3, 1, 2])
        y = g.node("Conv", y, g.weights(2, 3, 1, 1), kernel_shape=[1, 1])
        g.output(g.node("Transpose", y, perm=[0, 2, 3, 1]))
        model = g.convert()
        self.assertEqual(kinds(model), ["CONV_2D"])
        self.assertEqual(model.main.inputs[0].shape, (1, 4, 5, 3))

    def test_shapes_that_are_computed(self):
        """view(x.size(0), -1) as exporters write it."""
        g = Graph()
        x = g.node("Relu", g.input("x", "n", 2, 3))
        size = g.node("Gather", g.node("Shape", x), g.constant(0, np.int64), axis=0)
        size = g.node("Unsqueeze", size, g.constant([0], np.int64))
        shape = g.node("Concat", size, g.constant([-1], np.int64), axis=0)
        g.output(g.node("Reshape", x, shape))
        model = g.convert()
        self.assertEqual(model.main.outputs[0].shape_signature, (-1, 6))
        x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
        np.testing.assert_array_equal(run(model, x)[0], x.reshape(2, 6))

    def test_branches(self):
        g = Graph()
        x, rate = g.input("x", 1, 3), g.input("rate", dtype=np.int64)
        fast, slow = Graph(), Graph()
        fast.output(fast.node("Add", x, "c0", name="/fast"))
        slow.output(slow.node("NonZero", x, name="/slow"))
        fast.nodes[0]["output"], slow.nodes[0]["output"] = ["fast"], ["slow"]
        fast.outputs, slow.outputs = [{"name": "fast"}], [{"name": "slow"}]
        high = g.node("Greater", rate, g.constant(8000, np.int64))
        y = g.node("If", high)
        g.constants.append(onnx_graphs.tensor("c1", np.float32(5)))
        fast.nodes[0]["input"][1] = "c1"
        g.nodes[-1]["attribute"] = [
            {"name": "then_branch", "g": fast.fields()["graph"], "type": 5},
            {"name": "else_branch", "g": slow.fields()["graph"], "type": 5}]
        g.output(y)
        model = g.convert(fixed={"rate": 16000})
        self.assertEqual([t.name for t in model.main.inputs], ["x"])
        self.assertEqual(run(model, np.float32([[1, 2, 3]]))[0].tolist(), [[6, 7, 8]])
        with self.assertRaisesRegex(ConvertError, r"NonZero \('/slow'\)$"):
            g.convert(fixed={"rate": 100})
        with self.assertRaisesRegex(ConvertError, "its condition is computed when the model runs"):
            g.convert()

    def test_the_other_way_round(self):
        """A slice that has the shape of its input, and is not its input."""
        g = Graph()
        backwards = [g.constant([v], np.int64) for v in (-1, -(1 << 63), 0, -1)]
        g.output(g.node("Slice", g.input("x", 3, 2), *backwards))
        x = np.arange(6, dtype=np.float32).reshape(3, 2)
        np.testing.assert_array_equal(run(g.convert(), x)[0], x[::-1])

    def test_stated_shapes(self):
        g = Graph()
        g.output(g.node("GlobalMaxPool", g.input("x", "n", 3, "h", "w")))
        model = g.convert(shapes_by_name={"x": [1, 3, 8, 9]})
        self.assertEqual(model.main.inputs[0].shape, (1, 8, 9, 3))
        with self.assertRaisesRegex(ConvertError,
                                    r"input 'x' has the shape \[-1, 3, -1, -1\], not"):
            g.convert(shapes_by_name={"x": [1, 4, 8, 9]})
        with self.assertRaisesRegex(ConvertError, "has no input 'y'"):
            g.convert(shapes_by_name={"y": [1]})

    def test_an_output_that_is_an_input(self):
        g = Graph()
        x = g.input("x", 1, 3)
        g.output(g.node("Identity", x))
        g.output(g.node("Add", g.constant(1, np.float32), g.constant(2, np.float32)))
        y, three = run(g.convert(), np.ones((1, 3), np.float32))
        self.assertEqual((y.tolist(), float(three)), ([[1, 1, 1]], 3))


class Files(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name) / "models"
        self.folder.mkdir()

    def read(self, content):
        path = self.folder / "model.onnx"
        path.write_bytes(content)
        return onnx.read_onnx(str(path))

    def external(self, **entries):
        g = Graph()
        g.output(g.node("Add", g.input("x", 3), g.constant(np.zeros(3, np.float32))))
        del g.constants[0]["raw_data"]
        g.constants[0].update(data_location=1, external_data=[
            {"key": k, "value": str(v)} for k, v in entries.items()])
        return self.read(g.content())

    def test_values_beside_the_model(self):
        values = np.arange(8, dtype=np.float32)
        (self.folder / "w.bin").write_bytes(values.tobytes())
        model = self.external(location="w.bin", offset=8, length=12)
        self.assertEqual(run(model, np.zeros(3, np.float32))[0].tolist(), [2, 3, 4])

    def test_values_elsewhere(self):
        (self.folder.parent / "secret").write_bytes(bytes(12))
        (self.folder / "link").symlink_to(self.folder.parent / "secret")
        (self.folder / "short").write_bytes(bytes(11))
        for location, why in (("../secret", "not a file beside"), ("none", "cannot be read"),
                              ("/etc/passwd", "not a file beside"), ("link", "not a file beside"),
                              ("", "not a file beside"), (".", "not a file beside")):
            with self.subTest(location), self.assertRaisesRegex(ConvertError, why):
                self.external(location=location, length=12)
        for entries in ({"length": 12}, {"offset": 4, "length": 8}, {"offset": -1},
                        {"offset": "9" * 30}):
            with self.subTest(entries), self.assertRaisesRegex(ConvertError, "'c0'"):
                self.external(location="short", **entries)

    def test_numbers_in_lists(self):
        for values, field in ((np.float32([1.5, -2]), "float_data"),
                              (np.int64([-3, 1 << 40]), "int64_data"),
                              (np.int8([-7, 7]), "int32_data"),
                              (np.float64([0.5, 4]), "double_data"),
                              (np.uint8([200, 1]), "int32_data")):
            for packed in (True, False):
                with self.subTest(field, packed=packed):
                    fields = onnx_graphs.tensor("t", values)
                    del fields["raw_data"]
                    fields[field] = values.tolist()
                    g = Graph()
                    g.constants.append(fields)
                    g.output("t")
                    content = wire.encode(onnx_file.MESSAGES, "ModelProto", g.fields(), packed)
                    got = run(self.read(content))[0]
                    self.assertEqual(got.tolist(), values.tolist())

    def test_half_precision(self):
        g = Graph()
        g.output(g.node("Mul", g.input("x", 2, dtype=np.float16), g.constant([0.5, 3], np.float16)))
        self.assertEqual(run(self.read(g.content()), np.float32([4, 5]))[0].tolist(), [2, 15])

    def test_all_that_is_unsupported_is_named_at_once(self):
        g = Graph()
        y = g.node("NonZero", g.input("x", 1, 4), name="first")
        y = g.node("Relu", g.node("Fancy", y, domain="my.own", name="second"))
        g.node("NonZero", y, name="third")
        bad = g.node("Elu", g.node("Reshape", "x", g.constant([3], np.int64), name="fourth"))
        g.output(bad)
        with self.assertRaises(ConvertError) as caught:
            self.read(g.content())
        said = str(caught.exception)
        self.assertIn("unsupported operator NonZero ('first', 'third')", said)
        self.assertIn("unsupported operator my.own.Fancy ('second')", said)
        self.assertIn("node 'fourth' (Reshape): shape [1, 4] cannot become [3]", said)
        self.assertNotIn("Elu", said)  # what only follows from the others

    def test_refused(self):
        for change, why in (({"opset_import": [{"version": 6}]}, "version 6 of the operators"),
                            ({"opset_import": []}, "not an ONNX model"),
                            ({"graph": {}}, "has no outputs")):
            with self.subTest(why), self.assertRaisesRegex(ConvertError, why):
                self.read(
                    wire.encode(onnx_file.MESSAGES, "ModelProto", {
                        **Graph().fields(),
                        **change
                    }))
        for content in (b"", b"\x00" * 100, b"TFL3" * 40, b"\x0a" + b"\xff" * 20):
            with self.subTest(content[:4]), self.assertRaises(ConvertError):
                self.read(content)

    def test_names_cannot_break_the_line(self):
        g = Graph()
        g.output(g.node("NonZero", g.input("x", 1), name="a\nb\x1b[31m"))
        with self.assertRaisesRegex(ConvertError, r"'a\?b\?\[31m'"):
            self.read(g.content())


class Documentation(unittest.TestCase):

    def test_operators(self):
        """docs/ names each operator that is converted, and no other."""
        docs = pathlib.Path(__file__).resolve().parents[2] / "docs"
        text = (docs / "converting-onnx-and-savedmodel.md").read_text()
        rows = [line.split("|")[2] for line in text.splitlines() if line.startswith("| ")]
        words = {w for row in rows
                 for w in re.findall(r"[A-Za-z0-9]+", re.sub(r"\(.*?\)|, where.*", "", row))}
        known = set(onnx.HANDLERS) | set(saved_model.HANDLERS)
        silent = {"Assert", "Assign", "AssignVariableOp", "NoOp", "Print", "RestoreV2"}
        self.assertEqual(words - {"operators"}, known - silent)


if __name__ == "__main__":
    unittest.main()

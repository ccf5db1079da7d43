# SPDX-License-Identifier: Apache-2.0
"""Damaged ONNX files and SavedModels: each is converted, or refused in one line, and soon. Damage
is of bytes, and of fields, which gets past the reader of the container."""

import copy
import os
import pathlib
import random
import tempfile
import unittest

import numpy as np
import wire
from onnx_graphs import Graph
from saved_models import SavedModel

from pipit.convert.format import tflite_file
from pipit.convert.format.graph import ConvertError
from pipit.convert.readers.onnx import file as onnx_file, read as onnx
from pipit.convert.readers.saved_model import graph_def
from pipit.convert.readers.saved_model.read import read_saved_model
from pipit.convert.rewriting.rewrite import rewrite

ROUNDS = int(os.environ.get("PIPIT_CONVERT_DAMAGES", "1500"))
NUMBERS = (0, 1, -1, 2, 3, 7, 255, 65536, 1 << 31, -(1 << 31), (1 << 63) - 1, -(1 << 63), 1 << 40)


def picture():
    g = Graph()
    x = g.input("x", "n", 3, 8, 8)
    y = g.node("Conv", x, g.weights(4, 3, 3, 3), g.weights(4), kernel_shape=[3, 3],
               pads=[1, 1, 1, 1], strides=[2, 2])
    y = g.node("Clip", y, g.constant(0, np.float32), g.constant(6, np.float32))
    y = g.node("AveragePool", y, kernel_shape=[2, 2], pads=[1, 1, 0, 0])
    y = g.node("ConvTranspose", y, g.weights(4, 4, 2, 2), strides=[2, 2])
    y = g.node("Resize", y, "", g.constant([1, 1, 2, 2], np.float32), mode="linear")
    y = g.node("Pad", y, g.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    y = g.node("Slice", y, g.constant([0], np.int64), g.constant([5], np.int64),
               g.constant([2], np.int64))
    a, b = g.node("Split", y, outputs=2, axis=1)
    y = g.node("Concat", a, b, axis=1)
    size = g.node("Gather", g.node("Shape", y), g.constant([0], np.int64))
    y = g.node("Reshape", y, g.node("Concat", size, g.constant([-1], np.int64), axis=0))
    g.output(y)
    return g.fields()


def sequence():
    g = Graph()
    x = g.input("x", 5, 1, 3)
    y = g.node("GRU", x, g.weights(1, 12, 3), g.weights(1, 12, 4), g.weights(1, 24), outputs=2,
               hidden_size=4)[0]
    y = g.node("Squeeze", y, g.constant([1], np.int64))
    y = g.node("LSTM", y, g.weights(1, 16, 4), g.weights(1, 16, 4), hidden_size=4,
               activations=["Sigmoid", "Tanh", "Tanh"])
    y = g.node("Transpose", g.node("ReduceMean", y, axes=[0], keepdims=0), perm=[1, 0, 2])
    y = g.node("Expand", y, g.constant([1, 1, 4], np.int64))
    y = g.node("Tile", y, g.constant([1, 2, 1], np.int64))
    y = g.node("TopK", g.node("Softmax", y, axis=1), g.constant([2], np.int64), outputs=2)[0]
    shape = g.node("ConstantOfShape", g.constant([1, 2, 2], np.int64), value=np.ones(1, np.float32))
    g.output(g.node("Mul", g.node("Flatten", y), g.node("Flatten", shape)))
    return g.fields()


def rounds():
    g, body, row = Graph(), Graph(prefix="b/"), Graph(prefix="r/")
    x, start = g.input("x", 4, 2), g.constant(np.zeros(2), np.float32)
    count, go, h = body.input("i", dtype=np.int64), body.input("go", dtype=np.bool_), body.input("h", 2)
    for y in (body.node("Identity", go), body.node("Add", h, h), body.node("Mul", count, count)):
        body.output(y)
    h, part = row.input("h2", 2), row.input("part", 2)
    total = row.node("Add", h, part)
    row.output(total)
    row.output(row.node("Mul", total, row.constant(2, np.float32)))
    last, _ = g.node("Scan", start, x, outputs=2, body=row, num_scan_inputs=1, scan_input_axes=[0])
    last, squares = g.node("Loop", g.constant(3, np.int64), "", last, outputs=2, body=body)
    g.output(last)
    g.output(squares)
    return g.fields()


def saved_model():
    saved = SavedModel()
    cond, body = saved.function("cond", "i", "x"), saved.function("body", "i", "x")
    cond.results["go"] = cond.node("Less", "i", cond.constant(3, np.int32), result=":z:0")
    body.results = {"i": body.node("AddV2", "i", body.constant(1, np.int32), result=":z:0"),
                    "x": body.node("Relu", "x", result=":activations:0")}
    kernel = saved.variable("kernel", np.ones((3, 3, 2, 4), np.float32))
    y = saved.node("Conv2D", saved.input("x", -1, 8, 8, 2), saved.node("ReadVariableOp", kernel),
                   strides=[1, 1, 1, 1], padding="SAME")
    y = saved.node("While", saved.constant(0, np.int32), y, cond=cond, body=body) + ":1"
    y = saved.node("MaxPool", y, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    size = saved.node("StridedSlice", saved.node("Shape", y), *(
        saved.constant([i], np.int32) for i in (0, 1, 1)), shrink_axis_mask=1)
    shape = saved.node("Pack", size, saved.constant(64, np.int32))
    saved.output("y", saved.node("Reshape", y, shape))
    return saved


def damaged_bytes(content, chance):
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(data))
        how = chance.randrange(4)
        if how == 0:
            data[at] = chance.randrange(256)
        elif how == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif how == 2:
            del data[at:at + chance.randrange(1, 9)]
        else:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 5)))
        if not data:
            return b""
    return bytes(data[:chance.randrange(len(data))]) if chance.random() < 0.1 else bytes(data)


def leaves(fields, found):
    """Where single values stand: (container, key)."""
    for key, value in fields.items() if isinstance(fields, dict) else enumerate(fields):
        if isinstance(value, (dict, list)):
            if value:
                found.append((fields, key))
            leaves(value, found)
        else:
            found.append((fields, key))
    return found


def damaged_fields(fields, chance):
    fields = copy.deepcopy(fields)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = leaves(fields, [])
        if not places:
            break
        holder, key = chance.choice(places)
        value = holder[key]
        if isinstance(value, (int, bool)) and not isinstance(holder, bytes):
            holder[key] = chance.choice(NUMBERS)
        elif isinstance(value, float):
            holder[key] = chance.choice((0.0, -1.0, 1e30, float("nan"), float("inf")))
        elif isinstance(value, str):
            others = [h[k] for h, k in leaves(fields, []) if isinstance(h[k], str)]
            holder[key] = chance.choice(others)
        elif isinstance(value, bytes):
            holder[key] = damaged_bytes(value, chance) if value else b"x"
        elif isinstance(value, list):
            holder[key] = chance.choice((value[1:], value + value[:1], value[::-1]))
        else:
            holder[key] = {}
    return fields


class Damaged(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.converted = self.refused = 0

    def attempt(self, read, number):
        try:
            model = read()
            rewrite(model)
            tflite_file.write(model)
            self.converted += 1
        except ConvertError as error:
            self.assertNotIn("\n", str(error))
            self.assertLess(len(str(error)), 5000)
            self.refused += 1
        except Exception as error:
            raise AssertionError("damage %d" % number) from error

    def onnx(self, content):
        path = self.folder / "model.onnx"
        path.write_bytes(content)
        return lambda: onnx.read_onnx(str(path))

    def test_onnx(self):
        for make in (picture, sequence, rounds):
            fields = make()
            whole = wire.encode(onnx_file.MESSAGES, "ModelProto", fields)
            self.attempt(self.onnx(whole), -1)
            self.assertEqual(self.converted, 1)
            for number in range(ROUNDS):
                chance = random.Random(number)
                content = damaged_bytes(whole, chance) if number % 3 == 0 else wire.encode(
                    onnx_file.MESSAGES, "ModelProto", damaged_fields(fields, chance))
                self.attempt(self.onnx(content), number)
            self.assertGreater(self.converted, ROUNDS // 50)
            self.assertGreater(self.refused, ROUNDS // 4)
            self.converted = self.refused = 0

    def test_graphs_of_saved_models(self):
        saved = saved_model()
        saved.save(self.folder)
        whole = (self.folder / "saved_model.pb").read_bytes()
        self.attempt(lambda: read_saved_model(self.folder), -1)
        self.assertEqual(self.converted, 1)
        fields = fields_of(whole)
        for number in range(ROUNDS):
            chance = random.Random(number)
            content = damaged_bytes(whole, chance) if number % 3 == 0 else wire.encode(
                graph_def.MESSAGES, "SavedModel", damaged_fields(fields, chance))
            (self.folder / "saved_model.pb").write_bytes(content)
            self.attempt(lambda: read_saved_model(self.folder), number)
        self.assertGreater(self.converted, ROUNDS // 50)
        self.assertGreater(self.refused, ROUNDS // 4)

    def test_variables_of_saved_models(self):
        saved_model().save(self.folder)
        path = self.folder / "variables" / "variables.index"
        whole = path.read_bytes()
        for number in range(ROUNDS):
            path.write_bytes(damaged_bytes(whole, random.Random(number)))
            self.attempt(lambda: read_saved_model(self.folder), number)
        self.assertGreater(self.refused, ROUNDS // 2)


def fields_of(content):
    """A parsed message as the fields that the writer takes."""
    from pipit.convert.readers.protobuf import Reader
    return plain(Reader(graph_def.MESSAGES, "whole").parse(memoryview(content), "SavedModel"))


def plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, memoryview):
        return bytes(value)
    if hasattr(value, "__dict__"):
        return {k: plain(v) for k, v in vars(value).items() if v is not None}
    return value


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Reading and writing .tflite files: what is written is read back, and loads; damage is told."""

import os
import pathlib
import random
import tempfile
import unittest

import networks
import numpy as np

from pipit.convert.format import tflite_file
from pipit.convert.format.graph import ConvertError, Model, Operator, Quantization, Subgraph, Tensor
from pipit.convert.format.schema import ENUMS
from pipit.convert.format.versions import version
from pipit.interpreter import Interpreter

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"


def described(model):
    """All that a model says, in a form that can be compared."""
    def tensor(t):
        q = t.quantization
        return (t.name, t.shape, t.dtype, t.shape_signature, t.variable,
                None if t.data is None else np.asarray(t.data).tolist(),
                None if q is None else (q.scale.tolist(), q.zero_point.tolist(), q.axis))
    return [([tensor(t) for t in g.inputs], [tensor(t) for t in g.outputs],
             [(op.kind, op.version, op.custom_code, op.custom_options, sorted(op.options.items()),
               [None if t is None else tensor(t) for t in op.inputs],
               [tensor(t) for t in op.outputs + op.intermediates]) for op in g.operators])
            for g in model.subgraphs], [(s.key, list(s.inputs), list(s.outputs), s.subgraph)
                                        for s in model.signatures], model.description, model.metadata


def with_constant(dtype, shape, data, quantization=None):
    y = Tensor("c", shape, dtype, data, quantization)
    return Model([Subgraph("main", [], [y], [])])


class RoundTrip(unittest.TestCase):

    def assertSame(self, model):
        content = tflite_file.write(model)
        again = tflite_file.read(content)
        self.assertEqual(described(again)[1:], described(model)[1:])
        self.assertEqual(tflite_file.write(again), content)
        self.assertEqual(described(tflite_file.read(tflite_file.write(again))), described(again))
        return again

    def test_models_of_the_project(self):
        for path in sorted(MODELS.glob("*.tflite")):
            content = path.read_bytes()
            again = tflite_file.write(self.assertSame(tflite_file.read(content)))
            self.assertLessEqual(len(again), len(content))
            with Interpreter(model_content=content) as one:
                detail = one.get_input_details()[0]
                x = np.random.default_rng(0).integers(-100, 100, detail["shape"])
                x = x.astype(detail["dtype"])
                np.testing.assert_array_equal(one.run([x])[0], networks.run(again, [x])[0])

    def test_models_that_others_trained(self):
        for path in sorted(networks.SHARED.glob("models/*/model.tflite")):
            with self.subTest(path.parent.name):
                self.assertSame(tflite_file.read(path.read_bytes()))

    def test_everything_a_graph_may_have(self):
        _, model = networks.classifier()
        model.metadata["notes"] = b"\0\1"
        model.main.inputs[0].shape_signature = (-1, 8, 8, 3)
        state = Tensor("state", (1, 4), variable=True)
        y = Tensor("y", (1, 4))
        model.main.operators.append(Operator(
            "CUSTOM", [None, state], [y], custom_code="Mine", custom_options=b"\1\2\3", version=3,
            intermediates=[Tensor("between", (0,))]))
        again = self.assertSame(model)
        op = again.main.operators[-1]
        self.assertEqual((op.custom_code, op.custom_options, op.version), ("Mine", b"\1\2\3", 3))
        self.assertIsNone(op.inputs[0])
        self.assertTrue(op.inputs[1].variable)
        self.assertEqual(again.main.inputs[0].shape_signature, (-1, 8, 8, 3))

    def test_every_operator_and_its_options(self):
        for kind in ENUMS["BuiltinOperator"][1]:
            if kind in ("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"):
                continue
            x, y = Tensor("x", (1, 4)), Tensor("y", (1, 4))
            content = tflite_file.write(Model([Subgraph("main", [x], [y],
                                                        [Operator(kind, [x, x, x], [y])])]))
            root = tflite_file.flat.decode(content, "Model")
            self.assertEqual(root["operator_codes"][0]["builtin_code"], kind)
            op = root["subgraphs"][0]["operators"][0]
            table = tflite_file.options_table(kind)
            found = op["builtin_options"] or op["builtin_options_2"]
            self.assertEqual(None if table is None else table[1], found and found[0], kind)

    def test_options_by_name(self):
        n = networks.Network(1, 4, 4, 2)
        y = n.conv(n.x, 3, stride=2)
        n.op("STRIDED_SLICE", [y, n.ints(0, 0, 0, 0), n.ints(1, 2, 2, 3), n.ints(1, 1, 1, 1)],
             (1, 2, 2, 3), begin_mask=5, end_mask=6)
        again = self.assertSame(n.model(y))
        self.assertEqual(again.main.operators[0].options["padding"], "SAME")
        self.assertEqual(again.main.operators[0].options["stride_w"], 2)
        self.assertEqual(again.main.operators[1].options["end_mask"], 6)

    def test_types_of_constants(self):
        values = {"FLOAT32": np.float32, "FLOAT16": np.float16, "INT32": np.int32, "UINT8": np.uint8,
                  "INT64": np.int64, "BOOL": np.bool_, "INT16": np.int16, "INT8": np.int8,
                  "FLOAT64": np.float64, "UINT32": np.uint32, "UINT16": np.uint16,
                  "COMPLEX64": np.complex64}
        for dtype, kind in values.items():
            data = np.arange(6).reshape(2, 3).astype(kind)
            again = self.assertSame(with_constant(dtype, (2, 3), data)).main.outputs[0]
            np.testing.assert_array_equal(again.data, data)
            self.assertEqual(again.data.dtype, data.dtype)

    def test_packed_constants(self):
        for dtype, data in (("INT4", np.arange(-8, 7, dtype=np.int8)),
                            ("UINT4", np.arange(15, dtype=np.uint8)),
                            ("INT2", np.array([-2, -1, 0, 1, 1], np.int8))):
            again = tflite_file.read(tflite_file.write(with_constant(dtype, data.shape, data)))
            np.testing.assert_array_equal(again.main.outputs[0].data, data)
        raw = tflite_file.write(with_constant("INT4", (3,), np.array([1, -1, 7], np.int8)))
        self.assertIn(bytes([0xF1, 0x07]), raw)  # the first in the low bits

    def test_strings(self):
        data = np.empty((2, 1), object)
        data[:, 0] = [b"one", b""]
        again = tflite_file.read(tflite_file.write(with_constant("STRING", (2, 1), data)))
        self.assertEqual(again.main.outputs[0].data.tolist(), [[b"one"], [b""]])

    def test_quantization_of_channels(self):
        q = Quantization(np.array([0.5, 0.25], np.float32), np.array([0, 3]), 1)
        again = self.assertSame(with_constant("INT8", (2, 2), np.eye(2, dtype=np.int8), q))
        found = again.main.outputs[0].quantization
        self.assertEqual((found.scale.tolist(), found.zero_point.tolist(), found.axis),
                         ([0.5, 0.25], [0, 3], 1))


class Written(unittest.TestCase):

    def test_constants_lie_at_multiples_of_16_and_once(self):
        n = networks.Network(1, 300)
        weights = n.weights("w", 300, 300)
        copy = Tensor("copy", weights.shape, data=weights.data.copy())
        y = n.op("FULLY_CONNECTED", [n.x, weights], (1, 300))
        y = n.op("FULLY_CONNECTED", [y, copy], (1, 300))
        content = tflite_file.write(n.model(y))
        at = content.index(weights.data.tobytes())
        self.assertEqual(at % 16, 0)
        self.assertLess(len(content), 1.1 * weights.data.nbytes)

    def test_versions(self):
        _, model = networks.classifier()
        q = Quantization(np.array([1.0], np.float32), np.array([0]))
        versions = {}
        for op in model.main.operators:
            for t in op.inputs + op.outputs:
                if t.dtype == "FLOAT32":
                    t.dtype, t.quantization = "INT8", q
            versions[op.kind] = version(op)
        self.assertEqual(versions, {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "ADD": 2, "SOFTMAX": 2,
                                    "AVERAGE_POOL_2D": 2, "RESHAPE": 1, "FULLY_CONNECTED": 4})
        x, y = Tensor("x", (1, 2)), Tensor("y", (1, 2))
        self.assertEqual(version(Operator("FULLY_CONNECTED", [x, x], [y])), 6)
        self.assertEqual(version(Operator("BROADCAST_TO", [x, x], [y])), 2)
        self.assertEqual(version(Operator("CUSTOM", [x], [y], version=7)), 7)
        for kind in ENUMS["BuiltinOperator"][1]:
            self.assertGreaterEqual(version(Operator(kind, [], [])), 1)  # as a damaged file has it

    def test_what_cannot_be_written(self):
        x, y = Tensor("x", (1, 2)), Tensor("y", (1, 2))
        for op, why in ((Operator("NO_SUCH", [x], [y]), "no operator NO_SUCH"),
                        (Operator("ADD", [x, x], [y], {"colour": 1}), "AddOptions has no field colour"),
                        (Operator("ADD", [x, x], [y], {"fused_activation_function": "TAN"}),
                         "ActivationFunctionType has no value TAN"),
                        (Operator("RELU", [x], [y], {"alpha": 1}), "RELU .*has no options")):
            with self.assertRaisesRegex(ConvertError, why):
                tflite_file.write(Model([Subgraph("main", [x], [y], [op])]))
        with self.assertRaisesRegex(ConvertError, "float64 values in a FLOAT32 tensor"):
            tflite_file.write(with_constant("FLOAT32", (2,), np.zeros(2)))
        with self.assertRaisesRegex(ConvertError, r"shape \[3\] for shape \[2\]"):
            tflite_file.write(with_constant("FLOAT32", (2,), np.zeros(3, np.float32)))

    def test_a_file_appears_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "m.tflite")
            path.write_bytes(b"old")
            tflite_file.save(b"new", path)
            self.assertEqual(path.read_bytes(), b"new")
            with self.assertRaises(TypeError):
                tflite_file.save("text", path)
            self.assertEqual(path.read_bytes(), b"new")
            self.assertEqual(os.listdir(folder), ["m.tflite"])


class Damaged(unittest.TestCase):

    def assertReadsOrTells(self, content):
        try:
            tflite_file.write(tflite_file.read(content))
        except ConvertError as error:
            self.assertEqual(len(str(error).splitlines()), 1)
            return False
        return True

    def test_cut_off(self):
        content = (MODELS / "digits_int8.tflite").read_bytes()
        for size in [0, 1, 7, 8, *range(16, len(content), 97)]:
            self.assertFalse(self.assertReadsOrTells(content[:size]), size)

    def test_changed_bytes(self):
        content = (MODELS / "digits_float.tflite").read_bytes()
        chance = random.Random(5)
        for _ in range(400):
            spoilt = bytearray(content)
            for _ in range(chance.randint(1, 8)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            self.assertReadsOrTells(bytes(spoilt))

    def test_changed_numbers_unvetted(self):
        """The reader by itself stays inside, too."""
        content = tflite_file.write(networks.classifier()[1])
        chance = random.Random(6)
        for _ in range(400):
            spoilt = bytearray(content)
            at = chance.randrange(len(spoilt) // 4) * 4
            spoilt[at:at + 4] = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 64)).to_bytes(4, "little")
            try:
                tflite_file.flat.decode(bytes(spoilt), "Model")
            except ConvertError:
                pass

    def test_another_kind_of_file(self):
        with self.assertRaisesRegex(ConvertError, "the .tflite file is refused: "):
            tflite_file.read(b"PK\3\4" + bytes(100))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""SavedModels: functions, variables and loops as TensorFlow lays them out, and a network that
others trained, when ../shared is there."""

import pathlib
import tempfile
import unittest

import numpy as np
from networks import SHARED
from onnx_graphs import kinds, run
from saved_models import SavedModel, write_variables

from pipit.convert.converter import TFLiteConverter
from pipit.convert.format import tflite_file
from pipit.convert.format.graph import ConvertError
from pipit.convert.readers.saved_model import checkpoint, crc32c
from pipit.convert.readers.saved_model.read import read_saved_model
from pipit.convert.rewriting.rewrite import rewrite
from pipit.interpreter import Interpreter

KWS = SHARED / "converter" / "kws"
FLOAT = np.dtype(np.float32)


class Case(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.random = np.random.default_rng(5)

    def convert(self, saved, **options):
        model = read_saved_model(saved.save(self.folder), **options)
        rewrite(model)
        return model

    def values(self, *shape):
        return self.random.normal(size=shape).astype(np.float32)


class Graphs(Case):

    def dense(self):
        """As Keras saves a model: main graph, wrapper, function."""
        saved, kernel, bias = SavedModel(), self.values(4, 3), self.values(3)
        inner = saved.function("__inference_model", "inputs", "kernel", "bias")
        read = inner.node("ReadVariableOp", "kernel", result=":value:0")
        y = inner.node("MatMul", "inputs", read, result=":product:0", name="model/dense/MatMul")
        y = inner.node("BiasAdd", y, inner.node("ReadVariableOp", "bias", result=":value:0"))
        inner.results["identity"] = inner.node("Relu", y, result=":activations:0")
        outer = saved.function("__inference_signature_wrapper", "x", "a", "b")
        outer.results["out"] = outer.node("StatefulPartitionedCall", "x", "a", "b", f=inner)
        x = saved.input("x", -1, 4)
        call = saved.node(
            "StatefulPartitionedCall", x, saved.variable("dense/kernel", kernel),
            saved.variable("dense/bias", bias), f=outer, name="StatefulPartitionedCall")
        saved.output("dense", call + ":0")
        return saved, kernel, bias

    def test_functions_and_variables(self):
        saved, kernel, bias = self.dense()
        model = self.convert(saved)
        self.assertEqual(kinds(model), ["FULLY_CONNECTED"])
        x = self.values(2, 4)
        np.testing.assert_allclose(run(model, x)[0], np.maximum(x @ kernel + bias, 0), rtol=1e-5,
                                   atol=1e-6)
        found = model.signatures[0]
        self.assertEqual((found.key, found.inputs["x"].name, found.outputs["dense"].name),
                         ("serving_default", "serving_default_x:0", "StatefulPartitionedCall:0"))
        self.assertEqual(model.main.inputs[0].shape_signature, (-1, 4))

    def test_pictures(self):
        saved = SavedModel()
        x = saved.input("x", -1, 8, 8, 2)
        w, d = self.values(3, 3, 2, 4), self.values(3, 3, 4, 2)
        scale, shift, mean, variance = self.random.uniform(0.5, 1, (4, 4)).astype(np.float32)
        y = saved.node("Conv2D", x, saved.constant(w), strides=[1, 2, 2, 1], padding="SAME")
        stats = [saved.constant(c) for c in (scale, shift, mean, variance)]
        y = saved.node("FusedBatchNormV3", y, *stats, is_training=False, epsilon=0.001)
        y = saved.node("Relu6", y + ":0")
        y = saved.node("Pad", y, saved.constant([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        y = saved.node("DepthwiseConv2dNative", y, saved.constant(d), strides=[1, 1, 1, 1],
                       padding="VALID")
        y = saved.node("Mean", y, saved.constant([1, 2], np.int32), keep_dims=False)
        size = saved.node("StridedSlice", saved.node("Shape", y), *(
            saved.constant([i], np.int32) for i in (0, 1, 1)), shrink_axis_mask=1)
        shape = saved.node("Pack", size, saved.constant(2, np.int32), saved.constant(-1, np.int32))
        saved.output("y", saved.node("Reshape", y, shape))
        model = self.convert(saved)
        self.assertEqual(kinds(model), ["CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "RESHAPE"])
        self.assertEqual(model.main.outputs[0].shape_signature, (-1, 2, 4))
        x = self.values(2, 8, 8, 2)
        want = windows(np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)]), w, 2)
        want = np.clip((want - mean) / np.sqrt(variance + 0.001) * scale + shift, 0, 6)
        want = np.pad(want, [(0, 0), (1, 1), (1, 1), (0, 0)])
        full = np.zeros((3, 3, 4, 8))
        for c in range(4):
            full[:, :, c, 2 * c:2 * c + 2] = d[:, :, c]
        want = windows(want, full, 1).mean((1, 2)).reshape(2, 2, 4)
        np.testing.assert_allclose(run(model, x)[0], want, rtol=1e-4, atol=1e-5)

    def test_variables_of_older_graphs(self):
        """Variables that are values of their own, restored by nodes of the main graph."""
        saved, w = SavedModel(), self.values(4, 3)
        saved.variables["w"] = w
        variable = saved.node("VariableV2", name="scope/w")
        y = saved.node("MatMul", saved.input("x", -1, 4), saved.node("Identity", variable))
        saved.output("y", y + ":0")
        prefix = saved.node("Const", name="save/Const", value=np.array([b"model"], object))
        keys = saved.constant(np.array([saved.key("w").encode()], object))
        found = saved.node("RestoreV2", prefix, keys, keys, name="save/RestoreV2")
        done = saved.node("Assign", variable, found + ":0", name="save/Assign")
        saved.restore = saved.node("NoOp", "^" + done, name="save/restore_all")
        x = self.values(2, 4)
        np.testing.assert_allclose(run(self.convert(saved), x)[0], x @ w, rtol=1e-5, atol=1e-6)

    def test_several_signatures(self):
        saved = SavedModel()
        saved.output("y", saved.node("Relu", saved.input("x", 1, 2)) + ":0")
        saved.more = {"other": {"inputs": saved.inputs, "outputs": {
            "z": {"name": saved.node("Neg", "serving_default_x") + ":0"}}}}
        model = self.convert(saved)
        self.assertEqual([(s.key, s.subgraph, list(s.outputs)) for s in model.signatures],
                         [("serving_default", 0, ["y"]), ("other", 1, ["z"])])
        with Interpreter(model_content=tflite_file.write(model)) as interpreter:
            x = np.float32([[-1, 2]])
            runner = interpreter.get_signature_runner("other")
            self.assertEqual(runner(x=x)["z"].tolist(), [[1, -2]])
        saved.more["other"]["outputs"]["z"]["name"] = saved.node("Zeta", "serving_default_x")
        with self.assertRaisesRegex(ConvertError, "^signature 'other': unsupported operator Zeta"):
            self.convert(saved)
        self.assertEqual(len(self.convert(saved, signature_keys=["serving_default"]).subgraphs), 1)

    def test_a_loop_over_time(self):
        """h = tanh(x[t] + w h), as a while loop with lists of tensors, for any batch."""
        saved, w = SavedModel(), self.values(3, 3)
        cond = saved.function("cond", "t", "end", "all", "out", "h")
        cond.results["go"] = cond.node("Less", "t", "end", result=":z:0")
        body = saved.function("body", "t", "end", "all", "out", "h")
        shape = body.constant([-1, 3], np.int32)
        x = body.node("TensorListGetItem", "all", "t", shape, result=":item:0")
        h = body.node("MatMul", "h", body.constant(w), result=":product:0")
        h = body.node("Tanh", body.node("AddV2", x, h, result=":z:0"), result=":y:0")
        out = body.node("TensorListSetItem", "out", "t", h, result=":output_handle:0")
        body.results = {"t": body.node("AddV2", "t", body.constant(1, np.int32), result=":z:0"),
                        "end": "end", "all": "all", "out": out, "h": h}
        x = saved.input("x", -1, 5, 3)
        size = saved.node("StridedSlice", saved.node("Shape", x), *(
            saved.constant([i], np.int32) for i in (0, 1, 1)), shrink_axis_mask=1)
        first = saved.node("Fill", saved.node("Pack", size, saved.constant(3, np.int32)),
                           saved.constant(0, np.float32))
        x = saved.node("Transpose", x, saved.constant([1, 0, 2], np.int32))
        items = saved.node("TensorListFromTensor", x, saved.constant([-1, 3], np.int32))
        empty = saved.node("TensorListReserve", saved.constant([-1, 3], np.int32),
                           saved.constant(5, np.int32))
        zero, five = (saved.constant(i, np.int32) for i in (0, 5))
        loop = saved.node("While", zero, five, items, empty, first, cond=cond, body=body)
        y = saved.node("TensorListStack", loop + ":3", saved.constant([-1, 3], np.int32))
        saved.output("all", saved.node("Transpose", y, saved.constant([1, 0, 2], np.int32)))
        saved.output("last", loop + ":4")
        model = self.convert(saved)
        x = self.values(2, 5, 3)
        h, want = np.zeros((2, 3)), []
        for t in range(5):
            h = np.tanh(x[:, t] + h @ w)
            want.append(h)
        every, last = run(model, x)
        np.testing.assert_allclose(every, np.stack(want, 1), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(last, h, rtol=1e-5, atol=1e-6)
        weights = [op.inputs[1] for op in model.main.operators if op.kind == "FULLY_CONNECTED"]
        self.assertEqual(len(set(weights)), 1)  # not one for each round

    def test_lstm_that_keras_marks(self):
        saved = SavedModel()
        kernel, again, bias = self.values(3, 16), self.values(4, 16), self.values(16)
        inner = saved.function("__inference_standard_lstm_7", *"xhckrb", go_backwards=False,
                               api_implements="lstm_1-2-3", time_major=False)
        inner.results = {r: "x" for r in ("last", "all", "h", "c", "runtime")}
        zeros = saved.constant(np.zeros((1, 4), np.float32))
        call = saved.node("PartitionedCall", saved.input("x", 1, 6, 3), zeros, zeros,
                          *(saved.constant(c) for c in (kernel, again, bias)), f=inner)
        saved.output("last", call)
        model = self.convert(saved)
        self.assertEqual(kinds(model)[0], "UNIDIRECTIONAL_SEQUENCE_LSTM")
        x = self.values(1, 6, 3)
        h = c = np.zeros((1, 4))
        for t in range(6):
            i, f, g, o = np.split(x[:, t] @ kernel + h @ again + bias, 4, 1)
            c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            h = np.tanh(c) / (1 + np.exp(-o))
        np.testing.assert_allclose(run(model, x)[0], h, rtol=1e-5, atol=1e-6)
        saved.outputs = {"cell": {"name": call + ":3"}}
        with self.assertRaisesRegex(ConvertError, "output 'partitionedcall_5:3' is not a tensor"):
            self.convert(saved)

    def test_slices(self):
        x = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
        for masks, bounds, want in (
                ({"shrink_axis_mask": 1}, ([1], [2], [1]), x[1]),
                ({"ellipsis_mask": 1, "shrink_axis_mask": 2}, ([0, 2], [0, 3], [1, 1]), x[..., 2]),
                ({"new_axis_mask": 1}, ([0], [0], [1]), x[None]),
                ({"ellipsis_mask": 2, "new_axis_mask": 4}, ([1, 0, 0], [3, 0, 0], [1, 1, 1]),
                 x[1:3, ..., None]),
                ({"begin_mask": 1, "end_mask": 1}, ([0, 1], [0, 4], [-1, 2]), x[::-1, 1:4:2])):
            with self.subTest(masks):
                saved = SavedModel()
                saved.output("y", saved.node("StridedSlice", saved.input("x", 3, 4, 5), *(
                    saved.constant(b, np.int32) for b in bounds), **masks))
                np.testing.assert_array_equal(run(self.convert(saved), x)[0], want)

    def test_products_of_letters(self):
        for equation, a, c in (
                ("abc,cd->abd", (2, 3, 4), (4, 5)), ("abc,cde->abde", (1, 3, 4), (4, 2, 5)),
                ("bqhd,bkhd->bhqk", (1, 3, 2, 4), (1, 5, 2, 4)),
                ("bhqk,bkhd->bqhd", (1, 2, 3, 5), (1, 5, 2, 4))):
            with self.subTest(equation):
                saved, y = SavedModel(), self.values(*c)
                saved.output("y", saved.node("Einsum", saved.input("x", *a), saved.constant(y),
                                             equation=equation))
                x = self.values(*a)
                got = run(self.convert(saved), x)[0]
                np.testing.assert_allclose(got, np.einsum(equation, x, y), rtol=1e-4, atol=1e-5)

    def test_upsampling(self):
        saved, w = SavedModel(), self.values(2, 2, 3, 2)  # [height, width, out, in]
        y = saved.node("Conv2DBackpropInput", saved.constant([1, 6, 6, 3], np.int32),
                       saved.constant(w), saved.input("x", 1, 3, 3, 2), strides=[1, 2, 2, 1],
                       padding="SAME")
        saved.output("y", y)
        x, want = self.values(1, 3, 3, 2), np.zeros((1, 6, 6, 3))
        for i in range(3):
            for j in range(3):
                want[0, 2 * i:2 * i + 2, 2 * j:2 * j + 2] += np.einsum("c,hwoc->hwo", x[0, i, j], w)
        np.testing.assert_allclose(run(self.convert(saved), x)[0], want, rtol=1e-4, atol=1e-5)


def windows(x, w, stride):
    h, wide = ((s - k) // stride + 1 for s, k in zip(x.shape[1:3], w.shape))
    return sum(np.einsum("nhwc,co->nhwo", x[:, i:i + stride * h:stride, j:j + stride * wide:stride],
                         w[i, j].astype(np.float64))
               for i in range(w.shape[0]) for j in range(w.shape[1]))


class Refused(Case):

    def assertRefused(self, saved, why, **options):
        with self.assertRaisesRegex(ConvertError, why):
            self.convert(saved, **options)

    def graph(self, *ops):
        saved = SavedModel()
        y = saved.input("x", 1, 4)
        for op in ops:
            y = saved.node(op, y)
        saved.output("y", y)
        return saved

    def test_all_at_once(self):
        self.assertRefused(
            self.graph("Relu", "Betainc", "Tanh", "Zeta"),
            r"unsupported operator Betainc \('betainc_2'\); unsupported operator Zeta")

    def test_signatures_and_tags(self):
        self.assertRefused(self.graph("Relu"), "has no signature 'other', but 'serving_default'",
                           signature_keys=["other"])
        self.assertRefused(self.graph("Relu"), "has no graph tagged train, but serve",
                           tags=["train"])

    def test_tags_in_python(self):
        folder = self.graph("Relu").save(self.folder)
        content = TFLiteConverter.from_saved_model(folder, tags={"serve"}).convert()
        self.assertEqual(content[4:8], b"TFL3")
        with self.assertRaisesRegex(ConvertError, "has no graph tagged train, but serve"):
            TFLiteConverter.from_saved_model(folder, tags={"train"}).convert()

    def test_inputs(self):
        self.assertRefused(self.graph("Relu"), "it has no input 'y', but 'x'",
                           shapes_by_name={"y": [1]})
        saved = SavedModel()
        saved.output("y", saved.node("Relu", saved.input("x", -1, -1)))
        model = self.convert(saved, shapes_by_name={"x": [2, 3]})
        self.assertEqual(model.main.outputs[0].shape, (2, 3))
        saved.inputs["x"]["dtype"] = 7
        self.assertRefused(saved, "input 'serving_default_x:0' has the data type 7")

    def test_what_changes_variables(self):
        saved, _, _ = Graphs.dense(self)
        inner = saved.functions[1]
        inner.effects.append(inner.node("AssignAddVariableOp", "a", "x").split(":")[0])
        self.assertRefused(saved, r"\(AssignAddVariableOp\) changes a variable at every run")

    def test_a_loop_without_end(self):
        saved = SavedModel()
        cond, body = saved.function("cond", "x"), saved.function("body", "x")
        cond.results["go"] = cond.constant(True)
        body.results["x"] = "x"
        saved.output("y", saved.node("While", saved.input("x", 1), cond=cond, body=body))
        self.assertRefused(saved, "has more than 1024 rounds")
        cond.nodes, cond.results = [], {"go": "x"}
        self.assertRefused(saved, "the number of its rounds is known only when the model runs")

    def test_functions_that_call_themselves(self):
        saved = SavedModel()
        f = saved.function("f", "x")
        f.results["y"] = f.node("PartitionedCall", "x", f=f)
        saved.output("y", saved.node("PartitionedCall", saved.input("x", 1), f=f))
        self.assertRefused(saved, "functions call each other more than 32 deep")

    def test_functions_that_call_others_twice(self):
        """Thirty functions, and a thousand million calls."""
        saved = SavedModel()
        below = None
        for i in range(30):
            f = saved.function("f%d" % i, "x")
            a = f.node("PartitionedCall", "x", f=below) if below else "x"
            f.results["y"] = f.node("PartitionedCall", a, f=below) if below else f.node("Relu", "x")
            below = f
        saved.output("y", saved.node("PartitionedCall", saved.input("x", 1), f=below))
        self.assertRefused(saved, "more than 100000 nodes, counted in every call")

    def test_circles(self):
        saved = self.graph("Relu", "Tanh")
        saved.nodes[1]["inputs"] = [saved.nodes[2]["name"]]
        self.assertRefused(saved, "needs its own result")

    def test_variables(self):
        saved, _, _ = Graphs.dense(self)
        saved.save(self.folder)
        folder = self.folder / "variables"
        index, data = "variables.index", "variables.data-00000-of-00001"
        for name, change, why in ((index, lambda d: d[:-1] + b"x", "is no index"),
                                  (index, lambda d: b"\xff" + d[1:], "the checksum of a block"),
                                  (data, lambda d: b"\xff" + d[1:], "its checksum is another one"),
                                  (data, lambda d: d[:-1], "ends outside of its file"),
                                  (data, None, "cannot be read")):
            with self.subTest(why):
                before = (folder / name).read_bytes()
                (folder / name).unlink()
                if change is not None:
                    (folder / name).write_bytes(change(before))
                with self.assertRaisesRegex(ConvertError, why):
                    read_saved_model(self.folder)
                (folder / name).write_bytes(before)
        write_variables(folder, {"another": np.zeros(1, np.float32)})
        with self.assertRaisesRegex(ConvertError, "is not among those that were saved"):
            read_saved_model(self.folder)


class Checksums(unittest.TestCase):

    def test_known(self):
        self.assertEqual(crc32c.crc32c(memoryview(b"123456789")), 0xE3069283)

    def test_long(self):
        data = np.random.default_rng(0).integers(0, 256, 300_001).astype(np.uint8).tobytes()
        state = 0xFFFFFFFF
        for byte in data:
            state ^= byte
            for _ in range(8):
                state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
        self.assertEqual(crc32c.crc32c(memoryview(data)), state ^ 0xFFFFFFFF)


@unittest.skipUnless(KWS.is_dir(), "needs ../shared/converter")
class OfOthers(unittest.TestCase):
    """Its SavedModel and its .tflite files come from two trainings of one network."""

    @classmethod
    def setUpClass(cls):
        cls.model = read_saved_model(KWS / "saved_model")
        rewrite(cls.model)
        cls.theirs = tflite_file.read((KWS / "float.tflite").read_bytes())
        random = np.random.default_rng(1)
        cls.inputs = [random.normal(0, 10, (1, 49, 10, 1)).astype(np.float32) for _ in range(100)]

    def test_names(self):
        found = self.model.signatures[0]
        self.assertEqual((list(found.inputs), list(found.outputs)), (["input_1"], ["dense"]))
        self.assertEqual([found.inputs["input_1"].name, found.outputs["dense"].name],
                         ["serving_default_input_1:0", "StatefulPartitionedCall:0"])

    def test_what_the_variables_say(self):
        """Computed with numpy from the names of the layers' variables."""
        variables = checkpoint.Checkpoint(KWS / "saved_model" / "variables" / "variables")

        def of(layer, *names):
            path = "layer_with_weights-%d/%s/.ATTRIBUTES/VARIABLE_VALUE"
            return [variables.array(path % (layer, n)).astype(np.float64) for n in names]
        x = np.concatenate(self.inputs)
        for block in range(9):
            kernel = "depthwise_kernel" if block % 2 else "kernel"
            w, bias = of(2 * block, kernel, "bias")
            gamma, beta, mean, variance = of(2 * block + 1, "gamma", "beta", "moving_mean",
                                             "moving_variance")
            stride = 1 if block else 2
            x = depthwise(x, w) if block % 2 else windows(same(x, w.shape, stride), w, stride)
            x = x + bias
            x = np.maximum((x - mean) / np.sqrt(variance + 0.001) * gamma + beta, 0)
        kernel, bias = of(18, "kernel", "bias")
        logits = x.mean((1, 2)) @ kernel + bias
        want = np.exp(logits - logits.max(1, keepdims=True))
        want /= want.sum(1, keepdims=True)
        got = np.concatenate([run(self.model, one)[0] for one in self.inputs])
        np.testing.assert_allclose(got, want, atol=1e-5)

    def test_with_their_weights(self):
        """Operator for operator what TensorFlow made of it: with their weights, their answers."""
        ours = read_saved_model(KWS / "saved_model")
        rewrite(ours)
        self.assertEqual(kinds(ours), kinds(self.theirs))
        for op, other in zip(ours.main.operators, self.theirs.main.operators):
            op.inputs = [b if b is not None and b.data is not None else a
                         for a, b in zip(op.inputs, other.inputs)]
        content = tflite_file.write(ours)
        self.assertLessEqual(len(content), (KWS / "float.tflite").stat().st_size)
        with Interpreter(model_content=content) as one, \
                Interpreter(model_path=str(KWS / "float.tflite")) as other:
            for x in self.inputs:
                np.testing.assert_allclose(answer(one, x), answer(other, x), atol=1e-5)


def answer(interpreter, x):
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).copy()


def same(x, size, stride):
    pads = [max(0, (-(-s // stride) - 1) * stride + k - s) for s, k in zip(x.shape[1:3], size)]
    return np.pad(x, [(0, 0), *((p // 2, p - p // 2) for p in pads), (0, 0)])


def depthwise(x, w):
    wide = same(x, w.shape, 1)
    return sum(wide[:, i:i + x.shape[1], j:j + x.shape[2]] * w[i, j, :, 0]
               for i in range(w.shape[0]) for j in range(w.shape[1]))


if __name__ == "__main__":
    unittest.main()

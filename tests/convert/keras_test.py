# SPDX-License-Identifier: Apache-2.0
"""Keras models become what numpy computes of their layers. Those of TensorFlow.js: tests/tfjs."""

import pathlib
import re
import tempfile
import unittest

import h5py
import keras_made as made
import numpy as np
from keras_made import functional, layer, sequential
from keras_reference import ACTIVATIONS, CASES, batch_norm, conv2d, lstm

from pipit import Interpreter
from pipit.convert import result
from pipit.convert.format.graph import ConvertError
from pipit.convert.readers import source
from pipit.convert.rewriting import rewrite


SNAKE = {"LeakyReLU": "leaky_re_lu", "PReLU": "p_re_lu"}
INSIDE = {"LSTM": "/cell", "GRU": "/cell", "SimpleRNN": "/cell", "TimeDistributed": "/layer"}


def run(content, *inputs):
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], np.asarray(value, detail["dtype"]))
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


class Case(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.random = np.random.RandomState(5)

    def numbers(self, name, shape):
        if "variance" in name:
            return self.random.uniform(0.3, 2, shape).astype(np.float32)
        return self.random.uniform(-1, 1, shape).astype(np.float32)

    def file(self, name, document, weights=None, **how):
        path = self.folder / name
        if name.endswith(".keras"):
            path.write_bytes(made.keras_bytes(made.new_style(document), weights or {}, **how))
        else:
            made.save_h5(path, document, weights or {}, **how)
        return path

    def model(self, path, **how):
        model = source.read(path, **how)
        rewrite.rewrite(model)
        return model

    def converted(self, path, **how):
        return result.content_of(self.model(path, **how))

    def close(self, actual, expected):
        self.assertEqual(list(actual.shape), list(np.shape(expected)))
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5)


class Layers(Case):

    def test_each_layer_from_hdf5_and_from_keras_3(self):
        """All in one model, each with an input and an output of its own."""
        parts, old, new, given, expected, seen = [], {}, {}, [], [], {}
        for i, (each, shapes, size, function) in enumerate(CASES):
            kind, name = each["class_name"], "layer%d" % i
            weights = {key: self.numbers(key, shape) for key, shape in shapes.items()}
            each = dict(each, name=name, config=dict(each["config"], name=name))
            parts += [made.start("x%d" % i, *size), (each, ["x%d" % i])]
            old[name] = [("%s/cell/%s:0" % (name, key), value) for key, value in weights.items()]
            stem = SNAKE.get(kind) or made_snake(kind)
            seen[stem] = seen.get(stem, -1) + 1
            where = "layers/%s%s%s/vars" % (stem, "_%d" % seen[stem] if seen[stem] else "",
                                            INSIDE.get(kind, ""))
            new.update(("%s/%d" % (where, n), value) for n, value in enumerate(weights.values()))
            given.append(self.random.uniform(-3, 3, (1, *size)).astype(np.float32))
            expected.append(function(given[-1].astype(np.float64), weights))
        document = functional(parts, ["x%d" % i for i in range(len(CASES))],
                              ["layer%d" % i for i in range(len(CASES))])
        for path in (self.file("m.h5", document, old),
                     self.file("m.keras", document, new, version="2.13.0")):
            outputs = run(self.converted(path), *given)
            self.assertEqual(len(outputs), len(CASES))
            for (each, *_), actual, wanted in zip(CASES, outputs, expected):
                with self.subTest(layer=each, file=path.name):
                    self.close(actual, wanted)

    def test_each_activation(self):
        x = np.linspace(-7, 7, 40, dtype=np.float32)[None]
        document = functional([made.start("x", 40)] + [
            (layer("Activation", name, activation=name), ["x"]) for name in ACTIVATIONS],
            ["x"], list(ACTIVATIONS))
        outputs = run(self.converted(self.file("m.h5", document)), x)
        for (name, function), actual in zip(ACTIVATIONS.items(), outputs):
            with self.subTest(activation=name):
                self.close(actual, function(x.astype(np.float64)))

    def test_hard_sigmoid_differs_between_versions(self):
        x = np.linspace(-4, 4, 30, dtype=np.float32)[None]
        document = sequential((30,), layer("Activation", activation="hard_sigmoid"))
        self.close(run(self.converted(self.file("m.h5", document)), x)[0],
                   np.clip(0.2 * x + 0.5, 0, 1))
        self.close(run(self.converted(self.file("m.keras", document)), x)[0],
                   np.clip(x + 3, 0, 6) / 6)

    def test_embedding_of_floats(self):
        table = self.numbers("", (7, 3))
        document = sequential((4,), layer("Embedding", input_dim=7, output_dim=3))
        path = self.file("m.h5", document, {"embedding": [("embedding/embeddings:0", table)]})
        self.close(run(self.converted(path), [[6, 0, 3, 1]])[0], table[[[6, 0, 3, 1]]])

    def test_attention(self):
        shapes = [(6, 2, 4), (2, 4)] * 3 + [(2, 4, 6), (6,)]
        w = [self.numbers("", shape) for shape in shapes]
        each = layer("MultiHeadAttention", "mha", num_heads=2, key_dim=4)
        document = functional([made.start("x", 5, 6), (each, [["x", 0, 0, {"value": ["x", 0, 0]}]])],
                              ["x"], ["mha"])
        names = ["mha/%s/%s:0" % (part, what) for part in ("query", "key", "value", "output")
                 for what in ("kernel", "bias")]
        path = self.file("m.h5", document, {"mha": list(zip(names, w))})
        x = self.numbers("", (1, 5, 6)).astype(np.float64)
        q, k, v = (np.einsum("btd,dhk->bhtk", x, w[i]) + w[i + 1][:, None] for i in (0, 2, 4))
        scores = np.exp(q @ k.transpose(0, 1, 3, 2) / 2)
        mixed = scores / scores.sum(-1, keepdims=True) @ v
        self.close(run(self.converted(path), x)[0],
                   np.einsum("bhtk,hkd->btd", mixed, w[6]) + w[7])


def made_snake(kind):
    """As Keras names it, for the kinds of the cases."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()


class Networks(Case):

    def test_shared_layers_nested_models_and_several_ends(self):
        inner = functional([made.start("z", 4), (layer("Dense", "inside", units=4), ["z"])],
                           ["z"], ["inside"], "block")
        block = {"class_name": "Functional", "name": "block", "config": inner["config"]}
        document = functional(
            [made.start("a", 4), made.start("b", 4),
             (block, [["a", 0, 0, {}]], [["b", 0, 0, {}]]),
             (layer("Add", "sum"), [["block", 1, 0, {}], ["block", 2, 0, {}]]),
             (layer("Subtract", "less"), ["a", "b"])],
            ["a", "b"], ["sum", "less", "a"])
        kernel, bias = self.numbers("", (4, 4)), self.numbers("", (4,))
        weights = {"block": [("inside/kernel:0", kernel), ("inside/bias:0", bias)]}
        model = self.model(self.file("m.h5", document, weights))
        self.assertEqual(list(model.signatures[0].inputs), ["a", "b"])
        self.assertEqual(list(model.signatures[0].outputs), ["sum", "less", "a"])
        self.assertEqual([t.name for t in model.main.inputs],
                         ["serving_default_a:0", "serving_default_b:0"])
        a, b = self.numbers("", (1, 4)), self.numbers("", (1, 4))
        content = result.content_of(model)
        total, less, same = run(content, a, b)
        self.close(total, a @ kernel + b @ kernel + 2 * bias)
        self.close(less, a - b)
        self.close(same, a)
        weights_stored = {id(t.data) for op in model.main.operators for t in op.inputs
                          if t is not None and t.data is not None and t.shape == (4, 4)}
        self.assertEqual(len(weights_stored), 1)

    def test_keras_3_counts_layers_of_a_class(self):
        document = functional(
            [made.start("x", 3), (layer("Dense", "first", units=3), ["x"]),
             (layer("Dense", "second", units=2), ["first"])], ["x"], ["second"])
        w = [self.numbers("", shape) for shape in ((3, 3), (3,), (3, 2), (2,))]
        path = self.file("m.keras", document, {
            "layers/dense/vars/0": w[0], "layers/dense/vars/1": w[1],
            "layers/dense_1/vars/0": w[2], "layers/dense_1/vars/1": w[3]})
        x = self.numbers("", (1, 3))
        self.close(run(self.converted(path), x)[0], (x @ w[0] + w[1]) @ w[2] + w[3])

    def test_both_directions_inside_of_another_model(self):
        """Weights by name in HDF5, by attribute in Keras 3."""
        wrapped = layer("LSTM", "steps", units=3, return_sequences=True)
        inner = functional([made.start("z", 5, 4), (layer("Bidirectional", "both", layer=wrapped), ["z"])],
                           ["z"], ["both"], "block")
        names = ("kernel", "recurrent_kernel", "bias")
        sizes = ((4, 12), (3, 12), (12,))
        there, back = ([self.numbers("", size) for size in sizes] for _ in range(2))
        old = [("both/%s_steps/lstm_cell/%s:0" % (way, name), array)
               for way, arrays in (("forward", there), ("backward", back))
               for name, array in zip(names, arrays)]
        new = {"layers/functional/layers/bidirectional/%s_layer/cell/vars/%d" % (way, i): array
               for way, arrays in (("forward", there), ("backward", back))
               for i, array in enumerate(arrays)}
        x = self.numbers("", (1, 5, 4))
        wide = x.astype(np.float64)
        expected = np.concatenate([lstm(wide, *there), lstm(wide, *back, back=True)[:, ::-1]], -1)
        for name, form, weights in (("m.h5", lambda d: d, {"block": old}),
                                    ("m.keras", made.new_style, new)):
            block = {"class_name": "Functional", "name": "block", "config": form(inner)["config"]}
            document = functional([made.start("x", 5, 4), (block, [["x", 0, 0, {}]])],
                                  ["x"], [["block", 1, 0]])
            with self.subTest(file=name):
                self.close(run(self.converted(self.file(name, document, weights)), x)[0], expected)

    def test_arithmetic_written_as_such(self):
        document = functional(
            [made.start("x", 3), (layer("TFOpLambda", "plus", function="math.add"),
                                  [["x", 0, 0, {"y": 2.0}]]),
             (layer("TFOpLambda", "act", function="nn.relu"), ["plus"])], ["x"], ["act"])
        model = self.model(self.file("m.h5", document))
        self.assertEqual([op.kind for op in model.main.operators], ["ADD"])
        self.close(run(result.content_of(model), [[-5, 0, 1]])[0], [[0, 2, 3]])

    def test_batches_of_any_size(self):
        document = sequential((3,), layer("Dense", units=2, use_bias=False))
        kernel = self.numbers("", (3, 2))
        path = self.file("m.h5", document, {"dense": [("dense/kernel:0", kernel)]})
        interpreter = Interpreter(model_content=self.converted(path))
        interpreter.resize_tensor_input(0, [5, 3], strict=True)
        interpreter.allocate_tensors()
        x = self.numbers("", (5, 3))
        interpreter.set_tensor(0, x)
        interpreter.invoke()
        out = interpreter.get_output_details()[0]["index"]
        self.close(interpreter.get_tensor(out), x @ kernel)

    def test_a_network_for_pictures_that_was_trained_further(self):
        """Random changes, scaling written as arithmetic, another network inside, names in two lists."""
        base = functional(
            [made.start("z", 8, 8, 3), (layer("Conv2D", "c", filters=4, kernel_size=3), ["z"]),
             (layer("BatchNormalization", "n"), ["c"]),
             (layer("TFOpLambda", "plus", function="__operators__.add"), [["n", 0, 0, {"y": 3.0}]]),
             (layer("ReLU", "six", max_value=6.0), ["plus"]),
             (layer("TFOpLambda", "sixth", function="math.multiply"), [["six", 0, 0, {"y": 1 / 6}]]),
             (layer("Multiply", "swish"), ["n", "sixth"])], ["z"], ["swish"], "base")
        document = functional(
            [made.start("x", 8, 8, 3), (layer("RandomFlip", "flip"), ["x"]),
             (layer("TFOpLambda", "by", function="math.truediv"), [["flip", 0, 0, {"y": 127.5}]]),
             (layer("TFOpLambda", "minus", function="math.subtract"), [["by", 0, 0, {"y": 1.0}]]),
             ({"class_name": "Functional", "name": "base", "config": base["config"]},
              [["minus", 0, 0, {"training": False}]]),
             (layer("GlobalAveragePooling2D", "mean"), [["base", 1, 0, {}]]),
             (layer("Dense", "last", units=2), ["mean"])], ["x"], ["last"])
        shapes = {"c/kernel:0": (3, 3, 3, 4), "c/bias:0": (4,), "n/gamma:0": (4,), "n/beta:0": (4,),
                  "n/moving_mean:0": (4,), "n/moving_variance:0": (4,)}
        inside = [(name, self.numbers(name, shape)) for name, shape in shapes.items()]
        last = [("last/kernel:0", self.numbers("", (4, 2))), ("last/bias:0", self.numbers("", (2,)))]
        path = self.file("m.h5", document, {"base": inside, "last": last})
        with h5py.File(path, "r+") as file:
            attributes = file["model_weights/base"].attrs
            names = attributes["weight_names"]
            del attributes["weight_names"]
            attributes["weight_names0"], attributes["weight_names1"] = names[:2], names[2:]
        model = self.model(path)
        self.assertEqual([op.kind for op in model.main.operators],
                         ["CONV_2D", "HARD_SWISH", "MEAN", "FULLY_CONNECTED"])
        x = self.random.uniform(0, 255, (1, 8, 8, 3))
        kernel, bias, *normal = (array.astype(np.float64) for _, array in inside)
        y = batch_norm(conv2d(x / 127.5 - 1, kernel) + bias, *normal)
        y = (y * np.clip(y + 3, 0, 6) / 6).mean((1, 2)) @ last[0][1] + last[1][1]
        self.close(run(result.content_of(model), x)[0], y)

    def test_sizes_that_the_user_states(self):
        document = sequential((None, None, 1), layer("UpSampling2D"))
        path = self.file("m.h5", document)
        with self.assertRaisesRegex(ConvertError, "up_?sampling2d .*not fixed: say it"):
            self.model(path)
        model = self.model(path, shapes={"input_1": [1, 2, 3, 1]})
        self.assertEqual(model.main.outputs[0].shape, (1, 4, 6, 1))
        with self.assertRaisesRegex(ConvertError, "no input x, but input_1"):
            self.model(path, shapes={"x": [1]})


class Refusals(Case):

    def refused(self, document, weights=None):
        with self.assertRaises(ConvertError) as caught:
            self.model(self.file("m.h5", document, weights))
        self.assertEqual(len(str(caught.exception).splitlines()), 1)
        return str(caught.exception)

    def test_all_that_is_not_supported_at_once(self):
        said = self.refused(sequential(
            (4, 4), layer("Lambda", "twice"), layer("Conv3DX"), layer("Dense", units=3),
            layer("Reshape", target_shape=[99]), layer("Activation", "act", activation="nobodys")))
        for part in ("layer twice (Lambda): it holds Python code", "layer conv3dx (Conv3DX)",
                     "layer act (Activation): activation nobodys is not supported"):
            self.assertIn(part, said)
        self.assertNotIn("dense", said)

    def test_what_does_not_fit(self):
        for document, weights, part in [
                (sequential((3,), layer("Dense", units=2)), {}, "dense (Dense) has 0 weights in the file"),
                (sequential((3,), layer("Dense", units=2, use_bias=False)),
                 {"dense": [("dense/kernel:0", np.zeros((4, 2)))]},
                 "its kernel has the shape [4, 2], not [3, 2]"),
                (sequential((3,), layer("Dense", units=-2)), {}, "its setting units is -2"),
                (sequential((3,), layer("Conv2D", filters=1, kernel_size=3)), {}, "dimensions"),
                (sequential((2, 2, 1), layer("Conv2D", filters=1, kernel_size=3)),
                 {"conv2d": [("kernel", np.zeros((3, 3, 1, 1))), ("bias", np.zeros(1))]},
                 "a window of 3 does not fit into a size of 2"),
                (sequential((9,), layer("RepeatVector", n=1 << 29)), {}, "is too large"),
                (functional([made.start("x", 3), (layer("Add", "p"), ["x", "q"]),
                             (layer("Add", "q"), ["x", "p"])], ["x"], ["q"]), {}, "depend on its output"),
                (functional([made.start("x", 3)], ["x"], ["y"]), {}, "no layer is called y"),
                ({"class_name": "MyModel", "config": {}}, {}, "class MyModel"),
                ([], {}, "has no class_name")]:
            with self.subTest(part=part):
                self.assertIn(part, self.refused(document, weights))

    def test_weights_only(self):
        path = self.folder / "weights.h5"
        made.save_h5(path, {}, {"dense": [("kernel", np.zeros(2))]})
        import h5py
        with h5py.File(path, "r+") as file:
            del file.attrs["model_config"]
        with self.assertRaisesRegex(ConvertError, r"weights only: save the whole model"):
            self.model(path)


if __name__ == "__main__":
    unittest.main()

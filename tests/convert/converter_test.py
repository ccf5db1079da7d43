# SPDX-License-Identifier: Apache-2.0
"""tf.lite.TFLiteConverter: what programs do with it, the examples of ../shared/seeds among them, and
networks that others trained and converted (../shared/converter)."""

import os
import pathlib
import re
import shutil
import unittest

import h5py
import keras_made as made
import numpy as np
from keras_made import layer, sequential
from keras_reference import CASES
from keras_test import Case, run

from pipit import Interpreter, tf
from pipit.convert import result
from pipit.convert.format.graph import ConvertError
from pipit.convert.readers import source
from pipit.convert.readers.keras import files as keras_files
from pipit.convert.rewriting import rewrite
from pipit.export_keras import export_keras



HERE = pathlib.Path(__file__).resolve().parents[2]
SHARED = HERE.parent / "shared"
KNOWN_TO_EXPORT = {  # layer kinds that come back from export-keras
    "Dense", "Conv2D", "Conv1D", "DepthwiseConv2D", "DepthwiseConv1D", "SeparableConv2D",
    "SeparableConv1D", "Conv2DTranspose", "Conv1DTranspose", "BatchNormalization", "Normalization",
    "Rescaling", "PReLU", "ReLU", "LeakyReLU", "Softmax", "MaxPooling2D", "AveragePooling1D",
    "GlobalAveragePooling2D", "GlobalMaxPooling1D", "ZeroPadding2D", "UpSampling2D", "UpSampling1D",
    "Flatten", "Reshape", "Permute", "Dropout", "LSTM"}


class LiveModel:
    """What a Keras object offers a converter: it saves itself."""

    def __init__(self, path, endings=(".keras", ".h5")):
        self.path, self.endings, self.saved = path, endings, []

    def save(self, path):
        self.saved.append(path)
        if not path.endswith(self.endings):
            raise ValueError("Unknown file format")
        shutil.copyfile(self.path, path)


class Converter(Case):

    def setUp(self):
        super().setUp()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        self.kernel = self.numbers("", (6, 4))
        document = sequential((6,), layer("Dense", "first", units=4, activation="relu"),
                              layer("Dense", "last", units=3))
        self.path = self.file("model.h5", document, {
            "first": [("first/kernel:0", self.kernel), ("first/bias:0", self.numbers("", (4,)))],
            "last": [("last/kernel:0", self.numbers("", (4, 3))), ("last/bias:0", np.ones(3))]})
        self.samples = [self.numbers("", (1, 6)) for _ in range(30)]

    def dataset(self):
        for each in self.samples:
            yield [each]

    def converter(self):
        return tf.lite.TFLiteConverter.from_keras_model(LiveModel(self.path))

    def types(self, content):
        interpreter = Interpreter(model_content=content)
        return [np.dtype(d[0]["dtype"]).name for d in (interpreter.get_input_details(),
                                                       interpreter.get_output_details())]

    def constants(self, content):
        return {np.dtype(d["dtype"]).name for d in Interpreter(
            model_content=content).get_tensor_details() if len(d["shape"]) == 2 and d["shape"][0] > 1}

    def test_a_live_model_saves_itself_in_the_form_that_it_knows(self):
        for endings in (".keras", ".h5"), (".h5",):
            live = LiveModel(self.path, endings)
            content = tf.lite.TFLiteConverter.from_keras_model(live).convert()
            self.assertEqual(self.types(content), ["float32", "float32"])
            self.assertFalse(os.path.exists(live.saved[-1]))
        with self.assertRaisesRegex(ConvertError, "own save.. fails: Unknown file format"):
            tf.lite.TFLiteConverter.from_keras_model(LiveModel(self.path, ())).convert()
        with self.assertRaisesRegex(TypeError, "no Keras model"):
            tf.lite.TFLiteConverter.from_keras_model(object())

    def test_floats_by_default(self):
        converter = self.converter()
        converter.representative_dataset = self.dataset
        self.assertEqual(self.constants(converter.convert()), {"float32"})

    def test_weights_alone(self):
        converter = self.converter()
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        content = converter.convert()
        self.assertEqual(self.types(content), ["float32", "float32"])
        converter.target_spec.supported_types = [tf.float16]
        self.assertIn("float16", self.constants(converter.convert()))

    def test_integers(self):
        converter = self.converter()
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = tf.lite.RepresentativeDataset(self.dataset)
        self.assertEqual(self.types(converter.convert()), ["float32", "float32"])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.uint8
        content = converter.convert()
        self.assertEqual(self.types(content), ["int8", "uint8"])
        interpreter = Interpreter(model_content=content)
        scale, zero = interpreter.get_output_details()[0]["quantization"]
        floats = self.converter().convert()
        for x in self.samples[:5]:
            i_scale, i_zero = interpreter.get_input_details()[0]["quantization"]
            q = np.clip(np.round(x / i_scale) + i_zero, -128, 127)
            y = (run(content, q)[0].astype(np.float32) - zero) * scale
            np.testing.assert_allclose(y, run(floats, x)[0], atol=8 * scale)

    def test_sixteen_bits(self):
        converter = self.converter()
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = self.dataset
        wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [wide]
        converter.inference_input_type = converter.inference_output_type = tf.int16
        self.assertEqual(self.types(converter.convert()), ["int16", "int16"])

    def test_what_cannot_be_meant(self):
        converter = self.converter()
        converter.inference_input_type = tf.int8
        with self.assertRaisesRegex(ValueError, "must be tf.float32"):
            converter.convert()
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        with self.assertRaisesRegex(ValueError, "representative_dataset is required"):
            converter.convert()
        converter.representative_dataset = 5
        with self.assertRaisesRegex(ValueError, "a function that yields"):
            converter.convert()
        converter.representative_dataset = self.dataset
        converter.inference_input_type = tf.int16
        with self.assertRaisesRegex(ValueError, "tf.int8"):
            converter.convert()

    def test_functions_are_refused_with_the_cure(self):
        with self.assertRaisesRegex(ValueError, "save the model .*from_saved_model"):
            tf.lite.TFLiteConverter.from_concrete_functions([lambda x: x])

    # ---- what is written about it elsewhere

    @unittest.skipUnless((SHARED / "seeds").is_dir(), "needs ../shared/seeds")
    def test_the_examples_of_seed_003(self):
        text = next((SHARED / "seeds").glob("003_*.txt")).read_text(encoding="utf-8")
        code = text[text.index("#Save the keras model"):text.index("export_dir follows")]
        shutil.copyfile(self.path, "model_keras.h5")
        names = {"tf": tf, "lite": tf.lite, "model": LiveModel(self.path)}
        exec(code, names)  # pylint: disable=exec-used
        x = self.samples[0]
        self.close(run(names["tflite_model"], x)[0], run(self.converted(self.path), x)[0])
        self.assertTrue(os.path.isdir("saved_model/1"))

    @unittest.skipUnless((SHARED / "seeds").is_dir(), "needs ../shared/seeds")
    def test_the_example_of_seed_004(self):
        text = next((SHARED / "seeds").glob("004_*.txt")).read_text(encoding="utf-8")
        code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[2]
        exec(code.replace("import tensorflow as tf", "from pipit import tf"),  # pylint: disable=exec-used
             {"model": LiveModel(self.path)})
        self.assertEqual(self.types(pathlib.Path("my_model.tflite").read_bytes()), ["float32"] * 2)

    def test_a_model_that_is_only_named(self):
        model = tf.keras.models.load_model(self.path)
        with self.assertRaisesRegex(AttributeError, "fit needs Keras"):
            model.fit
        model.save("copy.h5")
        self.assertEqual(pathlib.Path("copy.h5").read_bytes(), self.path.read_bytes())


class RoundTrip(Case):

    def again(self, content):
        (self.folder / "model.tflite").write_bytes(content)
        export_keras(self.folder / "model.tflite", self.folder / "keras")
        return self.converted(self.folder / "keras")

    def test_layers_that_keras_and_the_format_share(self):
        """Those that export-keras refuses are not in its list; all others compute the same again."""
        found = set()
        for each, shapes, size, _ in CASES:
            weights = [(name, self.numbers(name, shape) + 1.5) for name, shape in shapes.items()]
            store = type("Store", (), {"arrays": lambda self, layer, w=weights: w})()
            model = keras_files.build(sequential(size, each), store, 2, {})
            rewrite.rewrite(model)
            content = result.content_of(model)
            try:
                again = self.again(content)
            except ValueError as error:
                self.assertIn("cannot be a Keras layer", str(error))
                continue
            found.add(each["class_name"])
            x = self.random.uniform(-3, 3, (1, *size)).astype(np.float32)
            with self.subTest(layer=each):
                self.close(run(again, x)[0], run(content, x)[0])
        self.assertEqual(found, KNOWN_TO_EXPORT)

    def test_the_digits_and_models_of_others(self):
        models = [HERE / "models" / "digits_float.tflite"]
        models += sorted((SHARED / "models").glob("*_float/*.tflite"))
        for path in models:
            content = path.read_bytes()
            shape = Interpreter(model_content=content).get_input_details()[0]["shape"]
            x = self.random.uniform(-1, 1, shape).astype(np.float32)
            # Float layers whose weights are stored in 8 bits are computed with 8-bit activations, too.
            eight = "int8" in {np.dtype(d["dtype"]).name for d in Interpreter(
                model_content=content).get_tensor_details()}
            with self.subTest(model=path):
                np.testing.assert_allclose(run(self.again(content), x)[0], run(content, x)[0],
                                           rtol=0, atol=1e-2 if eight else 2e-5)


@unittest.skipUnless((SHARED / "converter").is_dir(), "needs ../shared/converter")
class OfOthers(Case):

    def held_against(self, path, theirs, scale, offset):
        ours = self.converted(path)
        self.assertLessEqual(len(ours), len(theirs))
        shape = Interpreter(model_content=ours).get_input_details()[0]["shape"]
        for _ in range(100):
            x = (self.random.uniform(-1, 1, shape) * scale + offset).astype(np.float32)
            a, b = run(ours, x)[0], run(theirs, x)[0]
            self.assertLess(np.max(np.abs(a - b) / np.maximum(1, np.abs(b))), 1e-5)
        operators = [[op["op_name"] for op in Interpreter(model_content=each)._get_ops_details()]
                     for each in (ours, theirs)]
        self.assertEqual(sorted(operators[0]), sorted(operators[1]))

    def test_resnet(self):
        folder = SHARED / "converter" / "resnet8"
        self.held_against(folder / "keras.h5", (folder / "float.tflite").read_bytes(), 128, 128)

    def test_autoencoder(self):
        """Their file leaves out the biases of dense layers that a batch normalization follows: so does
        the model that it is held against."""
        folder = SHARED / "converter" / "anomaly"
        path = self.folder / "without.h5"
        path.write_bytes((folder / "keras.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            for i in range(9):
                name = "dense_%d" % i if i else "dense"
                file["model_weights/%s/%s/bias:0" % (name, name)][...] = 0
        self.held_against(path, (folder / "float.tflite").read_bytes(), 40, -20)

    def test_autoencoder_as_it_is(self):
        """What numpy computes of the layers in 64 bits."""
        path = SHARED / "converter" / "anomaly" / "keras.h5"
        x = self.random.uniform(-60, 20, (1, 640)).astype(np.float32)
        made_of_it, y = run(self.converted(path), x)[0], x.astype(np.float64)
        with h5py.File(path) as file:
            root = file["model_weights"]
            for i in range(10):
                end = "_%d" % i if i else ""
                w = root["dense" + end]["dense" + end]
                y = y @ w["kernel:0"][()].astype(np.float64) + w["bias:0"][()]
                if i < 9:
                    name = "batch_normalization" + end
                    n = {k: v[()].astype(np.float64) for k, v in root[name][name].items()}
                    y = (y - n["moving_mean:0"]) / np.sqrt(n["moving_variance:0"] + 1e-3)
                    y = np.maximum(y * n["gamma:0"] + n["beta:0"], 0)
        np.testing.assert_allclose(made_of_it, y, rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Runs what is written about the interpreter elsewhere: the examples of ../shared/seeds, cut out of
their texts and run as they stand, but for `import tensorflow as tf`."""

import contextlib
import io
import os
import pathlib
import re
import tempfile
import types
import unittest

import numpy as np

from pipit import tf

SEEDS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "seeds"
MODELS = pathlib.Path(os.environ["PIPIT_TEST_MODELS"])
GREEN = (5, 40, 10)


def text_of(number):
    return next(SEEDS.glob("%03d_*.txt" % number)).read_text(encoding="utf-8")


def fenced(number):
    """The code blocks of a text in Markdown."""
    return re.findall(r"```python\n(.*?)```", text_of(number), re.DOTALL)


def between(number, first, last):
    """The lines of a plain text from one that starts with `first` to one that starts with `last`."""
    text = text_of(number)
    start = text.index("\n" + first) + 1
    end = text.index("\n" + last, start) + 1
    return text[start:text.index("\n", end)]


def on_pipit(code):
    return code.replace("import tensorflow as tf", "from pipit import tf")


def model(name):
    return (MODELS / (name + ".tflite")).read_bytes()


def picture():
    try:
        from PIL import Image
    except ImportError:
        raise unittest.SkipTest("needs Pillow") from None
    return Image.new("RGB", (20, 30), GREEN)


def opencv():
    """The two functions of OpenCV that the examples use."""
    def imread(path):
        from PIL import Image
        return np.asarray(Image.open(path))[:, :, ::-1]

    def resize(pixels, size):
        from PIL import Image
        return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size))

    return types.SimpleNamespace(imread=imread, resize=resize)


@unittest.skipUnless(SEEDS.is_dir(), "needs ../shared/seeds")
class Seeds(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def run_code(self, code, files=None, **names):
        """What the code prints, in a folder with these models or pictures. Examples leave out what
        others beside them import: numpy, and the model or the data that came before."""
        for name, content in (files or {}).items():
            os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
            if isinstance(content, bytes):
                pathlib.Path(name).write_bytes(content)
            else:
                content.save(name)
        names.setdefault("np", np)
        self.names = names
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(on_pipit(code), "example", "exec"), names)
        return said.getvalue()

    # ---- 000: loading a model

    def test_000_1_basic_inference(self):
        self.assertEqual(
            self.run_code(fenced(0)[0], {"path/to/model.tflite": model("one_row")}),
            "[[2. 4. 6.]]\n")

    def test_000_2_several_inputs_and_outputs(self):
        self.assertEqual(
            self.run_code(fenced(0)[1], {"path/to/model.tflite": model("two_rows")}),
            "Output 1: [[2. 4. 6.]]\nOutput 2: [[ 8. 10. 12.]]\n")

    def test_000_3_preprocessing_and_softmax(self):
        said = self.run_code(fenced(0)[2], {"path/to/model.tflite": model("picture"),
                                            "path/to/image.jpg": picture()})
        self.assertEqual(said, "Predicted class: 1\n")
        self.assertAlmostEqual(float(self.names["probabilities"].sum()), 1, places=5)

    # ---- 001: the reference

    def test_001_1_list_of_signatures(self):
        interpreter = tf.lite.Interpreter(model_content=model("add_signature"))
        code = between(1, "signatures = interpreter.get_signature_list()", "# }")
        expected = eval("".join(line[1:] for line in code.splitlines() if line.startswith("#")))
        self.assertEqual(eval(self.run_code(code, interpreter=interpreter)), expected)

    def test_001_2_signature_runner(self):
        # np.array([3]) has the machine's own width.
        content = model("divide_%s" % np.array([3]).dtype)
        self.run_code(between(1, "interpreter = tf.lite.Interpreter(model_content", "print(output)"),
                      tf=tf, tflite_model=content)
        output = self.names["output"]
        self.assertEqual({name: value.tolist() for name, value in output.items()},
                         {"quotient": [1.0], "remainder": [1.0]})
        self.assertEqual({value.dtype for value in output.values()}, {np.dtype(np.float32)})

    def test_001_3_another_shape(self):
        code = between(1, "interpreter = Interpreter(model_content", "interpreter.invoke()")
        images = np.random.RandomState(1).rand(3, 224, 224, 3).astype(np.float32)
        self.run_code(code, Interpreter=tf.lite.Interpreter, tflite_model=model("picture224"),
                      test_images=images, num_test_images=3)
        interpreter = self.names["interpreter"]
        output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        np.testing.assert_allclose(output, images.mean(axis=(1, 2)), rtol=1e-4)

    def test_001_4_views(self):
        code = between(1, "interpreter.allocate_tensors()\ninput = ", "  print(")
        interpreter = tf.lite.Interpreter(model_content=model("one_row"))
        self.assertEqual(self.run_code(code, interpreter=interpreter),
                         "inference [[6. 6. 6.]]\n" * 10)

    def test_001_5_views_that_are_held(self):
        code = between(1, "input = interpreter.tensor(interpreter.get_input_details()[0][\"index\"])()",
                       "  interpreter.invoke()")
        self.assertIn("this will throw RuntimeError", code)
        before, after = code.split("interpreter.allocate_tensors()", 1)
        interpreter = tf.lite.Interpreter(model_content=model("one_row"))
        interpreter.allocate_tensors()
        self.run_code(before, interpreter=interpreter)
        for rest in ("interpreter.allocate_tensors()", after):
            with self.assertRaisesRegex(RuntimeError, "at least 1 reference to internal data"):
                exec(rest, self.names)

    # ---- 002: on a Raspberry Pi

    def test_002_1_basic_inference(self):
        self.assertEqual(self.run_code(fenced(2)[0], {"my_model.tflite": model("one_row")}),
                         "Output shape: (1, 3)\n")

    def test_002_2_a_picture(self):
        self.assertEqual(
            self.run_code(fenced(2)[1], {"image_classifier.tflite": model("picture"),
                                         "input_image.jpg": picture()}),
            "Predicted class: 1\n")

    def test_002_3_timing(self):
        self.assertRegex(
            self.run_code(fenced(2)[2], {"realtime_model.tflite": model("one_row")}),
            r"\AAverage inference time: \d+\.\d{4} seconds\nOutput shape: \(1, 3\)\n\Z")

    # ---- 003: an introduction

    def test_003_1_inference(self):
        code = between(3, "# Load TFLite model and allocate tensors.", "output_details = "
                       "interpreter.get_output_details()[0]")
        names = {"tf": tf, "tflite_model": model("picture"), "cv2": opencv(),
                 "image_path": "image.png", "WIDTH": 8, "HEIGHT": 8}
        # Its first line says that it allocates, and none does: that has always been an error.
        with self.assertRaisesRegex(ValueError, "Tensor is unallocated. Try calling allocate_tensors"):
            self.run_code(code, {"image.png": picture()}, **names)
        made = "interpreter = tf.lite.Interpreter(model_content=tflite_model)\n"
        self.assertIn(made, code)
        self.run_code(code.replace(made, made + "interpreter.allocate_tensors()\n"), **names)
        interpreter = self.names["interpreter"]
        interpreter.invoke()
        scores = interpreter.get_tensor(self.names["output_details"]["index"])
        np.testing.assert_allclose(scores, [GREEN[::-1]])

    # ---- 004: Keras

    def test_004_1_what_a_model_consists_of(self):
        code, architecture = fenced(4)[0].split("# (Manual analysis", 1)
        self.run_code(code, {"my_model.tflite": model("picture")})
        self.assertEqual(self.names["output_details"][0]["shape"].tolist(), [1, 3])
        # Its layers are for training: export_keras writes them, TensorFlow has them.
        self.assertIn("tf.keras.layers.Conv2D", architecture)
        with self.assertRaisesRegex(AttributeError, "tf.keras.layers.Conv2D needs TensorFlow"):
            self.names["tf"].keras.layers.Conv2D

    def test_004_2_a_layer_that_runs_a_model(self):
        self.run_code(fenced(4)[1], {"my_model.tflite": model("one_row")},
                      input_data=np.array([[1, 2, 3]], np.float32))
        self.assertEqual(self.names["predictions"].tolist(), [[2, 4, 6]])


if __name__ == "__main__":
    unittest.main()

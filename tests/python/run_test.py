# SPDX-License-Identifier: Apache-2.0
"""Programs that were written for TensorFlow: `python3 -m pipit run`."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

MODELS = pathlib.Path(os.environ["PIPIT_TEST_MODELS"])

ADDS = """
interpreter = %s(model_path=sys.argv[1])
interpreter.allocate_tensors()
for detail in interpreter.get_input_details():
    interpreter.set_tensor(detail["index"], np.full(detail["shape"], 3, detail["dtype"]))
interpreter.invoke()
print(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).tolist())
"""
ANSWER = "[[6.0, 6.0, 6.0, 6.0]]\n"


class Run(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def run_script(self, text, *arguments, module="pipit"):
        script = self.folder / "script.py"
        script.write_text(text)
        return subprocess.run([sys.executable, "-m", module, "run", script, *arguments],
                              capture_output=True, text=True, cwd="/")

    def says(self, text, answer):
        done = self.run_script("import sys\nimport numpy as np\n" + text, MODELS / "add.tflite")
        self.assertEqual((done.stdout, done.stderr), (answer, ""))

    def test_every_way_to_name_the_interpreter(self):
        for imports, name in (
            ("import tensorflow as tf", "tf.lite.Interpreter"),
            ("import tensorflow", "tensorflow.lite.Interpreter"),
            ("from tensorflow import lite", "lite.Interpreter"),
            ("import tensorflow.lite as tflite", "tflite.Interpreter"),
            ("from tensorflow.lite.python.interpreter import Interpreter", "Interpreter"),
            ("from tensorflow.lite.python import interpreter", "interpreter.Interpreter"),
            ("import tensorflow.lite.python.interpreter as module", "module.Interpreter"),
        ):
            self.says(imports + "\n" + ADDS % name, ANSWER)

    def test_what_else_programs_look_at(self):
        self.says("import tensorflow as tf\nprint(tf.__version__ > '2.5', tf.__name__)",
                  "True tensorflow\n")
        self.says("import tensorflow as tf\ntf.get_logger().setLevel('ERROR')", "")
        self.says("import importlib.util\nprint(importlib.util.find_spec('tensorflow').name,"
                  "importlib.util.find_spec('tensorflow.lite').name)", "tensorflow tensorflow.lite\n")
        self.says("from tensorflow.lite.experimental import load_delegate\n"
                  "from tensorflow.keras.layers import Layer\nprint(Layer.__name__)", "Layer\n")

    def test_what_is_not_there(self):
        done = self.run_script("import tensorflow as tf\ntf.data.Dataset")
        self.assertIn("AttributeError: pipit.tf runs models (tf.lite.Interpreter) and converts "
                      "them (tf.lite.TFLiteConverter); tf.data needs TensorFlow", done.stderr)
        done = self.run_script("import tensorflow.data")
        self.assertIn("ModuleNotFoundError: No module named 'tensorflow.data'", done.stderr)

    def test_the_script_is_the_program(self):
        (self.folder / "beside.py").write_text("value = 5\n")
        done = self.run_script("import sys, beside\nprint(__name__, beside.value, sys.argv[1:])\n"
                               "sys.exit(beside.value)", "--help", "x")
        self.assertEqual((done.returncode, done.stdout), (5, "__main__ 5 ['--help', 'x']\n"))

    def test_a_real_one_stays_elsewhere(self):
        (self.folder / "tensorflow.py").write_text("print('the real one')\n")
        self.says("import tensorflow as tf\n" + ADDS % "tf.lite.Interpreter", ANSWER)
        done = subprocess.run([sys.executable, "-c", "import pipit, pipit.tf, tensorflow"],
                              capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.stdout, "the real one\n")

    def test_wrong_use(self):
        for arguments, text in (
            (["run"], "usage: python3 -m pipit run SCRIPT"), (["run", "-x"], "usage: python3 -m"),
            (["run", "/no/such.py"], "pipit: there is no file /no/such.py to run"),
            ([], "python3 -m pipit export-keras MODEL -o DIR\n       python3 -m pipit run SCRIPT"),
        ):
            done = subprocess.run([sys.executable, "-m", "pipit", *arguments], capture_output=True,
                                  text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()

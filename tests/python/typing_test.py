# SPDX-License-Identifier: Apache-2.0
"""Types: mypy finds no fault in the packages, nor in a program that uses one of them, and finds those
that are there. What it and the parser see is the oldest Python that the packages are for."""

import ast
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PACKAGES = pathlib.Path(os.environ["PYTHONPATH"])
MYPY = shutil.which("mypy")
OLDEST = (3, 9)

PROGRAM = """
import numpy as np
import numpy.typing as npt
from %s import Interpreter, load_delegate


def classify(path: str, picture: npt.NDArray[np.uint8]) -> int:
    delegates = [load_delegate("libaccelerator.so", {"device": 1})] if path else None
    with Interpreter(path, experimental_delegates=delegates, num_threads=2) as interpreter:
        interpreter.allocate_tensors()
        detail = interpreter.get_input_details()[0]
        interpreter.resize_tensor_input(detail["index"], [1, 8], strict=True)
        interpreter.set_tensor(detail["index"], picture)
        interpreter.invoke()
        scores = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        view = interpreter.tensor(0)()
        runner = interpreter.get_signature_runner()
        by_name = runner(x=picture)["y"]
        return int(np.argmax(scores) + view.size + by_name.size + len(interpreter.run([picture])))
"""

LITERT = """
import numpy as np
from ai_edge_litert.compiled_model import CompiledModel, HardwareAccelerator


def run(path: str) -> float:
    model = CompiledModel.from_file(path, HardwareAccelerator.CPU | HardwareAccelerator.GPU)
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    inputs[0].write(np.zeros(4, np.float32))
    model.run_by_index(0, inputs, outputs)
    return float(outputs[0].read(4, np.float32)[0])
"""


class Syntax(unittest.TestCase):

    def test_the_oldest_python_reads_all(self):
        found = [p for name in ("pipit", "tflite_runtime", "ai_edge_litert")
                 for p in (PACKAGES / name).rglob("*.py")]
        self.assertGreater(len(found), 100)
        for path in found:
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=OLDEST)

    def test_newer_syntax_is_seen(self):
        with self.assertRaises(SyntaxError):
            ast.parse("match x:\n    case 1:\n        pass\n", feature_version=OLDEST)


@unittest.skipUnless(MYPY, "needs mypy")
class Types(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)

    def mypy(self, *arguments):
        return subprocess.run(
            [MYPY, "--strict", "--python-executable", sys.executable, "--python-version",
             "%d.%d" % OLDEST, "--cache-dir", self.folder / "cache", *arguments], capture_output=True, text=True,
            env=dict(os.environ, MYPYPATH=str(PACKAGES)), cwd=self.folder)

    def check(self, program):
        (self.folder / "program.py").write_text(program)
        return self.mypy("program.py").stdout

    def test_the_packages(self):
        done = self.mypy(*(PACKAGES / p for p in ("pipit", "tflite_runtime", "ai_edge_litert")))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_programs(self):
        for name in ("pipit", "tflite_runtime.interpreter", "ai_edge_litert.interpreter"):
            self.assertIn("Success", self.check(PROGRAM % name))
        self.assertIn("Success", self.check(LITERT))

    def test_mistakes(self):
        said = self.check("from tflite_runtime.interpreter import Interpreter\n"
                          "Interpreter(model_path=5).invoke(1)\n")
        self.assertIn('Argument "model_path" to "Interpreter" has incompatible type "int"', said)
        self.assertIn('Too many arguments for "invoke"', said)


if __name__ == "__main__":
    unittest.main()

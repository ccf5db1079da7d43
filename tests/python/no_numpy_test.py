# SPDX-License-Identifier: Apache-2.0
"""The interpreter by way of the buffer protocol, on a Python without numpy."""

import array
import os
import pathlib
import sys
import unittest

sys.modules["numpy"] = None  # importing it fails from now on

from pipit import Interpreter  # noqa: E402

MODELS = pathlib.Path(os.environ["PIPIT_TEST_MODELS"])


def loaded(name):
    interpreter = Interpreter(MODELS / (name + ".tflite"))
    interpreter.allocate_tensors()
    return interpreter


def floats(*values):
    return memoryview(array.array("f", values)).cast("B").cast("f", (1, len(values)))


class WithoutNumpy(unittest.TestCase):

    def test_runs(self):
        interpreter = loaded("add")
        interpreter.set_tensor(0, floats(1, 2, 3, 4))
        interpreter.set_tensor(1, floats(1, 1, 1, 1))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2).tolist(), [[2, 3, 4, 5]])
        detail = interpreter.get_input_details()[0]
        self.assertEqual((detail["shape"], detail["dtype"]), ((1, 4), "float32"))

    def test_views(self):
        interpreter = loaded("add")
        view = interpreter.tensor(0)()
        view[0, 1] = 5
        with self.assertRaisesRegex(RuntimeError, "at least 1 reference"):
            interpreter.invoke()
        del view
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2)[0, 1], 5)

    def test_wrong_values(self):
        interpreter = loaded("add")
        with self.assertRaisesRegex(ValueError, "expected type FLOAT32"):
            interpreter.set_tensor(0, b"1234")
        with self.assertRaisesRegex(ValueError, "Got 3 but expected 4 for dimension 1"):
            interpreter.set_tensor(0, floats(1, 2, 3))

    def test_other_shapes_and_strings(self):
        interpreter = loaded("open")
        interpreter.resize_tensor_input(0, [3, 2])
        interpreter.allocate_tensors()
        self.assertEqual(interpreter.get_tensor(0).shape, (3, 2))
        interpreter = loaded("strings")
        interpreter.set_tensor(0, ["a", "b", "c", "d"])
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(1), [b"a", b"b", b"c", b"d"])


if __name__ == "__main__":
    unittest.main()

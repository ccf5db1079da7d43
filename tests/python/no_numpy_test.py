# SPDX-License-Identifier: Apache-2.0
"""The interpreter by way of the buffer protocol, on a Python without numpy."""

import array
import contextlib
import io
import sys
import unittest

sys.modules["numpy"] = None  # importing it fails from now on

from models import loaded, path  # noqa: E402

from pipit import Interpreter, export_keras  # noqa: E402


def floats(*values):
    return memoryview(array.array("f", values)).cast("B").cast("f", (1, len(values)))


def detail_of(interpreter, name):
    return next(d for d in interpreter.get_input_details() if d["name"] == name)


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

    def test_signatures(self):
        run = Interpreter(path("signatures")).get_signature_runner("plus")
        self.assertEqual(run(a=floats(1, 2), x=floats(3, 4))["sum"].tolist(), [[4, 6]])

    def test_bytes_that_are_no_elements(self):
        interpreter = loaded("packed")
        self.assertEqual(bytes(interpreter.get_tensor(1)), bytes([0x8F, 0x07]))
        self.assertEqual(loaded("stored").get_tensor(2).tolist(), [5, 7])
        interpreter = loaded("types")
        for detail in interpreter.get_input_details():
            value = interpreter.get_tensor(detail["index"])
            self.assertGreater(value.nbytes, 0)
            interpreter.set_tensor(detail["index"], value)
        with self.assertRaisesRegex(ValueError, "had 9 bytes but expected 1 bytes"):
            interpreter.set_tensor(detail_of(interpreter, "int4")["index"], bytes(9))

    def test_what_needs_numpy_says_so(self):
        interpreter = loaded("quantized")
        for call in (lambda: interpreter.quantize(0, [1]), lambda: interpreter.dequantize(0),
                     lambda: interpreter.run_float([1])):
            with self.assertRaisesRegex(ImportError, "numpy"):
                call()
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(export_keras.main([str(path("open")), "-o", "none"]), 6)
        self.assertEqual(said.getvalue(), "pipit: export-keras needs numpy\n")


if __name__ == "__main__":
    unittest.main()

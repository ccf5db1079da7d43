# SPDX-License-Identifier: Apache-2.0
"""Names that hold any bytes, in a model and of files: nothing ends in a UnicodeDecodeError."""

import os
import pathlib
import tempfile
import unittest

import numpy as np
from models import path

from pipit import interpreter as pipit

SPOT = 80  # letters of the names that stand for others
HOSTILE = [
    b"\xff\xfe\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80",
    b"\x1b[2J\r\n\x7f", "\u009b2J\u202e\u2066\u2028".encode()]


def spoilt(model, letter, name):
    """A model whose names have become these bytes, with blanks behind them."""
    content = path(model).read_bytes()
    return content.replace(letter * SPOT, name.ljust(SPOT))


class Names(unittest.TestCase):
    def test_tensors_and_signatures(self):
        for name in HOSTILE:
            with self.subTest(name=name):
                net = pipit.Interpreter(model_content=spoilt("named", b"N", name))
                net.allocate_tensors()
                shown = name.ljust(SPOT).decode("utf-8", "backslashreplace")
                self.assertEqual({d["name"] for d in net.get_tensor_details()}, {shown, shown + "2"})
                self.assertEqual([d["name"] for d in net.get_input_details()], [shown, shown + "2"])
                self.assertEqual([d["name"] for d in net.get_output_details()], [shown])
                self.assertEqual(net.get_signature_list(), {
                    shown: {"inputs": [shown, shown + "2"], "outputs": [shown]}})
                one = np.ones((1, 4), np.float32)
                sums = net.get_signature_runner(shown)(**{shown: one, shown + "2": one})
                self.assertEqual(sums[shown].tolist(), [[2, 2, 2, 2]])

    def test_messages(self):
        for name in HOSTILE:
            with self.subTest(name=name):
                net = pipit.Interpreter(model_content=spoilt("named", b"N", name))
                net.resize_tensor_input(0, [3, 3])
                with self.assertRaises(RuntimeError):
                    net.allocate_tensors()
                with self.assertRaises(ValueError):
                    net.set_tensor(1, np.zeros((1, 4), np.int8))
                with self.assertRaises(ValueError):
                    net.get_signature_runner("another")

    def test_operators(self):
        for name in HOSTILE:
            with self.subTest(name=name), self.assertRaises((ValueError, RuntimeError)) as caught:
                net = pipit.Interpreter(model_content=spoilt("named_operator", b"n", name))
                net.allocate_tensors()
            self.assertTrue(str(caught.exception))

    def test_files(self):
        content = path("add").read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            for name in HOSTILE:
                with self.subTest(name=name):
                    place = os.path.join(os.fsencode(folder), name)
                    for missing in place, os.fsdecode(place):
                        with self.assertRaises(ValueError) as caught:
                            pipit.Interpreter(model_path=missing)
                        self.assertIn("Could not open", str(caught.exception))
                    with open(place, "wb") as file:
                        file.write(content)
                    for there in place, os.fsdecode(place), pathlib.Path(os.fsdecode(place)):
                        pipit.Interpreter(model_path=there).allocate_tensors()


if __name__ == "__main__":
    unittest.main()

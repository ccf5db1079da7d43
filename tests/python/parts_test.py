# SPDX-License-Identifier: Apache-2.0
"""A model of which one signature runs, and two do not: `save` is what invoke() would run."""

import unittest

import numpy as np
from models import path

from pipit import interpreter as pipit


class Parts(unittest.TestCase):
    def setUp(self):
        self.net = pipit.Interpreter(model_path=path("part"))

    def test_all_signatures_are_listed(self):
        self.assertEqual(self.net.get_signature_list(), {
            "save": {"inputs": ["x"], "outputs": ["y"]},
            "restore": {"inputs": ["x"], "outputs": ["y"]},
            "infer": {"inputs": ["a", "b"], "outputs": ["y"]}})

    def test_the_one_that_can_runs(self):
        a = np.array([[1, 2, 3, 4]], np.float32)
        infer = self.net.get_signature_runner("infer")
        self.assertEqual(infer(a=a, b=a)["y"].tolist(), [[2, 4, 6, 8]])
        # With other shapes, too, which are planned anew.
        self.assertEqual(infer(a=a[:, :2], b=a[:, :2])["y"].tolist(), [[2, 4]])

    def test_the_others_say_why_not(self):
        for key, missing in ("save", "nobody_has_this"), ("restore", "nor_this"):
            with self.assertRaises((ValueError, RuntimeError)) as caught:
                self.net.get_signature_runner(key)
            self.assertIn(key, str(caught.exception))
            self.assertIn(missing, str(caught.exception))

    def test_invoke_says_why_not(self):
        with self.assertRaisesRegex(RuntimeError, "nobody_has_this"):
            self.net.allocate_tensors()


if __name__ == "__main__":
    unittest.main()

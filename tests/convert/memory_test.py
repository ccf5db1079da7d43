# SPDX-License-Identifier: Apache-2.0
"""Memory: a conversion takes at most three times what the weights take, whatever is done to them."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
from networks import Network

from pipit.convert.format import tflite_file

# The most that lay in memory before and in the end, in kB.
PROGRAM = """
import sys
from pipit.convert.main import main
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line)
small, large, samples, out, *options = sys.argv[1:]
before = main([small, "-o", out]) or peak()
assert main([large, "-o", out, "--calibrate", samples, *options]) == 0
print(before, peak())
"""


def stack(*sizes):
    """Dense layers one after the other."""
    n = Network(1, sizes[0])
    x = n.x
    for size in sizes[1:]:
        x = n.dense(x, size)
    return tflite_file.write(n.model(x))


@unittest.skipUnless(pathlib.Path("/proc/self/status").exists(), "needs Linux")
class Memory(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "small.tflite").write_bytes(stack(8, 8))
        # Weights in layers of one size, and in one layer nearly all of them.
        (cls.folder / "even.tflite").write_bytes(stack(*[1200] * 9))
        (cls.folder / "one.tflite").write_bytes(stack(1200, 7000, 300, 10))
        np.save(cls.folder / "samples.npy", np.random.default_rng(0).normal(size=(3, 1200)).astype("f4"))

    def check(self, *options):
        for name in ("even", "one"):
            with self.subTest(model=name, options=options):
                model = self.folder / (name + ".tflite")
                done = subprocess.run(
                    [sys.executable, "-c", PROGRAM, self.folder / "small.tflite", model,
                     self.folder / "samples.npy", self.folder / "out.tflite", *options],
                    capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                before, peak = map(int, done.stdout.splitlines()[-1].split())
                self.assertLess(1024 * (peak - before), 3 * model.stat().st_size)

    def test_halves(self):
        self.check("--quantize", "float16")

    def test_integers(self):
        self.check("--quantize", "int8", "--ranges", "mse")

    def test_zeroed_weights(self):
        self.check("--prune", "magnitude", "--prune-share", "50%")

    def test_removed_channels(self):
        self.check("--prune", "channels", "--prune-share", "25%")


if __name__ == "__main__":
    unittest.main()

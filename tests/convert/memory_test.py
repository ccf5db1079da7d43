# SPDX-License-Identifier: Apache-2.0
"""Memory: a conversion takes at most three times what the weights take, whatever is done to them."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
from networks import Network
from onnx_graphs import Graph

from pipit.convert.format import tflite_file
from pipit.convert.readers.mapped import let_go, mapped

# The most that lay in memory before and in the end, in kB.
PROGRAM = """
import sys
from pipit.convert.main import main
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line)
small, large, out, *options = sys.argv[1:]
before = main([small, "-o", out]) or peak()
assert main([large, "-o", out, *options]) == 0
print(before, peak())
"""


def stack(*sizes):
    """Dense layers one after the other."""
    n = Network(1, sizes[0])
    x = n.x
    for size in sizes[1:]:
        x = n.dense(x, size)
    return tflite_file.write(n.model(x))


def pictures(*channels):
    """An ONNX model of convolutions, whose weights change, and a dense layer, whose weights keep the
    file open."""
    graph = Graph()
    x = graph.input("x", 1, channels[0], 4, 4)
    for before, after in zip(channels, channels[1:]):
        x = graph.node("Conv", x, graph.weights(after, before, 1, 1))
        x = graph.node("BatchNormalization", x, *[graph.constant(np.full(after, v, "f4"))
                                                  for v in (2, 1, 0, 3)])
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    graph.output(graph.node("Gemm", x, graph.weights(10, channels[-1]), transB=1))
    return graph.content()


@unittest.skipUnless(pathlib.Path("/proc/self/status").exists(), "needs Linux")
class Memory(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "small.tflite").write_bytes(stack(8, 8))
        (cls.folder / "small.onnx").write_bytes(pictures(8, 8))
        (cls.folder / "large.onnx").write_bytes(pictures(*[1200] * 9))
        # Weights in layers of one size, and in one layer nearly all of them.
        (cls.folder / "even.tflite").write_bytes(stack(*[1200] * 9))
        (cls.folder / "one.tflite").write_bytes(stack(1200, 7000, 300, 10))
        np.save(cls.folder / "samples.npy", np.random.default_rng(0).normal(size=(3, 1200)).astype("f4"))

    def check(self, *options):
        for name in ("even", "one"):
            self.check_one("small.tflite", name + ".tflite", "--calibrate",
                           self.folder / "samples.npy", *options)

    def check_one(self, small, large, *options):
        with self.subTest(model=large, options=options):
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM, self.folder / small, self.folder / large,
                 self.folder / "out.tflite", *options], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            before, peak = map(int, done.stdout.splitlines()[-1].split())
            self.assertLess(1024 * (peak - before), 3 * (self.folder / large).stat().st_size)

    def test_onnx(self):
        self.check_one("small.onnx", "large.onnx")

    def test_mapped_files_are_let_go(self):
        path = self.folder / "bytes"
        path.write_bytes(bytes(range(256)) * (1 << 16))

        def resident():
            status = pathlib.Path("/proc/self/status").read_text()
            return int(status.split("RssFile:")[1].split()[0])
        before, bytes_there = resident(), mapped(path, "it")
        total = int(np.frombuffer(bytes_there, np.uint8).sum())
        self.assertGreater(resident() - before, 12000)
        let_go()
        self.assertLess(resident() - before, 4000)
        self.assertEqual(int(np.frombuffer(bytes_there, np.uint8).sum()), total)

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

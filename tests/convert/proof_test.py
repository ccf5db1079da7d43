# SPDX-License-Identifier: Apache-2.0
"""Models that others trained, beside TensorFlow's own int8 conversions: ours are no larger, agree with
the float model at least as often, and err no more. Counted as skipped where they are not there."""

import unittest

import networks
import numpy as np

from pipit.convert import tflite_file
from pipit.convert.quantize import Settings, quantize
from pipit.interpreter import Interpreter

FOLDER = networks.SHARED / "converter"
TESTED, CALIBRATED = 500, 200


def pictures(random):
    """Coloured patches with noise, 0 to 255."""
    patches = np.kron(random.uniform(0, 255, (4, 4, 3)), np.ones((8, 8, 1)))
    return np.clip(patches + random.normal(0, 20, (32, 32, 3)), 0, 255)


def cepstra(random):
    """Coefficients that wander in time."""
    steps = np.cumsum(random.normal(0, 1, (49, 10)), 0) * random.uniform(1, 6)
    values = steps + np.array([-40] + [0] * 9) + random.normal(0, 3, (49, 10))
    return np.clip(values, -123, 25)[:, :, None]


def spectra(random):
    """Energies of neighbouring bands in dB."""
    walk = np.cumsum(random.normal(0, 0.3, 640))
    return np.clip(random.uniform(-60, -5) + walk + random.normal(0, 3, 640), -84, 14)


def samples(make, count, seed):
    random = np.random.default_rng(seed)
    return [make(random)[None].astype(np.float32) for _ in range(count)]


class Runs:
    """A model that takes and gives reals, whatever its types are."""

    def __init__(self, content):
        self.interpreter = Interpreter(model_content=content)
        self.interpreter.allocate_tensors()
        self.x = self.interpreter.get_input_details()[0]
        self.y = self.interpreter.get_output_details()[0]

    def __call__(self, x):
        if self.x["dtype"] != np.float32:
            scale, zero = self.x["quantization"]
            x = np.clip(np.round(x / scale) + zero, -128, 127).astype(np.int8)
        y = self.interpreter.run([x])[0]
        if self.y["dtype"] == np.float32:
            return y
        scale, zero = self.y["quantization"]
        return (y.astype(np.float32) - zero) * np.float32(scale)


@unittest.skipUnless(FOLDER.is_dir(), "the models are not here")
class Proof(unittest.TestCase):

    def score(self, content, tested, wanted):
        """-> how often the greatest output is the same, mean error"""
        run = Runs(content)
        found = [run(x) for x in tested]
        return (sum(int(a.argmax() == b.argmax()) for a, b in zip(found, wanted)),
                float(np.mean([np.abs(a - b).mean() for a, b in zip(found, wanted)])))

    def check(self, name, make):
        source = (FOLDER / name / "float.tflite").read_bytes()
        theirs = (FOLDER / name / "int8.tflite").read_bytes()
        settings = Settings(input_type="INT8", output_type="INT8")
        ours = tflite_file.write(quantize(tflite_file.read(source), settings,
                                          samples(make, CALIBRATED, 1))[0])
        tested = samples(make, TESTED, 2)
        exact = Runs(source)
        wanted = [exact(x) for x in tested]
        (same, error), (their_same, their_error) = (
            self.score(content, tested, wanted) for content in (ours, theirs))
        print(f"{name}: same answer {same} times, theirs {their_same}; mean error {error:.5f}, "
              f"theirs {their_error:.5f}; {len(ours)} bytes, theirs {len(theirs)}")
        self.assertLessEqual(len(ours), len(theirs))
        self.assertGreaterEqual(same, their_same)
        self.assertLessEqual(error, their_error)

    def test_anomaly(self):
        self.check("anomaly", spectra)

    def test_kws(self):
        self.check("kws", cepstra)

    def test_resnet8(self):
        self.check("resnet8", pictures)


if __name__ == "__main__":
    unittest.main()

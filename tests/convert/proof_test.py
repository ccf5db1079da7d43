# SPDX-License-Identifier: Apache-2.0
"""Models that others trained, beside TensorFlow's own int8 conversions: ours are no larger, agree with
the float model at least as often, and err no more. Counted as skipped where they are not there."""

import unittest

import networks
import numpy as np

from pipit.convert.format import tflite_file
from pipit.convert.quantization.quantize import Settings, quantize
from pipit.convert.readers import source
from pipit.convert.rewriting.rewrite import rewrite
from pipit.interpreter import Interpreter

FOLDER = networks.SHARED / "converter"
MODELS = networks.SHARED / "models"
TESTED, CALIBRATED = 500, 100


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


def rooms(random):
    """Coloured walls in some light, 0 to 1."""
    walls = np.kron(random.uniform(0, 1, (6, 6, 3)), np.ones((16, 16, 1))) * random.uniform(0.3, 1)
    return np.clip(walls + random.normal(0, 0.05, (96, 96, 3)), 0, 1)


def strokes(random):
    """A few blots on black, 0 to 1."""
    picture = np.zeros((28, 28))
    for y, x in random.integers(4, 24, (4, 2)):
        picture[y - 2:y + 3, x - 3:x + 4] += random.uniform(0.3, 1)
    return np.clip(picture, 0, 1)


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
class Operators(unittest.TestCase):
    """From where TensorFlow's converter began, too, ours has as many operators: what runs takes as long."""

    def check(self, path, make):
        model = source.read(FOLDER / path)
        rewrite(model)
        small, _ = quantize(model, Settings(input_type="INT8", output_type="INT8"), samples(make, 8, 1))
        theirs = (FOLDER / path).parent / "int8.tflite"
        wanted = tflite_file.read(theirs.read_bytes())
        self.assertEqual([described(op) for op in small.main.operators],
                         [described(op) for op in wanted.main.operators])
        self.assertLessEqual(tflite_file.size(small), theirs.stat().st_size)

    def test_anomaly(self):
        self.check("anomaly/keras.h5", spectra)

    def test_kws(self):
        self.check("kws/saved_model", cepstra)

    def test_resnet8(self):
        self.check("resnet8/keras.h5", pictures)


def described(op):
    """What an operator costs: its kind, its shapes and types, and how its window moves."""
    tensors = [(t.shape, t.dtype) for t in (*op.inputs, *op.outputs) if t is not None]
    how = {key: value for key, value in op.options.items()
           if key in ("padding", "stride_h", "stride_w", "fused_activation_function")}
    return op.kind, tensors, how


@unittest.skipUnless(FOLDER.is_dir(), "the models are not here")
class Proof(unittest.TestCase):

    def score(self, content, tested, wanted):
        """-> how often the greatest output is the same, mean error"""
        run = Runs(content)
        found = [run(x) for x in tested]
        return (sum(int(a.argmax() == b.argmax()) for a, b in zip(found, wanted)),
                float(np.mean([np.abs(a - b).mean() for a, b in zip(found, wanted)])))

    def check(self, name, make, count=TESTED):
        self.compare(name, FOLDER / name / "float.tflite", FOLDER / name / "int8.tflite", make, count)

    def check_models(self, name, make, count=TESTED):
        self.compare(name, *(MODELS / f"{name}_{each}" / "model.tflite" for each in ("float", "int8")),
                     make, count)

    def compare(self, name, floats, theirs, make, count):
        floats, theirs = floats.read_bytes(), theirs.read_bytes()
        settings = Settings(input_type="INT8", output_type="INT8")
        ours = tflite_file.write(quantize(tflite_file.read(floats), settings,
                                          samples(make, CALIBRATED, 1))[0])
        tested = samples(make, count, 2)
        exact = Runs(floats)
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

    def test_vww(self):
        self.check_models("vww", rooms, 100)

    def test_mnist_lstm(self):
        self.check_models("mnist_lstm", strokes, 1500)


if __name__ == "__main__":
    unittest.main()

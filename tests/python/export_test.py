# SPDX-License-Identifier: Apache-2.0
"""What export_keras writes. That TensorFlow.js computes the same from it: tests/tfjs."""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

import numpy as np
from models import DIGITS, path

from pipit import Interpreter
from pipit.export_keras import export_keras

# What starts Python: this one, or another machine's under an emulator, or by way of a loader.
PYTHON = shlex.split(os.environ.get("PIPIT_TEST_PYTHON", shlex.quote(sys.executable)))


class Export(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "out"

    def exported(self, model):
        export_keras(model, self.folder)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()),
                         ["model.json", "weights.bin", "weights.npz"])
        return (json.loads((self.folder / "model.json").read_text()),
                np.load(self.folder / "weights.npz"))

    def test_layers_hang_together(self):
        for model in ("digits_float", "digits_int8"):
            made, _ = self.exported(DIGITS / (model + ".tflite"))
            config = made["modelTopology"]["model_config"]["config"]
            known = set()
            for layer in config["layers"]:
                for inbound in sum(layer["inbound_nodes"], []):
                    self.assertIn(inbound[0], known)
                self.assertNotIn(layer["name"], known)
                self.assertEqual(layer["config"]["name"], layer["name"])
                known.add(layer["name"])
            for end in config["input_layers"] + config["output_layers"]:
                self.assertIn(end[0], known)
            kinds = [layer["class_name"] for layer in config["layers"]]
            self.assertEqual(kinds[0], "InputLayer")
            self.assertIn("Conv2D", kinds)
            self.assertIn("Dense", kinds)

    def test_weights_are_the_same_in_both_forms(self):
        made, npz = self.exported(DIGITS / "digits_float.tflite")
        manifest = made["weightsManifest"][0]
        self.assertEqual([w["name"] for w in manifest["weights"]], list(npz))
        numbers = np.frombuffer((self.folder / manifest["paths"][0]).read_bytes(), "<f4")
        for weight in manifest["weights"]:
            count = int(np.prod(weight["shape"]))
            np.testing.assert_array_equal(numbers[:count].reshape(weight["shape"]),
                                          npz[weight["name"]])
            numbers = numbers[count:]
        self.assertEqual(numbers.size, 0)

    def test_quantized_weights_become_real_numbers(self):
        model = DIGITS / "digits_int8.tflite"
        kernels = [v for name, v in self.exported(model)[1].items() if name.endswith("/kernel")]
        interpreter = Interpreter(model)
        stored = [op["inputs"][1] for op in interpreter._get_ops_details()
                  if op["op_name"] in ("CONV_2D", "FULLY_CONNECTED")]
        self.assertEqual(len(kernels), len(stored))
        for kernel, index in zip(kernels, stored):
            numbers = interpreter.get_tensor(index)
            scales = interpreter._details(index)["quantization_parameters"]["scales"]
            self.assertEqual(kernel.dtype, np.float32)
            np.testing.assert_allclose(np.moveaxis(kernel / scales, -1, 0).reshape(
                len(numbers), -1), numbers.reshape(len(numbers), -1), atol=1e-4)

    def test_kinds_of_layers(self):
        made, npz = self.exported(path("layers"))
        config = made["modelTopology"]["model_config"]["config"]
        self.assertEqual([layer["class_name"] for layer in config["layers"]], [
            "InputLayer", "BatchNormalization", "BatchNormalization", "ReLU", "BatchNormalization",
            "BatchNormalization", "Activation", "ZeroPadding2D", "LeakyReLU", "PReLU",
            "Concatenate", "MaxPooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D",
            "Reshape", "Flatten", "Activation", "Maximum", "ELU", "Multiply", "ReLU", "ReLU"])
        self.assertEqual(len(config["output_layers"]), 2)
        self.assertEqual(npz["mul/gamma"].tolist(), [0.5, 3])

    def test_kinds_of_layers_for_pictures(self):
        made, npz = self.exported(path("picture_layers"))
        config = made["modelTopology"]["model_config"]["config"]
        self.assertEqual([layer["class_name"] for layer in config["layers"]], [
            "InputLayer", "Conv2DTranspose", "BatchNormalization", "ReLU", "BatchNormalization",
            "Multiply", "UpSampling2D", "Permute", "GlobalAveragePooling2D", "Reshape", "ReLU",
            "Multiply", "Conv2DTranspose", "ReLU"])
        self.assertEqual(npz["up/kernel"].shape, (3, 2, 3, 2))
        by_name = {layer["name"]: layer["config"] for layer in config["layers"]}
        self.assertEqual((by_name["twice"]["size"], by_name["turned"]["dims"]), ([2, 1], [2, 1, 3]))

    def test_refusals_name_the_operator(self):
        for model, text in (("gather", "GATHER (operator 0) cannot be a Keras layer: no layer does"),
                            ("tile", "TILE (operator 0) cannot be a Keras layer"),
                            ("flat", "ADD (operator 0) cannot be a Keras layer: of a tensor that has "
                                     "no dimension but the batch"),
                            ("unknown", "nobody_has_this (operator 0) cannot be a Keras layer")):
            with self.assertRaises(ValueError) as caught:
                export_keras(path(model), self.folder)
            self.assertIn(text, str(caught.exception))
            self.assertFalse(self.folder.exists())

    def test_what_is_there_stays_when_it_fails(self):
        self.folder.mkdir()
        (self.folder / "model.json").write_text("mine")
        with self.assertRaises(ValueError):
            export_keras(path("gather"), self.folder)
        self.assertEqual((self.folder / "model.json").read_text(), "mine")
        self.exported(DIGITS / "digits_float.tflite")

    def test_a_place_that_is_taken(self):
        (self.folder / "weights.npz").mkdir(parents=True)
        (self.folder / "model.json").write_text("mine")
        with self.assertRaises(IsADirectoryError):
            export_keras(DIGITS / "digits_float.tflite", self.folder)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["model.json", "weights.npz"])
        self.assertEqual((self.folder / "model.json").read_text(), "mine")

    def test_the_model_is_not_replaced(self):
        self.folder.mkdir()
        model = self.folder / "weights.bin"
        model.write_bytes((DIGITS / "digits_float.tflite").read_bytes())
        with self.assertRaises(ValueError) as caught:
            export_keras(model, self.folder)
        self.assertIn("would replace the model", str(caught.exception))
        self.assertEqual(model.read_bytes(), (DIGITS / "digits_float.tflite").read_bytes())

    def test_a_full_disk(self):
        self.folder.mkdir()
        (self.folder / "weights.bin").write_text("mine")
        full = subprocess.run([*PYTHON, "-c", "import resource, signal, sys; "
                               "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
                               "resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)); "
                               "from pipit.export_keras import main; sys.exit(main(sys.argv[1:]))",
                               str(DIGITS / "digits_float.tflite"), "-o", str(self.folder)],
                              capture_output=True, text=True)
        self.assertEqual(full.returncode, 6)
        self.assertIn("File too large", full.stderr)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["weights.bin"])
        self.assertEqual((self.folder / "weights.bin").read_text(), "mine")

    def test_as_a_command(self):
        def run(*arguments):
            return subprocess.run([*PYTHON, "-m", "pipit", *map(str, arguments)],
                                  capture_output=True, text=True)

        good = run("export-keras", DIGITS / "digits_float.tflite", "-o", self.folder)
        self.assertEqual((good.returncode, good.stdout, good.stderr), (0, "", ""))
        bad = run("export-keras", path("gather"), "-o", self.folder)
        self.assertEqual(bad.returncode, 3)
        self.assertIn("gather.tflite: GATHER (operator 0)", bad.stderr)
        self.assertEqual(run("export").returncode, 2)


if __name__ == "__main__":
    unittest.main()

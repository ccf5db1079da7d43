# SPDX-License-Identifier: Apache-2.0
"""pipit convert as a command: exit statuses, messages, files."""

import contextlib
import io
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import keras_made as made
import numpy as np
from keras_made import layer, sequential

from pipit import Interpreter
from pipit.convert import main as command

PYTHON = shlex.split(os.environ.get("PIPIT_TEST_PYTHON", shlex.quote(sys.executable)))
COMMAND = os.environ.get("PIPIT_TEST_COMMAND")
DIGITS = pathlib.Path(__file__).resolve().parents[2] / "models"


class Case(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        kernel = np.random.RandomState(1).uniform(-1, 1, (6, 4))
        document = sequential((6,), layer("Dense", units=4, activation="relu"))
        cls.model = cls.folder / "model.h5"
        made.save_h5(cls.model, document, {"dense": [("dense/kernel:0", kernel.astype(np.float32)),
                                                     ("dense/bias:0", np.ones(4, np.float32))]})
        cls.samples = cls.folder / "samples.npy"
        np.save(cls.samples, np.random.RandomState(2).uniform(-1, 1, (20, 6)).astype(np.float32))

    def setUp(self):
        self.out = self.folder / (self.id().split(".")[-1] + ".tflite")

    def run_command(self, *arguments, command=None):
        words = command or [*PYTHON, "-m", "pipit"]
        return subprocess.run([*words, "convert", *map(str, arguments)], capture_output=True,
                              text=True)

    def fails(self, status, part, *arguments):
        done = self.run_command(*arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(part, done.stderr)
        if status != 2:
            self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertFalse(self.out.exists())
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith(".")], [])


class Command(Case):

    def test_a_model(self):
        done = self.run_command(self.model, "-o", self.out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "%s: %s bytes, 1 operators\n" % (
            self.out, format(self.out.stat().st_size, ",")))
        signature = Interpreter(self.out).get_signature_list()
        self.assertEqual(signature, {"serving_default": {"inputs": ["input_1"], "outputs": ["dense"]}})

    @unittest.skipUnless(COMMAND, "needs the command")
    def test_the_command_of_the_system_does_the_same(self):
        folder = os.path.dirname(PYTHON[0])
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = folder + os.pathsep + path
        done = self.run_command(self.model, "--output", self.out, command=[COMMAND])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Examples:", self.run_command("--help", command=[COMMAND]).stdout)
        done = self.run_command("-o", self.out, command=[COMMAND])
        self.assertEqual(done.returncode, 2)

    def test_quantized_with_everything(self):
        page = self.folder / "page.html"
        done = self.run_command(
            self.model, "-o", self.out, "--quantize", "int8", "--calibrate", self.samples,
            "--input-type", "int8", "--output-type", "uint8", "--html", page, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(said["bytes"], self.out.stat().st_size)
        self.assertGreater(said["quantization"]["output_snr"], 20)
        self.assertIn("<table>", page.read_text(encoding="utf-8"))
        interpreter = Interpreter(self.out)
        self.assertEqual([interpreter.get_input_details()[0]["dtype"],
                          interpreter.get_output_details()[0]["dtype"]], [np.int8, np.uint8])

    def test_pruned(self):
        done = self.run_command(self.model, "-o", self.out, "--prune", "magnitude",
                                "--prune-share", "50%")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("pruned: 50.0% of the weights", done.stdout)
        done = self.run_command(DIGITS / "digits_float.tflite", "-o", self.out, "--prune", "magnitude",
                                "--prune-share", "80%", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["pruning"]["taken"]["bytes"],
                         self.out.stat().st_size)

    def test_a_model_that_is_one_already(self):
        done = self.run_command(DIGITS / "digits_float.tflite", "-o", self.out, "--quantize", "dynamic")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(self.out.stat().st_size, (DIGITS / "digits_float.tflite").stat().st_size / 2)

    def test_the_bar_knows_how_many_samples_there_are(self):
        for limit, known in ((), 20), (("--samples", "3"), 3):
            with mock.patch("pipit.convert.quantization.calibrate.progress",
                            side_effect=lambda items, what, total: items) as bar, \
                    contextlib.redirect_stdout(io.StringIO()):
                self.assertEqual(command.main([
                    str(self.model), "-o", str(self.out), "--quantize", "int8", "--calibrate",
                    str(self.samples), *limit]), 0)
            bar.assert_called_once_with(mock.ANY, "calibrating", known)

    def test_wrong_usage(self):
        for part, *more in [("--calibrate", "--quantize", "int8"), ("choose from", "--quantize", "int3"),
                            ("belong to --quantize", "--input-type", "int8"),
                            ("belongs to --prune", "--prune-share", "0.5"),
                            ("NAME=1,224,224,3", "--input-shape", "x=1,b"), ("--std", "--std", "0"),
                            ("a bound needs samples", "--prune", "channels", "--min-snr", "20"),
                            ("'half' is not between", "--prune-share", "half"),
                            ("'150%' is not between", "--min-agreement", "150%"),
                            ("'300' is not above 50", "--percentile", "300"),
                            ("'-3' is not a number from 1", "--samples", "-3"),
                            ("'nan' is not a number", "--mean", "nan")]:
            with self.subTest(part=part):
                self.fails(2, part, self.model, "-o", self.out, *more)
        self.fails(2, "required", self.model)

    def test_refused_models(self):
        text = self.folder / "notes.txt"
        text.write_text("nothing")
        page = self.folder / "page.h5"
        page.write_text("<!DOCTYPE html><p>404")
        pointer = self.folder / "pointer.h5"
        pointer.write_text("version https://git-lfs.github.com/spec/v1\n")
        odd = self.folder / "odd.h5"
        made.save_h5(odd, sequential((3,), layer("Lambda", "a\x1b[2J"), layer("Masking")), {})
        for path, part in [(self.folder / "absent", "absent: No such file"),
                           (text, "it is no model that can be converted"), (page, "a web page"),
                           (pointer, "Git LFS"), (self.folder, "neither a saved_model.pb nor"),
                           (odd, r"layer a\x1b[2J (Lambda)")]:
            with self.subTest(path=path):
                self.fails(3, part, path, "-o", self.out)

    def test_refused_samples(self):
        wrong = self.folder / "wrong.npy"
        np.save(wrong, np.zeros((3, 7), np.float32))
        for path, part in [(wrong, "a sample of shape [1, 7]"), (self.folder / "absent.npy", "absent.npy")]:
            with self.subTest(path=path):
                self.fails(4, part, self.model, "-o", self.out, "--quantize", "int8", "--calibrate",
                           path)

    def test_places_that_cannot_be_written(self):
        self.fails(6, "nowhere", self.model, "-o", self.folder / "nowhere" / "x.tflite")
        self.fails(6, "Is a directory", self.model, "-o", self.folder)
        self.fails(3, "would replace it", self.model, "-o", self.model)
        self.assertTrue(self.model.stat().st_size)

    def test_what_is_there_stays_when_it_fails(self):
        self.addCleanup(self.out.unlink)
        self.out.write_text("mine")
        done = self.run_command(self.folder / "absent", "-o", self.out)
        self.assertEqual((done.returncode, self.out.read_text()), (3, "mine"))

    def test_a_full_disk(self):
        code = ("import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
                "resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)); "
                "from pipit.convert.main import main; sys.exit(main(sys.argv[1:]))")
        done = subprocess.run([*PYTHON, "-c", code, str(self.model), "-o", str(self.out)],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 6)
        self.assertIn("File too large", done.stderr)
        self.assertFalse(self.out.exists())
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith(".")], [])

    def test_names_its_packages(self):
        code = ("import sys; sys.modules['h5py'] = None; from pipit.convert.readers.keras import hdf5\n"
                "try:\n  hdf5.dump(sys.argv[1], print)\nexcept ImportError as error: print('needs h5py')")
        done = subprocess.run([*PYTHON, "-c", code, str(self.model)], capture_output=True, text=True)
        self.assertEqual(done.stdout, "needs h5py\n", done.stderr)
        self.assertTrue(callable(command.main))


if __name__ == "__main__":
    unittest.main()

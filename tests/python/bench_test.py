# SPDX-License-Identifier: Apache-2.0
"""bench(), the figures of profile(), and their picture."""

import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import unittest
import zlib

from models import path

import pipit
from pipit import _bench, _board

QUICK = {"runs": 12, "min_seconds": 0, "num_threads": 1}
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))

import board_case  # noqa: E402


class Profile(unittest.TestCase):

    def test_costs(self):
        interpreter = pipit.Interpreter(path("add"))
        interpreter.allocate_tensors()
        row = interpreter.profile()[0]
        self.assertEqual((row["multiply_adds"], row["read_bytes"], row["written_bytes"]),
                         (0, 32, 16))
        self.assertEqual(row["bytes"], 48)
        self.assertAlmostEqual(row["bytes_per_second"] * row["seconds"], 48)

    def test_products(self):
        rows = self.profile_of(pathlib.Path(__file__).resolve().parents[2] / "models"
                               / "digits_int8.tflite")
        dense = next(r for r in rows if r["op_name"] == "FULLY_CONNECTED")
        self.assertEqual(dense["multiply_adds"], 432 * 10)
        self.assertGreaterEqual(dense["weight_bytes"], 4320)
        self.assertTrue(dense["name"])

    def profile_of(self, model):
        interpreter = pipit.Interpreter(model, num_threads=1)
        interpreter.allocate_tensors()
        return interpreter.profile()


class Bench(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.addCleanup(setattr, _board, "ROOT", _board.ROOT)
        _board.ROOT = board_case.raspberry_pi_4(self.dir / "board")

    def test_figures(self):
        result = pipit.bench(path("add"), **QUICK)
        self.assertEqual(len(result.seconds), 12)
        self.assertAlmostEqual(result.median, statistics.median(result.seconds))
        low, high = result.confidence
        self.assertTrue(low <= result.median <= high)
        self.assertAlmostEqual(result.quantile(1), max(result.seconds))
        self.assertEqual(result.operators[0]["read_bytes"], 32)
        content = path("add").read_bytes()
        self.assertEqual(result.report["model_sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual(result.warnings, [])
        self.assertIn("add.tflite on 1 thread: median ", repr(result))
        self.assertEqual(result.report["board"]["model"], "Raspberry Pi 4 Model B Rev 1.4")

    def test_same_data_same_outputs(self):
        first, again, other = (pipit.bench(path("add"), seed=seed, **QUICK).report["results"][0]
                               ["outputs"] for seed in (1, 1, 2))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_an_interpreter_keeps_its_inputs(self):
        interpreter = pipit.Interpreter(path("add"), num_threads=1)
        interpreter.allocate_tensors()
        for i in (0, 1):
            interpreter._write(interpreter._tensor(0, i), b"\0\0\x80\x3f" * 4)  # ones
        output = pipit.bench(interpreter, runs=3, min_seconds=0).report["results"][0]["outputs"][0]
        self.assertEqual(output["crc32"], "%08x" % zlib.crc32(b"\0\0\0\x40" * 4))

    def test_bytes_of_a_model(self):
        self.assertEqual(len(pipit.bench(path("add").read_bytes(), **QUICK).seconds), 12)

    def test_wrong_numbers(self):
        for wrong in ({"runs": 0}, {"warmup_runs": -1}, {"num_threads": 0}):
            with self.assertRaises(ValueError):
                pipit.bench(path("add"), **{**QUICK, **wrong})
        with self.assertRaises(ValueError):
            pipit.bench(self.dir / "none.tflite")

    def test_throttled_board(self):
        _board.ROOT = board_case.raspberry_pi_4(
            self.dir / "hot", clock="600000", governor="ondemand", temperature="85000",
            throttled="4")
        warnings = "\n".join(pipit.bench(path("add"), **QUICK).warnings)
        self.assertIn("held down meanwhile: throttled", warnings)
        self.assertIn("the clock was at 600 of 1800 MHz (governor 'ondemand')", warnings)
        self.assertIn("as warm as 80 C", warnings)

    def test_nothing_to_be_read(self):
        _board.ROOT = str(self.dir / "nothing")
        result = pipit.bench(path("add"), **QUICK)
        self.assertIsNone(result.report["board"]["governor"])
        self.assertEqual(result.report["results"][0]["board"]["after"],
                         {"clock_hz": None, "celsius": None, "throttled": None})
        self.assertEqual(result.warnings, [])

    def test_files_that_cannot_be_read(self):
        _board.ROOT = board_case.raspberry_pi_4(
            self.dir / "odd", governor=board_case.UNREADABLE, temperature="warm", throttled="?")
        result = pipit.bench(path("add"), **QUICK)
        self.assertIsNone(result.report["board"]["governor"])
        self.assertEqual(result.report["results"][0]["board"]["after"],
                         {"clock_hz": 1800000000, "celsius": None, "throttled": None})

    def test_picture(self):
        html = pipit.bench(path("add"), **QUICK)._repr_html_()
        self.assertIn('class="box"', html)
        self.assertIn("#0 ADD", html)
        for outside in ("<script", "http:", "https:", "url("):
            self.assertNotIn(outside, html)

    def test_intervals_as_the_command_has_them(self):
        self.assertIsNone(_bench.median_interval([1.0] * 5))
        self.assertEqual(_bench.median_interval([float(i) for i in range(1, 21)]), (6.0, 15.0))
        self.assertEqual(_bench.median_interval([float(i) for i in range(1, 1001)]), (469.0, 532.0))
        self.assertEqual(_bench.quantile([1.0, 2.0, 3.0, 4.0], 0.9), 3.7)

    def test_saved_reports_can_be_compared(self):
        command = os.environ.get("PIPIT_TEST_COMMAND", "")
        result, a, b = pipit.bench(path("add"), **QUICK), self.dir / "a.json", self.dir / "b.json"
        result.save(a)
        self.assertEqual(json.loads(a.read_text())["format"], "pipit-bench")
        result.report["results"][0]["samples_us"] = [us * 2 + 1 for us in
                                                     result.report["results"][0]["samples_us"]]
        result.save(b)
        self.assertEqual(sorted(p.name for p in self.dir.glob("*json*")), ["a.json", "b.json"])
        if os.path.exists(command):  # it is not built everywhere
            done = subprocess.run([command, "bench", "--compare", a, b], capture_output=True,
                                  text=True, check=True)
            self.assertIn("B is slower by", done.stdout)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Tests of `pipit diff`: against instruction sets, stored tensors and other models."""

import json
import math
import os
import pathlib
import struct

from command_case import CommandTest, DIGITS, MODELS, floats
import small_models as small

FLOAT_DIGITS = str(MODELS / "digits_float.tflite")


def npy(dtype, shape, data):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


class Diff(CommandTest):
    """Against what each of them is compared with."""

    def stored(self, model, *options):
        """A directory with every tensor of the model."""
        folder = self.path("stored")
        self.succeed("run", model, *options, "--dump-tensors", folder)
        return pathlib.Path(folder)

    def test_equal_kernels(self):
        report = self.json("diff", DIGITS)
        self.assertEqual(report["reference"], "kernels: portable")
        self.assertIsNone(report["first"])
        self.assertEqual({layer["different"] for layer in report["layers"]}, {0})
        self.assertIn("all values are equal", self.succeed("diff", DIGITS))

    def test_figures(self):
        """y = a + b, where what is stored is known to differ."""
        model = self.model(small.add_model())
        inputs = self.inputs(floats(1, 2, 3, 4), floats(0, 0, 0, 0))
        below = struct.unpack("<f", struct.pack("<I", struct.unpack(
            "<I", floats(4))[0] - 3))[0]  # three floats below 4
        folder = self.path("stored")
        os.mkdir(folder)
        self.path("stored/0.2.npy", npy("<f4", [1, 4], floats(1, 2.5, 3, below)))
        report = self.json("diff", model, "--tensors", folder, *inputs)
        layer, = report["layers"]
        self.assertEqual((layer["op"], layer["name"], layer["elements"], layer["different"]),
                         ("ADD", "y", 4, 2))
        self.assertEqual(layer["max_error"], 0.5)
        self.assertAlmostEqual(layer["mean_error"], (0.5 + 4 - below) / 4)
        self.assertIsNone(layer["max_steps"])
        self.assertEqual(layer["max_ulps"], 0x40200000 - 0x40000000)
        signal, noise = 1 + 6.25 + 9 + below ** 2, 0.25 + (4 - below) ** 2
        self.assertAlmostEqual(layer["signal_to_noise_db"], 10 * math.log10(signal / noise))
        self.assertEqual(report["first"], 0)

    def test_bounds(self):
        model = self.model(small.add_model())
        inputs = self.inputs(floats(1, 2, 3, 4), floats(0, 0, 0, 0))
        folder = self.path("stored")
        os.mkdir(folder)
        self.path("stored/y.npy", npy("<f4", [1, 4], floats(1, 2.5, 3, 4)))
        for bound, status in ("0.5", 0), ("0.49", 1), ("2097152ulps", 0), ("2097151ulps", 1):
            done = self.start("diff", model, "--tensors", folder, "--max-error", bound, *inputs)
            self.assertEqual((done.returncode, done.stderr), (status, b""), bound)
            self.assertIn(b"first beyond" if status else b"all within", done.stdout)
            report = json.loads(self.start("diff", model, "--tensors", folder, "--max-error",
                                           bound, "--json", *inputs).stdout)
            self.assertEqual(report["holds"], status == 0)

    def test_steps_and_real_numbers(self):
        """Stored as the numbers themselves, and as the real ones that they stand for."""
        folder = self.stored(DIGITS)
        tensors = json.loads((folder / "tensors.json").read_text())
        report = self.json("diff", DIGITS, "--tensors", folder)
        self.assertIsNone(report["first"])
        output = tensors[report["layers"][-1]["index"]]
        path = folder / output["file"]
        values = struct.unpack(f"{output['bytes']}b", path.read_bytes())
        path.unlink()
        reals = [(v - output["zero_point"]) * output["scale"] for v in values]
        named = folder / f"0.{output['index']}.npy"
        named.write_bytes(npy("<f4", output["shape"], floats(*reals)))
        report = self.json("diff", DIGITS, "--tensors", folder, "--max-error", "0.01steps")
        self.assertTrue(report["holds"])
        reals[3] += 2 * output["scale"]
        named.write_bytes(npy("<f4", output["shape"], floats(*reals)))
        layer = self.json("diff", DIGITS, "--tensors", folder)["layers"][-1]
        self.assertAlmostEqual(layer["max_steps"], 2, 3)
        self.assertEqual(self.start("diff", DIGITS, "--tensors", folder, "--max-error",
                                    "1.9steps").returncode, 1)
        self.assertEqual(self.start("diff", DIGITS, "--tensors", folder, "--max-error",
                                    "2steps").returncode, 0)

    def test_float_and_int8(self):
        """Outputs are matched by their position, other tensors by their names."""
        report = self.json("diff", DIGITS, FLOAT_DIGITS)
        last = report["layers"][-1]
        self.assertLess(last["max_error"], 0.5)
        self.assertGreater(last["different"], 0)
        self.assertIsNone(last["max_ulps"])
        self.assertGreater(last["max_steps"], 0)
        self.assertEqual(report["reference"], FLOAT_DIGITS)
        # The other way round, errors in real units are the same.
        back = self.json("diff", FLOAT_DIGITS, DIGITS)["layers"][-1]
        self.assertAlmostEqual(back["max_error"], last["max_error"])

    def test_what_is_no_number(self):
        model = self.model(small.add_model())
        inputs = self.inputs(floats(math.nan, 2, 3, 4), floats(0, 0, 0, 0))
        folder = self.path("stored")
        os.mkdir(folder)
        self.path("stored/0.2.bin", floats(math.nan, 2, 3, math.nan))
        layer, = self.json("diff", model, "--tensors", folder, *inputs)["layers"]
        self.assertEqual((layer["different"], layer["max_error"]), (1, None))
        done = self.start("diff", model, "--tensors", folder, "--max-error", "1e30", *inputs)
        self.assertEqual(done.returncode, 1)

    def test_page(self):
        page = self.path("diff.html")
        self.succeed("diff", DIGITS, FLOAT_DIGITS, "--html", page)
        html = pathlib.Path(page).read_text(encoding="utf-8")
        self.assertIn("Signal to noise", html)
        self.assertNotIn("<script", html)

    def test_bad_input(self):
        model, other = self.model(small.add_model()), self.path("none.tflite")
        empty = self.path("empty")
        os.mkdir(empty)
        wrong = self.path("wrong")
        os.mkdir(wrong)
        self.path("wrong/y.npy", npy("<f4", [4, 1], floats(1, 2, 3, 4)))
        short = self.path("short")
        os.mkdir(short)
        self.path("short/0.2.bin", b"123")
        for status, arguments, part in [
                (2, [model, "--max-error", "much"], "--max-error much: expected a number"),
                (2, [model, "--max-error", "-1"], "--max-error -1"),
                (2, [model, "--max-error", "3furlongs"], "3furlongs"),
                (2, [model, "--isa", "sse"], "portable, neon, dotprod, i8mm"),
                (2, [model, model, "--isa", "portable"], "one thing to compare with"),
                (2, [model, *["--input", os.devnull] * 3], "takes 2"),
                (2, [model, "--html", model], "would replace"),
                (3, [model, other], "none.tflite"),
                (4, [model, DIGITS], "inputs are not those of"),
                (4, [model, "--tensors", self.path("nowhere")], "no directory"),
                (4, [model, "--tensors", empty], "holds no tensor"),
                (4, [model, "--tensors", wrong], "has shape [4,1]"),
                (4, [model, "--tensors", short], "only 3 bytes"),
                (6, [model, "--html", self.path("no/such/page.html")], "cannot write")]:
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.fail_with(status, "diff", *arguments))

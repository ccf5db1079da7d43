#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of `pipit bench --html`, looked at in Chromium, wide and narrow, light and dark; the
screenshots stay in FOLDER. Exit status 77 when there is no Chromium.

bench_page_test.py FOLDER COMMAND..."""

import pathlib
import sys
import unittest

import board_case
import browser
import command_case
from command_case import DIGITS, CommandTest

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared" / "models"
MODEL = SHARED / "mobilenet_v2_1.0_224_int8" / "model.tflite"  # when it is there
folder = None


class Pictures(CommandTest):

    def looks(self, model, *options):
        """What is seen of a model's page, in each size and scheme."""
        page = self.path(pathlib.Path(model).parent.name + "-bench.html")
        self.succeed("bench", model, "--num_runs=20", "--min_secs=0", "--html", page, *options)
        with browser.Browser() as chromium:
            yield from chromium.looks(page, folder)

    def check(self, seen, size):
        self.assertEqual(seen["loaded"], [])
        self.assertLessEqual(seen["page"], seen["screen"], "it scrolls to the side")
        self.assertGreater(len(seen["boxes"]), 20)
        for box in seen["boxes"]:
            if box["text"]:
                self.assertGreater(browser.contrast(box["background"], box["colour"]), 4.5)
            self.assertGreaterEqual(box["x"], 0)
            self.assertGreater(box["height"], 0)
        for heading in ("How times are spread", "Where the time goes", "Memory over time",
                        "Clock over time", "Temperature over time", "All operators"):
            self.assertIn(heading, seen["headings"])
        self.assertIn("Warning: the board was held down meanwhile", seen["text"])
        if size == "narrow":
            self.assertEqual(seen["screen"], 400)

    def test_page(self):
        root = board_case.raspberry_pi_4(self.dir / "board", clock="1200000\n", throttled="4\n")
        backgrounds = set()
        for model in (DIGITS, MODEL):
            if not pathlib.Path(model).exists():
                continue
            for seen, size, scheme in self.looks(model, "--board-root", root):
                with self.subTest(model=model, size=size, scheme=scheme):
                    self.check(seen, size)
                    widest = [b for b in seen["boxes"] if b["text"].startswith("inference ")]
                    self.assertEqual(len(widest), 1)
                    kinds = [b for b in seen["boxes"]
                             if abs(b["y"] - widest[0]["y"] - widest[0]["height"]) < 1]
                    self.assertAlmostEqual(sum(b["width"] for b in kinds), widest[0]["width"],
                                           delta=2)
                backgrounds.add((scheme, seen["background"]))
        self.assertEqual(len(backgrounds), 2)  # light and dark differ

    def test_threads_in_turn(self):
        for seen, _, _ in self.looks(DIGITS, "--threads=1,2"):
            self.assertIn("On 2 threads", seen["headings"])
            self.assertLessEqual(seen["page"], seen["screen"])


if __name__ == "__main__":
    folder, *command_case.command = sys.argv[1:]
    if not browser.PROGRAM:
        print("skipped: no Chromium here (Debian: chromium)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])

# SPDX-License-Identifier: Apache-2.0
"""The pages of `pipit plan` and `pipit diff` as a reader sees them, in Chromium.

usage: plan_pictures_test.py FOLDER PIPIT    screenshots are left in FOLDER
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import browser

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
DIGITS, FLOAT = MODELS / "digits_int8.tflite", MODELS / "digits_float.tflite"
folder, pipit = None, None  # set by who runs the tests


class Pictures(unittest.TestCase):
    """Opens each page, finds its boxes, and keeps screenshots."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)

    def page(self, name, *arguments):
        """The page that a command makes, and what it prints as JSON."""
        path = self.dir / f"{name}.html"
        done = subprocess.run([pipit, *map(str, arguments), "--json", "--html", path], check=True,
                              capture_output=True, timeout=300)
        return path, json.loads(done.stdout)

    def look(self, path, boxes, check=lambda seen: None):
        with browser.Browser() as chromium:
            for seen, size, scheme in chromium.looks(path, folder):
                with self.subTest(page=path.name, size=size, scheme=scheme):
                    self.assertEqual(len(seen["boxes"]), boxes)
                    self.assertLessEqual(seen["page"], seen["screen"], "sticks out at the side")
                    self.assertEqual(seen["loaded"], [])
                    for box in seen["boxes"]:
                        self.assertGreaterEqual(
                            browser.contrast(box["background"], box["colour"]), 4.5, box["title"])
                    check(seen)

    @staticmethod
    def parts(plan):
        """Of the arena."""
        persistent, activations = plan["persistent_bytes"], plan["activation_bytes"]
        return [n for n in (persistent, activations, plan["arena_bytes"] - persistent - activations) if n]

    def boxes(self, plan):
        graph = plan["subgraphs"][0]
        return len(self.parts(plan)) + len(graph["blocks"]) + len(graph["steps"])

    def check_parts(self, plan, seen):
        """One bar is the whole arena."""
        boxes = [b for b in seen["boxes"] if b["kind"].endswith(" part")]
        self.assertEqual(len(boxes), len(self.parts(plan)))
        width = sum(b["width"] for b in boxes)
        for box, size in zip(boxes, self.parts(plan)):
            self.assertAlmostEqual(box["width"] / width, size / plan["arena_bytes"], delta=0.02)
            self.assertIn(f"{size:,} bytes", box["title"])

    def check_places(self, plan, seen):
        """Boxes lie where the plan's blocks do."""
        blocks = plan["subgraphs"][0]["blocks"]
        boxes = [b for b in seen["boxes"] if " block" in b["kind"]]
        self.assertEqual(len(boxes), len(blocks))
        top, left = min(b["y"] for b in boxes), min(b["x"] for b in boxes)
        height = max(b["y"] + b["height"] for b in boxes) - top
        width = max(b["x"] + b["width"] for b in boxes) - left
        steps = 1 + max(b["last_step"] for b in blocks)
        for block, box in zip(blocks, boxes):
            self.assertAlmostEqual((box["y"] - top) / height,
                                   block["address"] / plan["activation_bytes"], delta=0.02)
            self.assertAlmostEqual(box["height"] / height,
                                   block["bytes"] / plan["activation_bytes"], delta=0.02)
            self.assertAlmostEqual((box["x"] - left) / width, block["first_step"] / steps,
                                   delta=0.02)
            for tensor in block["tensors"]:
                self.assertIn(tensor["name"], box["title"])

    def test_plan(self):
        path, plan = self.page("plan", "plan", DIGITS, "--cpu", "any")
        self.look(path, self.boxes(plan), lambda seen: self.check_places(plan, seen))
        self.look(path, self.boxes(plan), lambda seen: self.check_parts(plan, seen))

    def test_plan_with_bands(self):
        path, plan = self.page("plan-bands", "plan", DIGITS, "--bands", "all")
        self.look(path, self.boxes(plan), lambda seen: self.assertIn("In bands", seen["headings"]))

    def test_diff(self):
        path, diff = self.page("diff", "diff", DIGITS, FLOAT)
        self.look(path, 2 * len(diff["layers"]))

    def test_real_models(self):
        models = pathlib.Path(__file__).resolve().parents[3] / "shared" / "models"
        for name in "person_detect_int8", "mobilenet_v2_1.0_224_int8":
            model = models / name / "model.tflite"
            if not model.is_file():
                continue
            path, plan = self.page(f"plan-{name}", "plan", model, "--cpu", "aarch64")
            self.look(path, self.boxes(plan))


if __name__ == "__main__":
    if not browser.PROGRAM:
        print("SKIPPED: there is no chromium, so nobody has looked at the pages")
        sys.exit(77)
    folder, pipit = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])

# SPDX-License-Identifier: Apache-2.0
"""The picture of bench() that notebooks show, in Chromium, wide and narrow, on light and dark pages.
Exit status 77 when there is no Chromium.

bench_page_test.py FOLDER"""

import pathlib
import sys
import tempfile
import unittest

import pipit

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))

import browser  # noqa: E402

# What a notebook puts around it.
PAGE = """<!DOCTYPE html><meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<style>body { background: #fff; color: #111; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } }</style>
<body>%s"""


class Picture(unittest.TestCase):

    def test_in_a_notebook(self):
        result = pipit.bench(ROOT / "models" / "digits_int8.tflite", runs=30, min_seconds=0)
        with tempfile.TemporaryDirectory() as scratch, browser.Browser() as chromium:
            page = pathlib.Path(scratch) / "notebook.html"
            page.write_text(PAGE % result._repr_html_())
            for seen, size, scheme in chromium.looks(page, sys.argv[1]):
                with self.subTest(size=size, scheme=scheme):
                    self.assertLessEqual(seen["page"], seen["screen"])
                    self.assertEqual(seen["loaded"], [])
                    self.assertTrue(all(box["height"] > 0 for box in seen["boxes"]))
                    self.assertGreater(len(seen["boxes"]), 0)
                    self.assertIn("CONV_2D", seen["text"])
                    self.assertIn("median", seen["text"])


if __name__ == "__main__":
    if not browser.PROGRAM:
        print("skipped: no Chromium here (Debian: chromium)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])

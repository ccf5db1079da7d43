# SPDX-License-Identifier: Apache-2.0
"""ci/boards.py: the row of a board in the table, and the tests that did not finish there."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORT = """<?xml version="1.0"?><testsuite>
<testcase name="a" status="run"><system-out>fine</system-out></testcase>
<testcase name="b" status="run"/>
<testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
<testcase name="d" status="fail"><system-out>1 of 3 differ</system-out></testcase>
<testcase name="e" status="fail"><system-out>conv_test did not finish: no connection to pi@board
</system-out></testcase>
</testsuite>"""


def bench(model, median_us, warnings=()):
    return {"format": "pipit-bench", "model": model, "build": {"version": "0.2.0", "isa": "dotprod"},
            "board": {"model": "Raspberry | Pi 5\x1b", "cores": ["Cortex-A76"], "cpus": 4,
                      "governor": "performance", "highest_clock_hz": 2400000000},
            "results": [{"times": {"median_us": median_us}, "warnings": list(warnings)}]}


class Boards(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.report = self.write("ctest.xml", REPORT)
        self.table = self.write("boards.md", (ROOT / "docs" / "boards.md").read_text())

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def run_script(self, *arguments):
        return subprocess.run([sys.executable, "-B", str(ROOT / "ci" / "boards.py"), *map(str, arguments)],
                              capture_output=True, text=True)

    def row(self, *results):
        return self.run_script("row", "--tests", self.report, "--table", self.table, *results)

    def test_row(self):
        before = self.table.read_text().splitlines()
        done = self.row(self.write("a.json", bench("models/digits_int8.tflite", 52.34)),
                        self.write("b.json", bench("../shared/models/person_detect_int8/model.tflite",
                                                   12345.6, ["throttled"])))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        after = self.table.read_text().splitlines()
        head = next(i for i, line in enumerate(before) if line.startswith("| Date |"))
        new = next(line for line in after if line not in before)
        self.assertEqual(after.index(new), next(i for i in range(head, len(before))
                                                if not before[i].startswith("|")))
        self.assertEqual([line for line in after if line != new], before)
        names = before[head].split(" | ")
        cells = dict(zip(names, new.split(" | ")))
        self.assertEqual(len(names), len(new.split(" | ")))
        self.assertEqual(cells["Board"], "Raspberry / Pi 5")
        self.assertEqual(cells["Cores"], "4 x Cortex-A76")
        self.assertEqual(cells["Clock"], "2400 MHz")
        self.assertEqual(cells["Tests"], "2 passed, 2 failed, 1 skipped")
        self.assertEqual(cells["digits_int8"], "0.0523 ms")
        self.assertEqual(cells["person_detect_int8"], "12.3 ms (?)")
        self.assertEqual(cells["resnet8_float"], "-")

    def test_unfinished(self):
        done = self.run_script("unfinished", self.report)
        self.assertEqual((done.returncode, done.stdout), (1, "did not finish: e\n"))
        self.report.write_text("<testsuite><testcase name='a' status='run'/></testsuite>")
        self.assertEqual(self.run_script("unfinished", self.report).returncode, 0)

    def test_bad_input(self):
        before = self.table.read_text()
        for content in ("", "{", "[]", {"format": "another"}):
            done = self.row(self.write("bad.json", content))
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.table.write_text("no table\n")
        done = self.row(self.write("a.json", bench("digits_int8.tflite", 1)))
        self.assertIn("has no table", done.stderr)
        self.assertEqual(self.table.read_text(), "no table\n")
        self.assertTrue(before)
        self.assertEqual({p.name for p in self.folder.iterdir()},
                         {"ctest.xml", "boards.md", "bad.json", "a.json"})


if __name__ == "__main__":
    unittest.main()

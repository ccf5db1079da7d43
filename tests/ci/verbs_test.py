# SPDX-License-Identifier: Apache-2.0
"""What workflows and documents ask of ci/check.sh, it knows; and its help lists all that it knows."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "ci" / "check.sh").read_text()


def accepted():
    """Those of the case that reads the command line."""
    part = SCRIPT[SCRIPT.index('for verb in "${@:---help}"'):]
    lines = re.findall(r"^ +([a-z0-9 |-]+)\) verbs\+=", part, re.MULTILINE)
    return {verb for line in lines for verb in line.split(" | ")}


class Verbs(unittest.TestCase):

    def test_help(self):
        said = subprocess.run(["bash", ROOT / "ci" / "check.sh", "--help"], capture_output=True,
                              text=True, check=True).stdout
        self.assertEqual(set(re.findall(r"^  ([a-z0-9-]+) ", said, re.MULTILINE)), accepted())

    def test_what_is_asked(self):
        files = [*(ROOT / ".github" / "workflows").glob("*.yml"), *(ROOT / "docs").glob("*.md"),
                 ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
        asked = set()
        for path in files:
            text = path.read_text()
            for line in re.findall(r"ci/check\.sh((?: +[a-z][a-z0-9-]*)+)", text):
                asked |= {word for word in line.split()}
            for matrix in re.findall(r"verb: \[([^]]+)\]", text):
                asked |= set(matrix.split(", "))
        self.assertLessEqual({"python-arm", "sdist", "release", "board-test", "pictures"}, asked)
        unknown = asked - accepted() - {"lists"}  # a word of a sentence
        self.assertEqual(unknown, set())

    def test_a_release_says_where_it_is_from(self):
        version = re.search(r"project\(pipit VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
        known = {"PIPIT_HOMEPAGE": "https://pipit.someone.net", "PIPIT_MAINTAINER": "A <a@someone.net>"}
        for missing in (["PIPIT_HOMEPAGE"], ["PIPIT_MAINTAINER"], list(known)):
            told = {name: value for name, value in known.items() if name not in missing}
            done = subprocess.run([ROOT / "ci" / "release.sh", "--tag", "v" + version],
                                  env={"PATH": os.environ["PATH"], **told}, capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (1, "", "ci/release.sh: a release under a tag says where it is from: set "
                              + " ".join(missing) + "\n"))


if __name__ == "__main__":
    unittest.main()

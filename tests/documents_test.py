#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents say holds: links and paths lead somewhere, code compiles, commands exist.

    documents_test.py SOURCE_FOLDER PIPIT_COMMAND COMPILER [COMPILER_ARGUMENT...]
"""
import ast
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(sys.argv[1])
PIPIT = sys.argv[2]
COMPILE = sys.argv[3:]
DOCUMENTS = sorted(path for pattern in ("*.md", "*/*.md", "*/*/*.md") for path in ROOT.glob(pattern)
                   if "build" not in path.parts)
ROOMS = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "build"}
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)

# What the lines of a document stand in: names that they use without saying where they come from.
PRELUDE = """
#include <algorithm>
#include <cstdint>
#include <span>
#include "kernels/ops.h"
#include "kernels/ops/common.h"
#include "pipit/file.h"
#include "pipit/interpreter.h"
#include "pipit/op.h"
#include "pipit/team.h"
using namespace pipit;
int fail(const char*);
extern std::span<int8_t> image;
extern const pipit::Model model;
extern pipit::Span<uint8_t> arena;
extern Message why;
"""


def blocks(language):
    """(document, code) for each block of a language."""
    for path in DOCUMENTS:
        for _, name, code in BLOCK.findall(path.read_text(encoding="utf-8")):
            if name == language:
                yield path.relative_to(ROOT), textwrap.dedent(code)


def without_blocks(path):
    return BLOCK.sub("", path.read_text(encoding="utf-8"))


def compiles(code):
    """None, or what the compiler says of code that stands in a file or in a function."""
    said = ""
    definitions, _, rest = code.rpartition("\n}\n")
    for body in (code, "int document() {\n%s\nreturn 0;\n}" % code,
                 "%s\n}\nint document() {\n%s\nreturn 0;\n}" % (definitions, rest)):
        with tempfile.NamedTemporaryFile("w", suffix=".cc") as file:
            file.write(PRELUDE + "namespace {\n%s\n}\n" % body)
            file.flush()
            done = subprocess.run(COMPILE + ["-fsyntax-only", "-w", file.name], capture_output=True,
                                  text=True, check=False)
        if done.returncode == 0:
            return None
        said += done.stderr
    return said


class Documents(unittest.TestCase):
    def test_there_are_some(self):
        self.assertIn(ROOT / "README.md", DOCUMENTS)
        self.assertGreater(len(DOCUMENTS), 8)

    def test_links_lead_somewhere(self):
        for path in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", without_blocks(path)):
                if not re.match(r"\w+:", target):
                    with self.subTest(document=path.name, link=target):
                        self.assertTrue((path.parent / target).exists())

    def test_paths_exist(self):
        for path in DOCUMENTS:
            for span in re.findall(r"`([^`\n]+)`", without_blocks(path)):
                word = re.fullmatch(r"(?:\./)?([\w-]+)/[\w./-]*", span)
                if word and word[1] in ROOMS:
                    with self.subTest(document=path.name, path=span):
                        self.assertTrue((ROOT / span).exists())

    def test_cpp_compiles(self):
        found = 0
        for path, code in blocks("cpp"):
            found += 1
            with self.subTest(document=str(path), code=code.splitlines()[0]):
                self.assertIsNone(compiles(code))
        self.assertGreater(found, 2)

    def test_python_parses(self):
        for path, code in blocks("python"):
            with self.subTest(document=str(path)):
                ast.parse(code)

    def commands(self):
        """Lines of shell in blocks and spans, without what continues or comments on them."""
        for path in DOCUMENTS:
            text = path.read_text(encoding="utf-8")
            spans = re.findall(r"`([^`\n]+)`", without_blocks(path))
            lines = [line for _, name, code in BLOCK.findall(text) if name in ("", "sh", "shell")
                     for line in code.replace("\\\n", " ").splitlines()]
            lines += re.findall(r"^    (\S.*)$", without_blocks(path), re.M)
            for line in lines + spans:
                for command in re.split(r"&&|\|\||;|\|", line.split(" # ")[0]):
                    yield path.relative_to(ROOT), command.split()

    def test_verbs_exist(self):
        usage = subprocess.run(["bash", ROOT / "ci/check.sh", "--help"], capture_output=True,
                               text=True, check=True).stdout
        verbs = set(re.findall(r"^  ([a-z][\w-]*) ", usage, re.M))
        for path, words in self.commands():
            if words and words[0].endswith("ci/check.sh"):
                for verb in words[1:]:
                    with self.subTest(document=str(path), verb=verb):
                        self.assertTrue(verb in verbs or verb.startswith("-") or verb.isupper())

    def test_presets_exist(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text(encoding="utf-8"))
        known = {preset["name"] for preset in presets["configurePresets"]}
        for path, words in self.commands():
            if "--preset" in words[:-1] and words[0] in ("cmake", "ctest"):
                with self.subTest(document=str(path), command=" ".join(words)):
                    preset = words[words.index("--preset") + 1].rstrip(".,`")
                    self.assertTrue(preset in known or preset.isupper())

    def test_options_exist(self):
        helps = {}
        for path, words in self.commands():
            if len(words) < 2 or not re.fullmatch(r"([\w/]*/)?pipit", words[0]):
                continue
            subcommand = [] if words[1].startswith("-") else [words[1]]
            for option in words[len(subcommand) + 1:]:
                if not re.match(r"--?[a-z]", option):
                    continue
                key = tuple(subcommand)
                if key not in helps:
                    helps[key] = subprocess.run([PIPIT, *subcommand, "--help"], capture_output=True,
                                                text=True, check=False).stdout
                name = option.split("=")[0].rstrip(".,")
                with self.subTest(document=str(path), command=" ".join(words)):
                    self.assertRegex(helps[key], r"(^|[\s,\[])%s\b" % re.escape(name))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

# SPDX-License-Identifier: Apache-2.0
"""What the tests of the `pipit` command share."""

import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest

import small_models as small

flatc, command = None, []  # set by who runs the tests
MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
DIGITS = str(MODELS / "digits_int8.tflite")
DIGITS_FLOAT = str(MODELS / "digits_float.tflite")


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def read_float(path):
    return struct.unpack("<f", pathlib.Path(path).read_bytes())[0]


class CommandTest(unittest.TestCase):
    """A new directory for each test, and ways to start the command."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)

    def path(self, name, content=None):
        """A path in the test's directory; `content` is written there."""
        path = self.dir / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def model(self, *graphs, name="model.tflite", **fields):
        return small.write(flatc, self.path(name), *graphs, **fields)

    def start(self, *arguments, **how):
        return subprocess.run([*command, *map(str, arguments)], capture_output="stdout" not in how,
                              check=False, timeout=300, **how)

    def succeed(self, *arguments):
        """What it prints; nothing may be said on the standard error stream."""
        done = self.start(*arguments)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
        return done.stdout.decode()

    def unwrapped(self, *arguments):
        """What it prints, with lines that it broke to fit a terminal in one piece: the rest of one
        begins six columns further right."""
        lines, indent = [], 0
        for line in self.succeed(*arguments).splitlines():
            own = len(line) - len(line.lstrip())
            if lines and line.strip() and own == indent + 6:
                lines[-1] += " " + line.strip()
            else:
                lines.append(line)
                indent = own
        return "\n".join(lines) + "\n"

    def json(self, *arguments):
        return json.loads(self.succeed(*arguments, "--json"))

    def fail_with(self, status, *arguments, **how):
        """The one line that it leaves behind."""
        done = self.start(*arguments, **how)
        line = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, line)
        self.assertRegex(line, r"\Apipit: [^\n]+\n\Z")
        return line

    def peak(self, *arguments):
        """Bytes of memory that the command has at most, whatever comes of it."""
        with subprocess.Popen([*command, *map(str, arguments)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            usage = os.wait4(process.pid, 0)[2]
            process.returncode = 0
        return usage.ru_maxrss * 1024

    def inputs(self, *contents):
        """Options that give these bytes as inputs."""
        options = []
        for i, content in enumerate(contents):
            options += ["--input", self.path(f"in{i}.bin", content)]
        return options

    def outputs(self, model, *options, count=1):
        """Runs a model and returns the bytes of its outputs."""
        self.succeed("run", model, *options, "--output-dir", self.path("out"))
        return [(self.dir / "out" / f"out{i}.bin").read_bytes() for i in range(count)]

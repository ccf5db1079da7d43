# SPDX-License-Identifier: Apache-2.0
"""Runs each file of python/examples as a user would."""

import configparser
import http.client
import importlib.util
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = pathlib.Path(os.environ["PIPIT_TEST_MODELS"])
# The interpreter that runs them: this one, or another machine's under an emulator.
PYTHON = shlex.split(os.environ.get("PIPIT_TEST_PYTHON", shlex.quote(sys.executable)))

HAS_PILLOW = importlib.util.find_spec("PIL") is not None


def run(name, *arguments):
    done = subprocess.run([*PYTHON, ROOT / "python" / "examples" / (name + ".py"),
                           *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def ask(port, method, body=None):
    """What a server on this machine answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, "/", body)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


class Examples(unittest.TestCase):

    def test_each_says_what_it_wants(self):
        for example in sorted((ROOT / "python" / "examples").glob("*.py")):
            if example.stem == "classify_image" and not HAS_PILLOW:
                continue
            done = subprocess.run([*PYTHON, example], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(example.name + " MODEL", done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_basic(self):
        self.assertIn("Output shape: (1, 10)", run("basic", ROOT / "models" / "digits_float.tflite"))

    def test_several_inputs(self):
        self.assertIn("Output 1 (y): [[3. 3. 3. 3.]]",
                      run("several_inputs", MODELS / "add.tflite"))

    def test_timing(self):
        text = run("timing", ROOT / "models" / "digits_int8.tflite", 3)
        self.assertIn("Average inference time: 0.0", text)
        self.assertIn("CONV_2D", text)

    def test_layer(self):
        self.assertEqual(run("layer", MODELS / "open.tflite"), "(1, 2)\n(3, 2)\n")

    def test_signature(self):
        text = run("signature", MODELS / "signatures.tflite")
        self.assertIn("plus {'sum': array([[4., 4., 4., 4.]]", text)
        self.assertIn("minus {'difference': array([[0., 0., 0., 0.]]", text)

    def test_views(self):
        self.assertEqual(run("views", MODELS / "open.tflite"), "inference [[6. 6.]]\n" * 3)

    def test_serve(self):
        with subprocess.Popen([*PYTHON, ROOT / "python" / "examples" / "serve.py",
                               ROOT / "models" / "digits_int8.tflite", "0"],
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                port = int(server.stdout.readline().split()[-1])
                image = (ROOT / "models" / "digits_int8.in0.bin").read_bytes()[:64]  # of many
                status, said = ask(port, "GET")
                self.assertEqual((status, said["bytes"], said["dtype"]), (200, len(image), "int8"))
                status, said = ask(port, "POST", image)
                self.assertEqual((status, len(said), len(said[0][0])), (200, 1, 10))
                status, said = ask(port, "POST", image[1:])
                self.assertEqual((status, said["error"]),
                                 (400, "the input has %d bytes" % len(image)))
            finally:
                server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(60), 0)

    def test_unit(self):
        unit = ROOT / "docs" / "pipit-serve.service"
        parsed = configparser.ConfigParser(strict=False, interpolation=None)
        parsed.optionxform = str
        parsed.read(unit)
        program = parsed["Service"]["ExecStart"].split()
        self.assertTrue((ROOT / "python" / "examples" / pathlib.Path(program[1]).name).exists())
        if shutil.which("systemd-analyze"):
            done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(HAS_PILLOW, "needs Pillow")
    def test_classify_image(self):
        for kind in ("int8", "float"):
            for digit, word in ((3, "three"), (7, "seven")):
                self.assertEqual(
                    run("classify_image", ROOT / "models" / f"digits_{kind}.tflite",
                        ROOT / "models" / "samples" / f"digit_{digit}_0.png",
                        ROOT / "models" / "digits_labels.txt"),
                    f"Predicted class: {word}\n")


if __name__ == "__main__":
    unittest.main()

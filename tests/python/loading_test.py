# SPDX-License-Identifier: Apache-2.0
"""How the packages come to a Python and find the shared library: wheels, zip files, frozen programs,
and what is said when there is no library."""

import importlib.util
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = pathlib.Path(os.environ["PIPIT_TEST_MODELS"])
PACKAGES = pathlib.Path(importlib.util.find_spec("pipit").origin).parents[1]
EMULATED = "PIPIT_TEST_EMULATED" in os.environ
LIBRARY = PACKAGES / "pipit" / "libpipit.so"
TFLITE = PACKAGES / "pipit" / "libtensorflowlite_c.so"

RUNS = """
import sys
import numpy as np
import pipit, tflite_runtime.interpreter
net = tflite_runtime.interpreter.Interpreter(%r)
print(net.run([np.ones((1, 4), np.float32)] * 2)[0].tolist(), pipit._library.lib._name)
""" % str(MODELS / "add.tflite")

EXCEPT = """
try:
    import tflite_runtime.interpreter
except ImportError as error:
    print(error)
    print(error.name, error.path)
"""


def python(program, path, **environment):
    """What a Python that finds modules in `path` says."""
    kept = {k: v for k, v in os.environ.items() if k != "PIPIT_LIBRARY"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          env=dict(kept, PYTHONPATH=str(path), **environment))
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


class Folder(unittest.TestCase):

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def copy_packages(self):
        for name in ("pipit", "tflite_runtime"):
            shutil.copytree(PACKAGES / name, self.folder / name,
                            ignore=shutil.ignore_patterns("__pycache__"))


class WithoutTheLibrary(Folder):

    def refusal(self, **environment):
        text, where = python(EXCEPT, self.folder, **environment).splitlines()
        self.assertRegex(text, r"This Python is for \w+ with \S+ [\d.]+: the wheel that fits is "
                         r"pipit_runtime-\*_\w+\.whl")
        return text, where

    def test_none(self):
        self.copy_packages()
        (self.folder / "pipit" / "libpipit.so").unlink()
        text, where = self.refusal()
        self.assertIn("cannot load its shared library libpipit.so.1: ", text)
        self.assertEqual(where, "pipit libpipit.so.1")

    def test_one_for_another_machine(self):
        self.copy_packages()
        library = self.folder / "pipit" / "libpipit.so"
        library.write_bytes(b"\x7fELF" + bytes(100))
        text, where = self.refusal()
        self.assertIn("cannot load its shared library %s: " % library, text)
        self.assertEqual(where, "pipit %s" % library)

    def test_a_wrong_variable(self):
        self.copy_packages()
        self.assertIn("/nowhere/lib.so: cannot open", self.refusal(PIPIT_LIBRARY="/nowhere/lib.so")[0])

    def test_which_wheel_fits(self):
        from pipit import _find
        for machine, most, wheel in (
            ("aarch64", 2**63 - 1, "pipit_runtime-*_aarch64.whl"),
            ("aarch64", 2**31 - 1, "pipit_runtime-*_armv7l.whl"),  # a 32-bit system on this kernel
            ("armv7l", 2**31 - 1, "pipit_runtime-*_armv7l.whl"),
            ("armv6l", 2**31 - 1, "there is no wheel for it"),
            ("riscv64", 2**63 - 1, "there is no wheel for it"),
        ):
            with mock.patch("platform.machine", return_value=machine), \
                    mock.patch("sys.maxsize", most):
                self.assertIn(wheel, _find._advice())
        with mock.patch("platform.libc_ver", return_value=("", "")), \
                mock.patch("glob.glob", return_value=["/lib/ld-musl-aarch64.so.1"]):
            self.assertIn(" with musl: ", _find._advice())

    def test_another_version(self):
        self.copy_packages()
        text = python(EXCEPT, self.folder, PIPIT_LIBRARY=os.environ["PIPIT_TEST_DELEGATE"])
        # It is linked with the library, whose functions it passes on.
        self.assertEqual(text, "")
        text = python(EXCEPT, self.folder, PIPIT_LIBRARY="libm.so.6")
        self.assertIn("libm.so.6 is of another version of Pipit: it has no function pipit_", text)


class InOtherPlaces(Folder):

    def test_a_zip_file(self):
        with zipfile.ZipFile(self.folder / "all.zip", "w") as packed:
            for name in ("pipit", "tflite_runtime"):
                for file in (PACKAGES / name).rglob("*"):
                    if file.is_file() and "__pycache__" not in file.parts:
                        packed.write(file, file.relative_to(PACKAGES))
        said = python(RUNS, self.folder / "all.zip")
        self.assertRegex(said, r"^\[\[2.0, 2.0, 2.0, 2.0\]\] /proc/\d+/fd/\d+\n$")
        said = python("import os\ndel os.memfd_create\n" + RUNS, self.folder / "all.zip")
        self.assertRegex(said, r"^\[\[2.0, 2.0, 2.0, 2.0\]\] /\S+/\w+libpipit.so\n$")
        self.assertFalse(os.path.exists(said.split()[-1]))

    def test_a_frozen_program(self):
        self.copy_packages()
        for place in ("unpacked/pipit", "unpacked"):
            shutil.rmtree(self.folder / "unpacked", ignore_errors=True)
            (self.folder / place).mkdir(parents=True)
            library = self.folder / "pipit" / "libpipit.so"
            moved = self.folder / place / "libpipit.so"
            shutil.copy(LIBRARY, moved)
            library.unlink(missing_ok=True)
            frozen = "import sys\nsys.frozen, sys._MEIPASS = True, %r\n" % str(self.folder / "unpacked")
            self.assertIn(str(moved), python(frozen + RUNS, self.folder))

    def test_the_hook_of_pyinstaller(self):
        from pipit import _pyinstaller
        hook = pathlib.Path(*_pyinstaller.hook_dirs()) / "hook-pipit.py"
        fake = "def collect_dynamic_libs(package):\n    return [('libpipit.so', package)]\n"
        utils = self.folder / "PyInstaller" / "utils"
        utils.mkdir(parents=True)
        (utils / "hooks.py").write_text(fake)
        said = python("import runpy; print(runpy.run_path(%r)['binaries'])" % str(hook), self.folder)
        self.assertEqual(said, "[('libpipit.so', 'pipit')]\n")


# What an old container answers to calls of the system that it does not know, statx() among them.
OLD_CONTAINER = """
import ctypes, struct
import numpy as np
numbers = {"x86_64": [332, 334], "aarch64": [291, 293]}[%r] + [435, 437, 439]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
REFUSE, ALLOW = 0x50001, 0x7fff0000
steps = [(LOAD, 0, 0, 0)]
for number in numbers:
    steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
steps.append((RETURN, 0, 0, ALLOW))
raw = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("<H6xQ", len(steps), ctypes.addressof(raw)))
prctl, number = ctypes.CDLL(None).prctl, ctypes.c_ulong
print(prctl(38, number(1), number(0), number(0), number(0)),
      prctl(22, number(2), program, number(0), number(0)))
import pipit
interpreter = pipit.Interpreter(%r, num_threads=3)
print(interpreter.run(np.array([[10, 12, 16]], np.uint8))[0].tolist())
"""


@unittest.skipIf(EMULATED or platform.machine() not in ("x86_64", "aarch64"), "needs a 64-bit Linux")
class OldContainers(unittest.TestCase):

    def test_models_run(self):
        said = python(OLD_CONTAINER % (platform.machine(), str(MODELS / "quantized.tflite")), PACKAGES)
        if not said.startswith("0 0\n"):
            self.skipTest("this system lets no program refuse itself calls")
        self.assertEqual(said, "0 0\n[[-3, -2, 0]]\n")


class Wheels(Folder):

    def build(self, *options):
        done = subprocess.run(
            [sys.executable, ROOT / "python" / "build_wheel.py", "--library", LIBRARY, "--out",
             self.folder / "dist", *options], capture_output=True, text=True, check=True)
        return [pathlib.Path(line) for line in done.stdout.splitlines()]

    @staticmethod
    def read(wheel, name):
        with zipfile.ZipFile(wheel) as file:
            return file.read("%s.dist-info/%s" % ("-".join(wheel.name.split("-")[:2]), name)).decode()

    def test_names_and_requirements(self):
        own, *stand_ins = self.build()
        self.assertIn("Name: pipit-runtime\n", self.read(own, "METADATA"))
        for wheel, name in zip(stand_ins, ("tflite-runtime", "ai-edge-litert")):
            said = self.read(wheel, "METADATA")
            self.assertIn("Name: pipit-%s\n" % name, said)
            self.assertIn("Requires-Dist: pipit-runtime (==", said)
        self.assertNotIn(b"Requires-Dist: pipit ", own.read_bytes())

    def test_tags(self):
        own = self.build()[0]
        found = re.fullmatch(r"pipit_runtime-[\d.]+-py3-none-(manylinux_2_\d+_(\w+))"
                             r"(?:\.(musllinux_1_1_\w+))?\.whl", own.name)
        self.assertIsNotNone(found, own.name)
        tags = ["py3-none-" + tag for tag in (found.group(1), found.group(3)) if tag]
        self.assertEqual(re.findall(r"^Tag: (\S+)$", self.read(own, "WHEEL"), re.M), tags)
        if found.group(2) in ("x86_64", "aarch64"):
            self.assertEqual(found.group(3), "musllinux_1_1_" + found.group(2))

    def test_what_is_in_them(self):
        own, *stand_ins = self.build()
        with zipfile.ZipFile(own) as file:
            names = file.namelist()
        for name in ("pipit/libpipit.so", "pipit/py.typed", "pipit/_pyinstaller/hook-pipit.py"):
            self.assertIn(name, names)
        self.assertIn("hook-dirs = pipit._pyinstaller:hook_dirs", self.read(own, "entry_points.txt"))
        self.assertNotIn("pipit/libtensorflowlite_c.so", names)
        if TFLITE.exists():
            with zipfile.ZipFile(self.build("--tflite", TFLITE)[0]) as file:
                self.assertIn("pipit/libtensorflowlite_c.so", file.namelist())
        site = self.folder / "site"
        for wheel in [own, *stand_ins]:
            with zipfile.ZipFile(wheel) as file:
                file.extractall(site)
        self.assertIn(str(site / "pipit" / "libpipit.so"), python(RUNS, site))

    def test_as_originals(self):
        own, *stand_ins = self.build("--as-originals")
        for wheel, name in zip(stand_ins, ("tflite_runtime", "ai_edge_litert")):
            self.assertEqual(wheel.name, name + "-2.99.0+pipit-py3-none-any.whl")
            said = self.read(wheel, "METADATA")
            self.assertIn("Name: %s\nVersion: 2.99.0+pipit\n" % name.replace("_", "-"), said)
            self.assertIn("Classifier: Private :: Do Not Upload\n", said)
            self.assertIn("Requires-Dist: pipit-runtime (==", said)

    @unittest.skipUnless(importlib.util.find_spec("pip"), "needs pip")
    def test_pip_finds_what_others_require(self):
        self.build("--as-originals")
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--no-index", "--no-cache-dir", "--quiet",
             "--disable-pip-version-check", "--target", self.folder / "site", "--no-deps",
             "--find-links", self.folder / "dist", "tflite-runtime>=2.8,<3", "ai-edge-litert>=2,<3",
             "pipit-runtime"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("[[2.0, 2.0, 2.0, 2.0]]", python(RUNS, self.folder / "site"))


if __name__ == "__main__":
    unittest.main()

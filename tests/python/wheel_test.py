# SPDX-License-Identifier: Apache-2.0
"""The wheels: what their metadata says, what lies in them, and the command that they install."""

import base64
import email.parser
import hashlib
import importlib.util
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = pathlib.Path(os.environ["PIPIT_TEST_LIBRARY"])
BUILDER = [sys.executable, "-B", str(ROOT / "python" / "build_wheel.py")]


def build(out, *arguments):
    done = subprocess.run([*BUILDER, "--library", str(LIBRARY), "--out", str(out), *arguments],
                          capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def compiled(folder, name, *options):
    """A small program that says its arguments."""
    source = folder / (name + ".c")
    source.write_text("#include <stdio.h>\nint main(int c, char** v) "
                      "{ for (int i = 0; i < c; ++i) puts(v[i]); return 7; }\n")
    subprocess.run(["cc", *options, "-o", folder / name, source], check=True)
    return folder / name


class Wheels(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        cls.program = compiled(cls.folder, "static", "-static")
        status, printed, said = build(cls.folder / "dist", "--command", str(cls.program))
        if status != 0 or said:
            raise AssertionError(said)
        cls.paths = [pathlib.Path(line) for line in printed.splitlines()]

    def metadata(self, path):
        with zipfile.ZipFile(path) as wheel:
            name = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
            return email.parser.Parser().parsestr(wheel.read(name).decode())

    def test_all_rooms_of_the_converter(self):
        wanted = {"pipit/" + p.relative_to(ROOT).as_posix() for p in (ROOT / "convert").rglob("*.py")}
        with zipfile.ZipFile(next(p for p in self.paths if p.name.startswith("pipit_runtime"))) as wheel:
            self.assertEqual(wanted - set(wheel.namelist()), set())
        self.assertIn("pipit/convert/readers/keras/read.py", wanted)

    def test_metadata(self):
        for path in self.paths:
            with self.subTest(path=path.name):
                said = self.metadata(path)
                for field in ("Summary", "Author", "License", "License-File", "Keywords"):
                    self.assertTrue(said[field], field)
                self.assertEqual(said["Description-Content-Type"], "text/markdown")
                self.assertEqual(said["Requires-Python"], ">=3.9")  # as typing_test.py holds to be true
                self.assertIn("# Pipit", said.get_payload())
                self.assertNotRegex(said.get_payload(), r"\]\((?!https?:)", "a link to a file")
                self.assertFalse([u for u in said.get_all("Project-URL") or [] if "example" in u])
                self.assertFalse([r for r in said.get_all("Requires-Dist") or []
                                  if r.startswith("numpy") and "extra" not in r])

    def test_classifiers(self):
        said = self.metadata(self.paths[0]).get_all("Classifier")
        self.assertIn("License :: OSI Approved :: Apache Software License", said)
        self.assertEqual(len(said), len(set(said)))
        if importlib.util.find_spec("trove_classifiers"):
            import trove_classifiers
            self.assertLessEqual(set(said), set(trove_classifiers.classifiers))

    def test_addresses(self):
        def labels(home):
            said = subprocess.run([sys.executable, "-B", "-c", "import build_wheel as b\n"
                                   "print(b.metadata('a', '1', []))"], capture_output=True, text=True,
                                  env=dict(os.environ, PIPIT_HOMEPAGE=home,
                                           PYTHONPATH=str(ROOT / "python")), check=True).stdout
            urls = email.message_from_string(said).get_all("Project-URL") or []
            self.assertTrue(all(u.split(", ")[1].startswith(home) for u in urls), urls)
            return {u.split(", ")[0] for u in urls}
        self.assertEqual(labels(""), set())
        self.assertEqual(labels("https://pipit.someone.net"), {"Homepage", "Source"})
        self.assertLess({"Homepage", "Source", "Changelog"}, labels("https://github.com/someone/pipit"))

    def test_record(self):
        for path in self.paths:
            with zipfile.ZipFile(path) as wheel:
                record = next(n for n in wheel.namelist() if n.endswith("/RECORD"))
                lines = [line.split(",") for line in wheel.read(record).decode().splitlines()]
                self.assertEqual(sorted(name for name, _, _ in lines), sorted(wheel.namelist()))
                for name, digest, size in lines:
                    data = wheel.read(name)
                    wanted = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
                    if name != record:
                        self.assertEqual((digest, size), ("sha256=" + wanted.decode(), str(len(data))))

    def test_contents(self):
        with zipfile.ZipFile(self.paths[0]) as wheel:
            names = set(wheel.namelist())
            converter = {p.relative_to(ROOT).as_posix() for kind in ("*.py", "*.bfbs")
                         for p in (ROOT / "convert").rglob(kind)}
            self.assertLessEqual({"pipit/" + c for c in converter} | {"pipit/libpipit.so"}, names)
            info = next(n for n in names if n.endswith("/RECORD")).split("/")[0]
            notices = wheel.read(info + "/NOTICES").decode()
            for part in ("CLI11", "nlohmann-json", "stb", "flatbuffers", "glibc", "libstdc++"):
                self.assertIn("\n%s " % part, notices)
            wheel.extract("pipit/libpipit.so", self.folder)
        sections = subprocess.run(["readelf", "-SW", self.folder / "pipit/libpipit.so"],
                                  capture_output=True, text=True, check=True).stdout
        self.assertIn(".dynsym", sections)
        self.assertNotIn(".symtab", sections)

    def run_command(self, wheel, *arguments):
        """What the installed command does: the entry point, with the modes that pip gives to files."""
        site = self.folder / ("site" + wheel.parent.name)
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(site)
            for entry in packed.infolist():
                mode = entry.external_attr >> 16
                runs = stat.S_ISREG(mode) and mode & 0o111
                (site / entry.filename).chmod(0o755 if runs else 0o644)
        points = next(site.glob("*.dist-info/entry_points.txt")).read_text()
        self.assertIn("[console_scripts]\npipit = pipit._command:main\n", points)
        done = subprocess.run(
            [sys.executable, "-B", "-c", "import sys; from pipit._command import main; sys.exit(main())",
             *arguments], env=dict(os.environ, PYTHONPATH=str(site)), capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def test_command(self):
        self.assertEqual(self.run_command(self.paths[0], "run", "model.tflite", "--json"),
                         (7, "pipit\nrun\nmodel.tflite\n--json\n", ""))
        script = self.folder / "script.py"
        script.write_text("import sys\nprint('script', sys.argv[1])\n")
        self.assertEqual(self.run_command(self.paths[0], "run", str(script), "x"), (0, "script x\n", ""))
        self.assertIn("usage:", self.run_command(self.paths[0], "export-keras", "--help")[1])

    def test_without_the_program(self):
        status, printed, _ = build(self.folder / "bare")
        self.assertEqual(status, 0)
        status, _, said = self.run_command(pathlib.Path(printed.splitlines()[0]), "inspect", "m.tflite")
        self.assertEqual(status, 2)
        self.assertRegex(said, r"\Apipit: this package was built without [^\n]+\n\Z")

    def test_without_tools(self):
        """On a system that is not Debian, and has no strip."""
        done = subprocess.run([*BUILDER, "--library", str(LIBRARY), "--out", str(self.folder / "other")],
                              env={"PATH": str(self.folder / "nothing")}, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"\Abuild_wheel.py: no \S+-strip: \S+ keeps its symbols\n\Z")

    def test_programs_that_do_not_fit(self):
        dynamic = compiled(self.folder, "dynamic")
        script = self.folder / "no_elf"
        script.write_text("#!/bin/sh\n")
        for path, why in ((dynamic, "is not static"), (script, "is no program for")):
            status, _, said = build(self.folder / "refused", "--command", str(path))
            self.assertEqual(status, 1)
            self.assertIn("%s %s" % (path, why), said)
        self.assertFalse(list((self.folder / "refused").glob("*")))


if __name__ == "__main__":
    unittest.main()

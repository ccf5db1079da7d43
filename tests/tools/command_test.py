# SPDX-License-Identifier: Apache-2.0
"""Tests of the `pipit` command: exit statuses, messages, files, and what it prints.

usage: command_test.py FLATC [EMULATOR ARGUMENT...] PIPIT
"""

import json
import math
import os
import pathlib
import random
import re
import resource
import struct
import subprocess
import sys
import unittest

import command_case
import small_models as small
from diff_test import Diff  # noqa: F401  # pylint: disable=unused-import
from inspect_test import Costs, Labels, Manual  # noqa: F401  # pylint: disable=unused-import
from plan_test import Arenas, Plan  # noqa: F401  # pylint: disable=unused-import
from classify_test import Classify  # noqa: F401  # pylint: disable=unused-import
from names_test import Names  # noqa: F401  # pylint: disable=unused-import
from command_case import CommandTest, DIGITS, MODELS, floats, read_float


class Usage(CommandTest):
    def test_version_and_help(self):
        version = self.succeed("--version")
        self.assertRegex(version, r"\Apipit \d+\.\d+\.\d+\n")
        for part in (r"\ncommit +(unknown|[0-9a-f]{7,40}(-dirty)?)\n", r"\ncompiler +\S+ \d+",
                     r"\nCPU +\S", r"\ninstruction sets +\S*(portable|neon)"):
            self.assertRegex(version, part)
        self.assertIn("Examples:", self.succeed("--help"))
        listed = re.findall(r"(?m)^  ([a-z-]+) ", self.succeed("--help").split("Subcommands:")[1])
        for command in ["inspect", "plan", "diff", *listed]:
            if command in ("pipit", "convert"):
                continue
            text = self.succeed(command, "--help")
            self.assertRegex(text, "Examples?:")
            self.assertLessEqual(max(map(len, text.splitlines())), 80, command)
        self.assertLessEqual(max(map(len, self.succeed("--help").splitlines())), 80)
        # Python says it, where its package is there.
        done = self.start("convert", "--help")
        self.assertIn(done.returncode, (0, 6), done.stderr)
        said = (done.stdout + done.stderr).decode()
        self.assertIn("Examples:" if done.returncode == 0 else "needs", said)

    def test_wrong_usage(self):
        model = self.model(small.add_model())
        for arguments, part in [
                ([], "subcommand is required"), (["fly"], "no command 'fly'"),
                (["run"], "MODEL is required"), (["run", model, "--fast"], "--fast"),
                (["run", model, model], "not expected"), (["inspect"], "MODEL is required"),
                (["classify", model], "IMAGE"), (["run", model, "--iterations", "0"], "iterations"),
                (["run", model, "--threads", "-1"], "threads"),
                (["run", model, "--threads", "two"], "two"),
                (["run", model, "--isa", "sse"], "portable, neon, dotprod, i8mm"),
                (["run", model, "--invocations", "2", "--iterations", "2"], "choose one"),
                (["run", model, "--resize", "0"], "INDEX=D0xD1x"),
                (["run", model, "--resize", "0=1x"], "each dimension"),
                (["run", model, "--resize", "0=1x-2"], "each dimension"),
                (["run", model, "--resize", "0=1,2"], "INDEX=D0xD1x"),
                (["run", model, "--resize", "0=1x1x1x1x1x1x1x1x1"], "8 dimensions"),
                (["run", model, "--resize", "0=99999999999"], "each dimension"),
                (["run", model, "--resize", "2=1x4"], "takes 2 inputs"),
                (["run", model, "--signature", "x"], "has no signature 'x'"),
                (["run", model] + ["--input", os.devnull] * 3, "takes 2"),
                (["classify", model, "x.png", "--std", "0"], "--std")]:
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.fail_with(2, *arguments))


    def test_what_was_meant(self):
        model = self.model(small.add_model())
        for arguments, meant in [
                (["inspct"], "did you mean inspect?"), (["clasify"], "did you mean classify?"),
                (["run", model, "--thraeds", "2"], "did you mean --threads?"),
                (["run", model, "--output-dri=x"], "did you mean --output-dir?"),
                (["inspect", model, "--sumary"], "did you mean --summary?"),
                (["inspect", model, "--sum"], "did you mean --summary?"),
                (["--versoin"], "did you mean --version?"), (["man", "rnu"], "did you mean run?")]:
            with self.subTest(arguments=arguments):
                self.assertIn(meant, self.fail_with(2, *arguments))
        for arguments in (["bicycle"], ["run", model, "--zzzzzz"]):
            self.assertNotIn("did you mean", self.fail_with(2, *arguments))


class Refusals(CommandTest):
    def test_what_is_no_model(self):
        files = {"missing": None, "empty": b"", "text": b"hello, world\n" * 9, "short": b"TFL3",
                 "root": b"\x18\0\0\0TFL3", "noise": b"\x20\0\0\0TFL3" + random.Random(1).randbytes(999)}
        for name, content in files.items():
            for arguments in ["run"], ["inspect"], ["classify", "--top", "1"]:
                with self.subTest(file=name, command=arguments[0]):
                    path = self.path(name, content)
                    images = ["x.png"] if arguments[0] == "classify" else []
                    self.assertIn(path, self.fail_with(3, *arguments, path, *images))
        self.assertIn("directory", self.fail_with(3, "run", self.dir))
        self.fail_with(3, "run", os.devnull)

    def test_damaged_models_never_crash(self):
        whole = pathlib.Path(DIGITS).read_bytes()
        noise = random.Random(2)
        damaged = [whole[:noise.randrange(len(whole))] for _ in range(6)]
        for _ in range(14):
            copy = bytearray(whole)
            for _ in range(noise.randrange(1, 9)):
                copy[noise.randrange(len(copy))] = noise.randrange(256)
            damaged.append(bytes(copy))
        for content in damaged:
            path = self.path("damaged.tflite", content)
            for command in "run", "inspect":
                done = self.start(command, path)
                self.assertIn(done.returncode, (0, 3, 4, 5, 6), done.stderr)
                self.assertEqual(done.stderr.count(b"\n"), int(done.returncode != 0))

    def test_all_missing_operators_are_named(self):
        names = [f"operator_number_{i}_that_nobody_has" for i in range(60)]
        model = self.model(small.missing_model(names + ["CONCAT_EMBEDDINGS"]))
        line = self.fail_with(3, "run", model)
        for name in names + ["CONCAT_EMBEDDINGS"]:
            self.assertIn(name, line)
        report = self.json("inspect", model)
        self.assertFalse(report["runs"] or any(o["in_build"] for o in report["operators"]))
        self.assertEqual(len(report["operators"]), 61)
        self.assertIn("not in this build", self.succeed("inspect", model))

    def test_names_from_the_file_stay_on_one_line(self):
        model = self.model(small.missing_model(["a\nb\x1b[31m"]))
        self.assertIn(r"a\x0ab\x1b[31m", self.fail_with(3, "run", model))

    def test_too_large(self):
        self.assertIn("memory", self.fail_with(5, "run", self.model(small.huge_model())))

    def test_shape_that_does_not_fit(self):
        model = self.model(small.add_model())
        self.assertIn("ADD", self.fail_with(3, "run", model, "--resize", "0=1x3"))
        self.fail_with(4, "run", model, "--resize", "0=65536x65536")


class Inputs(CommandTest):
    A, B = floats(1, 2, 3, 4), floats(0.5, 0.25, -1, 8)
    SUM = floats(1.5, 2.25, 2, 12)

    def setUp(self):
        super().setUp()
        self.add = self.model(small.add_model())

    def test_raw(self):
        self.assertEqual(self.outputs(self.add, *self.inputs(self.A, self.B)), [self.SUM])

    def test_options_may_precede_the_model(self):
        self.succeed("run", *self.inputs(self.A, self.B), self.add)

    def test_npy(self):
        def add(*files):
            options = []
            for i, content in enumerate(files):
                options += ["--input", self.path(f"{i}.npy", content)]
            return ["run", self.add, *options, "--output-dir", self.path("out")]
        b = small.npy("<f4", (1, 4), self.B, version=2)
        self.succeed(*add(small.npy("<f4", (1, 4), self.A), b))
        self.assertEqual((self.dir / "out" / "out0.bin").read_bytes(), self.SUM)
        for content, part in [
                (small.npy(">f4", (1, 4), self.A), "big-endian"),
                (small.npy("<f8", (1, 4), self.A), "<f8"),
                (small.npy("<f4", (4, 1), self.A), "[4,1]"), (small.npy("<f4", (4,), self.A), "[4]"),
                (small.npy("<f4", (1, 4), self.A, fortran=True), "Fortran"),
                (small.npy("<f4", (1, 4), self.A[:-1]), "15 bytes"),
                (small.npy("<f4", (1, 4), self.A + b"\0"), "17 bytes"),
                (small.npy("<f4", (1, 4), self.A)[:40], "cut short"), (b"", "no .npy"),
                (self.A, "no .npy")]:
            with self.subTest(part=part):
                self.assertIn(part, self.fail_with(4, *add(content, b)))

    def test_wrong_size(self):
        for content in b"", self.A[:-1], self.A + b"\0":
            line = self.fail_with(4, "run", self.add, *self.inputs(content))
            self.assertIn("'a' float32 [1,4] takes 16", line)
        for picture in small.png(2, 2, b"rgb" * 4), small.jpeg(8):
            line = self.fail_with(4, "run", self.add, *self.inputs(picture))
            self.assertIn("takes 16 (it is a picture: see pipit classify)", line)
        # A file without end is not read to its end.
        self.assertIn("more than", self.fail_with(4, "run", self.add, "--input", "/dev/zero"))

    def test_unreadable(self):
        self.assertIn("nowhere", self.fail_with(4, "run", self.add, "--input", self.path("nowhere")))
        self.assertIn("directory", self.fail_with(4, "run", self.add, "--input", self.dir))

    def test_random_data_is_deterministic(self):
        first = self.outputs(DIGITS)
        self.assertEqual(first, self.outputs(DIGITS))
        self.assertEqual(first, self.outputs(DIGITS, "--seed", "0"))
        self.assertNotEqual(first, self.outputs(DIGITS, "--seed", "1"))
        self.succeed("run", self.add, "--dump-tensors", self.path("dump"))
        a, b, y = (struct.unpack("<4f", (self.dir / "dump" / f"0.{i}.bin").read_bytes())
                   for i in range(3))
        self.assertTrue(all(-1 <= v < 1 for v in a + b))
        self.assertEqual(len(set(a + b)), 8)
        self.assertEqual(floats(*y), floats(*(v + w for v, w in zip(a, b))))

    def test_resize(self):
        done = self.json("run", self.add, "--resize", "0=2x4", "--resize", "1=2x4",
                         *self.inputs(self.A * 2, self.B * 2), "--output-dir", self.path("out"))
        self.assertEqual(done["outputs"][0]["shape"], [2, 4])
        self.assertEqual((self.dir / "out" / "out0.bin").read_bytes(), self.SUM * 2)

    def test_signature(self):
        def maps(*names):
            return [{"name": n, "tensor_index": i} for i, n in enumerate(names)]
        signatures = [{"signature_key": key, "subgraph_index": i, "inputs": maps("a", "b"),
                       "outputs": [{"name": "y", "tensor_index": 2}]}
                      for i, key in enumerate(["plus", "minus"])]
        model = self.model(small.add_model(), small.add_model("difference", "SUB"),
                           signature_defs=signatures)
        files = self.inputs(self.A, self.B)
        self.assertEqual(self.outputs(model, *files), [self.SUM])
        self.assertEqual(self.outputs(model, *files, "--signature", "plus"), [self.SUM])
        self.assertEqual(self.outputs(model, *files, "--signature", "minus"),
                         [floats(0.5, 1.75, 4, -4)])
        self.assertIn("plus, minus", self.fail_with(2, "run", model, "--signature", "times"))
        self.assertIn("'minus' runs subgraph 1: (a T0, b T1) -> (y T2)", self.succeed("inspect", model))


class Parts(CommandTest):
    """A model of which some signatures run; subgraph 0, what runs without one, does not."""

    def setUp(self):
        super().setUp()
        graphs = [small.missing_model(["unknown_save"]), small.missing_model(["unknown_restore"]),
                  small.add_model(), small.gather_model()]
        signatures = [{"signature_key": key, "subgraph_index": i, "inputs": [], "outputs": []}
                      for i, key in enumerate(["save", "restore", "infer", "pick"])]
        self.part = self.model(*graphs, signature_defs=signatures)
        self.none = self.model(*graphs[:2], signature_defs=signatures[:2], name="none.tflite")

    def test_those_that_run_are_named(self):
        for arguments, missing in [([], "unknown_save"), (["--signature", "save"], "unknown_save"),
                                   (["--signature", "restore"], "unknown_restore")]:
            line = self.fail_with(3, "run", self.part, *arguments)
            self.assertIn(missing, line)
            self.assertIn(" (signatures that run: infer, pick)", line)
            self.assertNotIn("signatures that run", self.fail_with(3, "run", self.none, *arguments))
        image = self.path("x.png", small.png(2, 2, bytes(12)))
        self.assertIn("infer, pick", self.fail_with(3, "classify", self.part, image))

    def test_they_run(self):
        x = Inputs.A
        out = self.outputs(self.part, *self.inputs(x, x), "--signature", "infer")
        self.assertEqual(out, [floats(2, 4, 6, 8)])
        self.json("run", self.part, "--signature", "pick", *self.inputs(x, bytes(8)), "--profile")

    def test_inspect_tells_them_apart(self):
        report = self.json("inspect", self.part)
        self.assertEqual([(s["key"], s["runs"]) for s in report["signatures"]],
                         [("save", False), ("restore", False), ("infer", True), ("pick", True)])
        self.assertFalse(report["runs"])
        self.assertIn("unknown_save", report["refusal"])
        self.assertIn("unknown_restore", report["signatures"][1]["refusal"])
        self.assertGreater(report["memory"]["arena_bytes"], 0)
        text = self.unwrapped("inspect", self.part)
        self.assertRegex(text, r"'restore' runs subgraph 1: .*\n    cannot run: .*'unknown_restore'")
        self.assertRegex(text, r"\n  without subgraph 0: .*'unknown_save'")
        self.assertIn("cannot be planned", self.succeed("inspect", self.none))


class Running(CommandTest):
    def test_fails_while_running(self):
        model = self.model(small.gather_model())
        x = floats(1, 2, 3, 4)
        self.assertEqual(self.outputs(model, *self.inputs(x, struct.pack("<2i", 3, 0))), [floats(4, 1)])
        line = self.fail_with(6, "run", model, *self.inputs(x, struct.pack("<2i", 3, 4)),
                              "--output-dir", self.path("other"))
        self.assertIn("GATHER (operator 0)", line)
        self.assertEqual(list((self.dir / "other").iterdir()), [])

    def test_endless_loops_end(self):
        model = self.model(*small.loop_models())
        zeros = self.inputs(bytes(4), bytes(4))
        for limit in 10, 1234:
            line = self.fail_with(6, "run", model, *zeros, "--max-calls", limit)
            self.assertIn(f"WHILE (operator 0): this invocation has called subgraphs {limit} times: "
                          "an endless loop?", line)
        five_turns = self.inputs(struct.pack("<i", -4), struct.pack("<i", 1))
        self.fail_with(6, "run", model, *five_turns, "--max-calls", 10)
        self.assertEqual(self.outputs(model, *five_turns, "--max-calls", 11), [struct.pack("<i", 1)])

    def test_shapes_known_only_while_running(self):
        model = self.model(small.tile_model())
        x = floats(*range(1024))
        # The last one needs more than the room that the arena has at first.
        for times in 0, 3, 8192:
            with self.subTest(times=times):
                out, = self.outputs(model, *self.inputs(x, struct.pack("<i", times)))
                self.assertTrue(out == x * times)
        self.fail_with(5, "run", model, *self.inputs(x, struct.pack("<i", 300000)))

    def test_state(self):
        model = self.model(small.lstm_model())
        xs, cell, expected = [0.5, -2, 3], 0, []
        for k, x in enumerate(xs):
            self.path(f"x{k}.bin", floats(x))
            cell = cell / 2 + math.tanh(x) / 2
            expected.append(math.tanh(cell) / 2)
        self.succeed("run", model, "--invocations", "3", "--input", self.path("x%d.bin"),
                     "--output-dir", self.path("out"))
        for k, value in enumerate(expected):
            self.assertAlmostEqual(read_float(self.path(f"out/out0.{k}.bin")), value, places=6)
        # Iterations repeat the first inference.
        out, = self.outputs(model, "--iterations", "3", "--input", self.path("x0.bin"))
        self.assertEqual(out, pathlib.Path(self.path("out/out0.0.bin")).read_bytes())

    def test_invocations_without_files(self):
        out = self.path("out")
        self.succeed("run", DIGITS, "--invocations", "2", "--output-dir", out)
        first, second = ((self.dir / "out" / f"out0.{k}.bin").read_bytes() for k in range(2))
        self.assertNotEqual(first, second)
        self.assertEqual(sorted(os.listdir(out)), ["out0.0.bin", "out0.1.bin"])

    def test_percent_d_is_a_name_without_invocations(self):
        model = self.model(small.gather_model())
        self.path("%d.bin", floats(5, 6, 7, 8))
        self.succeed("run", model, "--input", self.path("%d.bin"), *self.inputs(struct.pack("<2i", 0, 1)))

    def test_stored_answers_of_the_digits(self):
        stored = json.loads((MODELS / "digits_cases.json").read_text(encoding="utf-8"))
        images = (MODELS / "digits_int8.in0.bin").read_bytes()
        for k, case in enumerate(stored["cases"][:4]):
            out, = self.outputs(DIGITS, *self.inputs(images[64 * k:64 * k + 64]))
            self.assertEqual(list(struct.unpack("10b", out)), case["scores"])

    def test_isa_and_threads(self):
        portable = self.outputs(DIGITS, "--isa", "portable", "--threads", "3")
        report = self.json("run", DIGITS, "--isa", "portable", "--threads", "3")
        self.assertEqual((report["isa"], report["threads"]), ("portable", 3))
        variants = {o["variant"] for o in report["operators"]} - {""}
        self.assertEqual(variants, {"portable", "blocked"})
        best = self.json("run", DIGITS)["isa"]
        names = ["portable", "neon", "dotprod", "i8mm"]
        for i, name in enumerate(names):
            if i <= names.index(best):
                self.assertEqual(self.outputs(DIGITS, "--isa", name), portable)
            else:
                line = self.fail_with(2, "run", DIGITS, "--isa", name)
                self.assertIn(f"its best is {best}", line)

    def test_report(self):
        report = self.json("run", DIGITS, "--iterations", "2", "--output-dir", self.path("out"))
        self.assertEqual(report["iterations"], 2)
        self.assertEqual(report["inputs"], [{
            "index": 0, "name": "image", "type": "int8", "shape": [1, 8, 8, 1], "bytes": 64,
            "scale": report["inputs"][0]["scale"], "zero_point": -128, "file": None}])
        self.assertAlmostEqual(report["inputs"][0]["scale"], 1 / 255, places=8)
        self.assertEqual(report["outputs"][0]["file"], self.path("out/out0.bin"))
        self.assertEqual((report["outputs"][0]["scale"], report["outputs"][0]["zero_point"]),
                         (1 / 256, -128))
        self.assertEqual([o["op"] for o in report["operators"]][:2], ["CONV_2D", "CONV_2D"])
        self.assertLessEqual(report["lower_bound_bytes"], report["activation_bytes"])
        self.assertLessEqual(report["persistent_bytes"] + report["activation_bytes"],
                             report["arena_bytes"])
        self.assertEqual(report["arena_given_bytes"], report["arena_bytes"])
        text = self.succeed("run", DIGITS)
        self.assertIn("'image' int8 [1,8,8,1], random data", text)
        self.assertIn("lower bound", text)


class Files(CommandTest):
    def test_output_replaces_by_rename(self):
        model = self.model(small.add_model())
        out = pathlib.Path(self.path("a/b/c"))
        out.mkdir(parents=True)
        old = self.path("a/b/c/out0.bin", b"old")
        os.link(old, self.path("link"))
        self.succeed("run", model, "--output-dir", out)
        self.assertEqual(pathlib.Path(self.path("link")).read_bytes(), b"old")
        self.assertEqual([p.name for p in out.iterdir()], ["out0.bin"])
        self.assertEqual(pathlib.Path(old).stat().st_size, 16)

    def test_output_that_cannot_be_written(self):
        model = self.model(small.add_model())
        for place in "/dev/null", "/dev/null/x", self.path("file", b""), self.path("file/x"):
            self.assertIn(place, self.fail_with(6, "run", model, "--output-dir", place))
        os.makedirs(self.path("out/out0.bin"))
        self.assertIn("out0.bin", self.fail_with(6, "run", model, "--output-dir", self.path("out")))
        self.assertEqual(os.listdir(self.path("out")), ["out0.bin"])

    def test_full_disk_leaves_no_part(self):
        model = self.model(small.flatten_model("UINT8", [1, 100, 100, 1]))
        old = self.path("out0.bin", b"old")
        before = set(os.listdir(self.dir))
        limit = 4096

        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        # Whether the caller ignores the signal of that limit or not.
        for restore in False, True:
            line = self.fail_with(6, "run", model, "--output-dir", self.dir, preexec_fn=limited,
                                  restore_signals=restore)
            self.assertIn("out0.bin", line)
            self.assertEqual(set(os.listdir(self.dir)), before)
            self.assertEqual(pathlib.Path(old).read_bytes(), b"old")

    def test_output_that_would_replace_what_is_read(self):
        out = pathlib.Path(self.path("out"))
        out.mkdir()
        model = self.model(small.add_model())
        zeros = self.path("zeros.bin", bytes(16))

        def refuse(name, *arguments):
            before = [p.read_bytes() for p in sorted(out.iterdir())]
            self.assertIn(f"{name} would replace", self.fail_with(2, *arguments))
            self.assertEqual([p.read_bytes() for p in sorted(out.iterdir())], before)
        for name in "out0.bin", "out0.1.bin", "0.0.bin", "tensors.json":
            (out / name).write_bytes(bytes(range(16)))
        first = out / "out0.bin"
        refuse("out0.bin", "run", model, "--input", zeros, "--input", first, "--output-dir", out)
        os.link(first, self.path("same"))
        refuse("out0.bin", "run", model, "--input", self.path("same"), "--output-dir", out)
        os.symlink(first, self.path("link"))
        refuse("out0.bin", "run", model, "--input", self.path("link"), "--output-dir", out)
        refuse("out0.1.bin", "run", model, "--invocations", 2, "--input", zeros,
               "--input", out / "out0.%d.bin", "--output-dir", out)
        for name in "0.0.bin", "tensors.json":
            refuse(name, "run", model, "--input", out / name, "--dump-tensors", out)
        first.write_bytes(pathlib.Path(model).read_bytes())
        refuse("out0.bin", "run", first, "--output-dir", out)
        self.succeed("run", model, "--input", out / "0.0.bin", "--output-dir", out)

    def test_replaced_files_keep_their_permissions(self):
        out = self.path("out0.bin", b"old")
        os.chmod(out, 0o600)
        self.succeed("run", self.model(small.add_model()), "--output-dir", self.dir)
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(out).st_size, 16)
        os.rename(out, self.path("kept"))
        os.symlink(self.path("kept"), out)  # the link is replaced, and what it names stays
        self.succeed("run", self.model(small.add_model()), "--output-dir", self.dir)
        self.assertEqual([os.path.islink(out), os.stat(self.path("kept")).st_size], [False, 16])

    def test_full_standard_output(self):
        with open("/dev/full", "wb") as full:
            for arguments in ["run", DIGITS, "--json"], ["inspect", DIGITS]:
                done = self.start(*arguments, stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 6)
                self.assertIn(b"pipit: cannot write to standard output", done.stderr)

    def test_dump_tensors(self):
        image = (MODELS / "digits_int8.in0.bin").read_bytes()[:64]
        out, = self.outputs(DIGITS, *self.inputs(image), "--dump-tensors", self.path("dump/here"))
        dump = pathlib.Path(self.path("dump/here"))
        tensors = json.loads((dump / "tensors.json").read_text(encoding="utf-8"))
        listed = {t["file"] for t in tensors if t["file"]} | {"tensors.json"}
        self.assertEqual(listed, set(os.listdir(dump)))
        for t in tensors:
            if t["file"]:
                self.assertEqual(t["file"], f"{t['subgraph']}.{t['index']}.bin")
                self.assertEqual((dump / t["file"]).stat().st_size, t["bytes"])
        by_name = {t["name"]: (dump / t["file"]).read_bytes() for t in tensors if t["file"]}
        self.assertEqual((by_name["image"], by_name["scores"]), (image, out))
        self.assertEqual(len(by_name["conv1/weights"]), 144)


class Inspect(CommandTest):
    def test_text(self):
        text = self.unwrapped("inspect", DIGITS)
        for line in ["15,664 bytes, format version 3",
                     "#0 CONV_2D v3 (T0, T1, T2) -> T3  [1,6,6,16] int8",
                     "scale 0.00392156886 zero point -128", "16 scales along dimension 0",
                     "'serving_default' runs subgraph 0: (image T0) -> (scores T19)",
                     "weights    9,784 bytes in 11 buffers", "in this build      CONV_2D x3"]:
            self.assertIn(line, text)
        self.assertRegex(text, r"T0 +int8 +\[1,8,8,1\] +64 bytes +scale .* +'image'")
        self.assertRegex(text, r"\nmemory on .*\n  arena [\d,]+ bytes: .*lower bound")

    def test_json(self):
        report = self.json("inspect", DIGITS)
        self.assertTrue(report["runs"])
        self.assertEqual(report["bytes"], os.path.getsize(DIGITS))
        self.assertEqual(report["memory"]["arena_bytes"], self.json("run", DIGITS)["arena_bytes"])
        graph = report["subgraphs"][0]
        self.assertEqual((len(graph["operators"]), len(graph["tensors"])), (8, 20))
        weights = graph["tensors"][1]
        self.assertEqual((weights["storage"], weights["shape"]), ("constant", [16, 3, 3, 1]))
        self.assertEqual(len(weights["quantization"]["scales"]), 16)
        self.assertEqual(report["signatures"][0]["key"], "serving_default")
        sizes = report["buffers"]
        self.assertEqual(sizes["weight_bytes"] + sizes["other_bytes"] + sizes["structure_bytes"],
                         report["bytes"])

    def test_chains(self):
        whole = 128 * 16 * 32 * 4
        model = self.model(small.pools_model())
        report = self.json("inspect", model)
        chains = report["chains"]
        self.assertEqual([(o["subgraph"], o["node"], o["op"]) for chain in chains
                          for o in chain["operators"]],
                         [(0, i, "AVERAGE_POOL_2D") for i in range(4)])
        for chain in chains:
            self.assertEqual((chain["subgraph"], chain["shares"], chain["repeated_rows"]), (0, 1, 0))
        self.assertEqual(sum(chain["computed_rows"] for chain in chains), 3 * 128 + 64)
        # Without them two tensors are alive; with them an output lies over the input, or is small.
        saved = report["memory"]["saved_by_chains_bytes"]
        self.assertGreater(saved, whole // 2)
        self.assertEqual(report["memory"]["activation_bytes"], 2 * whole - saved)
        text = self.unwrapped("inspect", model)
        self.assertIn(f"\nchains, which save {saved:,} bytes\n", text)
        for chain in chains:
            names = ", ".join(f'#{o["node"]} AVERAGE_POOL_2D' for o in chain["operators"])
            rows = f'{chain["rows"]} row' + ("s" if chain["rows"] > 1 else "")
            calls = f'{len(chain["calls"])} calls'
            self.assertIn(f'\n  {names}: {rows} at a time in {calls}, {chain["bytes"]:,} bytes\n',
                          text)
            # [share, operator, first row, rows]
            self.assertEqual(sum(call[3] for call in chain["calls"]), chain["computed_rows"])
        without = self.model(small.add_model())
        self.assertEqual(self.json("inspect", without)["chains"], [])
        self.assertNotIn("chains", self.succeed("inspect", without))

    def test_metadata(self):
        model = self.model(small.add_model(), description="two and two",
                           metadata=[{"name": "min_runtime_version", "buffer": 0}])
        self.assertIn("'min_runtime_version': 0 bytes", self.succeed("inspect", model))
        self.assertEqual(self.json("inspect", model)["description"], "two and two")

    def test_text_that_is_no_utf8(self):
        model = pathlib.Path(self.model(small.add_model(), description="12345678"))
        model.write_bytes(model.read_bytes().replace(b"12345678", b"\xff\xfe\n\x1b8765"))
        shown = r"\xff\xfe\x0a\x1b8765"
        self.assertEqual(self.json("inspect", model)["description"], shown)
        self.assertIn("description: " + shown + "\n", self.succeed("inspect", model))

    def test_names_reach_no_terminal_as_they_are(self):
        # A control character of Latin 1, two bidirectional marks, what is no UTF-8, and a letter.
        hostile = "\u009b2J\u202e\u2066".encode() + b"\xff" + "\u00e9".encode()
        spot = b"N" * len(hostile)
        model = pathlib.Path(self.model(small.add_model(), description=spot.decode()))
        for at in [model.read_bytes(), model.read_bytes().replace(b"\0\0\0in", b"\0\0\0in")]:
            model.write_bytes(at.replace(spot, hostile))
        unsafe = [chr(n) for n in [*range(0x7f, 0xa0), 0x202e, 0x2066]]
        for arguments in [("inspect", model), ("inspect", model, "--json")]:
            text = self.succeed(*arguments)
            self.assertFalse([c for c in text if c in unsafe])
            self.assertIn("\u00e9", text)
        path = self.path("\u009b2J\u202e")
        self.assertIn(r"\xc2\x9b2J\xe2\x80\xae", self.fail_with(3, "run", path))


if __name__ == "__main__":
    command_case.flatc, command_case.command = sys.argv[1], sys.argv[2:]
    unittest.main(argv=sys.argv[:1], verbosity=1)

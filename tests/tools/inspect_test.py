# SPDX-License-Identifier: Apache-2.0
"""Tests of what `pipit inspect` counts, of lists of labels that do not fit, and of manual pages."""

import re
import shutil
import struct
import subprocess

from command_case import CommandTest, DIGITS, MODELS
import small_models as small

# Those whose options the command itself knows: `convert` leaves them to Python.
COMMANDS = ["run", "bench", "inspect", "classify", "export-keras", "plan", "diff", "man", "completion"]
DIGIT = str(next((MODELS / "samples").glob("*.png")))


class Costs(CommandTest):
    """Multiply-adds and bytes."""

    def model_of_a_product(self):
        """y[1,3] = x[1,5] * w[3,5]: 15 multiply-adds, 5 + 15 + 3 floats."""
        g = small.Graph()
        g.inputs, g.outputs = [g.tensor("x", "FLOAT32", [1, 5])], [g.tensor("y", "FLOAT32", [1, 3])]
        w = g.tensor("w", "FLOAT32", [3, 5], struct.pack("<15f", *range(15)))
        g.op("FULLY_CONNECTED", [g.inputs[0], w], g.outputs, "FullyConnectedOptions")
        return self.model(g)

    def test_of_operators_and_in_total(self):
        report = self.json("inspect", self.model_of_a_product())
        expected = {"multiply_adds": 15, "read_bytes": 80, "written_bytes": 12, "weight_bytes": 60}
        for costs in (report["costs"], report["operators"][0],
                      report["subgraphs"][0]["operators"][0]):
            self.assertEqual({key: costs[key] for key in expected}, expected)
        self.assertIn("15 multiply-adds, 92 B", self.succeed("inspect", self.path("model.tflite")))

    def test_of_what_cannot_be_planned(self):
        g = small.Graph()
        g.inputs, g.outputs = [g.tensor("x", "FLOAT32", [1])], [g.tensor("y", "FLOAT32", [1])]
        g.op("mystery", g.inputs, g.outputs)
        costs = self.json("inspect", self.model(g))["costs"]
        self.assertEqual(costs["multiply_adds"], 0)

    def test_summary(self):
        whole, short = self.succeed("inspect", DIGITS), self.succeed("inspect", DIGITS, "--summary")
        for part in "\nsubgraph 0 '", "  tensors\n":
            self.assertIn(part, whole)
            self.assertNotIn(part, short)
        for part in "costs by operator", "arena by CPU", "weights":
            self.assertIn(part, whole)
            self.assertIn(part, short)

    def test_lines_fit(self):
        for options in [], ["--summary"], ["--cpu", "any"]:
            # The first has the file's path.
            lines = self.succeed("inspect", DIGITS, *options).splitlines()[1:]
            self.assertLessEqual(max(map(len, lines)), 80)


class Labels(CommandTest):
    """Lists of labels that do not fit the model's classes."""

    def labels(self, count, end="\n"):
        return self.path("labels.txt", "\n".join(f"name {i}" for i in range(count)) + end)

    def test_that_fit(self):
        for end in "", "\n", "\n\n", "\r\n\n":
            out = self.succeed("classify", DIGITS, DIGIT, "--labels", self.labels(10, end))
            self.assertIn("name ", out)

    def test_that_do_not(self):
        for count in 1, 9, 11, 1001:
            path = self.labels(count)
            line = self.fail_with(4, "classify", DIGITS, DIGIT, "--labels", path)
            self.assertIn(f"labels.txt: has {count} labels, and the model has 10 classes", line)
            done = self.start("classify", DIGITS, DIGIT, "--labels", path, "--any-labels")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stderr.decode(), r"\Apipit: warning: .*10 classes\n\Z")
            self.assertIn(b"1. ", done.stdout)


class Manual(CommandTest):
    """Manual pages and completion say what --help says."""

    def options(self, command):
        """Long options in its help, and their descriptions' first words."""
        text = self.succeed(*command, "--help")
        return set(re.findall(r"(?m)^  (?:-\w,)?(--[a-z-]+)", text))

    def test_pages(self):
        for command in COMMANDS:
            page = self.succeed("man", command)
            self.assertTrue(page.startswith(f".TH PIPIT\\-{command.upper()}".replace(
                "EXPORT-", "EXPORT\\-")), page[:60])
            plain = page.replace("\\-", "-")
            for option in self.options([command]):
                self.assertIn(option, plain, command)
            self.assertNotRegex(page, r"(?m)^\.[a-z]{3,}")  # a request out of somebody's text
        for page in (self.succeed("man"), self.succeed("man", "pipit")):
            for command in COMMANDS:
                self.assertIn("pipit\\-" + command.replace("-", "\\-") + " (1)", page + "\\-")

    def test_pages_format(self):
        if shutil.which("groff") is None:
            self.skipTest("there is no groff")
        for command in COMMANDS:
            done = subprocess.run(["groff", "-man", "-ww", "-Tascii"], capture_output=True,
                                  input=self.succeed("man", command).encode(), check=True)
            self.assertEqual(done.stderr, b"")

    def test_every_command_has_a_page(self):
        listed = re.findall(r"(?m)^  ([a-z-]+)  ", self.succeed("--help").split("Subcommands:")[1])
        self.assertEqual(sorted(name for name in listed if name != "pipit"), sorted([*COMMANDS, "convert"]))

    def test_bash(self):
        script = self.path("completion.bash", self.succeed("completion", "bash"))

        def complete(*words):
            program = (f"source {script}; COMP_WORDS=(pipit {' '.join(words)}); "
                       f"COMP_CWORD={len(words)}; _pipit; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            done = subprocess.run(["bash", "-c", program], capture_output=True, check=True)
            return done.stdout.decode().split()
        self.assertEqual(complete("ins"), ["inspect"])
        self.assertEqual(complete("inspect", "--sum"), ["--summary"])
        self.assertEqual(complete("run", "--isa", "d"), ["dotprod"])
        self.assertIn("cortex-a76", complete("plan", "--cpu", "cortex-a7"))
        self.assertEqual(complete("plan", "--bands", "n"), ["never"])

    def test_other_shells(self):
        for shell in "zsh", "fish":
            text = self.succeed("completion", shell)
            for command in COMMANDS:
                self.assertIn(command, text)
            for option in self.options(["run"]) - {"--help"}:
                self.assertIn(option[2:], text)
            if shutil.which(shell) is not None:
                subprocess.run([shell, "-n", self.path("script", text)], check=True)

    def test_bad_input(self):
        self.assertIn("there is no command 'fly'", self.fail_with(2, "man", "fly"))
        self.assertIn("bash, zsh and fish", self.fail_with(2, "completion", "tcsh"))

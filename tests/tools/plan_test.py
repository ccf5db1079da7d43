# SPDX-License-Identifier: Apache-2.0
"""Tests of `pipit plan` and of arenas for other CPUs."""

import pathlib
import re
import struct

from command_case import CommandTest, DIGITS, MODELS, command
import small_models as small

WIDE = struct.calcsize("P") == 8


def overlap(a, b):
    """Whether two blocks share bytes while both are in use."""
    return (a["first_step"] <= b["last_step"] and b["first_step"] <= a["last_step"] and
            a["address"] < b["address"] + b["bytes"] and b["address"] < a["address"] + a["bytes"])


class Plan(CommandTest):
    """What it says of models whose plans are known."""

    def test_blocks(self):
        plan = self.json("plan", DIGITS)
        graph, = plan["subgraphs"]
        blocks = graph["blocks"]
        self.assertEqual(max(b["address"] + b["bytes"] for b in blocks), plan["activation_bytes"])
        for i, block in enumerate(blocks):
            for other in blocks[:i]:
                self.assertFalse(overlap(block, other), (block, other))
        alive = [sum(b["bytes"] for b in blocks if b["first_step"] <= s <= b["last_step"])
                 for s in range(len(graph["steps"]))]
        self.assertEqual(alive, [s["alive_bytes"] for s in graph["steps"]])
        self.assertEqual(max(alive), plan["lower_bound_bytes"])
        self.assertEqual(alive.index(max(alive)), graph["fullest_step"])
        self.assertIn(graph["steps"][graph["fullest_step"]]["name"], plan["why"])
        named = [t["name"] for b in blocks for t in b["tensors"]]
        self.assertEqual(len(named), len(set(named)))
        self.check_names(blocks)

    def check_names(self, blocks):
        """The tensors of a block fit it, and the largest fills it."""
        for block in blocks:
            if block["scratch_of_step"] is None:
                most = max((t["bytes"] for t in block["tensors"]), default=0)
                self.assertEqual(block["bytes"], (most + 15) // 16 * 16, block)

    def test_what_is_written_over_what_a_chain_reads(self):
        """Two blocks have one place, one after the other."""
        g = small.Graph()
        x = g.tensor("x", "INT8", [1, 32, 32, 16], scale=0.5)
        g.inputs = [x]
        for i in range(6):
            filters = g.tensor(f"w{i}", "INT8", [1, 3, 3, 16], bytes(9 * 16), scale=0.5)
            bias = g.tensor(f"b{i}", "INT32", [16], bytes(64), scale=0.25)
            y = g.tensor(f"y{i}", "INT8", [1, 32, 32, 16], scale=0.5)
            g.op("DEPTHWISE_CONV_2D", [x, filters, bias], [y], "DepthwiseConv2DOptions",
                 stride_w=1, stride_h=1, depth_multiplier=1)
            x = y
        g.outputs = [x]
        model = self.model(g)
        graph, = self.json("plan", model, "--bands", "all")["subgraphs"]
        self.check_names(graph["blocks"])
        over = [o["fate"] for o in graph["operators"] if "written over" in str(o["fate"])]
        self.assertTrue(over, graph["operators"])
        self.assertTrue(all(fate.startswith("in bands: chain ") for fate in over))

    def test_what_shares_bytes(self):
        """RESHAPE renames its input's bytes, and RELU writes over them."""
        g = small.Graph()
        g.inputs = [g.tensor("x", "FLOAT32", [1, 64])]
        a, b = g.tensor("a", "FLOAT32", [1, 64]), g.tensor("b", "FLOAT32", [1, 64])
        shape = g.tensor("shape", "INT32", [2], struct.pack("<2i", 8, 8))
        g.outputs = [g.tensor("y", "FLOAT32", [8, 8])]
        g.op("RELU", g.inputs, [a])
        g.op("RELU6", [a], [b])
        g.op("RESHAPE", [b, shape], g.outputs, "ReshapeOptions")
        graph, = self.json("plan", self.model(g), "--bands", "never")["subgraphs"]
        shared = max(graph["blocks"], key=lambda block: len(block["tensors"]))
        self.assertLessEqual({"a", "b", "y"}, {t["name"] for t in shared["tensors"]})
        fates = {o["op"]: o["fate"] for o in graph["operators"]}
        self.assertEqual(fates["RELU6"], f"written over T{a}")
        self.assertEqual(fates["RESHAPE"], f"rewritten: a new shape for the bytes of T{b}")

    def test_what_is_folded(self):
        g = small.Graph()
        one = g.tensor("one", "FLOAT32", [1, 4], struct.pack("<4f", 1, 1, 1, 1))
        two = g.tensor("two", "FLOAT32", [1, 4])
        g.inputs, g.outputs = [g.tensor("x", "FLOAT32", [1, 4])], [g.tensor("y", "FLOAT32", [1, 4])]
        g.op("ADD", [one, one], [two], "AddOptions")
        g.op("ADD", [g.inputs[0], two], g.outputs, "AddOptions")
        graph, = self.json("plan", self.model(g))["subgraphs"]
        self.assertEqual([o["fate"] for o in graph["operators"]][0],
                         "folded: computed while planning")
        self.assertEqual([o["step"] for o in graph["operators"]], [None, 0])

    def test_chains(self):
        plan = self.json("plan", DIGITS, "--bands", "all")
        self.assertTrue(plan["chains"])
        graph, = plan["subgraphs"]
        self.assertTrue(any(str(o["fate"]).startswith("in bands") for o in graph["operators"]))
        scratch = [b for b in graph["blocks"] if b["scratch_of_step"] is not None]
        self.assertGreaterEqual(max(b["bytes"] for b in scratch), plan["chains"][0]["bytes"])
        self.assertIn("bands of #", self.succeed("plan", DIGITS, "--bands", "all"))
        self.assertEqual(self.json("plan", DIGITS, "--bands", "never")["chains"], [])

    def test_text(self):
        text = self.succeed("plan", DIGITS)
        for part in "arena by CPU", "bytes alive", "suffice on each of these", "Most is alive while":
            self.assertIn(part, text)

    def test_text_in_80_columns(self):
        """Names are cut, and lines broken, but for the path of the model."""
        g = small.Graph()
        x, y = (g.tensor(name * 200, "FLOAT32", [1, 64]) for name in ("model/x;", "model/y;"))
        g.inputs, g.outputs = [x], [y]
        g.op("RELU", [x], [y])
        model = self.model(g)
        for command in "plan", "diff", "inspect":
            lines = self.succeed(command, model, *["--summary"][:command == "inspect"]).splitlines()
            self.assertFalse([line for line in lines[1:] if len(line) > 80])
            self.assertEqual("..." in "\n".join(lines), command != "inspect")

    def test_page(self):
        page = self.path("plan.html")
        self.succeed("plan", DIGITS, "--html", page)
        html = pathlib.Path(page).read_text(encoding="utf-8")
        boxes = re.findall(r'class="box c\d block', html)
        self.assertEqual(len(boxes), len(self.json("plan", DIGITS)["subgraphs"][0]["blocks"]))
        self.assertNotIn("<script", html)

    def test_bad_input(self):
        for status, arguments, part in [
                (2, [DIGITS, "--cpu", "cortex-a9000"], "not one of any, "),
                (2, [DIGITS, "--cpu", "any", "--isa", "neon"], "give it or --isa"),
                (2, [DIGITS, "--isa", "sse"], "portable, neon, dotprod, i8mm"),
                (2, [DIGITS, "--threads", "0"], "threads"),
                (2, [DIGITS, "--html", DIGITS], "would replace"),
                (3, [self.path("none.tflite")], "none.tflite"),
                (3, [self.path("bad.tflite", b"nothing")], "bad.tflite"),
                (6, [DIGITS, "--html", self.path("no/such.html")], "cannot write")]:
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.fail_with(status, "plan", *arguments))
        self.assertFalse(list(self.dir.glob("*.html")))


class Arenas(CommandTest):
    """Memory on other CPUs."""

    def test_any_is_the_largest(self):
        memory = self.json("inspect", DIGITS, "--cpu", "any")["memory"]
        sizes = [one["arena_bytes"] for one in memory["by_cpu"]]
        self.assertEqual(memory["arena_bytes"], max(sizes))
        self.assertEqual(memory["any_cpu_arena_bytes"], max(sizes))
        for one in memory["by_cpu"]:
            for cpu in one["cpus"][:2]:
                there = self.json("inspect", DIGITS, "--cpu", cpu)["memory"]
                self.assertEqual(there["arena_bytes"], one["arena_bytes"], cpu)
                self.assertEqual(self.json("plan", DIGITS, "--cpu", cpu)["arena_bytes"],
                                 one["arena_bytes"])

    def test_isas(self):
        here = self.json("inspect", DIGITS)["memory"]
        for one in here["by_cpu"]:
            there = self.json("inspect", DIGITS, "--isa", one["isa"])["memory"]
            self.assertEqual(there["arena_bytes"], one["arena_bytes"], one["isa"])

    def test_cpus_of_the_other_kind(self):
        """Tables have other sizes in 32-bit and in 64-bit programs."""
        answers = {name: self.start("inspect", DIGITS, "--cpu", name).returncode
                   for name in ("arm1176", "neoverse-n1", "cortex-a53")}
        self.assertEqual(answers["cortex-a53"], 0)
        self.assertEqual(sorted([answers["arm1176"], answers["x86-64"]]
                                if "x86-64" in answers else
                                [answers["arm1176"], answers["neoverse-n1"]]),
                         [0, 2] if answers["arm1176"] == 2 else [0, 0])

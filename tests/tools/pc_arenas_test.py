# SPDX-License-Identifier: Apache-2.0
"""What a PC's pipit says of ARM CPUs is what ARM's own says, and takes.

usage: pc_arenas_test.py PC_PIPIT EMULATOR... PIPIT
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPUS = {"cortex-a53": "neon", "cortex-a76": "dotprod", "max": "i8mm"}  # of qemu
pc, arm = None, None  # set by who runs the tests


def models():
    found = sorted((ROOT / "models").glob("*.tflite"))
    return found + sorted((ROOT.parent / "shared" / "models").glob("*/model.tflite"))


def answer(command, cpu, *arguments):
    done = subprocess.run([*command, *map(str, arguments), "--json"], check=True, timeout=300,
                          capture_output=True, env={**os.environ, "QEMU_CPU": cpu})
    return json.loads(done.stdout)


def arenas(command, model):
    memory = answer(command, "max", "inspect", model)["memory"]
    return {one["isa"]: one["arena_bytes"] for one in memory["by_cpu"]}


class PcArenas(unittest.TestCase):
    """All models that there are."""

    def test_a_pc_says_what_arm_says(self):
        for model in models():
            with self.subTest(model=model):
                there = arenas(arm, model)
                here = arenas([pc], model)
                self.assertEqual({isa: here[isa] for isa in there}, there)

    def test_each_cpu_takes_that(self):
        for model in models():
            said = arenas([pc], model)
            for cpu, isa in CPUS.items():
                with self.subTest(model=model, cpu=cpu):
                    taken = answer(arm, cpu, "plan", model)["arena_bytes"]
                    self.assertEqual(taken, said[isa])


if __name__ == "__main__":
    pc, arm = sys.argv[1], sys.argv[2:]
    if not pathlib.Path(pc).is_file():
        print(f"SKIPPED: there is no {pc}, what a PC says is not compared")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])

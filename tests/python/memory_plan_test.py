# SPDX-License-Identifier: Apache-2.0
"""Where a model's memory goes, as Python tells it."""

import pathlib
import re
import unittest

from pipit import Interpreter

DIGITS = str(pathlib.Path(__file__).resolve().parents[2] / "models" / "digits_int8.tflite")


class MemoryPlanTest(unittest.TestCase):
    """Sizes, blocks and the picture."""

    def setUp(self):
        self.net = Interpreter(DIGITS)
        self.plan = self.net.memory_plan()

    def test_sizes(self):
        self.assertEqual(self.plan.arena_bytes, self.net.required_arena_bytes)
        self.assertLessEqual(self.plan.lower_bound_bytes, self.plan.activation_bytes)
        self.assertIn(str(self.plan.arena_bytes), repr(self.plan))

    def test_blocks(self):
        blocks = self.plan.blocks
        self.assertEqual(max(b.offset + b.bytes for b in blocks), self.plan.activation_bytes)
        for i, a in enumerate(blocks):
            for b in blocks[:i]:
                apart = (a.first_step > b.last_step or b.first_step > a.last_step or
                         a.offset >= b.offset + b.bytes or b.offset >= a.offset + a.bytes)
                self.assertTrue(apart, (a, b))
        names = {b.name for b in blocks if b.tensor is not None}
        self.assertLessEqual({self.net.get_input_details()[0]["name"]}, names)
        alive = [sum(b.bytes for b in blocks if b.first_step <= s <= b.last_step)
                 for s in range(1 + max(b.last_step for b in blocks))]
        self.assertEqual(max(alive), self.plan.lower_bound_bytes)

    def test_picture(self):
        text = self.plan._repr_html_()
        self.assertEqual(len(re.findall("<div[^>]* style=", text)), len(self.plan.blocks))
        self.assertNotIn("<script", text)

    def test_other_cpus(self):
        there = self.net.memory_plan(cpu="cortex-a53")
        self.assertGreater(there.arena_bytes, 0)
        self.assertTrue(there.blocks)
        everywhere = self.net.memory_plan(cpu="any")
        for plan in (self.plan, there):
            self.assertGreaterEqual(everywhere.arena_bytes, plan.arena_bytes)
        self.assertEqual(everywhere.blocks, [])
        self.assertIn(format(everywhere.arena_bytes, ","), everywhere._repr_html_())
        with self.assertRaisesRegex(ValueError, "abacus"):
            self.net.memory_plan(cpu="abacus")
        self.assertEqual(self.net.memory_plan().arena_bytes, self.plan.arena_bytes)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""What is counted of the layers of a small model, by a cross-built command under QEMU.

layers_test.py ARCH COMMAND CPU CPU     of an architecture; two CPUs that choose the same kernels"""
import collections
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import caches
import counting
import layers
from symbols import Symbols

MODEL = ROOT / "models" / "digits_int8.tflite"


def instructions(part):
    return sum(len(block.code) * runs for block, runs in part.runs.items())


def section(mark, runs):
    made = counting.Section(mark)
    made.runs = {counting.Block(0, ("00",)): [runs]}
    made.misses = [[[runs, 0, 0], [0, 0, 0]]]
    return made


class Sections(unittest.TestCase):
    """Of two inferences of two layers, the first of which calls a step of another subgraph."""

    inference = [("a", 1), ("bell", 100), ("a", 2), ("bell", 100), ("b", 4), ("bell", 100),
                 ("b", 8), ("bell", 100), ("a", 16), ("bell", 100), ("b", 32), ("bell", 100)]

    def parts(self, sections, of=2):
        return layers.split([section(*s) for s in sections], ["X", "Y"], of - 1, 1)

    def test_split(self):
        parts = self.parts([("start", 1000), ("bell", 100), *self.inference, *self.inference])
        self.assertEqual([(p.name, sum(p.runs.values())) for p in parts],
                         [("X", 1 + 2 + 4), ("Y", 16), (layers.BETWEEN, 32 + 8)])
        self.assertEqual([p.misses[0][0][0] for p in parts], [7, 16, 40])

    def test_another_number_of_steps(self):
        with self.assertRaises(SystemExit):
            self.parts([("start", 1000), ("bell", 100), *self.inference])


class Counted(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        arch, cls.command, *cls.cpus = ARGUMENTS
        cls.target = counting.TARGETS[arch]
        cls.symbols = Symbols(cls.target["readelf"], cls.command)
        options = [caches.option(cpu) for cpu in cls.cpus]
        cls.parts = [layers.count(cls.target, cpu, cls.command, MODEL, cls.symbols, 2, options)
                     for cpu in cls.cpus]

    def test_names(self):
        operators = [operator for part in self.parts[0][:-1] for operator in part.name.split(", ")]
        self.assertEqual([int(o.split()[0][1:]) for o in operators], list(range(len(operators))))
        kinds = collections.Counter(o.split()[1] for o in operators)
        self.assertGreaterEqual(kinds["CONV_2D"], 1)
        self.assertEqual(kinds["FULLY_CONNECTED"], 1)
        self.assertEqual(self.parts[0][-1].name, layers.BETWEEN)

    def test_such_cpus_execute_the_same(self):
        for one, other in zip(*self.parts):
            self.assertEqual(one.runs, other.runs, one.name)

    def test_nothing_is_lost_or_counted_twice(self):
        """Without the profile, the same blocks run as often; but the times are printed, too."""
        plain = [self.command, "run", str(MODEL), "--iterations", "{n}"]
        counts = counting.count_iterations(self.target, self.cpus[0], plain, 2)
        steps = collections.Counter()
        for part in self.parts[0][:-1]:
            steps.update(part.runs)
        whole = sum(len(b.code) * sum(runs) / 2 for b, runs in counts.items() if b in steps)
        mine = sum(len(b.code) * n for b, n in steps.items())
        self.assertAlmostEqual(mine / whole, 1, delta=0.02)

    def test_layers_are_more_than_what_is_between(self):
        *steps, between = map(instructions, self.parts[0])
        self.assertGreater(min(steps), 0)
        self.assertLess(between, 0.1 * sum(steps))

    def test_misses(self):
        for cache in range(len(self.cpus)):
            for part in self.parts[0]:
                all_, unforeseen = part.misses[cache]
                self.assertLessEqual(all_[1], all_[0], part.name)  # L2 sees what L1 misses
                self.assertLessEqual(sum(unforeseen), all_[0], part.name)
            # The model is small: a second inference finds it in the second level.
            self.assertLess(sum(part.misses[cache][0][1] for part in self.parts[0]), 100)


if __name__ == "__main__":
    ARGUMENTS, sys.argv[1:] = sys.argv[1:], []
    unittest.main()

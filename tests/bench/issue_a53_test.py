# SPDX-License-Identifier: Apache-2.0
"""The Cortex-A53's rules of issue, on blocks whose cycles can be counted by hand."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from issue_a53 import block_cycles


def each(pattern, n=8):
    """The pattern's lines n times, with {i} numbered: no line waits for another."""
    return [line.format(i=i, j=i + 8) for i in range(n) for line in pattern]


class Issue(unittest.TestCase):

    def takes(self, cycles, lines, **rules):
        self.assertAlmostEqual(block_cycles(lines, **rules), cycles, msg="\n".join(lines))

    def test_arithmetic_on_128_bits_issues_alone(self):
        self.takes(8, each(["smull v{i}.8h, v30.8b, v31.8b"]))
        self.takes(16, each(["smull v{i}.8h, v30.8b, v31.8b", "add v{j}.4s, v30.4s, v31.4s"]))

    def test_arithmetic_on_64_bits_pairs(self):
        self.takes(4, each(["add v{i}.8b, v30.8b, v31.8b"]))

    def test_a_load_of_a_vector_takes_a_half(self):
        self.takes(16, each(["smull v{i}.8h, v30.8b, v31.8b", "ldr d{j}, [x0]"]))
        self.takes(8, each(["smull v{i}.8h, v30.8b, v31.8b", "ldr d{j}, [x0]"]), halves=False)
        self.takes(8, each(["add v{i}.8b, v30.8b, v31.8b", "ldr d{j}, [x0]"]))
        self.takes(8, each(["ldr d{j}, [x0]", "mov v{i}.d[1], x1"]))
        self.takes(8, each(["mov v{i}.d[1], x1", "mov v{j}.d[1], x2"]))

    def test_wide_loads_take_two_cycles(self):
        self.takes(16, each(["ldr q{i}, [x0]"]))
        self.takes(24, each(["smull v{i}.8h, v30.8b, v31.8b", "ldr q{j}, [x0]"]))
        self.takes(24, each(["smull v{i}.8h, v30.8b, v31.8b", "ldr q{j}, [x0]"]), halves=False)
        self.takes(4, ["ldp q0, q1, [x0]"])
        self.takes(8, ["ld1 { v0.16b, v1.16b, v2.16b, v3.16b }, [x0]"])
        self.takes(2, ["ldp x1, x2, [x0]"])

    def test_stores(self):
        self.takes(8, each(["str q{i}, [x0]"]))
        self.takes(2, ["stp q0, q1, [x0]"])
        self.takes(16, each(["smull v{i}.8h, v30.8b, v31.8b", "str q{j}, [x0]"]))
        self.takes(8, each(["add v{i}.8b, v30.8b, v31.8b", "str d{j}, [x0]"]))

    def test_arithmetic_on_128_bits_comes_first(self):
        self.takes(1, ["smull v0.8h, v30.8b, v31.8b", "ldr x1, [x0]"])
        self.takes(3, ["ldr x1, [x0]", "smull v0.8h, v30.8b, v31.8b",
                       "smull v1.8h, v30.8b, v31.8b", "cmp x3, x4"])

    def test_integers_pair(self):
        self.takes(1, ["add x1, x2, x3", "add x4, x5, x6"])
        self.takes(2, ["ldr x1, [x0]", "ldr x2, [x0]"])
        self.takes(2, ["mul x1, x2, x3", "mul x4, x5, x6"])

    def test_chains_are_bound_by_latency(self):
        self.takes(4, ["add x0, x0, x1"] * 4)
        self.takes(8, ["add v0.4s, v0.4s, v1.4s"] * 2)
        self.takes(4, ["fmla v0.4s, v1.4s, v2.4s"])
        self.takes(8, ["fmul v0.4s, v0.4s, v1.4s", "fadd v0.4s, v0.4s, v1.4s"])
        self.takes(12, ["fmla v0.4s, v1.4s, v2.4s", "fmul v1.4s, v0.4s, v3.4s"])
        self.takes(8, ["sadalp v0.4s, v1.8h"] * 2)

    def test_results_of_loads(self):
        self.takes(3, ["ldr x0, [x0]"])
        self.takes(5 + 3, ["fmov x0, d0", "ldr d0, [x0]"])
        self.takes(5 + 4, ["fmov x0, d0", "ldr q0, [x0]"])
        self.takes(5 + 6, ["fmov x0, d1", "ldp q0, q1, [x0]"])

    def test_addresses(self):
        self.takes(3 + 2, ["add x0, x0, x1", "ldr x0, [x0]"])
        self.takes(1, ["ldr x1, [x0], #8"])

    def test_what_is_needed_late(self):
        self.takes(1, ["subs x0, x0, #1", "b.ne 0"])
        self.takes(4, ["add v0.4s, v0.4s, v1.4s", "str q0, [x0]"])

    def test_halves_of_a_register(self):
        self.takes(2, ["ldr d0, [x0]", "mov v0.d[1], x1"])
        self.takes(2, ["mov v0.d[0], x1", "mov v0.d[1], x2"])


if __name__ == "__main__":
    unittest.main()

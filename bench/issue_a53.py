#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cycles of a block of 64-bit code on the Cortex-A53, by its rules of issue.

  llvm-mc-19 --disassemble ... | bench/issue_a53.py    cycles of these instructions, again and again

llvm-mca's model of this core has results in the order of the instructions, so that loads do not
pair with NEON arithmetic, and lets any load issue in a cycle. Here is what is published about the
core. It issues in order, up to two instructions a cycle. Where the rules are from:

  [gcc]  gcc/config/arm/cortex-a53.md of GCC, which Arm contributed: two slots, and NEON as two
         units of 64 bits
  [meas] the instruction tests of D. Estevez's qsdr, a few instructions each, on a Cortex-A53 by its
         counter of cycles (qsdr-benchmarks/tests/instruction_benchmark/aarch64)
  [ncnn] what ncnn's authors measured (docs/developer-guide/arm-a53-a55-dual-issue.md)

Issue:
  - One load or store a cycle, one branch, one integer multiplication.             [gcc, meas]
  - NEON has two halves of 64 bits. Arithmetic on 128 bits takes both and must be
    the first of a pair; on 64 bits it takes one and may be either.                [gcc, meas]
  - Loads and stores of vectors take halves, too: those of 64 bits one, as INS and
    moves to general registers do; those of more, LD1 and ST1 both. So LDR of 64
    bits pairs with INS and with arithmetic on 64 bits, not with that on 128 bits. [meas, ncnn]
    In this [gcc] differs, which lets it pair with both: halves=False.
  - Loads pass 64 bits a cycle: a 128-bit register takes two cycles, a pair of
    64-bit ones two, of 128-bit ones four, and nothing issues beside them.         [meas, ncnn]
  - Stores pass 128 bits a cycle, and one register of a vector.                    [meas]

Cycles until a result can be used:
  - NEON arithmetic 4; sums of products of floats 8, or 4 to the next such sum. INS 2. [meas, gcc]
  - Loads of vectors: 64 bits 3, 128 bits 4, and 2 more for each further register.     [meas]
  - From NEON to general registers 5. Integers: loads 2, sums 1, either as an address
    3, products 4.                                                                     [gcc]
  - What is stored, or decides a branch, is needed late: 0 after a sum, 1 after a load
    or a product [gcc], 2 after NEON (assumed: [meas] stores sooner than [gcc]).

Assumed as well: an address that a load has moved on is there in the next cycle; look-ups in tables
and divisions issue in one; all branches are foreseen, all loads hit. Of [meas] this says the same
but where two sums that wait for one another issue at once, which is not modelled, and for a loop of
ten instructions around LDP and STP, 17 cycles instead of 16.
"""
import collections
import re
import sys

WARM_UP, REPEATS = 8, 24  # runs of a block before what is counted, and counted

# Cycles until a result can be used: as an operand, as an address, late, and as what a product is
# added to.
Result = collections.namedtuple("Result", "operand address late sum")
SUM = Result(1, 3, 0, 1)
PRODUCT = Result(4, 4, 1, 1)
LOADED = Result(2, 3, 1, 2)
NEON = Result(4, 4, 2, 4)
NEON_PRODUCT_SUM = Result(8, 8, 6, 4)
MOVED_BASE = Result(1, 1, 0, 1)

# issue: cycles. leads: may not be the second of a pair. partial: leaves a part of its register.
# uses: pairs of a register and a field of Result. results: of a register and a Result.
Instruction = collections.namedtuple(
    "Instruction", "issue memory branch multiplies halves leads partial uses results")

READS_RESULT = re.compile(r"(\w*ml[as]\w*|[us]adalp|[us]abal?2?|[us]r?sra|s[rl]i|bs[lm]|bi[tf]|tbx|"
                          r"[us]dot|\w+n2|movk|bf\w+)$")
MULTIPLIES = re.compile(r"(mul|madd|msub|[us]m\w+|mneg|[us]div)$")
COMPARES = re.compile(r"(cmp|cmn|tst|ccmp|ccmn|fcmp|fcmpe)$")
SETS_FLAGS = re.compile(r"(cmp|cmn|tst|ccmp|ccmn|fcmpe?|adds|subs|ands|bics|negs|adcs|sbcs)$")
READS_FLAGS = re.compile(r"(f?csel|csetm?|cinc|cinv|cneg|csinc|csinv|csneg|ccmp|ccmn|adcs?|sbcs?)$")
BRANCH = re.compile(r"(b|b\.\w+|bl|br|blr|ret|cbn?z|tbn?z)$")
WIDE = re.compile(r"\.(16b|8h|4s|2d)\b|\bq\d")
LANE = re.compile(r"v\d+\.[bhsd]\[\d+\]")


def registers(text):
    """The registers that a text names: x5, v3."""
    found = re.findall(r"\b([xwvqdshb])(\d+)\b|\b(w?sp)\b", text)
    return ["sp" if stack else ("x" if kind in "xw" else "v") + number
            for kind, number, stack in found]


def is_vector(register):
    return register.startswith("v")


def instruction(line):
    """What the rules need to know of one line of assembly."""
    name, _, operands = re.sub(r"\s+", " ", line.strip()).partition(" ")
    if "[" in operands and re.match(r"(ld|st|prfm)", name):
        return memory_access(name, operands)
    named = registers(operands)
    if BRANCH.match(name):
        uses = [(r, "late") for r in named] + ([("flags", "late")] if "." in name else [])
        return Instruction(1, False, True, False, 0, False, False, uses, [])
    return arithmetic(name, operands, named)


def arithmetic(name, operands, named):
    vector = any(is_vector(r) for r in named)
    first = operands.partition(",")[0]
    written = [] if COMPARES.match(name) else registers(first)
    uses = [(r, "operand") for r in named[len(written):]]
    if READS_RESULT.match(name):
        uses += [(r, "sum") for r in written]
    if READS_FLAGS.match(name):
        uses.append(("flags", "operand"))
    wide = bool(WIDE.search(operands))
    result = neon_result(name, first, named) if vector else SUM
    multiplies = not vector and bool(MULTIPLIES.match(name))
    results = [(r, PRODUCT if multiplies else result) for r in written]
    if SETS_FLAGS.match(name):
        results.append(("flags", result))
    return Instruction(1, False, False, multiplies, vector * (2 if wide else 1), wide,
                       bool(LANE.match(first)), uses, results)


def neon_result(name, first, named):
    """When the result of NEON arithmetic, or of a move to or from it, can be used."""
    if LANE.match(first):
        return NEON._replace(operand=2, sum=2)
    if not is_vector(named[0]):
        return Result(5, 5, 3, 5)
    if re.match(r"fn?m(la|ls|add|sub)", name):
        return NEON_PRODUCT_SUM
    return NEON


def memory_access(name, operands):
    data, address, lane = split_operands(operands)
    moved, based = registers(data), registers(address)
    vector, wide = any(is_vector(r) for r in moved), bool(WIDE.search(data))
    structure = bool(re.match(r"(ld|st)\d", name))  # LD1, ST4
    halves = vector * (2 if wide or structure or len(moved) > 1 else 1)
    uses = [(r, "address") for r in based]
    results = [(based[0], MOVED_BASE)] if "!" in address or "]," in address else []
    if name.startswith("st"):
        uses += [(r, "late") for r in moved]
        issue = len(moved) if vector and (wide or structure) else 1
    else:
        cycles = 2 if wide and not lane and not re.match(r"ld\dr", name) else 1
        issue = max(1, cycles * len(moved))
        results += [(r, loaded(vector, cycles, i)) for i, r in enumerate(moved)]
    return Instruction(issue, True, False, False, halves, False, lane, uses, results)


def split_operands(operands):
    """What is moved, the address, and whether it is one lane: { v0.b }[3], [x0]."""
    data, _, address = operands.partition("[")
    lane = data.rstrip().endswith("}")
    return data, address.partition("[")[2] if lane else address, lane


def loaded(vector, cycles, i):
    """When the i-th register that a load fills in so many cycles each can be used."""
    first = NEON._replace(operand=2 + cycles, sum=2 + cycles) if vector else LOADED
    return Result(*(n + cycles * i for n in first))


class Core:
    """What has issued in the cycle that is being filled, and when results are there."""

    def __init__(self, halves):
        self.halves = halves
        self.cycle, self.issued = 0, []
        self.written = {}  # register: the cycle its instruction issued in, and its Result

    def ready(self, one):
        """The first cycle in which all that an instruction uses is there."""
        cycles = [0]
        for register, use in one.uses:
            if register in self.written:
                cycle, result = self.written[register]
                cycles.append(cycle + getattr(result, use))
        return max(cycles)

    def pairs(self, one):
        """Whether it can issue beside what has issued in this cycle."""
        if not self.issued:
            return True
        if len(self.issued) == 2 or one.issue > 1 or self.issued[0].issue > 1 or one.leads:
            return False
        first = self.issued[0]
        if (first.memory and one.memory) or (first.branch and one.branch):
            return False
        if first.multiplies and one.multiplies or self.takes(first) + self.takes(one) > 2:
            return False
        return not {r for r, _ in first.results} & {r for r, _ in one.results}

    def takes(self, one):
        return 0 if one.memory and not self.halves else one.halves

    def issue(self, one):
        ready = self.ready(one)
        if ready > self.cycle or not self.pairs(one):
            self.cycle, self.issued = max(ready, self.end()), []
        self.issued.append(one)
        for register, result in one.results:
            self.written[register] = self.later(register, result) if one.partial else (
                self.cycle, result)

    def later(self, register, result):
        """The later of what is written to a part of a register and what was written before."""
        mine, before = (self.cycle, result), self.written.get(register, (0, result))
        return max(mine, before, key=lambda w: w[0] + w[1].operand)

    def end(self):
        """The cycle behind all that has issued."""
        return self.cycle + max((one.issue for one in self.issued), default=0)


def block_cycles(lines, halves=True):
    """Cycles of one run of a block that follows itself."""
    block = [instruction(line) for line in lines]
    core = Core(halves)
    for run in range(WARM_UP + REPEATS):
        if run == WARM_UP:
            start = core.end()
        for one in block:
            core.issue(one)
    return (core.end() - start) / REPEATS


if __name__ == "__main__":
    given = [line for line in sys.stdin.read().splitlines() if line.strip()]
    print(f"{block_cycles(given):.2f} cycles; by GCC's rules "
          f"{block_cycles(given, halves=False):.2f}")

# SPDX-License-Identifier: Apache-2.0
"""What blocks of code take when they follow themselves: cycles as llvm-mca models them, on the
Cortex-A53 also those of its rules of issue, and products of bytes."""
import collections
import re
import subprocess

import issue_a53

BATCH = 200  # blocks in one run of llvm-mca
REPEATS = 100  # of a block, until its ends do not matter

Cycles = collections.namedtuple("Cycles", "modelled issue products")  # issue: None on other CPUs

UNKNOWN = re.compile(r"^<stdin>:(\d+):1: warning: invalid instruction encoding$", re.MULTILINE)
KNOWN = {}  # Cycles, or None, by CPU, mode and code: models share most of their blocks


def is_it(code):
    """Whether these bytes, in hexadecimal, are the instruction IT."""
    return len(code) == 4 and code.endswith("bf") and code[1] != "0"


def disassemble(codes, isa):
    """The assembly of each block; what llvm does not know is a filler."""
    triple, features = isa
    command = ["llvm-mc-19", "--disassemble", f"-triple={triple}", f"-mattr={features}"]

    def text(instructions):
        lines = [" ".join("0x" + c[i:i + 2] for i in range(0, len(c), 2)) for c in instructions]
        out = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True)
        rows = [r.strip() for r in out.stdout.splitlines()]
        known = iter([r for r in rows if r and not r.startswith(".")])
        unknown = {int(n) - 1 for n in UNKNOWN.findall(out.stderr)}
        return [None if i in unknown else next(known) for i in range(len(lines))]

    filler = "nop" if triple == "aarch64" else "mov\tr8, r8"  # 32-bit models know no nop
    # IT makes the next instructions of Thumb conditional, which here are not always its own: they
    # are modelled as if they ran.
    it = {c for code in codes for c in code if triple.startswith("thumb") and is_it(c)}
    distinct = sorted({c for code in codes for c in code} - it)
    known = dict(zip(distinct, text(distinct))) | dict.fromkeys(it, filler)
    return [[known[c] or filler for c in code] for code in codes]


def mca(assembly, isa, cpu):
    """Cycles of one run of each block when it follows itself, but of those that llvm refuses."""
    triple, features = isa
    source = []
    for i, lines in enumerate(assembly):
        source += [f"# LLVM-MCA-BEGIN block{i}", *lines, "# LLVM-MCA-END"]
    command = ["llvm-mca-19", f"-mtriple={triple}", f"-mcpu={cpu}", f"-mattr={features}",
               f"-iterations={REPEATS}", "-call-latency=1", "-resource-pressure=false",
               "-instruction-info=false"]
    out = subprocess.run(command, input="\n".join(source), capture_output=True, text=True).stdout
    cycles, block = {}, 0
    for line in out.splitlines():
        region = re.match(r"\[\d+\] Code Region - block(\d+)", line)
        total = re.match(r"Total Cycles:\s+(\d+)", line)
        if region:
            block = int(region.group(1))
        elif total:
            cycles[block] = int(total.group(1)) / REPEATS
    if len(cycles) == len(assembly):
        return cycles
    if len(assembly) == 1:
        return {}
    half = len(assembly) // 2
    cycles = mca(assembly[:half], isa, cpu)
    cycles.update({half + i: c for i, c in mca(assembly[half:], isa, cpu).items()})
    return cycles


# Products that an instruction makes, by its name and the lanes that it writes.
PRODUCTS = [(r"[su]s?dot\t", r"\.4s|q\d", 16), (r"smmla\t", r"\.4s", 32),
            (r"[su]m(ull|lal)2?\t", r"\.8h", 8), (r"vm(ull|lal)\.[su]8\t", "", 8)]


def products_in(assembly):
    """The products of bytes in one run of a block."""
    return sum(next((n for name, lanes, n in PRODUCTS
                     if re.match(name, line) and re.search(lanes, line)), 0) for line in assembly)


def learn(codes, isa, cpu):
    """Adds blocks to KNOWN."""
    assembly = disassemble(codes, isa)
    modelled = mca(assembly, isa, cpu)
    for i, (code, lines) in enumerate(zip(codes, assembly)):
        issue = issue_a53.block_cycles(lines) if cpu == "cortex-a53" else None
        KNOWN[cpu, isa, code] = (
            Cycles(modelled[i], issue, products_in(lines)) if i in modelled else None)


def cycles_of(blocks, target, symbols, cpu):
    """The Cycles of one run of each block; those that llvm refuses are missing."""
    isas = target["isas"]
    isa_of = {b: next(iter(isas.values())) if len(isas) == 1 else isas[symbols.mode(b.address)]
              for b in blocks}
    for isa in isas.values():
        codes = sorted({b.code for b in blocks
                        if isa_of[b] == isa and (cpu, isa, b.code) not in KNOWN})
        for at in range(0, len(codes), BATCH):
            learn(codes[at:at + BATCH], isa, cpu)
    found = {b: KNOWN[cpu, isa_of[b], b.code] for b in blocks}
    return {b: cycles for b, cycles in found.items() if cycles is not None}

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one inference costs on a CPU that is not here: executed instructions, which are exact, and
cycles, which are modelled.

  bench/modelled_cycles.py --model mobilenet.tflite --cpu cortex-a76
  bench/modelled_cycles.py --model mobilenet.tflite --threads 4      instructions of each thread
  bench/modelled_cycles.py --cpu cortex-a53 -- PROGRAM ARG... {n}    any program; {n}: iterations

The program runs under QEMU's user mode with a plugin that counts how often each block of code runs,
once for one iteration and once for more: the difference has no start-up in it. llvm-mca then says
what a block takes in the steady state, as if every load hit the first-level cache and every branch
were predicted. So the figures compare versions of a program and CPUs; they are no times.

Needs qemu-user, llvm-19, binutils for the target and gcc (all in Debian).
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 200  # blocks in one run of llvm-mca
REPEATS = 100  # of a block, until its ends do not matter
COVERED = 0.995  # of the instructions are modelled, the rest in proportion

# int8 products a cycle of the best loop over unpacked weights, as llvm-mca models it.
CPUS = {
    "cortex-a53": {"mca": "cortex-a53", "ceiling": 5.3},
    "cortex-a72": {"mca": "cortex-a72", "ceiling": 8.0},
    "cortex-a76": {"mca": "neoverse-n1", "ceiling": 32.0},
    "max": {"mca": "neoverse-n2", "ceiling": 64.0},
    "cortex-a7": {"mca": "cortex-a9", "ceiling": None},
    "cortex-a15": {"mca": "cortex-a57", "ceiling": None},
}
TARGETS = {
    "aarch64": {"qemu": "qemu-aarch64", "nm": "aarch64-linux-gnu-readelf", "isas": {
        "x": ("aarch64", "+v8.2a,+dotprod,+fullfp16,+i8mm,+neon,+crc")}},
    "armhf": {"qemu": "qemu-arm", "nm": "arm-linux-gnueabihf-readelf", "isas": {
        "a": ("armv7", "+v8,+neon,+vfp4,+fp-armv8,+hwdiv-arm,+hwdiv,+dotprod"),
        "t": ("thumbv7", "+v8,+neon,+vfp4,+fp-armv8,+hwdiv-arm,+hwdiv,+dotprod")}},
}

Block = collections.namedtuple("Block", "address code")  # code: one hex string an instruction


def run(command, **more):
    result = subprocess.run(command, capture_output=True, text=True, **more)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {result.returncode}:\n"
                 f"{result.stderr[-2000:]}")
    return result.stdout


# ---- counting

def plugin(folder):
    library = pathlib.Path(folder) / "blocks_plugin.so"
    run(["gcc", "-O2", "-fPIC", "-shared", "-o", library, HERE / "blocks_plugin.c"])
    return library


def count_blocks(target, cpu, command, library, by_thread):
    """How often each block ran: a list with a number for each thread."""
    with tempfile.NamedTemporaryFile(mode="r", suffix=".blocks") as out:
        options = f"{library},out={out.name}" + (",threads=on" if by_thread else "")
        run([target["qemu"], "-cpu", cpu, "-plugin", options, *command])
        counts = {}
        for line in out:
            address, runs, *code = line.split()
            counts[Block(int(address, 16), tuple(code))] = [int(n) for n in runs.split(",")]
    return counts


def difference(more, fewer):
    """What `more` has above `fewer`, for each thread."""
    result = {}
    for block, runs in more.items():
        before = fewer.get(block, [])
        result[block] = [n - (before[i] if i < len(before) else 0) for i, n in enumerate(runs)]
    return result


def executed(counts, thread=None):
    return sum(len(b.code) * (sum(n) if thread is None else n[thread] if thread < len(n) else 0)
               for b, n in counts.items())


# ---- where a block belongs

class Symbols:
    """The functions of a program, with the source file of those that other files cannot see."""

    def __init__(self, readelf, program):
        self.functions, self.modes = [], []
        source = ""
        for line in run([readelf, "-sW", "-C", program]).splitlines():
            fields = line.split(None, 7)
            if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
                continue
            value, kind, binding, name = int(fields[1], 16), fields[3], fields[4], fields[7]
            if kind == "FILE":
                source = pathlib.Path(name).stem
            elif kind == "FUNC":
                self.functions.append((value & ~1, name, source if binding == "LOCAL" else ""))
            elif re.match(r"\$[atx]", name):
                self.modes.append((value, name[1]))
        self.functions.sort()
        self.modes.sort()

    @staticmethod
    def before(table, address):
        low, high = 0, len(table)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if table[middle][0] <= address else (low, middle)
        return table[low - 1] if low else None

    def mode(self, address):
        found = self.before(self.modes, address)
        return found[1] if found else "x"

    def function(self, address):
        found = self.before(self.functions, address)
        return found[1] if found else "?"

    def unit(self, address):
        """The source file that the code is from, as far as the program tells, or the function."""
        found = self.before(self.functions, address)
        if found is None:
            return "?"
        plain = re.sub(r"^.*?(\w+)\(.*$", r"\1", found[1])
        return found[2] or plain


# ---- cycles

def is_it(code):
    """Whether these bytes, in hexadecimal, are the instruction IT."""
    return len(code) == 4 and code.endswith("bf") and code[1] != "0"


def disassemble(blocks, isa):
    """The assembly of each block, or None where llvm does not know an instruction."""
    triple, features = isa
    command = ["llvm-mc-19", "--disassemble", f"-triple={triple}", f"-mattr={features}"]

    def text(codes):
        lines = [" ".join("0x" + c[i:i + 2] for i in range(0, len(c), 2)) for c in codes]
        out = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True)
        rows = [r.strip() for r in out.stdout.splitlines()]
        return [r for r in rows if r and not r.startswith(".")]

    filler = "nop" if triple == "aarch64" else "mov\tr8, r8"  # 32-bit models know no nop
    # IT makes the next instructions of Thumb conditional, which here are not always its own: they are
    # modelled as if they ran.
    it = {c for b in blocks for c in b.code if triple.startswith("thumb") and is_it(c)}
    distinct = sorted({c for b in blocks for c in b.code} - it)
    rows = text(distinct)
    if len(rows) != len(distinct):  # some instruction is unknown: find out which
        rows = [(text([c]) or [None])[0] for c in distinct]
    known = dict(zip(distinct, rows)) | dict.fromkeys(it, filler)
    return [[known[c] or filler for c in b.code] for b in blocks]


def mca(assembly, isa, cpu):
    """Cycles of one run of each block when it follows itself; blocks that llvm refuses are missing."""
    triple, features = isa
    mark = "//" if triple == "aarch64" else "@"
    source = []
    for i, lines in enumerate(assembly):
        source += [f"{mark} LLVM-MCA-BEGIN block{i}", *lines, f"{mark} LLVM-MCA-END"]
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


def cycles_of(blocks, target, symbols, cpu):
    """Modelled cycles of one run of each block, and the products of bytes in it."""
    result = {}
    for mode, isa in target["isas"].items():
        mine = [b for b in blocks if len(target["isas"]) == 1 or symbols.mode(b.address) == mode]
        for at in range(0, len(mine), BATCH):
            batch = mine[at:at + BATCH]
            assembly = disassemble(batch, isa)
            for i, cycles in mca(assembly, isa, cpu).items():
                result[batch[i]] = cycles, products_in(assembly[i])
    return result


# ---- an inference

class Measurement:
    """Instructions and cycles of one iteration, by unit and by function."""

    def __init__(self, counts, iterations, target, program, cpu):
        self.target, self.symbols = target, Symbols(target["nm"], program)
        work = {b: sum(n) / iterations for b, n in counts.items() if sum(n) > 0}
        self.instructions = sum(len(b.code) * n for b, n in work.items())
        hot, seen = [], 0
        for block in sorted(work, key=lambda b: -len(b.code) * work[b]):
            if seen >= COVERED * self.instructions:
                break
            hot.append(block)
            seen += len(block.code) * work[block]
        cycles = cycles_of(hot, target, self.symbols, cpu)
        self.units, self.functions = collections.Counter(), collections.Counter()
        self.loops = {}  # the block of each function that takes longest: cycles, products a cycle
        covered = 0
        for block, (each, products) in cycles.items():
            covered += len(block.code) * work[block]
            function, total = self.symbols.function(block.address), each * work[block]
            self.units[self.symbols.unit(block.address)] += total
            self.functions[function] += total
            if products > 0 and total > self.loops.get(function, (0, 0))[0]:
                self.loops[function] = total, products / each
        scale = self.instructions / covered if covered else 0
        self.cycles = scale * sum(self.units.values())

    def of_units(self, pattern):
        return sum(c for u, c in self.units.items() if re.match(pattern, u))


def products_of(pipit, target, model):
    """The multiply-adds of an inference in convolutions and dense layers, and in depthwise ones."""
    text = run([target["qemu"], "-cpu", "max", pipit, "inspect", model, "--json"])
    dense = depthwise = 0
    for graph in json.loads(text)["subgraphs"]:
        shapes = {t["index"]: t["shape"] for t in graph["tensors"]}

        def elements(i):
            n = 1
            for dim in shapes[i]:
                n *= dim
            return n

        for op in graph["operators"]:
            ins, outs = op["inputs"], op["outputs"]
            if op["op"] in ("CONV_2D", "FULLY_CONNECTED"):
                dense += elements(outs[0]) * elements(ins[1]) // shapes[ins[1]][0]
            elif op["op"] == "TRANSPOSE_CONV":
                dense += elements(ins[2]) * elements(ins[1]) // shapes[ins[1]][3]
            elif op["op"] == "DEPTHWISE_CONV_2D":
                dense_taps = shapes[ins[1]][1] * shapes[ins[1]][2]
                depthwise += elements(outs[0]) * dense_taps
    return dense, depthwise


# Files of kernels, as their names begin.
DENSE = r"(conv|matmul|row_dots)_(?!loops)"
DEPTHWISE = r"depthwise_"


def measure_model(pipit, model, cpu, arch="aarch64", iterations=2):
    """A dictionary of what the tables show of one model on one CPU."""
    target = TARGETS[arch]
    command = [str(pipit), "run", str(model), "--iterations"]
    m = measure(target, cpu, command + ["{n}"], iterations)
    dense, depthwise = products_of(pipit, target, model)
    dense_cycles, depthwise_cycles = m.of_units(DENSE), m.of_units(DEPTHWISE)
    ceiling = CPUS[cpu]["ceiling"]

    def share(products, cycles):
        return products / cycles / ceiling if ceiling and cycles and products else None

    return {"cpu": cpu, "instructions": round(m.instructions), "cycles": round(m.cycles),
            "dense_products": dense, "depthwise_products": depthwise,
            "dense_cycles": round(dense_cycles), "depthwise_cycles": round(depthwise_cycles),
            "dense_of_ceiling": share(dense, dense_cycles),
            "depthwise_of_ceiling": share(depthwise, depthwise_cycles), "measurement": m}


def measure(target, cpu, command, iterations):
    def with_n(n):
        return [a.replace("{n}", str(n)) for a in command]

    with tempfile.TemporaryDirectory() as folder:
        library = plugin(folder)
        one = count_blocks(target, cpu, with_n(1), library, False)
        more = count_blocks(target, cpu, with_n(1 + iterations), library, False)
    return Measurement(difference(more, one), iterations, target, command[0], CPUS[cpu]["mca"])


def measure_threads(target, cpu, command, iterations):
    """Instructions of one iteration for each thread."""
    with tempfile.TemporaryDirectory() as folder:
        library = plugin(folder)
        runs = [count_blocks(target, cpu, [a.replace("{n}", str(n)) for a in command], library, True)
                for n in (1, 1 + iterations)]
    counts = difference(runs[1], runs[0])
    threads = max(len(n) for n in counts.values())
    return [executed(counts, t) / iterations for t in range(threads)]


# ---- the program

def percent(share):
    return "" if share is None else f"{100 * share:.0f} %"


def markdown_row(name, r):
    return (f"| {name} | {r['cpu']} | {r['instructions'] / 1e6:.2f} | {r['cycles'] / 1e6:.2f} | "
            f"{percent(r['dense_of_ceiling'])} | {percent(r['depthwise_of_ceiling'])} |")


def print_measurement(m, functions):
    print(f"instructions  {round(m.instructions):>15,}")
    print(f"cycles        {round(m.cycles):>15,}   {m.instructions / m.cycles:.2f} instructions each")
    for title, table in (("file or function", m.units), ("function", m.functions)):
        print(f"\n{'cycles':>15}  {'share':>6}  {title}")
        for name, cycles in table.most_common(functions):
            print(f"{round(cycles):>15,}  {100 * cycles / m.cycles:5.1f}%  {name[:100]}")


def main():
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="run this model with the pipit command")
    parser.add_argument("--pipit", default=None, help="default: build/ARCH/bin/pipit")
    parser.add_argument("--arch", choices=sorted(TARGETS), default="aarch64")
    parser.add_argument("--cpu", choices=sorted(CPUS), default="cortex-a72")
    parser.add_argument("--iterations", type=int, default=2, metavar="K",
                        help="measure K iterations beyond the first (default 2)")
    parser.add_argument("--functions", type=int, default=12, metavar="N", help="rows of the tables")
    parser.add_argument("--threads", type=int, default=0, metavar="N",
                        help="instead: the instructions of each of N threads")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="one row of a table")
    args = parser.parse_args(sys.argv[1:split])
    command, target = sys.argv[split + 1:], TARGETS[args.arch]
    pipit = args.pipit or HERE.parent / "build" / args.arch / "bin" / "pipit"
    if args.threads:
        if args.model:
            command = [str(pipit), "run", args.model, "--threads", str(args.threads),
                       "--iterations", "{n}"]
        each = measure_threads(target, args.cpu, command, args.iterations)
        for i, n in enumerate(each):
            print(f"thread {i}  {round(n):>15,}")
        mean = sum(each) / args.threads
        print(f"all       {round(sum(each)):>15,}   the busiest has {max(each) / mean:.3f} times "
              f"the mean")
        return
    if args.model:
        r = measure_model(pipit, args.model, args.cpu, args.arch, args.iterations)
        m = r.pop("measurement")
        if args.json:
            print(json.dumps(r))
        elif args.markdown:
            print(markdown_row(pathlib.Path(args.model).stem, r))
        else:
            print_measurement(m, args.functions)
            print(f"\nof the modelled ceiling: convolutions and dense layers "
                  f"{percent(r['dense_of_ceiling']) or '-'}, depthwise "
                  f"{percent(r['depthwise_of_ceiling']) or '-'}")
        return
    if not any("{n}" in a for a in command):
        parser.error("needs --model, or a program whose arguments have {n}")
    m = measure(target, args.cpu, command, args.iterations)
    if args.json:
        print(json.dumps({"instructions": round(m.instructions), "cycles": round(m.cycles)}))
    else:
        print_measurement(m, args.functions)


if __name__ == "__main__":
    main()

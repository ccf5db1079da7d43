#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one inference costs on a CPU that is not here: executed instructions, which are exact, and
cycles, which are modelled.

  bench/modelled_cycles.py --model mobilenet.tflite --cpu cortex-a76
  bench/modelled_cycles.py --model mobilenet.tflite --cpu cortex-a53 --layers --caches
  bench/modelled_cycles.py --model mobilenet.tflite --threads 4      instructions of each thread
  bench/modelled_cycles.py --cpu cortex-a53 -- PROGRAM ARG... {n}    any program; {n}: iterations

The program runs under QEMU's user mode with a plugin that counts how often each block of code runs.
llvm-mca then says what a block takes in the steady state, as if every load hit the first-level
cache and every branch were predicted; for the Cortex-A53, its rules of issue say it as well
(issue_a53.py). So the figures compare versions of a program and CPUs; they are no times.

--caches simulates the caches of data of a board with that CPU. What their misses cost is an
estimate (caches.py), and is in no other figure.

Needs qemu-user, llvm-19, binutils for the target and gcc (all in Debian).
"""
import argparse
import collections
import json
import pathlib
import re
import sys

import block_cycles
import caches
import counting
import layers
from counting import TARGETS
from symbols import Symbols

ROOT = pathlib.Path(__file__).resolve().parent.parent
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


class Figures:
    """Of a layer or of all."""

    def __init__(self, name):
        self.name = name
        self.instructions = self.cycles = 0
        self.issue = None  # cycles by the A53's rules of issue
        self.misses = self.cost = None  # of each level; estimated cycles

    def add(self, other):
        self.instructions += other.instructions
        self.cycles += other.cycles
        if other.issue is not None:
            self.issue = (self.issue or 0) + other.issue
        if other.misses is not None:
            self.misses = [a + b for a, b in zip(
                self.misses or [0] * len(other.misses), other.misses)]
            self.cost = (self.cost or 0) + other.cost

    def json(self):
        rounded = {"instructions": round(self.instructions), "cycles": round(self.cycles)}
        if self.issue is not None:
            rounded["issue_cycles"] = round(self.issue)
        if self.misses is not None:
            rounded.update(misses=[round(n) for n in self.misses], miss_cycles=round(self.cost))
        return rounded


class Measurement:
    """One inference on one CPU: by layer, by unit and by function."""

    def __init__(self, parts, target, symbols, cpu, cache=None):
        """`cache`: which of the simulated caches are this CPU's."""
        self.cpu = cpu
        work = collections.Counter()
        for part in parts:
            work.update(part.runs)
        self.known = block_cycles.cycles_of(self.hot(work), target, symbols, CPUS[cpu]["mca"])
        covered = sum(len(b.code) * work[b] for b in self.known) or 1
        self.mean = sum(c.modelled * work[b] for b, c in self.known.items()) / covered
        self.mean_issue = sum((c.issue or 0) * work[b] for b, c in self.known.items()) / covered
        self.layers = [self.figures(part, cache) for part in parts]
        self.all = Figures("all")
        for layer in self.layers:
            self.all.add(layer)
        self.units, self.functions = collections.Counter(), collections.Counter()
        self.loops = {}  # the block of each function that takes longest: cycles, its Cycles
        for block, cycles in self.known.items():
            self.add_block(block, cycles, cycles.modelled * work[block], symbols)

    @staticmethod
    def hot(work):
        """The blocks that most of the instructions are in."""
        hot, seen, everything = [], 0, sum(len(b.code) * n for b, n in work.items())
        for block in sorted(work, key=lambda b: -len(b.code) * work[b]):
            if seen >= COVERED * everything:
                break
            hot.append(block)
            seen += len(block.code) * work[block]
        return hot

    def figures(self, part, cache):
        result, rest, issue = Figures(part.name), 0, 0
        for block, runs in part.runs.items():
            result.instructions += len(block.code) * runs
            cycles = self.known.get(block)
            if cycles is None:
                rest += len(block.code) * runs
            else:
                result.cycles += cycles.modelled * runs
                issue += (cycles.issue or 0) * runs
        result.cycles += rest * self.mean
        if self.mean_issue:
            result.issue = issue + rest * self.mean_issue
        if cache is not None:
            result.misses, unforeseen = part.misses[cache]
            result.cost = caches.cost(self.cpu, unforeseen)
        return result

    def add_block(self, block, cycles, total, symbols):
        function = symbols.function(block.address)
        self.units[symbols.unit(block.address)] += total
        self.functions[function] += total
        if cycles.products > 0 and total > self.loops.get(function, (0, None))[0]:
            self.loops[function] = total, cycles

    def of_units(self, pattern):
        return sum(c for u, c in self.units.items() if re.match(pattern, u))


def products_of(pipit, target, model):
    """The multiply-adds of an inference in convolutions and dense layers, and in depthwise ones."""
    text = counting.run([target["qemu"], "-cpu", "max", pipit, "inspect", model, "--json"])
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


class Inference:
    """A model on one CPU, and how close its kernels come to the CPU's ceiling."""

    def __init__(self, measurement, dense, depthwise):
        self.measurement, self.cpu = measurement, measurement.cpu
        self.products = {"dense": dense, "depthwise": depthwise}
        self.cycles = {"dense": measurement.of_units(DENSE),
                       "depthwise": measurement.of_units(DEPTHWISE)}

    def of_ceiling(self, kind):
        products, cycles = self.products[kind], self.cycles[kind]
        ceiling = CPUS[self.cpu]["ceiling"]
        return products / cycles / ceiling if ceiling and cycles and products else None

    def json(self):
        result = {"cpu": self.cpu, **self.measurement.all.json()}
        for kind in self.products:
            result.update({f"{kind}_products": self.products[kind],
                           f"{kind}_cycles": round(self.cycles[kind]),
                           f"{kind}_of_ceiling": self.of_ceiling(kind)})
        return result


def measure_model(pipit, model, cpus, arch="aarch64", iterations=2, with_caches=False):
    """The Inference on each of the CPUs, which must choose the same kernels: it runs once."""
    target = TARGETS[arch]
    symbols = Symbols(target["readelf"], pipit)
    options = [caches.option(cpu) for cpu in cpus] if with_caches else []
    parts = layers.count(target, cpus[0], pipit, model, symbols, iterations, options)
    products = products_of(pipit, target, model)

    def on(i, cpu):
        cache = i if with_caches else None
        return Inference(Measurement(parts, target, symbols, cpu, cache), *products)

    return [on(i, cpu) for i, cpu in enumerate(cpus)]


def measure_program(target, cpu, command, iterations):
    part = layers.Part("all", 0)
    for block, runs in counting.count_iterations(target, cpu, command, iterations).items():
        part.runs[block] = sum(runs) / iterations
    return Measurement([part], target, Symbols(target["readelf"], command[0]), cpu)


def measure_threads(target, cpu, command, iterations):
    """Instructions of one iteration for each thread."""
    counts = counting.count_iterations(target, cpu, command, iterations, ["threads=on"])
    each = [0] * max(len(runs) for runs in counts.values())
    for block, runs in counts.items():
        for thread, n in enumerate(runs):
            each[thread] += len(block.code) * n / iterations
    return each


# ---- the program

def percent(share):
    return "" if share is None else f"{100 * share:.0f} %"


def print_measurement(m, functions):
    total = m.all
    print(f"instructions    {round(total.instructions):>15,}")
    print(f"cycles          {round(total.cycles):>15,}   "
          f"{total.instructions / total.cycles:.2f} instructions each")
    if total.issue is not None:
        print(f"by issue rules  {round(total.issue):>15,}   "
              f"{total.instructions / total.issue:.2f} instructions each")
    if total.misses is not None:
        said = ", ".join(f"{round(n):,} of L{i + 1}" for i, n in enumerate(
            total.misses[:len(caches.BOARDS[m.cpu].levels)]))
        print(f"cache misses    {said}; may cost {round(total.cost):,} cycles more")
    for title, table in (("file or function", m.units), ("function", m.functions)):
        print(f"\n{'cycles':>15}  {'share':>6}  {title}")
        for name, cycles in table.most_common(functions):
            print(f"{round(cycles):>15,}  {100 * cycles / total.cycles:5.1f}%  {name[:100]}")


def layer_columns(figures):
    """The heads of the columns that these figures have, and how to get a layer's."""
    columns = [("instructions", lambda f: f.instructions), ("cycles", lambda f: f.cycles)]
    if figures.issue is not None:
        columns.append(("issue rules", lambda f: f.issue))
    if figures.misses is not None:
        columns += [("L1 misses", lambda f: f.misses[0]), ("L2 misses", lambda f: f.misses[1]),
                    ("their cost", lambda f: f.cost)]
    return columns


def print_layers(m):
    columns = layer_columns(m.all)
    print("".join(f"{head:>14}" for head, _ in columns) + "  layer")
    for layer in m.layers + [m.all]:
        print("".join(f"{round(value(layer)):>14,}" for _, value in columns) + f"  {layer.name}")


def print_model(args, pipit):
    [r] = measure_model(pipit, args.model, [args.cpu], args.arch, args.iterations, args.caches)
    m = r.measurement
    if args.json:
        rows = {"layers": [{"layer": layer.name, **layer.json()} for layer in m.layers]}
        print(json.dumps(r.json() | (rows if args.layers else {})))
    elif args.layers:
        print_layers(m)
    else:
        print_measurement(m, args.functions)
        print(f"\nof the modelled ceiling: convolutions and dense layers "
              f"{percent(r.of_ceiling('dense')) or '-'}, "
              f"depthwise {percent(r.of_ceiling('depthwise')) or '-'}")


def print_threads(args, command):
    each = measure_threads(TARGETS[args.arch], args.cpu, command, args.iterations)
    for i, n in enumerate(each):
        print(f"thread {i}  {round(n):>15,}")
    mean = sum(each) / args.threads
    print(f"all       {round(sum(each)):>15,}   the busiest has {max(each) / mean:.3f} times "
          f"the mean")


def print_program(args, command):
    m = measure_program(TARGETS[args.arch], args.cpu, command, args.iterations)
    if args.json:
        print(json.dumps(m.all.json()))
    else:
        print_measurement(m, args.functions)


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
    parser.add_argument("--layers", action="store_true", help="a row for each layer of the model")
    parser.add_argument("--caches", action="store_true", help="simulate caches of data, too")
    parser.add_argument("--functions", type=int, default=12, metavar="N", help="rows of the tables")
    parser.add_argument("--threads", type=int, default=0, metavar="N",
                        help="instead: the instructions of each of N threads")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(sys.argv[1:split])
    command = sys.argv[split + 1:]
    pipit = args.pipit or ROOT / "build" / args.arch / "bin" / "pipit"
    if (args.layers or args.caches) and (args.threads or not args.model):
        parser.error("--layers and --caches are for a --model on one thread")
    if args.caches and args.cpu not in caches.BOARDS:
        parser.error(f"--caches knows no board with a CPU {args.cpu}")
    if args.threads and args.model:
        command = [str(pipit), "run", args.model, "--threads", str(args.threads),
                   "--iterations", "{n}"]
    if args.model and not args.threads:
        return print_model(args, pipit)
    if not any("{n}" in a for a in command):
        parser.error("needs --model, or a program whose arguments have {n}")
    return print_threads(args, command) if args.threads else print_program(args, command)


if __name__ == "__main__":
    main()

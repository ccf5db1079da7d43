#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures models on several CPUs and writes the tables of docs/performance.md anew.

  bench/tables.py [--models DIR] [--pipit FILE] [NAME...]

DIR has a folder for each model with a model.tflite; default ../shared/models beside the checkout.
"""
import argparse
import datetime
import json
import pathlib
import re

import counting
import modelled_cycles

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"
MODELS = ["mobilenet_v2_1.0_224_int8", "resnet8_int8", "mobilenet_v2_1.0_224_uint8",
          "mobilenet_v1_0.25_128_uint8", "person_detect_int8", "vww_int8", "kws_int8",
          "micro_speech_int8", "anomaly_int8", "mnist_lstm_int8", "dtln_int8", "resnet8_float",
          "vww_float", "kws_float", "anomaly_float", "anomaly_dynamic_range"]
MODELS_32 = ["mobilenet_v2_1.0_224_int8", "mobilenet_v1_0.25_128_uint8", "vww_int8", "kws_int8",
             "resnet8_int8", "vww_float"]
LOOPS = ["mobilenet_v2_1.0_224_int8", "mobilenet_v2_1.0_224_uint8", "anomaly_int8"]
THREADS = ["mobilenet_v2_1.0_224_int8", "resnet8_int8"]


def table(heads, left, rows):
    """The first `left` columns are text, the others numbers."""
    head, *body = ["| " + " | ".join(cells) + " |\n" for cells in [heads, *rows]]
    return head + "|--" * left + "|--:" * (len(heads) - left) + "|\n" + "".join(body)


def millions(value):
    return "" if value is None else f"{value / 1e6:.2f}"


def thousands(value):
    return f"{value / 1e3:.1f}"


def plain(function):
    """A function's name without namespaces, types and arguments."""
    name = re.sub(r"\(anonymous namespace\)::|pipit::|^void |^bool | ?\[clone.*", "", function)
    return re.sub(r"\(\w+\)(?=\d)", "", name).partition("(")[0]  # an enumerator's type; arguments


class Bench:
    """The pipit command of one architecture, on CPUs of it."""

    def __init__(self, pipit, models, arch, cpus):
        self.pipit, self.models, self.arch = pipit, models, arch
        by_kernels = {}
        for cpu in cpus:
            by_kernels.setdefault(self.kernels(cpu), []).append(cpu)
        self.groups = list(by_kernels.values())
        self.kept = {}

    def kernels(self, cpu):
        """The kernels that it chooses: CPUs with the same execute the same instructions."""
        model = ROOT / "models" / "digits_int8.tflite"
        qemu = counting.TARGETS[self.arch]["qemu"]
        command = [qemu, "-cpu", cpu, self.pipit, "run", model, "--json"]
        return json.loads(counting.run(command))["isa"]

    def model(self, name):
        return self.models / name / "model.tflite"

    def inferences(self, name):
        if name not in self.kept:
            self.kept[name] = [inference for cpus in self.groups
                               for inference in modelled_cycles.measure_model(
                                   self.pipit, self.model(name), cpus, self.arch, 1, True)]
        return self.kept[name]


def figures(name, inference):
    total = inference.measurement.all
    return [name, inference.cpu, millions(total.instructions), millions(total.cycles)], [
        thousands(total.misses[0]), thousands(total.misses[1]), millions(total.cost)]


MISSES = ["L1 misses, thousands", "L2 misses, thousands", "their cost, M cycles"]


def models_table(bench, names):
    heads = ["model", "CPU", "instructions, M", "cycles, M", "by issue rules, M", *MISSES,
             "dense of ceiling", "depthwise of ceiling"]
    rows = []
    for name in names:
        for inference in bench.inferences(name):
            left, misses = figures(name, inference)
            rows.append([*left, millions(inference.measurement.all.issue), *misses,
                         modelled_cycles.percent(inference.of_ceiling("dense")),
                         modelled_cycles.percent(inference.of_ceiling("depthwise"))])
    return table(heads, 2, rows)


def arm32_table(bench, names):
    rows = []
    for name in names:
        for inference in bench.inferences(name):
            left, misses = figures(name, inference)
            rows.append(left + misses)
    return table(["model", "CPU", "instructions, M", "cycles, M", *MISSES], 2, rows)


def loop_rows(name, inference):
    """The inner loops of kernels that take at least 3 % of a model."""
    m, ceiling = inference.measurement, modelled_cycles.CPUS[inference.cpu]["ceiling"]
    for function, (_, block) in sorted(m.loops.items(), key=lambda f: -m.functions[f[0]]):
        if m.functions[function] >= 0.03 * m.all.cycles:
            rate = block.products / block.modelled
            issue = f"{block.products / block.issue:.2f}" if block.issue else ""
            yield [name, inference.cpu, f"`{plain(function)}`", f"{rate:.2f}",
                   modelled_cycles.percent(rate / ceiling), issue]


def loops_table(bench, names):
    heads = ["model", "CPU", "kernel", "products a cycle", "of the ceiling", "by issue rules"]
    return table(heads, 3, [row for name in names for inference in bench.inferences(name)
                            for row in loop_rows(name, inference)])


def threads_table(bench, names):
    rows = []
    for name in names:
        cells = [name, millions(bench.inferences(name)[-1].measurement.all.instructions)]
        for threads in ("2", "4"):
            command = [str(bench.pipit), "run", str(bench.model(name)), "--threads", threads,
                       "--iterations", "{n}"]
            target = counting.TARGETS[bench.arch]
            each = modelled_cycles.measure_threads(target, "cortex-a76", command, 2)
            cells.append(millions(max(each)))
        rows.append([*cells, f"{max(each) * len(each) / sum(each):.3f}"])
    heads = ["model", "1 thread", "2 threads", "4 threads", "busiest of 4 over the mean"]
    return table(heads, 1, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, default=ROOT.parent / "shared" / "models")
    parser.add_argument("--pipit", type=pathlib.Path,
                        default=ROOT / "build" / "aarch64" / "bin" / "pipit")
    parser.add_argument("--pipit32", type=pathlib.Path,
                        default=ROOT / "build" / "armhf" / "bin" / "pipit")
    parser.add_argument("names", nargs="*", default=MODELS)
    args = parser.parse_args()

    def named(names):
        return [name for name in names if name in args.names]

    arm64 = Bench(args.pipit, args.models, "aarch64", ["cortex-a53", "cortex-a72", "cortex-a76"])
    arm32 = Bench(args.pipit32, args.models, "armhf", ["cortex-a7", "cortex-a15"])
    text = "\n".join([
        f"Of {datetime.date.today()}.\n", models_table(arm64, args.names),
        "The loop of each kernel that takes longest, in products of bytes a cycle:\n",
        loops_table(arm64, named(LOOPS)),
        "The same models on 32-bit ARM; the cortex-a7 is modelled by the cortex-a9, the cortex-a15 "
        "by the cortex-a57:\n", arm32_table(arm32, named(MODELS_32)),
        "Instructions of the busiest thread on the cortex-a76, in millions:\n",
        threads_table(arm64, named(THREADS))])
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(head + BEGIN + text + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()

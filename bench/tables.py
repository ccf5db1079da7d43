#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures models on several CPUs and writes the tables of docs/performance.md anew.

  bench/tables.py [--models DIR] [--pipit FILE] [NAME...]

DIR has a folder for each model with a model.tflite; default ../shared/models beside the checkout.
"""
import argparse
import datetime
import pathlib
import re

import modelled_cycles

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"
CPUS = ["cortex-a53", "cortex-a72", "cortex-a76"]
MODELS = ["mobilenet_v2_1.0_224_int8", "resnet8_int8", "mobilenet_v2_1.0_224_uint8",
          "mobilenet_v1_0.25_128_uint8", "person_detect_int8", "vww_int8", "kws_int8",
          "micro_speech_int8", "anomaly_int8", "mnist_lstm_int8", "dtln_int8", "resnet8_float",
          "vww_float", "kws_float", "anomaly_float", "anomaly_dynamic_range"]
MODELS_32 = ["mobilenet_v2_1.0_224_int8", "mobilenet_v1_0.25_128_uint8", "vww_int8", "kws_int8",
             "resnet8_int8", "vww_float"]
LOOPS = ["mobilenet_v2_1.0_224_int8", "mobilenet_v2_1.0_224_uint8", "anomaly_int8"]
HEADER = ("| model | CPU | instructions, millions | cycles, millions | dense part of its ceiling | "
          "depthwise of its ceiling |\n|--|--|--:|--:|--:|--:|\n")


def plain(function):
    """A function's name without namespaces, types and arguments."""
    name = re.sub(r"\(anonymous namespace\)::|pipit::|^void |^bool |\(.*$", "", function)
    return re.sub(r" ?\[clone.*", "", name)


def loop_rows(name, rows):
    """The inner loops of kernels that take at least 3 % of a model."""
    text = ""
    for row in rows:
        m, ceiling = row["measurement"], modelled_cycles.CPUS[row["cpu"]]["ceiling"]
        for function, (_, rate) in sorted(m.loops.items(), key=lambda f: -m.functions[f[0]]):
            if m.functions[function] < 0.03 * m.cycles or not ceiling:
                continue
            text += (f"| {name} | {row['cpu']} | `{plain(function)}` | {rate:.2f} | "
                     f"{modelled_cycles.percent(rate / ceiling)} |\n")
    return text


def arm32_table(pipit, models):
    text = ("\nThe same models on 32-bit ARM; the cortex-a7 is modelled by the cortex-a9, the "
            "cortex-a15 by the cortex-a57:\n\n| model | CPU | instructions, millions | cycles, "
            "millions |\n|--|--|--:|--:|\n")
    for name in MODELS_32:
        for cpu in ("cortex-a7", "cortex-a15"):
            row = modelled_cycles.measure_model(pipit, models / name / "model.tflite", cpu, "armhf")
            text += (f"| {name} | {cpu} | {row['instructions'] / 1e6:.2f} | "
                     f"{row['cycles'] / 1e6:.2f} |\n")
    return text


def threads_row(pipit, model, name):
    target = modelled_cycles.TARGETS["aarch64"]
    cells = [name]
    for threads in (1, 2, 4):
        command = [str(pipit), "run", str(model), "--threads", str(threads), "--iterations", "{n}"]
        each = modelled_cycles.measure_threads(target, "cortex-a76", command, 2)
        cells.append(f"{max(each) / 1e6:.2f}")
    cells.append(f"{max(each) * len(each) / sum(each):.3f}")
    return "| " + " | ".join(cells) + " |\n"


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
    text = f"Of {datetime.date.today()}.\n\n" + HEADER
    loops = ("\nThe loop of each kernel that takes longest, in products of bytes a cycle:\n\n"
             "| model | CPU | kernel | products a cycle | of the ceiling |\n|--|--|--|--:|--:|\n")
    for name in args.names:
        rows = [modelled_cycles.measure_model(args.pipit, args.models / name / "model.tflite", cpu)
                for cpu in CPUS]
        text += "".join(modelled_cycles.markdown_row(name, row) + "\n" for row in rows)
        if name in LOOPS:
            loops += loop_rows(name, rows)
    text += loops + arm32_table(args.pipit32, args.models)
    text += ("\nInstructions of the busiest thread on the cortex-a76, in millions:\n\n"
             "| model | 1 thread | 2 threads | 4 threads | busiest of 4 over the mean |\n"
             "|--|--:|--:|--:|--:|\n")
    for name in args.names[:2]:
        text += threads_row(args.pipit, args.models / name / "model.tflite", name)
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    PAGE.write_text(head + BEGIN + text + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()

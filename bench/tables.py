#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures models on several CPUs and writes the tables of docs/performance.md anew.

  bench/tables.py [--models DIR] [--pipit FILE] [NAME...]

DIR has a folder for each model with a model.tflite; default ../shared/models beside the checkout.
"""
import argparse
import datetime
import pathlib

import modelled_cycles

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"
CPUS = ["cortex-a53", "cortex-a72", "cortex-a76"]
MODELS = ["mobilenet_v2_1.0_224_int8", "mobilenet_v1_0.25_128_uint8", "kws_int8", "vww_int8",
          "resnet8_int8", "anomaly_int8", "kws_float"]
HEADER = ("| model | CPU | instructions, millions | cycles, millions | dense part of its ceiling | "
          "depthwise of its ceiling |\n|--|--|--:|--:|--:|--:|\n")


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
    parser.add_argument("names", nargs="*", default=MODELS)
    args = parser.parse_args()
    text = f"Of {datetime.date.today()}.\n\n" + HEADER
    for name in args.names:
        for cpu in CPUS:
            row = modelled_cycles.measure_model(args.pipit, args.models / name / "model.tflite", cpu)
            text += modelled_cycles.markdown_row(name, row) + "\n"
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

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds libtensorflowlite_c.so against TensorFlow Lite's own: one program, built once, runs each model
with either library; what it prints is compared line by line.

usage: compare.py OURS THEIRS MODEL... -- CLIENT...

OURS and THEIRS are the folders of the libraries; CLIENT is a command (an emulator, too, if it takes
one) that takes a model.
"""

import os
import pathlib
import re
import subprocess
import sys

# Steps by which the original's optimized kernels stray from its reference kernels, which are what
# Pipit computes; floats are compared within a part of the largest. By the name of the model's folder.
STEPS = 1
MORE_STEPS = {
    # Not the kernels: LiteRT's reference kernels give what Pipit gives, and so do its optimized ones;
    # version 2.9 is 49 steps off.
    "dtln_int8": 64,
    "keras_lstm_mnist": 2,
    "mobilenet_v2_1.0_224_birds_uint8": 3,
    "mobilenet_v2_1.0_224_int8": 3,
    "mobilenet_v2_1.0_224_uint8": 2,
}
# Those for 64-bit ARM round in other ways, and stray further in deep models.
MORE_STEPS_ARM64 = {
    "mobilenet_v1_0.25_128_uint8": 4,
    "mobilenet_v2_1.0_224_birds_uint8": 5,
    "mobilenet_v2_1.0_224_int8": 5,
    "mobilenet_v2_1.0_224_uint8": 7,
}
FLOAT = 1e-4
# Weights in 8 bits under floats, of which a layer makes integers with a zero point (our converter's
# `dynamic`): there the library for 64-bit ARM is up to 0.0057 off what its own for x86-64 gives, and
# both of ours give the same. By the name of the file.
FLOAT_ARM64 = {"dynamic": 0.01}
# What cannot be compared, and why.
LEFT_OUT = {
    r"/(multinomial|random_standard_normal|random_uniform)/\d_seed0/":
        "draws other numbers each time",
    r"/bidirectional_sequence_lstm/f32_basic_merge_none/":
        "2.9 gives other numbers each time",
    r"/matrix_set_diag/bool_1/":
        "2.9 leaves part of the output unset; LiteRT does not",
    r"/sparse_to_dense/float32_0_":
        "2.9 does not write the value of a single index; LiteRT does",
    r"/split_v/(\w+_runtime_\w+|reject_sum)/":
        "sizes that do not add up: 2.9 reports an error and goes on, Pipit refuses",
}
# Folders of models that the original has to run: what our converter makes.
MUST_RUN = {"quantized", "converted"}


def run(client, folder, model):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(folder))
    done = subprocess.run([*client, model], env=environment, capture_output=True, text=True,
                          timeout=600, check=False)
    return done.returncode, [line for line in done.stdout.splitlines()
                             if not line.startswith("reported: ")]


def apart(x, y, steps, part):
    """How two lists of values differ, or None when they are the same within the limits."""
    if len(x) != len(y):
        return f"{len(x)} values, theirs {len(y)}"
    numbers = [(float(p), float(q)) for p, q in zip(x, y)]
    whole = all("." not in n and "e" not in n and "n" not in n for n in x + y)
    if whole:
        # Bytes count round, so that 255 and 0 are neighbours as -1 and 0 are.
        most = max(min(abs(p - q), 256 - abs(p - q)) for p, q in numbers)
        return f"{most:.0f} steps" if most > steps else None
    limit = part * max([1.0] + [abs(q) for _, q in numbers if abs(q) < float("inf")])
    far = [f"{p:g}, theirs {q:g}" for p, q in numbers
           if p != q and not (p != p and q != q) and not abs(p - q) <= limit]
    return f"{len(far)} of {len(x)}: {far[0]}" if far else None


def differences(ours, theirs, steps, part):
    if ours[0] != theirs[0]:
        yield f"exit {ours[0]}, theirs {theirs[0]}"
    if len(ours[1]) != len(theirs[1]):
        yield f"{len(ours[1])} lines, theirs {len(theirs[1])}: {ours[1][-1:]} {theirs[1][-1:]}"
    for a, b in zip(ours[1], theirs[1]):
        values = a.split()[:2] == b.split()[:2] and a.startswith("values ")
        found = apart(a.split()[2:], b.split()[2:], steps, part) if values and a != b else None
        if a != b and (found is not None or not values):
            yield f"{a[:200]}\n    theirs: {b[:200]}\n    {found}"


def main():
    arguments, client = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, client = arguments[:at], arguments[at + 1:]
    if not client or len(arguments) < 3:
        sys.exit(__doc__)
    ours, theirs, *models = arguments
    arm = "arm64" in theirs
    more = {**MORE_STEPS, **MORE_STEPS_ARM64} if arm else MORE_STEPS
    bad = equal = refused = 0
    left_out = {}
    for model in models:
        reason = next((why for where, why in LEFT_OUT.items() if re.search(where, model)), None)
        if reason is not None:
            left_out[reason] = left_out.get(reason, 0) + 1
            continue
        theirs_said = run(client, theirs, model)
        # What the original (2.9) cannot run, or breaks down over, says nothing about ours.
        if theirs_said[0] != 0 or "invoke 0" not in theirs_said[1]:
            refused += 1
            if MUST_RUN & set(pathlib.Path(model).parts):
                bad += 1
                print(f"THE ORIGINAL DOES NOT RUN {model}: {theirs_said[1][-1:]}")
            continue
        steps = more.get(pathlib.Path(model).parent.name, STEPS)
        part = FLOAT_ARM64.get(pathlib.Path(model).stem, FLOAT) if arm else FLOAT
        found = list(differences(run(client, ours, model), theirs_said, steps, part))
        equal += not found
        if found:
            bad += 1
            print(f"DIFFERS {model}\n  " + "\n  ".join(found[:3]))
    for reason, count in left_out.items():
        print(f"{count} left out: {reason}")
    print(f"{equal} equal, {bad} differ, {refused} that the original does not run")
    sys.exit(1 if bad or not equal else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds libtensorflowlite_c.so against TensorFlow Lite's own: one program, built once, runs each model
with either library; what it prints is compared line by line.

usage: compare.py CLIENT OURS THEIRS MODEL... [-- EMULATOR...]
"""

import os
import pathlib
import subprocess
import sys

# Steps by which the original's optimized kernels stray from its reference kernels, which are what
# Pipit computes; floats are compared within a part of the largest. By the name of the model's folder.
STEPS = 1
MORE_STEPS = {
    "dtln_int8": 64,  # its LSTM of bytes has changed since 2.9
    "keras_lstm_mnist": 2,
    "mobilenet_v2_1.0_224_birds_uint8": 3,
    "mobilenet_v2_1.0_224_int8": 3,
    "mobilenet_v2_1.0_224_uint8": 2,
}
FLOAT = 1e-4
# Folders of models that the original has to run: what our converter makes.
MUST_RUN = {"quantized"}
# Operators of which the original draws other numbers each time, leaves outputs in part unset for the
# numbers that the client feeds, or has changed since.
NOT_COMPARED = {"multinomial", "random_standard_normal", "random_uniform", "matrix_set_diag",
                "sparse_to_dense", "rfft2d", "split_v"}


def run(client, library, model, emulator):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(pathlib.Path(library).parent))
    done = subprocess.run([*emulator, client, model], env=environment, capture_output=True,
                          text=True, timeout=600, check=False)
    return done.returncode, [line for line in done.stdout.splitlines()
                             if not line.startswith("reported: ")]


def close(a, b, steps):
    """Whether two lines of values are the same within the limits."""
    x, y = a.split()[2:], b.split()[2:]
    if len(x) != len(y):
        return False
    numbers = [(float(p), float(q)) for p, q in zip(x, y)]
    whole = all("." not in n and "e" not in n and "n" not in n for n in x + y)
    if whole:
        # Bytes count round, so that 255 and 0 are neighbours as -1 and 0 are.
        return all(min(abs(p - q), 256 - abs(p - q)) <= steps for p, q in numbers)
    most = max([1.0] + [abs(q) for _, q in numbers if abs(q) < float("inf")])
    return all(p == q or (p != p and q != q) or abs(p - q) <= FLOAT * most for p, q in numbers)


def differences(ours, theirs, steps):
    if ours[0] != theirs[0]:
        yield f"exit {ours[0]}, theirs {theirs[0]}"
    if len(ours[1]) != len(theirs[1]):
        yield f"{len(ours[1])} lines, theirs {len(theirs[1])}: {ours[1][-1:]} {theirs[1][-1:]}"
    for a, b in zip(ours[1], theirs[1]):
        if a != b and not (a.startswith("values ") and b.startswith("values ") and close(a, b, steps)):
            yield f"{a[:200]}\n    theirs: {b[:200]}"


def main():
    arguments, emulator = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, emulator = arguments[:at], arguments[at + 1:]
    client, ours, theirs, *models = arguments
    if not models:
        sys.exit("no models")
    bad = equal = refused = 0
    for model in models:
        if NOT_COMPARED & set(pathlib.Path(model).parts):
            continue
        theirs_said = run(client, theirs, model, emulator)
        # What the original (2.9) cannot run says nothing about ours.
        if not any(line == "invoke 0" for line in theirs_said[1]):
            refused += 1
            if MUST_RUN & set(pathlib.Path(model).parts):
                bad += 1
                print(f"THE ORIGINAL DOES NOT RUN {model}: {theirs_said[1][-1:]}")
            continue
        steps = MORE_STEPS.get(pathlib.Path(model).parent.name, STEPS)
        found = list(differences(run(client, ours, model, emulator), theirs_said, steps))
        equal += not found
        if found:
            bad += 1
            print(f"DIFFERS {model}\n  " + "\n  ".join(found[:3]))
    print(f"{equal} equal, {bad} differ, {refused} that the original does not run")
    sys.exit(1 if bad or not equal else 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Exports models, and has TensorFlow.js compute what Pipit computes: compare.py NODE_MODULES MODEL..."""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from pipit import Interpreter
from pipit.export_keras import export_keras

# Of outputs, relative from 1 on. Float layers whose weights are stored in 8 bits are computed with
# 8-bit activations, too, which the exported model is not.
TOLERANCE, TOLERANCE_8_BIT = 1e-5, 1e-2
HERE = pathlib.Path(__file__).resolve().parent


def compare(modules, model, folder):
    export_keras(model, folder)
    interpreter = Interpreter(model)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    shape = detail["shape"]
    value = np.random.RandomState(1).uniform(-1, 1, shape).astype(np.float32)
    interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    files = [folder / "input.f32"]
    value.tofile(files[0])
    for i, output in enumerate(interpreter.get_output_details()):
        files.append(folder / ("output%d.f32" % i))
        np.asarray(interpreter.get_tensor(output["index"])).tofile(files[-1])
    stored = any(d["dtype"] == np.int8 for d in interpreter.get_tensor_details())
    tolerance = str(TOLERANCE_8_BIT if stored else TOLERANCE)
    done = subprocess.run(["node", HERE / "compare.js", tolerance, folder, *files],
                          env=dict(os.environ, NODE_PATH=modules), capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "difference" in line]
    print(model, said[0] if said else done.stderr, flush=True)
    return done.returncode == 0


def main(modules, *models):
    good = []
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            good.append(compare(modules, model, pathlib.Path(folder)))
    print("%d passed, %d failed" % (sum(good), len(good) - sum(good)))
    return 0 if all(good) and good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

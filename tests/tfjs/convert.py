# SPDX-License-Identifier: Apache-2.0
"""Converts layers models, and has Pipit compute what TensorFlow.js computed: convert.py FOLDER."""

import pathlib
import sys

import numpy as np

from pipit import Interpreter
from pipit.convert import result
from pipit.convert.readers import source
from pipit.convert.rewriting import rewrite

TOLERANCE = 1e-5  # relative from 1 on


def numbers(folder, kind):
    files = sorted(folder.glob(kind + "*.f32"), key=lambda path: int(path.stem[len(kind):]))
    return [np.fromfile(path, np.float32) for path in files]


def compare(folder):
    model = source.read(folder)
    rewrite.rewrite(model)
    interpreter = Interpreter(model_content=result.content_of(model))
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), numbers(folder, "input")):
        interpreter.set_tensor(detail["index"],
                               value.reshape(detail["shape"]).astype(detail["dtype"]))
    interpreter.invoke()
    details, expected = interpreter.get_output_details(), numbers(folder, "output")
    worst = []
    for detail, value in zip(details, expected):
        made = interpreter.get_tensor(detail["index"]).reshape(-1)
        worst.append(float(np.max(np.abs(made - value) / np.maximum(1, np.abs(value)))))
    good = len(details) == len(expected) and all(each <= TOLERANCE for each in worst)
    print("%s: %d operators, largest difference %.1e%s" % (
        folder.name, len(model.main.operators), max(worst), "" if good else "  WRONG: outputs %s" % [
            i for i, each in enumerate(worst) if not each <= TOLERANCE]), flush=True)
    return good


def main(folder):
    good = [compare(path) for path in sorted(pathlib.Path(folder).iterdir()) if path.is_dir()]
    print("%d passed, %d failed" % (sum(good), len(good) - sum(good)))
    return 0 if all(good) and good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

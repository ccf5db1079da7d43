# SPDX-License-Identifier: Apache-2.0
"""The models of the tests: those that make_models.py writes, in the folder PIPIT_TEST_MODELS, and those
that ship with the project."""

import os
import pathlib

from pipit import Interpreter

MODELS = pathlib.Path(os.environ["PIPIT_TEST_MODELS"])
DIGITS = pathlib.Path(__file__).resolve().parents[2] / "models"


def path(name):
    return MODELS / (name + ".tflite")


def loaded(name, **options):
    interpreter = Interpreter(path(name), **options)
    interpreter.allocate_tensors()
    return interpreter

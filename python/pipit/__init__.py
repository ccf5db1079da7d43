# SPDX-License-Identifier: Apache-2.0
"""Runs `.tflite` models; see pipit.interpreter. `from pipit import tf` stands in for TensorFlow in
programs that only use tf.lite.Interpreter."""

from ._bench import BenchResult, bench
from ._library import lib as _lib
from .interpreter import (
    Cancelled,
    Delegate,
    Interpreter,
    InterpreterWithCustomOps,
    OpResolverType,
    SignatureRunner,
    load_delegate,
)

__version__ = _lib.pipit_version().decode()
__all__ = ["BenchResult", "Cancelled", "Delegate", "Interpreter", "InterpreterWithCustomOps", "OpResolverType",
           "SignatureRunner", "bench", "load_delegate"]

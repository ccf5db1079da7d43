# SPDX-License-Identifier: Apache-2.0
"""tflite_runtime.interpreter, served by pipit.interpreter."""

from pipit.interpreter import (  # noqa: F401
    Delegate,
    Interpreter,
    InterpreterWithCustomOps,
    OpResolverType,
    SignatureRunner,
    load_delegate,
)

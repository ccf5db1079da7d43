# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.interpreter, served by pipit.interpreter."""

from pipit.interpreter import (
    Delegate,
    Interpreter,
    InterpreterWithCustomOps,
    OpResolverType,
    SignatureRunner,
    load_delegate,
)

__all__ = ["Delegate", "Interpreter", "InterpreterWithCustomOps", "OpResolverType",
           "SignatureRunner", "load_delegate"]

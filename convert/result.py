# SPDX-License-Identifier: Apache-2.0
"""The bytes of a converted model, which this package's own interpreter accepts."""

from __future__ import annotations

from ..interpreter import Interpreter
from .format import tflite_file
from .format.graph import ConvertError, Model
from .format.schema import ENUMS
from .readers.mapped import let_go


def check_operators(model: Model) -> None:
    """Names at once all that the file format has no operator for."""
    known = ENUMS["BuiltinOperator"][1]
    unknown = ["%s (%s)" % (op.layer or op.outputs[0].name, op.kind) for subgraph in model.subgraphs
               for op in subgraph.operators if op.kind not in known]
    if unknown:
        raise ConvertError("no operator of the format computes %s" % "; ".join(unknown))


def content_of(model: Model) -> bytes:
    check_operators(model)
    let_go()
    content = tflite_file.write(model)
    let_go()
    try:
        Interpreter(model_content=content)
    except (ValueError, RuntimeError) as error:
        raise ConvertError("Pipit refuses what became of it: %s" % error) from None
    return content

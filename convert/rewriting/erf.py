# SPDX-License-Identifier: Apache-2.0
"""The error function, which readers write as an operator of the kind "ERF": where it was a part of
nothing that the format knows, it becomes the operators of a formula."""

from __future__ import annotations

from ..building import maths
from ..building.builder import Builder
from ..format.graph import Operator, Subgraph, Tensor


def expand(subgraph: Subgraph) -> None:
    operators: list[Operator] = []
    for op in subgraph.operators:
        if op.kind != "ERF" or op.inputs[0] is None:
            operators.append(op)
            continue
        b = Builder()
        b.layer, b.name = op.layer, op.outputs[0].name
        _formula(b, op.inputs[0])
        b.operators[-1].outputs = op.outputs
        operators += b.operators
    subgraph.operators = operators


def _formula(b: Builder, x: Tensor) -> Tensor:
    """Abramowitz and Stegun 7.1.26, whose error is below 1.5e-7."""
    size = maths.unary(b, "ABS", x)
    t = maths.binary(b, "DIV", maths.scalar(b, 1.0, x), maths.scaled(b, size, 0.3275911, 1.0))
    terms = maths.scaled(b, t, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        terms = maths.binary(b, "MUL", maths.scaled(b, terms, 1.0, factor), t)
    bell = maths.unary(b, "EXP", maths.unary(b, "NEG", maths.unary(b, "SQUARE", x)))
    rest = maths.binary(b, "SUB", maths.scalar(b, 1.0, x), maths.binary(b, "MUL", terms, bell))
    # Its sign, in operators that all versions of the format have.
    sign = maths.unary(b, "RELU_N1_TO_1", maths.scaled(b, x, 1e30))
    return maths.binary(b, "MUL", sign, rest)

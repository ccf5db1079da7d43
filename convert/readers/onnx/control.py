# SPDX-License-Identifier: Apache-2.0
"""ONNX's branches, where it is known which of them is taken, and its loops, round by round, where it
is known how many rounds there are."""

from __future__ import annotations

import math

import numpy as np

from ...building import shapes
from ...building.recurrent import MOST_STEPS
from ...format.graph import ConvertError, Tensor, signature
from ..protobuf import Record
from .layout import Value, plain
from .node import Handler, Node


def _if(n: Node) -> None:
    taken = n.array(0, "its condition").reshape(-1)
    n.put_branch("then_branch" if taken.size and taken[0] else "else_branch")


def _body(n: Node, inputs: int, outputs: int) -> Record:
    body = n.graph("body")
    if len(body.input) != inputs or len(body.output) < outputs:
        raise ConvertError("its body has %d inputs and %d outputs; %d and at least %d would fit"
                           % (len(body.input), len(body.output), inputs, outputs))
    return body


def _loop(n: Node) -> None:
    carried = [n.value(i) for i in range(2, n.inputs)]
    body = _body(n, len(carried) + 2, len(carried) + 1)
    most = n.number(0, math.inf)
    going = not n.has(1) or bool(n.number(1, 1))
    kept: list[list[Tensor]] = [[] for _ in body.output[1 + len(carried):]]
    count = 0
    while going and count < most:
        if count >= MOST_STEPS:
            raise ConvertError("more than %d rounds are too many to write out" % MOST_STEPS)
        given = [plain(n.b.constant(np.array(count, np.int64))), plain(n.b.constant(np.array(True)))]
        made = n.run(body, given + carried)
        if not made:
            return  # what failed is named already
        going, carried = _goes_on(n, made[0]), made[1:1 + len(carried)]
        _keep(n, kept, made[1 + len(carried):])
        count += 1
    _put(n, carried, kept, [0] * len(kept), [0] * len(kept))


def _goes_on(n: Node, value: Value) -> bool:
    data = n.layout.plain(value).data
    if data is None or data.size != 1:
        raise ConvertError("how many rounds it takes depends on values; only loops of a known number "
                           "are supported")
    return bool(data.reshape(-1)[0])


def _scan(n: Node) -> None:
    if n.opset < 9:
        raise ConvertError("is supported from version 9 of the operators on")
    scanned = n.integer("num_scan_inputs")
    first = n.inputs - scanned
    if not 0 < scanned <= n.inputs:
        raise ConvertError("has %d inputs, and num_scan_inputs is %d" % (n.inputs, scanned))
    body = _body(n, n.inputs, first)
    columns = _columns(n, first, scanned)
    carried = [n.value(i) for i in range(first)]
    kept: list[list[Tensor]] = [[] for _ in body.output[first:]]
    for row in zip(*columns):
        made = n.run(body, carried + [plain(each) for each in row])
        if not made:
            return
        carried = made[:first]
        _keep(n, kept, made[first:])
    zeros = [0] * len(kept)
    _put(n, carried, kept, n.integers("scan_output_axes", zeros),
         n.integers("scan_output_directions", zeros))


def _columns(n: Node, first: int, scanned: int) -> list[list[Tensor]]:
    """What each round gets of each input."""
    axes = n.integers("scan_input_axes", [0] * scanned)
    back = n.integers("scan_input_directions", [0] * scanned)
    if not len(axes) == len(back) == scanned:
        raise ConvertError("scans %d inputs along %d axes, in %d directions"
                           % (scanned, len(axes), len(back)))
    columns = []
    for i in range(scanned):
        x = n.plain(first + i)
        count = signature(x)[shapes.axis_of(axes[i], len(x.shape))]
        if not 0 < count <= MOST_STEPS:
            raise ConvertError("%s rounds cannot be written out (at most %d, a known number)"
                               % (count if count >= 0 else "an unknown number of", MOST_STEPS))
        parts = shapes.unpack(n.b, x, axes[i])
        columns.append(parts[::-1] if back[i] else parts)
    if len({len(each) for each in columns}) > 1:
        raise ConvertError("its inputs have %s rounds" % [len(each) for each in columns])
    return columns


def _keep(n: Node, kept: list[list[Tensor]], made: list[Value]) -> None:
    for column, value in zip(kept, made):
        column.append(n.layout.plain(value))


def _put(n: Node, carried: list[Value], kept: list[list[Tensor]], axes: list[int],
         back: list[int]) -> None:
    if not len(axes) == len(back) == len(kept):
        raise ConvertError("has axes or directions for another number of outputs than %d" % len(kept))
    for i, value in enumerate(carried):
        n.put_value(value, i)
    for i, (column, axis, turned) in enumerate(zip(kept, axes, back), len(carried)):
        if column:
            n.put(shapes.pack(n.b, column[::-1] if turned else column, axis), index=i)
        elif n.wanted(i):
            raise ConvertError("has no rounds, and so no output %d" % i)


HANDLERS: dict[str, Handler] = {"If": _if, "Loop": _loop, "Scan": _scan}

# SPDX-License-Identifier: Apache-2.0
"""Makes a graph that a reader built smaller, without changing what it computes: the parts that follow
one after the other until none finds anything to do."""

from __future__ import annotations

import typing

from ..format.graph import Model, Subgraph
from . import (erf, fold_constants, fold_scales, fuse, merge_shapes, move_transposes, pairs,
               recognize)
from .edit import Editor

Pass = typing.Callable[[Editor], None]

# What operators stand for is recognized before activations disappear in those that come before.
_EARLY: list[Pass] = [fold_constants.run, merge_shapes.run, move_transposes.run, recognize.run]
_LATE: list[Pass] = [fold_constants.run, merge_shapes.run, move_transposes.run, fold_scales.run,
                     fuse.run]
_MAX_ROUNDS = 100


def rewrite(model: Model) -> None:
    for subgraph in model.subgraphs:
        _settle(subgraph, _EARLY)
        erf.expand(subgraph)
        _settle(subgraph, _LATE)
        pairs.run(subgraph)


def _settle(subgraph: Subgraph, passes: list[Pass]) -> None:
    for _ in range(_MAX_ROUNDS):
        if not any([_once(subgraph, each) for each in passes]):
            return


def _once(subgraph: Subgraph, change: Pass) -> bool:
    editor = Editor(subgraph)
    change(editor)
    return editor.commit()

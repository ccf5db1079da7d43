# SPDX-License-Identifier: Apache-2.0
"""ONNX's branches, where it is known which of them is taken."""

from __future__ import annotations

from .node import Handler, Node


def _if(n: Node) -> None:
    taken = n.array(0, "its condition").reshape(-1)
    n.put_branch("then_branch" if taken.size and taken[0] else "else_branch")


HANDLERS: dict[str, Handler] = {"If": _if}

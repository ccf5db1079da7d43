# SPDX-License-Identifier: Apache-2.0
"""What an interpreter knows beyond the values of tensors."""

from __future__ import annotations

import ctypes
import typing

from . import _arguments as arguments
from . import _library as c
from ._memory_plan import MemoryPlan
from ._plan import Plan, PlanError, required_memory
from ._values import Values


class Insight(Values):
    """The part of an Interpreter that tells of the model, its memory and its time."""

    def _native_handle(self) -> int | None:
        """The address of the C interface's interpreter; None before allocate_tensors()."""
        return self._plan.handle.value if self._plan is not None else None

    @property
    def experimental_compress_quantization_zero_points(self) -> bool:
        return self._compress_zero_points

    @property
    def required_arena_bytes(self) -> int:
        """The memory, in bytes, that the model needs for its present shapes, weights not included."""
        try:
            return int(required_memory(self._model, self._options()).arena_bytes)
        except PlanError as error:
            raise RuntimeError(error.args[0].failed_node("prepare")) from None

    def memory_plan(self, cpu: str | None = None) -> MemoryPlan:
        """Where the memory goes, for the present shapes and number of threads: its sizes, the blocks
        of all tensors, and, in a notebook, a picture.

        Args:
          cpu: Another CPU's memory: "cortex-a76" or the like; "aarch64" or "armhf", of which the
            largest arena suffices on every ARM CPU; "any", which takes this one in, too. Of these,
            there are sizes only.

        Raises:
          ValueError: there is no such CPU.
          RuntimeError: the model cannot be planned.
        """
        return MemoryPlan(self._model, self._options(), cpu)

    def metadata(self) -> dict[str, bytes]:
        """{name: bytes} of what tools have written into the file beside the model."""
        return self._model.metadata()

    def delegation(self) -> list[dict[str, typing.Any]]:
        """What delegates compute, once tensors are allocated: a list of dicts with `delegate` (its
        name), `subgraph` and `nodes` (the operators' positions), one for each partition."""
        rows, info = [], c.PartitionInfo()
        plan = self._plan
        if plan is None:
            return []
        for i in range(plan.lib.pipit_interpreter_partitions(plan.handle)):
            plan.lib.pipit_interpreter_partition(plan.handle, i, ctypes.byref(info))
            rows.append({"delegate": c.decoded(info.delegate), "subgraph": info.subgraph,
                         "nodes": info.nodes[:info.node_count]})
        return rows

    def profile(self, runs: int = 1) -> list[dict[str, typing.Any]]:
        """Runs the model and returns a list of dicts, one for each operator that takes part:
        `node`, `op_name`, `variant` (the kernel that was chosen) and `seconds` of one run on
        average.

        Raises:
          ValueError: runs is less than 1.
          RuntimeError: as invoke() does.
        """
        if arguments.integer(runs, "runs") < 1:
            raise ValueError("runs should be >= 1, not %d" % runs)
        with self._turn:
            self._ensure_safe()
            times = (ctypes.c_uint64 * max(self._model.nodes(), 1))()
            self._time_nodes(times)
            try:
                for _ in range(runs):
                    self._invoke(0, c.DEFAULT_SIGNATURE)
            finally:
                self._time_nodes(None)
            plan = typing.cast(Plan, self._plan)  # or _invoke() would have failed
            return [self._profile_row(plan, i, times, runs)
                    for i in range(plan.lib.pipit_interpreter_steps(plan.handle, 0))]

    def _time_nodes(self, times: typing.Any) -> None:
        plan = self._plan
        if plan is not None:
            plan.lib.pipit_interpreter_time_nodes(plan.handle, times,
                                                  len(times) if times is not None else 0)

    @staticmethod
    def _profile_row(plan: Plan, i: int, times: typing.Any, runs: int) -> dict[str, typing.Any]:
        step = c.Step()
        plan.lib.pipit_interpreter_step(plan.handle, 0, i, ctypes.byref(step))
        return {"node": step.node, "op_name": c.decoded(step.op), "variant": c.decoded(step.variant),
                "seconds": times[step.node] / runs * 1e-9}

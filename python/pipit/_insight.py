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
        `node`, `op_name`, `name` (of what it writes), `variant` (the kernel that was chosen) and
        `seconds` of one run on average; what it costs by its tensors' shapes: `multiply_adds`
        (products that are summed up), `bytes` that it reads and writes, of them `read_bytes`,
        `written_bytes` and `weight_bytes`; and `macs_per_second`, `bytes_per_second`.

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

    def _profile_row(self, plan: Plan, i: int, times: typing.Any, runs: int) -> dict[str, typing.Any]:
        step, cost = c.Step(), c.Cost()
        plan.lib.pipit_interpreter_step(plan.handle, 0, i, ctypes.byref(step))
        plan.lib.pipit_interpreter_step_cost(plan.handle, 0, i, ctypes.byref(cost))
        seconds = times[step.node] / runs * 1e-9
        bytes_moved = cost.read_bytes + cost.written_bytes
        node = self._model.node(step.node)
        names = [c.decoded(self._tensor(0, t).name) for t in (node.outputs if node else [])]
        return {"node": step.node, "op_name": c.decoded(step.op), "name": ", ".join(names),
                "variant": c.decoded(step.variant), "seconds": seconds,
                "multiply_adds": cost.multiply_adds, "bytes": bytes_moved,
                "read_bytes": cost.read_bytes, "written_bytes": cost.written_bytes,
                "weight_bytes": cost.weight_bytes,
                "macs_per_second": cost.multiply_adds / seconds if seconds > 0 else 0.0,
                "bytes_per_second": bytes_moved / seconds if seconds > 0 else 0.0}

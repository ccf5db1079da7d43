# SPDX-License-Identifier: Apache-2.0
"""bench(): how fast a model runs here, with the figures of `pipit bench`."""

from __future__ import annotations

import array
import ctypes
import hashlib
import json
import math
import os
import platform
import random
import resource
import time
import typing
import zlib

from . import _arguments as arguments
from . import _bench_picture, _board
from . import _library as c
from . import _types as types
from ._library import lib
from .interpreter import Interpreter

FORMAT = "pipit-bench"
_PROFILED_RUNS = 20


def quantile(ordered: list[float], part: float) -> float:
    """Linear between the two nearest of some values in order."""
    at = part * (len(ordered) - 1)
    below = min(int(at), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def median_interval(ordered: list[float]) -> tuple[float, float] | None:
    """Two of the values between which the median lies with a probability of at least 95 %,
    whatever the distribution; None for fewer than 6."""
    n = len(ordered)
    if n > 1000:
        rank = int(n / 2 - 1.959964 * math.sqrt(n / 4))
    else:
        rank, below = 0, 0
        while (below + math.comb(n, rank)) * 40 <= 2**n:
            below += math.comb(n, rank)
            rank += 1
    return (ordered[rank - 1], ordered[n - rank]) if rank else None


class BenchResult:
    """What bench() has measured. In notebooks it shows itself as a picture."""

    def __init__(self, report: dict[str, typing.Any]) -> None:
        #: All figures, as `pipit bench --json` has them.
        self.report = report
        self._result: dict[str, typing.Any] = report["results"][0]

    @property
    def seconds(self) -> list[float]:
        """Of each run, in order."""
        return [us * 1e-6 for us in self._result["samples_us"]]

    @property
    def median(self) -> float:
        """In seconds."""
        return float(self._result["times"]["median_us"]) * 1e-6

    @property
    def confidence(self) -> tuple[float, float] | None:
        """The seconds between which the median lies with a probability of 95 %."""
        interval = self._result["times"]["median_confidence_us"]
        return (interval[0] * 1e-6, interval[1] * 1e-6) if interval is not None else None

    @property
    def operators(self) -> list[dict[str, typing.Any]]:
        """A dict for each operator: op, variant, node, us, multiply_adds, bytes, ..."""
        return list(self._result["operators"])

    @property
    def warnings(self) -> list[str]:
        """Why the times are not to be trusted, a line for each reason."""
        return list(self._result["warnings"])

    def quantile(self, part: float) -> float:
        """The seconds that this part of the runs took at most: 0.99 for the 99th percentile."""
        return quantile(sorted(self.seconds), part)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all figures to a file, for `pipit bench --compare`. It appears when it is whole."""
        temporary = "%s.%d" % (os.fspath(path), os.getpid())
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(self.report, file, indent=2)
            os.replace(temporary, path)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)

    def __repr__(self) -> str:
        r, memory = self._result, self._result["memory"]
        lines = ["%s on %d thread%s: median %.4g ms, p90 %.4g ms, p99 %.4g ms of %d runs" % (
            os.path.basename(self.report["model"]), r["threads"], "s" * (r["threads"] > 1),
            r["times"]["median_us"] / 1000, r["times"]["p90_us"] / 1000,
            r["times"]["p99_us"] / 1000, r["times"]["count"])]
        if self.confidence:
            lines.append("the median is with 95 %% certainty between %.4g and %.4g ms" % (
                self.confidence[0] * 1e3, self.confidence[1] * 1e3))
        lines.append("%.3g million multiply-adds (%.3g GMAC/s), %d bytes read and written" % (
            r["multiply_adds"] / 1e6, r["macs_per_second"] / 1e9,
            r["read_bytes"] + r["written_bytes"]))
        lines.append("arena %d bytes, model %d bytes, resident at most %d bytes" % (
            memory["arena_bytes"], self.report["model_bytes"], memory["resident_peak_bytes"]))
        return "\n".join(lines + ["warning: " + line for line in self.warnings])

    def _repr_html_(self) -> str:
        return _bench_picture.html(self.report)


def _random_value(interpreter: Interpreter, index: int, seed: random.Random) -> None:
    """As `pipit run` makes them up: reals in [-1, 1), short integers of any value, others small."""
    tensor = interpreter._tensor(0, index)
    if tensor.storage == c.STORAGE_CONSTANT:
        return
    if tensor.type == types.STRING:
        count = math.prod(interpreter._shape_of(0, tensor))
        buffer = ctypes.create_string_buffer(types.pack_strings([b"pipit"] * count))
        interpreter._bind(0, interpreter._model.inputs(0).index(index), buffer)
        return
    size, raw = int(tensor.bytes), b""
    form = types.buffer_format(tensor.type)
    if form in ("f", "d"):
        count = size // array.array(form).itemsize
        raw = array.array(form, (seed.uniform(-1, 1) for _ in range(count))).tobytes()
    elif form in ("b", "B", "h", "H"):
        raw = seed.getrandbits(8 * size).to_bytes(size, "little") if size else b""
    elif form in ("i", "I", "q", "Q"):
        count = size // array.array(form).itemsize
        raw = array.array(form, (seed.randrange(10) for _ in range(count))).tobytes()
    interpreter._write(tensor, raw or bytes(size))


def _resident() -> tuple[int, int]:
    """Bytes in memory now, and at most."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            lines = dict(line.split(":", 1) for line in file if ":" in line)
        return (int(lines["VmRSS"].split()[0]) * 1024, int(lines["VmHWM"].split()[0]) * 1024)
    except (OSError, KeyError, ValueError):
        return (0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _times(us: list[float]) -> dict[str, typing.Any]:
    ordered, mean = sorted(us), math.fsum(us) / len(us)
    interval = median_interval(ordered)
    figures = {"count": len(us), "first_us": us[0], "min_us": ordered[0], "max_us": ordered[-1],
               "mean_us": mean,
               "std_us": math.sqrt(math.fsum((x - mean) ** 2 for x in us) / len(us)),
               "median_confidence_us": list(interval) if interval is not None else None}
    for name, part in (("p5", 0.05), ("median", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        figures[name + "_us"] = quantile(ordered, part)
    return figures


def _operators(interpreter: Interpreter) -> list[dict[str, typing.Any]]:
    rows = []
    for row in interpreter.profile(_PROFILED_RUNS):
        us = row["seconds"] * 1e6
        rows.append({"subgraph": 0, "node": row["node"], "op": row["op_name"],
                     "variant": row["variant"], "name": row["name"], "us": us,
                     "multiply_adds": row["multiply_adds"], "read_bytes": row["read_bytes"],
                     "written_bytes": row["written_bytes"], "weight_bytes": row["weight_bytes"],
                     "macs_per_second": row["multiply_adds"] / us * 1e6 if us > 0 else 0.0,
                     "bytes_per_second": row["bytes"] / us * 1e6 if us > 0 else 0.0})
    return rows


def _timed(interpreter: Interpreter, runs: int, least_seconds: float) -> list[float]:
    us: list[float] = []
    end = time.perf_counter() + least_seconds
    while len(us) < runs or time.perf_counter() < end:
        begin = time.perf_counter()
        interpreter.invoke()
        us.append((time.perf_counter() - begin) * 1e6)
    return us


def _result(interpreter: Interpreter, threads: int, runs: int, warmup_runs: int,
            min_seconds: float, about: dict[str, typing.Any]) -> dict[str, typing.Any]:
    warmup = _timed(interpreter, warmup_runs, 0)
    faults, before = resource.getrusage(resource.RUSAGE_SELF), _board.state()
    us = _timed(interpreter, runs, min_seconds)
    after, used = _board.state(), resource.getrusage(resource.RUSAGE_SELF)
    outputs = [{"name": c.decoded(t.name), "type": types.name(t.type), "bytes": int(t.bytes),
                "crc32": "%08x" % zlib.crc32(ctypes.string_at(t.data, t.bytes) if t.data else b"")}
               for t in (interpreter._tensor(0, i) for i in interpreter._model.outputs(0))]
    operators, now = _operators(interpreter), _resident()
    sums = {key: sum(row[key] for row in operators)
            for key in ("multiply_adds", "read_bytes", "written_bytes", "weight_bytes")}
    figures = _times(us)
    seconds = figures["median_us"] * 1e-6
    return dict(
        sums, threads=threads, first_us=(warmup or us)[0], times=figures, samples_us=us,
        macs_per_second=sums["multiply_adds"] / seconds if seconds > 0 else 0.0,
        bytes_per_second=((sums["read_bytes"] + sums["written_bytes"]) / seconds
                          if seconds > 0 else 0.0),
        memory={"arena_bytes": interpreter.required_arena_bytes, "resident_end_bytes": now[0],
                "resident_peak_bytes": now[1],
                "minor_page_faults": used.ru_minflt - faults.ru_minflt,
                "major_page_faults": used.ru_majflt - faults.ru_majflt},
        board={"before": before, "after": after}, outputs=outputs, operators=operators,
        warnings=_board.warnings([before, after], about))


def bench(model: typing.Any, runs: int = 50, *, num_threads: int | None = None,
          warmup_runs: int = 1, min_seconds: float = 1.0, seed: int = 0) -> BenchResult:
    """Runs a model on random data and tells how long it took, and where the time went.

    Args:
      model: a path, `bytes` of a model, or an Interpreter: that one keeps its inputs, its shapes and
        its threads.
      runs: to measure, at least; after `warmup_runs` others.
      num_threads: as for Interpreter.
      min_seconds: it goes on for so long.
      seed: of the random data.

    Raises:
      ValueError: a number is too small, or the model cannot be read.
      RuntimeError: as Interpreter's invoke() does.
    """
    if arguments.integer(runs, "runs") < 1:
        raise ValueError("runs should be >= 1, not %d" % runs)
    if arguments.integer(warmup_runs, "warmup_runs") < 0:
        raise ValueError("warmup_runs should be >= 0, not %d" % warmup_runs)
    given = isinstance(model, Interpreter)
    if given:
        interpreter = model
    elif isinstance(model, bytes):
        interpreter = Interpreter(model_content=model, num_threads=num_threads)
    else:
        interpreter = Interpreter(model, num_threads=num_threads)
    interpreter.allocate_tensors()
    if not given:
        numbers = random.Random(seed)
        for index in interpreter._model.inputs(0):
            _random_value(interpreter, index, numbers)
    about = _board.facts()
    path, content = interpreter._arguments["model_path"], interpreter._arguments["model_content"]
    if path is not None:
        with open(path, "rb") as file:
            content = file.read()
    threads = lib.pipit_team_threads(interpreter._team.handle) if interpreter._team else 1
    result = _result(interpreter, threads, runs, warmup_runs, min_seconds, about)
    return BenchResult({
        "format": FORMAT, "format_version": 1, "model": os.fsdecode(path or "model"),
        "model_bytes": len(content), "model_sha256": hashlib.sha256(content).hexdigest(),
        "build": {"version": c.decoded(lib.pipit_version()), "compiler": "Python " +
                  platform.python_version(), "target": platform.machine(), "isa": "this CPU's"},
        "board": about, "results": [result]})


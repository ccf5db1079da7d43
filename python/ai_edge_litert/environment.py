# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.environment: what models share. Pipit shares threads and mapped files by itself."""

from __future__ import annotations

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class EnvironmentOptions:
    """Where libraries for accelerators would lie."""

    runtime_path: str | None = None
    compiler_plugin_path: str = ""
    dispatch_library_path: str = ""


class Environment:
    """Keeps its options, and what a program of an earlier version says of the CPU."""

    def __init__(self, options: EnvironmentOptions | None = None, cpu_num_threads: int = 0) -> None:
        self.options = options if options is not None else EnvironmentOptions()
        self.cpu_num_threads = cpu_num_threads

    @classmethod
    def create(cls, *, options: EnvironmentOptions | str | None = None,
               cpu_num_threads: int = 0, **others: typing.Any) -> Environment:
        """One to give to CompiledModel.from_file(environment=)."""
        paths = {field.name for field in dataclasses.fields(EnvironmentOptions)}
        given = {name: value for name, value in others.items() if name in paths}
        if isinstance(options, str):
            given, options = dict(given, runtime_path=options), None
        return cls(options or EnvironmentOptions(**given), cpu_num_threads)

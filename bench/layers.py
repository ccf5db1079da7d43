# SPDX-License-Identifier: Apache-2.0
"""Tells the layers of a model apart while the pipit command runs it.

With --profile, the interpreter's loop calls Profile::step before and after each of its steps. The
plugin cuts what runs at these calls, so that a layer is what lies between two of them, and what
Profile::step itself does is nobody's.
"""
import collections
import json
import re
import sys

import counting

BELL = r"pipit::tools::Profile::step\("
LOOPS = [r"pipit::(\(anonymous namespace\)::)?run_profiled\(", r"pipit::run_graph\("]
BETWEEN = "between layers"


class Part:
    """What a layer executes in one inference, or what lies between layers."""

    def __init__(self, name, caches):
        self.name = name
        self.runs = collections.Counter()  # of blocks
        # For each of the caches: all and the unforeseen ones, of each level.
        self.misses = [[[], []] for _ in range(caches)]

    def add(self, section, share):
        for block, runs in section.runs.items():
            self.runs[block] += sum(runs) * share
        for mine, new in zip(self.misses, section.misses):
            for kind in (0, 1):
                before = mine[kind] or [0] * len(new[kind])
                mine[kind] = [a + b * share for a, b in zip(before, new[kind])]


def mark_options(program, symbols):
    bell = symbols.place(BELL)
    loop = next(filter(None, map(symbols.place, LOOPS)), None)
    if bell is None or loop is None:
        sys.exit(f"{program}: has no symbols of the interpreter's loop and of Profile::step")
    return [f"bell={bell[0]:x}", f"loop={loop[0]:x}-{loop[1]:x}"]


def names(report):
    """The layers in the order in which they run, as `pipit inspect` names them."""
    graph = report["subgraph"]
    operators = [o for o in report["operators"] if o["subgraph"] == graph]
    chains = {o["node"]: o.get("chain") for o in operators}

    def name(step):
        chain = chains.get(step["node"])
        members = [step] if chain is None else [o for o in operators if o.get("chain") == chain]
        return ", ".join(f"#{o['node']} {o['op']}" for o in members)

    return [name(step) for step in report["profile"] if step["subgraph"] == graph]


def steps_of(sections):
    """For each section but the bell's, the number of the step that it is in or behind, counted from
    1 through all inferences, and whether it is in it. Steps that a step calls are a part of it."""
    before = next(s.mark for s in sections if s.mark not in ("start", "bell"))
    step, depth = 0, 0
    for section in sections:
        if section.mark not in ("start", "bell"):
            depth += 1 if section.mark == before else -1
            step += section.mark == before and depth == 1
        if section.mark != "bell":
            yield step, depth > 0, section


def split(sections, layers, iterations, caches):
    """The parts of one inference: an average over those behind the first."""
    parts = [Part(name, caches) for name in layers + [BETWEEN]]
    last = len(layers) * (1 + iterations)
    for step, inside, section in steps_of(sections):
        if inside and step > len(layers):
            parts[(step - 1) % len(layers)].add(section, 1 / iterations)
        elif not inside and len(layers) <= step < last:
            parts[-1].add(section, 1 / iterations)
    if step != last:
        sys.exit(f"{step} steps ran in {1 + iterations} inferences of {len(layers)} layers")
    return parts


def count(target, cpu, pipit, model, symbols, iterations, caches=()):
    """The parts of one inference. `caches`: options of the plugin."""
    command = [str(pipit), "run", str(model), "--profile", "--json",
               "--iterations", str(1 + iterations)]
    options = mark_options(pipit, symbols) + list(caches)
    said, sections = counting.count(target, cpu, command, options)
    return split(sections, names(json.loads(said)), iterations, len(caches))

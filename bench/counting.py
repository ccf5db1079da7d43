# SPDX-License-Identifier: Apache-2.0
"""Runs programs under QEMU's user mode with the plugin, and reads what it counted."""
import collections
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# Features: what llvm has to know to read any code of the program.
TARGETS = {
    "aarch64": {"qemu": "qemu-aarch64", "readelf": "aarch64-linux-gnu-readelf", "isas": {
        "x": ("aarch64", "+v8.2a,+dotprod,+fullfp16,+i8mm,+neon,+crc")}},
    "armhf": {"qemu": "qemu-arm", "readelf": "arm-linux-gnueabihf-readelf", "isas": {
        "a": ("armv7", "+v8,+neon,+vfp4,+fp-armv8,+hwdiv-arm,+hwdiv,+dotprod"),
        "t": ("thumbv7", "+v8,+neon,+vfp4,+fp-armv8,+hwdiv-arm,+hwdiv,+dotprod")}},
}

Block = collections.namedtuple("Block", "address code")  # code: one hex string an instruction


class Section:
    """What ran between two marks: how often each block did, a number for each thread, and for each
    of the caches the misses of each level, and the unforeseen ones."""

    def __init__(self, mark):
        self.mark = mark  # "start", "bell", or an address
        self.runs, self.misses = {}, []


def run(command, **more):
    result = subprocess.run(command, capture_output=True, text=True, **more)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {result.returncode}:\n"
                 f"{result.stderr[-2000:]}")
    return result.stdout


def compiled_plugin(folder):
    library = pathlib.Path(folder) / "blocks_plugin.so"
    sources = [HERE / "blocks_plugin.c", HERE / "caches.c"]
    run(["gcc", "-O2", "-fPIC", "-shared", "-o", library, *sources])
    return library


def read_sections(lines):
    blocks, sections = {}, []
    for line in lines:
        kind, *fields = line.split()
        if kind == "section":
            sections.append(Section(fields[0]))
        elif kind == "runs":
            sections[-1].runs[int(fields[0])] = [int(n) for n in fields[1].split(",")]
        elif kind == "misses":
            sections[-1].misses.append([[int(n) for n in f.split(",")] for f in fields[1:]])
        else:
            blocks[int(fields[0])] = Block(int(fields[1], 16), tuple(fields[2:]))
    for section in sections:
        section.runs = {blocks[number]: runs for number, runs in section.runs.items()}
    return sections


def count(target, cpu, command, options=()):
    """What the program said, and the sections of its run."""
    with tempfile.TemporaryDirectory() as folder:
        counts = pathlib.Path(folder) / "counts"
        plugin = ",".join([str(compiled_plugin(folder)), f"out={counts}", *options])
        said = run([target["qemu"], "-cpu", cpu, "-plugin", plugin, *command])
        with open(counts, encoding="ascii") as lines:
            return said, read_sections(lines)


def count_iterations(target, cpu, command, iterations, options=()):
    """How often each block runs in so many iterations beyond the first, a number for each thread.
    {n} in the command stands for the number of iterations."""
    def runs(n):
        _, sections = count(target, cpu, [a.replace("{n}", str(n)) for a in command], options)
        return sections[0].runs

    fewer, result = runs(1), {}
    for block, more in runs(1 + iterations).items():
        before = fewer.get(block, [])
        result[block] = [n - (before[i] if i < len(before) else 0) for i, n in enumerate(more)]
    return result

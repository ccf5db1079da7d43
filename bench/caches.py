# SPDX-License-Identifier: Apache-2.0
"""The caches of data of boards, and what their misses may cost.

Sizes and ways are what is published of the cores and boards; lines have 64 bytes. What a miss of
each level costs where the next one, or memory, serves it is assumed: about what is commonly
measured. On cores that execute out of order a part of that is hidden.
"""
import collections

Hierarchy = collections.namedtuple("Hierarchy", "levels penalties board")  # (kilobytes, ways) each

BOARDS = {
    "cortex-a53": Hierarchy([(32, 4), (512, 16)], [13, 150], "Raspberry Pi 3"),
    "cortex-a72": Hierarchy([(32, 2), (1024, 16)], [15, 150], "Raspberry Pi 4"),
    "cortex-a76": Hierarchy([(64, 4), (512, 8), (2048, 16)], [7, 30, 200], "Raspberry Pi 5"),
    "cortex-a7": Hierarchy([(32, 4), (512, 8)], [10, 100], "Raspberry Pi 2"),
    "cortex-a15": Hierarchy([(32, 2), (1024, 16)], [15, 150], "a board with 1 MB"),
}


def option(cpu):
    """What the plugin is told of a CPU's caches."""
    return "caches=" + "/".join(f"{kilobytes}-{ways}" for kilobytes, ways in BOARDS[cpu].levels)


def cost(cpu, unforeseen):
    """Cycles that the unforeseen misses of each level cost."""
    return sum(n * penalty for n, penalty in zip(unforeseen, BOARDS[cpu].penalties))

# SPDX-License-Identifier: Apache-2.0
"""Boards that are not here: trees of files as /proc and /sys show them."""

import pathlib

CPUINFO = """processor\t: 0
BogoMIPS\t: 108.00
CPU implementer\t: 0x41
CPU part\t: 0xd08
CPU revision\t: 3

processor\t: 1
CPU part\t: 0xd08

Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""
FREQUENCY = "sys/devices/system/cpu/cpu0/cpufreq/"
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
ZONE = "sys/class/thermal/thermal_zone0/"


def raspberry_pi_4(root, **changes):
    """A Pi 4 at its highest clock; `changes` are files by their names in FILES (None: missing)."""
    files = {"cpuinfo": ("proc/cpuinfo", CPUINFO),
             "model": ("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0"),
             "governor": (FREQUENCY + "scaling_governor", "performance\n"),
             "clock": (FREQUENCY + "scaling_cur_freq", "1800000\n"),
             "highest": (FREQUENCY + "cpuinfo_max_freq", "1800000\n"),
             "zone": (ZONE + "type", "cpu-thermal\n"),
             "temperature": (ZONE + "temp", "48312\n"),
             "throttled": (THROTTLED, "0\n")}
    root = pathlib.Path(root)
    root.mkdir(parents=True, exist_ok=True)
    for name, (path, content) in files.items():
        content = changes.get(name, content)
        if content is None:
            continue
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if content is UNREADABLE:
            file.mkdir()  # for root, too
        else:
            file.write_text(content)
    return str(root)


UNREADABLE = object()

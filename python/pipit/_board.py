# SPDX-License-Identifier: Apache-2.0
"""What the kernel tells of the board: the same facts as `pipit bench` shows, each None where nothing
tells."""

from __future__ import annotations

import glob
import os
import typing

# Where proc and sys are.
ROOT = "/"

_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
_REASONS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")


def _read(name: str) -> str | None:
    try:
        with open(os.path.join(ROOT, name), "rb") as file:
            return file.read(1 << 20).decode("utf-8", "replace").strip(" \t\r\n\0")
    except OSError:
        return None


def _number(name: str, base: int = 10) -> int | None:
    try:
        return int(_read(name) or "", base)
    except ValueError:
        return None


def _clock(name: str) -> int | None:
    kilohertz = _number("sys/devices/system/cpu/cpu0/cpufreq/" + name)
    return kilohertz * 1000 if kilohertz is not None else None


def _temperature() -> float | None:
    zones = sorted(glob.glob(os.path.join(glob.escape(ROOT), "sys/class/thermal/thermal_zone*")))
    of_cpu = [z for z in zones if any(word in (_read(z + "/type") or "")
                                      for word in ("cpu", "soc", "pkg"))]
    for zone in (of_cpu or zones)[:1]:
        thousandths = _number(zone + "/temp")
        return thousandths / 1000 if thousandths is not None else None
    return None


def _throttled() -> list[str] | None:
    bits = _number(_FIRMWARE, 16)
    if bits is None:
        return None
    return [reason for i, reason in enumerate(_REASONS) if bits >> i & 1]


def facts() -> dict[str, typing.Any]:
    """What stays: model, governor, the highest clock, the number of CPUs."""
    return {"model": (_read("proc/device-tree/model") or _read("sys/class/dmi/id/product_name")),
            "governor": _read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            "highest_clock_hz": _clock("cpuinfo_max_freq"), "cpus": os.cpu_count()}


def state() -> dict[str, typing.Any]:
    """What changes: the clock, the temperature, and what holds the clock down."""
    return {"clock_hz": _clock("scaling_cur_freq"), "celsius": _temperature(),
            "throttled": _throttled()}


def warnings(states: list[dict[str, typing.Any]], about: dict[str, typing.Any]) -> list[str]:
    """Why times that were measured between these states are not to be trusted."""
    lines = []
    reasons = sorted({reason for s in states for reason in s["throttled"] or []})
    if reasons:
        lines.append("the board was held down meanwhile: " + ", ".join(reasons))
    clocks = [s["clock_hz"] for s in states if s["clock_hz"] is not None]
    highest = about["highest_clock_hz"]
    if clocks and highest and min(clocks) < 0.95 * highest:
        lines.append("the clock was at %g of %g MHz (governor '%s')"
                     % (min(clocks) / 1e6, highest / 1e6, about["governor"]))
    if any((s["celsius"] or 0) >= 80 for s in states):
        lines.append("it was as warm as 80 C or more: boards lower their clock then")
    return lines

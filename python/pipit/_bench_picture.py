# SPDX-License-Identifier: Apache-2.0
"""What bench() has measured, as a picture for notebooks."""

from __future__ import annotations

import html as _html
import os
import typing

_BINS = 40
_MOST_OPERATORS = 12

# Follows the colours of the page that it is put into, light or dark.
_STYLE = """
.pipit-bench { font: 13px/1.4 system-ui, sans-serif; max-width: 60rem; }
.pipit-bench .figure { position: relative; border: 1px solid #8886; margin: .3rem 0 1rem; }
.pipit-bench .box { position: absolute; background: #4a90d9aa; white-space: nowrap; }
.pipit-bench .bar { position: relative; background: #4a90d966; white-space: nowrap;
  margin: 2px 0; padding: 0 .3rem; box-sizing: border-box; }
.pipit-bench .ends { display: flex; justify-content: space-between; opacity: .75; }
"""


def _duration(us: float) -> str:
    if us >= 1e6:
        return "%.4g s" % (us / 1e6)
    return "%.4g ms" % (us / 1e3) if us >= 1e3 else "%.4g us" % us


def _histogram(us: list[float]) -> str:
    ordered = sorted(us)
    low, high = ordered[0], ordered[int(0.99 * (len(ordered) - 1))]
    width = max(high - low, 1e-3) / _BINS
    counts = [0] * _BINS
    for time in ordered:
        if time <= high:
            counts[min(_BINS - 1, int((time - low) / width))] += 1
    boxes = "".join(
        '<div class="box" style="left:%.4g%%;width:%.4g%%;bottom:0;height:%.4g%%" title="%d runs from '
        '%s to %s"></div>' % (100 * i / _BINS, 100 / _BINS, 100 * n / max(counts), n,
                              _duration(low + i * width), _duration(low + (i + 1) * width))
        for i, n in enumerate(counts) if n)
    return ('<div class="ends"><span>How times are spread</span></div>'
            '<div class="figure" style="height:6rem">%s</div>'
            '<div class="ends"><span>%s</span><span>%s</span></div>'
            % (boxes, _duration(low), _duration(low + _BINS * width)))


def _bars(operators: list[dict[str, typing.Any]]) -> str:
    longest = sorted(operators, key=lambda row: float(row["us"]), reverse=True)[:_MOST_OPERATORS]
    total, most = sum(row["us"] for row in operators), longest[0]["us"] if longest else 0
    bars = "".join(
        '<div class="bar" style="width:%.4g%%" title="%s">#%d %s %s, %.3g %%</div>' % (
            100 * row["us"] / most if most else 0, _html.escape(row["name"]), row["node"],
            _html.escape(row["op"]), _duration(row["us"]), 100 * row["us"] / total if total else 0)
        for row in longest)
    return "<div>Where the time goes</div>%s" % bars


def html(report: dict[str, typing.Any]) -> str:
    result = report["results"][0]
    times, interval = result["times"], result["times"]["median_confidence_us"]
    sure = (" (95 %% certain: %s to %s)" % (_duration(interval[0]), _duration(interval[1]))
            if interval is not None else "")
    lines = ["<b>%s</b>: median %s%s, 99th percentile %s, %d runs" % (
        _html.escape(os.path.basename(report["model"])), _duration(times["median_us"]), sure,
        _duration(times["p99_us"]), times["count"]),
        "%.3g million multiply-adds, %.3g GMAC/s; arena %d bytes" % (
            result["multiply_adds"] / 1e6, result["macs_per_second"] / 1e9,
            result["memory"]["arena_bytes"])]
    lines += ["<b>Warning:</b> %s" % _html.escape(line) for line in result["warnings"]]
    return '<div class="pipit-bench"><style>%s</style>%s%s%s</div>' % (
        _STYLE, "".join("<div>%s</div>" % line for line in lines),
        _histogram(result["samples_us"]), _bars(result["operators"]))

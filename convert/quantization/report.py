# SPDX-License-Identifier: Apache-2.0
"""What quantization made of each layer, as text, as JSON and as a page of HTML."""

from __future__ import annotations

import dataclasses
import html
import typing

from ..format.graph import Model, Operator, Tensor
from .measure import Comparison, decibels


@dataclasses.dataclass
class Layer:
    """One operator."""

    name: str
    kind: str
    dtype: str
    snr: float | None  # dB, of the values it gives; None: not measured
    weights: str = ""


@dataclasses.dataclass
class Report:
    """What a user wants to know of the result."""

    scheme: str
    layers: list[Layer]
    notes: list[str]
    output_snr: float | None = None
    mean_error: float | None = None
    samples: int = 0
    agreement: float | None = None
    float_accuracy: float | None = None
    accuracy: float | None = None
    bound_held: bool | None = None

    def text(self) -> str:
        names = [_short(layer.name) for layer in self.layers]
        width = max(map(len, names), default=0)
        lines = [f"{name:{width}}  {layer.kind:20}  {layer.dtype:8}  {decibels(layer.snr):>9}"
                 for name, layer in zip(names, self.layers)]
        return "\n".join(lines + self.summary())

    def summary(self) -> list[str]:
        lines = list(self.notes)
        if self.output_snr is not None:
            lines.append(f"outputs: signal to noise {decibels(self.output_snr)}, mean error "
                         f"{self.mean_error:.6g} on {self.samples} samples")
        if self.agreement is not None:
            lines.append(f"same answer as the float model: {self.agreement:.1%}")
        if self.accuracy is not None and self.float_accuracy is not None:
            lines.append(f"accuracy: {self.accuracy:.2%}, float model {self.float_accuracy:.2%}")
        if self.bound_held is not None:
            lines.append("the stated bound " + ("holds" if self.bound_held else "does not hold"))
        return lines

    def as_dict(self) -> dict[str, typing.Any]:
        return dataclasses.asdict(self)

    def html(self, title: str) -> str:
        rows = "\n".join(_row(layer) for layer in self.layers)
        summary = "".join(f"<p>{html.escape(line)}</p>\n" for line in self.summary())
        return _PAGE.format(title=html.escape(title), rows=rows, summary=summary)


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: 0.2em 0.8em; text-align: left; border-bottom: 1px solid #ddd; }}
td.snr {{ text-align: right; white-space: nowrap; }}
.bar {{ background: #4a7; height: 0.8em; }}
.bar.low {{ background: #c43; }}
</style></head><body>
<h1>{title}</h1>
{summary}<table>
<tr><th>Layer</th><th>Operator</th><th>Type</th><th>Weights</th><th>Signal to noise</th><th></th></tr>
{rows}
</table></body></html>
"""
_FULL_BAR = 60.0  # dB
_POOR = 15.0
_NAME_WIDTH = 44


def _row(layer: Layer) -> str:
    cells = "".join(f"<td>{html.escape(text)}</td>"
                    for text in (layer.name, layer.kind, layer.dtype, layer.weights))
    bar = ""
    if layer.snr is not None:
        width = 200 * min(1.0, max(0.0, layer.snr / _FULL_BAR))
        low = " low" if layer.snr < _POOR else ""
        bar = f'<div class="bar{low}" style="width:{width:.0f}px"></div>'
    return f'<tr>{cells}<td class="snr">{decibels(layer.snr)}</td><td>{bar}</td></tr>'


def _short(name: str) -> str:
    """The first of the names that a fused layer has, and its end if it is long."""
    first = name.split(";")[0]
    return first if len(first) <= _NAME_WIDTH else "..." + first[3 - _NAME_WIDTH:]


def make_report(source: Model, result: Model, made: dict[int, Tensor], found: Comparison | None,
                scheme: str, notes: list[str]) -> Report:
    """`made`: the result's tensor for each of the source's."""
    by_output = {id(tensor): op for op in result.main.operators for tensor in op.outputs}
    layers = [_layer(op, by_output, made, found) for op in source.main.operators if op.outputs]
    report = Report(scheme, layers, notes)
    if found is not None:
        answers = found.answers
        report.output_snr, report.mean_error = found.outputs.snr, found.outputs.mean
        report.samples = found.samples
        report.agreement = answers.agreement if answers.count else None
        if answers.labelled:
            report.accuracy = answers.right / answers.labelled
            report.float_accuracy = answers.float_right / answers.labelled
    return report


def _layer(op: Operator, by_output: dict[int, Operator], made: dict[int, Tensor],
           found: Comparison | None) -> Layer:
    tensor = op.outputs[0]
    now = made.get(id(tensor), tensor)
    new = by_output.get(id(now), op)
    error = found.errors.get(id(tensor)) if found is not None else None
    return Layer(op.layer or tensor.name, op.kind, now.dtype.lower(),
                 None if error is None else error.snr, _weights(new))


def _weights(op: Operator) -> str:
    """Type and number of scales of an operator's constants with more than one dimension."""
    for tensor in op.inputs:
        if tensor is not None and tensor.data is not None and len(tensor.shape) > 1:
            scales = tensor.quantization.scale.size if tensor.quantization is not None else 0
            return tensor.dtype.lower() + (f", {scales} scales" if scales > 1 else "")
    return ""

# SPDX-License-Identifier: Apache-2.0
"""python3 -m pipit convert INPUT -o OUT.tflite: what `pipit convert` runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import typing

from .format import tflite_file
from .format.graph import ConvertError, Model
from .pruning.prune import PruneReport, PruneSettings, prune
from .pruning.sparse import encode
from .quantization.calibrate import Sample, arrays
from .quantization.quantize import MIXED, SCHEMES, Settings, quantize
from .quantization.ranges import METHODS
from .quantization.report import Report
from .quantization.samples import Samples, read_labels
from .readers.source import KINDS, kind_of, read
from .result import content_of
from .rewriting.rewrite import rewrite

_EXAMPLES = """\
Examples:
  pipit convert model.keras -o model.tflite
  pipit convert saved_model/ -o model.tflite --quantize dynamic
  pipit convert model.onnx -o model.tflite --input-shape input=1,3,224,224
  pipit convert model.tflite -o small.tflite --quantize int8 --calibrate pictures/ \\
        --input-type uint8 --output-type uint8 --html errors.html

Samples are .npy and .npz files, elements as they lie in memory (.bin, .raw), and pictures; a folder
of folders is one of classes, and gives the labels, too.

Exit status: 0 done; 2 wrong usage; 3 the model is refused; 4 the samples are; 5 out of memory; 6 a
package is missing, or the output cannot be written."""

_TYPES = {"float32": "FLOAT32", "int8": "INT8", "uint8": "UINT8", "int16": "INT16"}


class SampleError(ConvertError):
    """The model is right, and its samples are not."""


class _Checked:
    """Samples whose errors are known as such."""

    def __init__(self, model: Model, samples: Samples) -> None:
        self._model, self._samples = model, samples

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> typing.Iterator[Sample]:
        found = iter(self._samples)
        while True:
            try:
                sample = arrays(self._model, next(found))
            except StopIteration:
                return
            except ConvertError as error:
                raise SampleError(str(error)) from None
            yield sample


def _shape(text: str) -> tuple[str, list[int]]:
    name, _, sizes = text.rpartition("=")
    try:
        found = [int(n) for n in sizes.split(",")]
    except ValueError:
        found = []
    if not name or not found or any(n == 0 or n < -1 or n >= 1 << 31 for n in found):
        raise argparse.ArgumentTypeError("%r is not of the form NAME=1,224,224,3" % text)
    return name, found


def _value(text: str) -> tuple[str, float]:
    name, _, value = text.rpartition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError("%r is not of the form NAME=16000" % text) from None


def _between(text: str, least: float, most: float, of: str, unit: str = "") -> float:
    number = text[:-1] if unit and text.endswith(unit) else text
    try:
        value = float(number) / (1 if number == text else 100)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise argparse.ArgumentTypeError("%r is not %s" % (text, of))
    return value


def _share(text: str) -> float:
    return _between(text, 0, 1, "between 0 and 1, or 0% and 100%", "%")


def _percentile(text: str) -> float:
    return _between(text, 50.000001, 100, "above 50 and at most 100")


def _real(text: str) -> float:
    return _between(text, -1e30, 1e30, "a number")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:18]) == 0:
        raise argparse.ArgumentTypeError("%r is not a number from 1 on" % text)
    return int(text[:18])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipit convert", epilog=_EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Makes a .tflite file of a model: %s." % KINDS)
    parser.add_argument("input", metavar="INPUT", help="the model's file or folder")
    parser.add_argument("-o", "--output", metavar="OUT.tflite", required=True)
    parser.add_argument("--input-shape", metavar="NAME=SIZES", type=_shape, action="append",
                        default=[], help="where the model leaves sizes open")
    parser.add_argument("--input-value", metavar="NAME=NUMBER", type=_value, action="append",
                        default=[], help="of an ONNX model: the value of an input for good")
    parser.add_argument("--signature", metavar="KEY", action="append",
                        help="of a SavedModel; all of them, if not given")
    parser.add_argument("--channels-first", action="store_true",
                        help="of an ONNX model: pictures go in and out as [batch, channels, height, "
                        "width]; without it, as [batch, height, width, channels]")
    parser.add_argument("--json", action="store_true", help="prints what was done as JSON")
    _quantization(parser.add_argument_group("quantization"))
    _bounds(parser.add_argument_group("samples, and what must hold for them"))
    pruning = parser.add_argument_group("pruning")
    pruning.add_argument("--prune", choices=["magnitude", "channels"],
                         help="weights or channels that count least; without a share and a bound, "
                         "only reports what that would save")
    pruning.add_argument("--prune-share", metavar="SHARE", type=_share,
                         help="such a part of them, like 0.5 or 50%%")
    return parser


def _quantization(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--quantize", choices=SCHEMES)
    for side in ("input", "output"):
        group.add_argument("--%s-type" % side, choices=sorted(_TYPES), default="float32")
    group.add_argument("--ranges", choices=METHODS, default=METHODS[0],
                       help="how a range comes from the values seen")
    group.add_argument("--percentile", type=_percentile, default=99.99, metavar="P")
    group.add_argument("--no-bias-correction", action="store_true")
    group.add_argument("--equalize", action="store_true",
                       help="evens out the ranges of channels in layers that follow each other")
    group.add_argument("--dense-per-channel", action="store_true",
                       help="one scale for each output of dense layers: TensorFlow Lite 2.14 or later")
    group.add_argument("--only-integers", action="store_true",
                       help="refuses operators that would stay in floats")
    group.add_argument("--mixed", choices=MIXED, default="",
                       help="what the worst layers become until the bounds hold")
    group.add_argument("--html", metavar="FILE", help="writes each layer's error as a page")


def _bounds(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--calibrate", metavar="PATH", nargs="+", action="extend", default=[],
                       help="files and folders of samples")
    group.add_argument("--samples", type=_count, metavar="N", help="at most so many")
    group.add_argument("--mean", type=_real, default=127.5, help="of pictures: (value - mean) / std")
    group.add_argument("--std", type=_real, default=127.5)
    group.add_argument("--labels", metavar="FILE", help="the class of each sample, one a line")
    group.add_argument("--min-snr", type=_real, metavar="DB",
                       help="signal to noise at the outputs")
    group.add_argument("--min-agreement", type=_share, metavar="SHARE",
                       help="samples with the float model's answer")
    group.add_argument("--max-accuracy-drop", type=_share, metavar="SHARE")


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    wrong = _contradiction(given)
    if wrong:
        parser.error(wrong)
    try:
        _run(given)
    except SampleError as error:
        return _fail(4, str(error))
    except ConvertError as error:
        return _fail(3, "%s: %s" % (given.input, error))
    except MemoryError:
        return _fail(5, "out of memory")
    except ImportError as error:
        return _fail(6, str(error))
    except OSError as error:
        return _fail(6, "%s: %s" % (error.filename or given.output, error.strerror or error))
    except KeyboardInterrupt:
        return 130
    return 0


def _fail(status: int, line: str) -> int:
    # Names in a model may hold anything, and are for a terminal.
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    print("pipit: %s" % shown[:16384], file=sys.stderr)
    return status


def _contradiction(given: argparse.Namespace) -> str:
    """What cannot be meant, in words."""
    bounded = any(value is not None for value in
                  (given.min_snr, given.min_agreement, given.max_accuracy_drop))
    if given.quantize in ("int8", "int16x8") and not given.calibrate:
        return "--quantize %s needs samples: --calibrate" % given.quantize
    if not given.quantize and (given.html or given.mixed or given.input_type != "float32"
                               or given.output_type != "float32"):
        return "--html, --mixed, --input-type and --output-type belong to --quantize"
    if given.prune_share is not None and not given.prune:
        return "--prune-share belongs to --prune"
    if bounded and not given.calibrate:
        return "a bound needs samples to measure with: --calibrate"
    if given.labels and not given.calibrate:
        return "--labels are those of the samples of --calibrate"
    if given.std == 0:
        return "--std is not 0"
    return ""


def _run(given: argparse.Namespace) -> None:
    _check_places(given)
    model = _read(given)
    samples, labels = _samples(given, model)
    pruned = quantized = None
    if given.prune:
        model, pruned = prune(model, _prune_settings(given, labels), samples)
    if given.quantize:
        model, quantized = quantize(model, _settings(given, labels), samples)
    if given.prune == "magnitude":
        encode(model)
    content = content_of(model)
    if quantized is not None and given.html:
        tflite_file.save(quantized.html(os.path.basename(given.input)).encode(), given.html)
    tflite_file.save(content, given.output)
    _say(given, content, model, pruned, quantized)


def _read(given: argparse.Namespace) -> Model:
    try:
        model = read(given.input, dict(given.input_shape), given.signature, given.channels_first,
                     dict(given.input_value))
        ready = kind_of(given.input) == "tflite"
    except OSError as error:
        beside = error.filename is not None and os.fspath(error.filename) != given.input
        raise ConvertError("%s%s" % ("%s: " % os.path.basename(error.filename) if beside else "",
                                     error.strerror or error)) from None
    if not ready:
        rewrite(model)
    return model


def _check_places(given: argparse.Namespace) -> None:
    for path in [each for each in (given.output, given.html) if each]:
        if os.path.isdir(path):
            raise IsADirectoryError(21, "Is a directory", path)
        if os.path.exists(path) and os.path.exists(given.input) \
                and os.path.samefile(path, given.input):
            raise ConvertError("the result would replace it: choose another name")
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise FileNotFoundError(2, "No such directory", folder)


def _samples(given: argparse.Namespace, model: Model
             ) -> tuple[typing.Iterable[Sample] | None, list[int] | None]:
    if not given.calibrate:
        return None, None
    try:
        found = Samples(model, given.calibrate, given.mean, given.std)
        labels = read_labels(given.labels) if given.labels else found.labels
    except (ConvertError, OSError) as error:
        raise SampleError(str(error)) from None
    return _Checked(model, found), labels


def _settings(given: argparse.Namespace, labels: list[int] | None) -> Settings:
    return Settings(
        scheme=given.quantize, ranges=given.ranges, percentile=given.percentile,
        input_type=_TYPES[given.input_type], output_type=_TYPES[given.output_type],
        bias_correction=not given.no_bias_correction, equalize=given.equalize,
        dense_per_channel=given.dense_per_channel, only_integers=given.only_integers,
        mixed=given.mixed, min_snr=given.min_snr, min_agreement=given.min_agreement,
        max_accuracy_drop=given.max_accuracy_drop, labels=labels, samples=given.samples)


def _prune_settings(given: argparse.Namespace, labels: list[int] | None) -> PruneSettings:
    return PruneSettings(
        method=given.prune, share=given.prune_share, min_snr=given.min_snr,
        min_agreement=given.min_agreement, max_accuracy_drop=given.max_accuracy_drop,
        labels=labels, samples=given.samples)


def _say(given: argparse.Namespace, content: bytes, model: Model, pruned: PruneReport | None,
         quantized: Report | None) -> None:
    operators = sum(len(subgraph.operators) for subgraph in model.subgraphs)
    if given.json:
        print(json.dumps({"output": given.output, "bytes": len(content), "operators": operators,
                          "pruning": pruned.as_dict() if pruned else None,
                          "quantization": quantized.as_dict() if quantized else None}))
        return
    for report in (pruned, quantized):
        if report is not None:
            print(report.text())
    print("%s: %s bytes, %d operators" % (given.output, format(len(content), ","), operators))


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The cases that come with ONNX, one for each form of each operator, whose answers numpy computed:
what is converted gives them, whichever inputs are constants and whichever way channels lie."""

import collections
import pathlib
import tempfile
import unittest
import warnings

import numpy as np
from onnx_graphs import run

from pipit.convert.format.graph import ConvertError
from pipit.convert.readers.onnx import file as onnx_file, read as reader
from pipit.convert.readers.onnx.layout import channels_last
from pipit.convert.rewriting.rewrite import rewrite

try:
    for name in ("float", "int", "bool", "object", "str"):  # of older numpys, which onnx asks for
        if name not in vars(np):
            setattr(np, name, getattr(__import__("builtins"), name))
    import onnx
    from onnx.backend.test.case.node import collect_testcases
except ImportError:
    onnx = None

BFLOAT16 = 16


def frozen(model, inputs, fed):
    """The model with all inputs but those of these numbers as constants."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for entry in copy.opset_import:  # that of the operator's last change, which holds in later ones
        entry.version = max(entry.version, reader.OLDEST)
    declared = list(copy.graph.input)
    del copy.graph.input[:]
    for i, (value, data) in enumerate(zip(declared, inputs)):
        if i in fed:
            copy.graph.input.append(value)
        else:
            copy.graph.initializer.append(onnx.numpy_helper.from_array(data, value.name))
    return copy.SerializeToString()


def convert(case, inputs, fed, keep):
    """The model, and what is known of the values of its graph."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "case.onnx"
        path.write_bytes(frozen(case.model, inputs, fed))
        importer = reader.Importer(onnx_file.OnnxFile(str(path)), {}, keep, {})
        model = importer.convert()
    rewrite(model)
    return model, importer.values


def attempt(case, inputs, outputs, fed, keep):
    model, known = convert(case, inputs, fed, keep)
    values = [known[case.model.graph.input[i].name] for i in fed]
    given = [inputs[i].astype(np.float32) if inputs[i].dtype.kind == "f" else inputs[i]
             for i in fed]
    got = run(model, *(x.transpose(v.order) for x, v in zip(given, values)))
    for y, want, named in zip(got, outputs, case.model.graph.output):
        order = known[named.name].order
        if want.ndim > 2 and not keep and order == channels_last(want.ndim) and (
                want.ndim > 3 or any(v.order == order for v in values)):
            y = y.transpose(np.argsort(order))
        compare(y, want, case.rtol)


def compare(got, want, rtol):
    if got.shape != want.shape:
        raise AssertionError("shape %s, not %s" % (got.shape, want.shape))
    if want.dtype.kind == "f":
        np.testing.assert_allclose(got, want.astype(np.float32), rtol=rtol, atol=1e-6)
    else:
        np.testing.assert_array_equal(got, want)


def usable(case, arrays):
    types = [
        v.type.tensor_type.elem_type for v in (*case.model.graph.input, *case.model.graph.output)
    ]
    return {n.op_type for n in case.model.graph.node} <= set(reader.HANDLERS) and \
        BFLOAT16 not in types and all(isinstance(a, (np.ndarray, np.generic)) and
                                      np.asarray(a).dtype.kind in "fiub" for a in arrays)


@unittest.skipUnless(onnx, "needs python3-onnx")
class Cases(unittest.TestCase):

    def test_all(self):
        warnings.simplefilter("ignore")
        right, refused = collections.Counter(), collections.Counter()
        for case in collect_testcases(None):
            for inputs, outputs in case.data_sets:
                if usable(case, [*inputs, *outputs]):
                    self.one(case, [np.asarray(x) for x in inputs],
                             [np.asarray(y) for y in outputs], right, refused)
        never = sorted(set(refused) - set(right))
        self.assertEqual(never, [], "operators that were never converted")
        self.assertGreater(sum(right.values()), 1600)

    def one(self, case, inputs, outputs, right, refused):
        operators = {n.op_type for n in case.model.graph.node}
        every = list(range(len(inputs)))
        for fed in [every, [], [0], [1]] if len(inputs) > 1 else [every, []]:
            for keep in (True, False):
                with self.subTest(case.name, fed=fed, keep=keep):
                    try:
                        attempt(case, inputs, outputs, fed, keep)
                        right.update(operators)
                    except ConvertError:
                        refused.update(operators)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Quantization after training: what the format's specification demands holds, and the result is near
the float model."""

import contextlib
import io
import itertools
import unittest

import networks
import numpy as np

from pipit.convert.format import tflite_file
from pipit.convert.format.clone import clone
from pipit.convert.format.graph import ConvertError, Operator, Tensor
from pipit.convert.quantization import recurrent
from pipit.convert.quantization.calibrate import Runner
from pipit.convert.quantization.equalize import equalize
from pipit.convert.quantization.quantize import Settings, quantize
from pipit.convert.quantization.ranges import BINS, Range, chosen


def kinds(model):
    return [op.kind for op in model.main.operators]


def scale(tensor):
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zero_point[0])


def stored(tensor, values):
    """Real numbers as the elements of a tensor of the graph's ends, and back."""
    if tensor.quantization is None:
        return values
    (step, zero), info = scale(tensor), np.iinfo(tensor.dtype.lower())
    return np.clip(np.round(values / step) + zero, info.min, info.max).astype(info.dtype)


def real(tensor, values):
    if tensor.quantization is None:
        return values
    step, zero = scale(tensor)
    return (values.astype(np.float32) - zero) * step


def op_of(model, kind):
    return next(op for op in model.main.operators if op.kind == kind)


class Int8(unittest.TestCase):

    def setUp(self):
        self.network, self.model = networks.classifier()
        self.samples = self.network.samples(40)

    def quantized(self, **settings):
        return quantize(self.model, Settings(**settings), self.samples)

    def test_near_the_float_model(self):
        before = tflite_file.write(self.model)
        model, report = self.quantized()
        self.assertEqual(tflite_file.write(self.model), before)  # left as it was
        self.assertGreater(report.output_snr, 25)
        self.assertGreater(report.agreement, 0.9)
        for sample in self.network.samples(20, seed=9):
            np.testing.assert_allclose(networks.run(model, sample)[0],
                                       networks.run(self.model, sample)[0], atol=0.06)

    def test_weights_and_biases(self):
        model, _ = self.quantized()
        conv, depthwise, dense = (op_of(model, kind) for kind in (
            "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"))
        for op, axis, scales in ((conv, 0, 8), (depthwise, 3, 8), (dense, 0, 1)):
            w, bias = op.inputs[1], op.inputs[2]
            self.assertEqual((w.dtype, w.quantization.axis, w.quantization.scale.size),
                             ("INT8", axis, scales))
            self.assertTrue((w.quantization.zero_point == 0).all())
            self.assertGreaterEqual(int(w.data.min()), -127)
            self.assertEqual(bias.dtype, "INT32")
            np.testing.assert_allclose(bias.quantization.scale, w.quantization.scale *
                                       op.inputs[0].quantization.scale[0], rtol=1e-6)

    def test_scales_that_are_fixed_or_shared(self):
        model, _ = self.quantized(output_type="INT8")
        self.assertEqual(scale(model.main.outputs[0]), (1 / 256, -128))
        for kind in ("AVERAGE_POOL_2D", "RESHAPE"):
            op = op_of(model, kind)
            self.assertEqual(scale(op.inputs[0]), scale(op.outputs[0]))

    def test_ends(self):
        x = self.samples[0]
        wanted = networks.run(self.model, x)[0]
        for dtype in ("INT8", "UINT8", "FLOAT32"):
            model, _ = self.quantized(input_type=dtype, output_type=dtype)
            first, last = model.main.inputs[0], model.main.outputs[0]
            self.assertEqual((first.dtype, last.dtype), (dtype, dtype))
            self.assertEqual((first.name, last.name), ("x", self.model.main.outputs[0].name))
            self.assertIs(model.signatures[0].inputs["x"], first)
            self.assertIs(model.signatures[0].outputs[last.name], last)
            if dtype == "FLOAT32":
                self.assertEqual((kinds(model)[0], kinds(model)[-1]), ("QUANTIZE", "DEQUANTIZE"))
                got = networks.run(model, x)[0]
            else:
                (s, z), (t, v) = scale(first), scale(last)
                ends = np.iinfo(dtype.lower())
                q = np.clip(np.round(x[0] / s) + z, ends.min, ends.max).astype(dtype.lower())
                got = (networks.run(model, [q])[0].astype(np.float32) - v) * t
            np.testing.assert_allclose(got, wanted, atol=0.06)

    def test_bias_correction_helps(self):
        n = networks.Network(1, 64)
        y = n.x
        for units in (32, 32, 8):
            y = n.dense(y, units, "RELU" if units > 8 else "NONE")
        model, samples = n.model(y), [[np.abs(s[0])] for s in n.samples(60)]
        errors = [quantize(model, Settings(bias_correction=on), samples)[1].mean_error
                  for on in (True, False)]
        self.assertLess(errors[0], errors[1])

    def test_large_biases_still_fit(self):
        n = networks.Network(1, 4)
        y = n.dense(n.x, 3)
        op = n.graph.operators[0]
        op.inputs[1].data[:] = 1e-9
        op.inputs[2].data[:] = (0.5, -30.0, 1.0)
        model = n.model(y)
        got = networks.run(quantize(model, Settings(), n.samples(8))[0], n.samples(1)[0])[0]
        np.testing.assert_allclose(got, [[0.5, -30.0, 1.0]], atol=0.2)

    def test_channels_without_weights_keep_their_bias(self):
        n = networks.Network(1, 4, 4, 2)
        y = n.conv(n.x, 3, activation="NONE")
        op = n.graph.operators[0]
        op.inputs[1].data[1] = 0
        op.inputs[2].data[:] = (0, 0.7, 0)
        got = networks.run(quantize(n.model(y), Settings(), n.samples(8))[0], n.samples(1)[0])[0]
        np.testing.assert_allclose(got[..., 1], 0.7, atol=0.03)

    def test_constants_as_operands(self):
        n = networks.Network(1, 4, 4, 2)
        a = n.op("MUL", [n.x, n.weights("scale", 2)], n.x.shape, fused_activation_function="NONE")
        b = n.op("PRELU", [a, n.weights("alpha", 1, 1, 2)], n.x.shape)
        y = n.op("MAXIMUM", [b, Tensor("floor", (), data=np.array(-0.5, np.float32))], n.x.shape)
        model = n.model(y)
        result, report = quantize(model, Settings(), n.samples(20))
        self.assertGreater(report.output_snr, 25)
        for op in result.main.operators[1:-1]:
            self.assertEqual({t.dtype for t in op.inputs + op.outputs}, {"INT8"})

    def test_a_fixed_scale_among_several(self):
        n = networks.Network(1, 6)
        p = n.op("SOFTMAX", [n.dense(n.x, 4)], (1, 4), beta=1.0)
        q = n.dense(n.x, 4)
        y = n.op("CONCATENATION", [p, q], (1, 8), axis=1, fused_activation_function="NONE")
        model, report = quantize(n.model(y), Settings(output_type="INT8"), n.samples(30))
        joined = op_of(model, "CONCATENATION")
        self.assertEqual({scale(t) for t in joined.inputs}, {scale(joined.outputs[0])})
        self.assertIn("QUANTIZE", kinds(model)[1:])  # softmax's scale becomes the other
        self.assertGreater(report.output_snr, 25)

    def test_one_input_has_several_users(self):
        n = networks.Network(1, 4, 4, 2)
        a, b = n.conv(n.x, 3), n.conv(n.x, 3)
        model = n.model(n.op("SUB", [a, b], a.shape, fused_activation_function="NONE"))
        result, _ = quantize(model, Settings(), n.samples(10))
        self.assertEqual(kinds(result).count("QUANTIZE"), 1)

    def test_operators_without_an_integer_form_stay(self):
        n = networks.Network(1, 6)
        y = n.dense(n.op("SIN", [n.dense(n.x, 8)], (1, 8)), 4)
        model = n.model(y)
        result, report = quantize(model, Settings(), n.samples(20))
        self.assertEqual(op_of(result, "SIN").inputs[0].dtype, "FLOAT32")
        self.assertIn("SIN: left in floats, there is no integer form", report.notes)
        self.assertGreater(report.output_snr, 20)
        with self.assertRaisesRegex(ConvertError, r"no int8 form here: SIN \(sin_\d\)$"):
            quantize(model, Settings(only_integers=True), n.samples(2))

    def test_batches_and_integer_inputs(self):
        n = networks.Network(1, 5)
        ids = n.input("ids", (1, 3))
        ids.dtype = "INT32"
        table = n.weights("table", 20, 5)
        g = n.op("GATHER", [table, ids], (1, 3, 5), axis=0)
        y = n.op("ADD", [n.op("MEAN", [g, n.ints(1)], (1, 5)), n.x], (1, 5))
        samples = [[x[0], np.array([[1, 2, 19]], np.int32)] for x in n.samples(10)]
        result, report = quantize(n.model(y), Settings(input_type="INT8"), samples)
        self.assertEqual([t.dtype for t in result.main.inputs], ["INT8", "INT32"])
        self.assertEqual(op_of(result, "GATHER").inputs[0].dtype, "INT8")
        self.assertGreater(report.output_snr, 25)

    def lstm(self, units=48, **options):
        n = networks.Network(1, 5, 16)
        w = [n.weights(f"w{i}", units, 16 if i < 4 else units) for i in range(8)]
        bias = [n.bias(units) for _ in range(4)]
        states = [Tensor(name, (1, units), variable=True) for name in "hc"]
        y = n.op("UNIDIRECTIONAL_SEQUENCE_LSTM",
                 [n.x, *w, None, None, None, *bias, None, None, *states, None, None, None, None],
                 (1, 5, units), fused_activation_function="TANH", time_major=False, **options)
        return n, n.model(n.dense(n.flatten(y), 4))

    def test_lstm(self):
        n, model = self.lstm(cell_clip=10.0)
        result, report = quantize(model, Settings(input_type="INT8"), n.samples(20))
        op = op_of(result, "UNIDIRECTIONAL_SEQUENCE_LSTM")
        self.assertEqual([op.inputs[i].dtype for i in (0, 1, 8, 12, 18, 19)],
                         ["INT8", "INT8", "INT8", "INT32", "INT8", "INT16"])
        self.assertEqual(scale(op.inputs[18]), scale(op.outputs[0]))
        self.assertEqual(scale(op.outputs[0])[1], 0)
        cell, zero = scale(op.inputs[19])
        self.assertEqual((np.log2(cell) % 1, zero), (0, 0))
        self.assertEqual([t.dtype for t in op.intermediates], ["FLOAT32"] * 4 + ["INT8"])
        self.assertGreater(report.output_snr, 25)
        self.assertEqual(report.notes, [])

    def test_cells_are_those_of_the_operator(self):
        n, model = self.lstm()
        op, runner = model.main.operators[0], Runner(model)
        runner.run(n.samples(1)[0])
        cells = recurrent.cell_states(op, runner.value(op.inputs[0]), runner.value(op.outputs[0]))
        np.testing.assert_allclose(cells[-1], runner.value(op.inputs[recurrent.CELL_STATE]), atol=1e-5)

    def test_recurrent_layers_get_integer_weights(self):
        n, model = self.lstm()
        result, report = quantize(model, Settings("int16x8"), n.samples(10))
        op = op_of(result, "UNIDIRECTIONAL_SEQUENCE_LSTM")
        self.assertEqual((op.inputs[1].dtype, op.inputs[0].dtype), ("INT8", "FLOAT32"))
        self.assertTrue(any("UNIDIRECTIONAL_SEQUENCE_LSTM: weights in int8" in each
                            for each in report.notes))
        self.assertGreater(report.output_snr, 25)


class Other(unittest.TestCase):

    def setUp(self):
        self.network, self.model = networks.classifier(seed=3)
        self.samples = self.network.samples(30)

    def test_int16(self):
        model, report = quantize(self.model, Settings("int16x8"), self.samples)
        conv, add = op_of(model, "CONV_2D"), op_of(model, "ADD")
        self.assertEqual([t.dtype for t in conv.inputs + conv.outputs],
                         ["INT16", "INT8", "INT64", "INT16"])
        self.assertFalse(add.options["pot_scale_int16"])
        self.assertEqual(scale(add.inputs[0])[1], 0)
        self.assertGreater(report.output_snr,
                           quantize(self.model, Settings(), self.samples)[1].output_snr)

    def test_weights_alone(self):
        n = networks.Network(1, 6, 6, 40)
        y = n.dense(n.flatten(n.conv(n.conv(n.x, 40), 32)), 10)
        model, samples = n.model(y), n.samples(8)
        size = len(tflite_file.write(model))
        for scheme, share, snr in (("float16", 0.52, 60), ("dynamic", 0.28, 30),
                                   ("int4-weights", 0.16, 10)):
            result, report = quantize(model, Settings(scheme), None)
            self.assertLess(len(tflite_file.write(result)), share * size, scheme)
            result, report = quantize(model, Settings(scheme), samples)
            self.assertGreater(report.output_snr, snr, scheme)
        hybrid = op_of(quantize(model, Settings("dynamic"))[0], "CONV_2D")
        self.assertEqual(hybrid.inputs[1].quantization.scale.size, 40)

    def test_int4_weights_under_int8(self):
        model, report = quantize(self.model, Settings("int4-weights"), self.samples)
        self.assertEqual([t.dtype for t in op_of(model, "CONV_2D").inputs],
                         ["INT8", "INT4", "INT32"])
        self.assertGreater(report.output_snr, 8)

    def test_a_reduced_model_is_a_source(self):
        for scheme in ("float16", "dynamic"):
            n = networks.Network(1, 64)
            model = n.model(n.dense(n.dense(n.x, 64, "RELU"), 8))
            reduced, _ = quantize(model, Settings(scheme))
            again = tflite_file.read(tflite_file.write(reduced))
            result, report = quantize(again, Settings(), n.samples(20))
            self.assertEqual(op_of(result, "FULLY_CONNECTED").inputs[0].dtype, "INT8")
            self.assertGreater(report.output_snr, 25)
        quantized, _ = quantize(self.model, Settings(), self.samples)
        with self.assertRaisesRegex(ConvertError, "quantized already"):
            quantize(quantized, Settings(), self.samples)

    def test_ranges(self):
        for method in ("min-max", "percentile", "mse", "kl"):
            _, report = quantize(self.model, Settings(ranges=method), self.samples)
            self.assertGreater(report.output_snr, 20, method)

    def test_equalizing_keeps_the_function(self):
        n = networks.Network(1, 6, 6, 3)
        y = n.conv(n.depthwise(n.conv(n.x, 8)), 4, size=1, activation="NONE")
        n.graph.operators[0].inputs[1].data[:] *= np.geomspace(0.01, 3, 8)[:, None, None, None]
        model = n.model(y)
        changed = clone(model)
        self.assertEqual(equalize(changed), 2)
        for sample in n.samples(3):
            np.testing.assert_allclose(networks.run(changed, sample)[0],
                                       networks.run(model, sample)[0], rtol=1e-3, atol=1e-4)
        plain, better = (quantize(model, Settings(equalize=on), n.samples(20))[1].output_snr
                         for on in (False, True))
        self.assertGreater(better, plain)

    def test_mixed_until_the_bound_holds(self):
        plain = quantize(self.model, Settings(), self.samples)[1]
        bound = plain.output_snr + 6
        for mixed, kept in (("int16", "int16"), ("float", "float32")):
            model, report = quantize(self.model, Settings(mixed=mixed, min_snr=bound), self.samples)
            self.assertTrue(report.bound_held)
            self.assertGreaterEqual(report.output_snr, bound)
            found = [layer.dtype for layer in report.layers]
            self.assertIn(kept, found)
            self.assertIn("int8", found)
            networks.run(model, self.samples[0])
        report = quantize(self.model, Settings(mixed="int16", min_snr=150), self.samples)[1]
        self.assertFalse(report.bound_held)

    def test_types_that_programs_see_around_layers_in_int16(self):
        """A bound that nothing holds leaves no layer in int8."""
        types = {"FLOAT32": np.float32, "INT8": np.int8, "UINT8": np.uint8}
        expected = networks.run(self.model, self.samples[0])[0]
        for before, after in itertools.product(types, types):
            model = quantize(self.model, Settings(mixed="int16", min_snr=150, input_type=before,
                                                  output_type=after), self.samples)[0]
            self.assertIn("INT16", [op.outputs[0].dtype for op in model.main.operators])
            self.assertEqual([model.main.inputs[0].dtype, model.main.outputs[0].dtype],
                             [before, after])
            got = networks.run(model, [stored(model.main.inputs[0], *self.samples[0])])[0]
            self.assertEqual(got.dtype, types[after])
            np.testing.assert_allclose(real(model.main.outputs[0], got), expected, atol=0.03)

    def test_report(self):
        labels = [int(networks.run(self.model, s)[0].argmax()) for s in self.samples]
        labels[0] = (labels[0] + 1) % 10
        _, report = quantize(self.model, Settings(labels=labels), self.samples)
        self.assertAlmostEqual(report.float_accuracy, 29 / 30)
        self.assertEqual(report.layers[0].kind, "CONV_2D")
        self.assertIn("dB", report.text())
        self.assertIn("accuracy: ", report.text())
        self.model.main.operators[0].layer = "<b>"
        page = quantize(self.model, Settings(), self.samples)[1].html("A & B")
        self.assertIn("<h1>A &amp; B</h1>", page)
        self.assertIn("&lt;b&gt;", page)
        self.assertNotIn("<b>", page)

    def test_nothing_is_drawn_but_on_a_terminal(self):
        with contextlib.redirect_stderr(io.StringIO()) as said:
            quantize(self.model, Settings(), self.samples)
        self.assertEqual(said.getvalue(), "")


class Refused(unittest.TestCase):

    def test_settings(self):
        _, model = networks.classifier()
        for settings, why in ((Settings("int7"), "scheme is one of int8, .*, not int7"),
                              (Settings(ranges="max"), "ranges is one of min-max, "),
                              (Settings("int16x8", input_type="INT8"), "the input type is one of "),
                              (Settings("dynamic", output_type="INT8"), "the output type is one of "),
                              (Settings(mixed="int9"), "mixed is one of int16, float"),
                              (Settings(percentile=10), "percentile is above 50")):
            with self.assertRaisesRegex(ConvertError, why):
                quantize(model, settings, [])
        with self.assertRaisesRegex(ConvertError, "int8 needs samples"):
            quantize(model, Settings())

    def test_samples(self):
        n, model = networks.classifier()
        for data, why in (
                ([], "no samples"), ([[1, 2]], "2 arrays, the model has 1 input"),
                ([[np.zeros((1, 9, 8, 3))]], r"x: a sample of shape \[1, 9, 8, 3\], not \[-1, 8, 8, 3\]"),
                ([{"y": 0}], "no input x"), ([["text"]], "a sample of type"),
                ([[np.full((1, 8, 8, 3), np.nan)]], "x, sample 1: values are not finite")):
            with self.assertRaisesRegex(ConvertError, why):
                quantize(model, Settings(), data)

    def test_forms_of_samples(self):
        n, model = networks.classifier()
        x = n.samples(1)[0][0]
        reports = [quantize(model, Settings(), [sample])[1].output_snr for sample in (
            [x], (x,), x, x[0], {"x": x}, ("serving_default", {"x": x}), [x.tolist()])]
        self.assertEqual(len(set(reports)), 1)

    def test_a_model_that_does_not_run(self):
        x, y = Tensor("x", (1, 2)), Tensor("y", (1, 2))
        model = networks.Network(1, 2).model(y)
        model.main.inputs = [x]
        model.main.operators = [Operator("CUSTOM", [x], [y], custom_code="Nobodys")]
        with self.assertRaisesRegex(ConvertError, "Nobodys"):
            quantize(model, Settings(), [[np.zeros((1, 2))]])


class Histograms(unittest.TestCase):

    def test_grows_and_merges(self):
        random = np.random.default_rng(0)
        values = [random.normal(0, size, 1000) for size in (0.1, 1, 5, 20)]
        seen, other = Range(), Range()
        for each in values:
            seen.add(each, True)
        self.assertEqual(seen.counts.sum(), 4000)
        self.assertEqual((seen.low, seen.high), (min(map(np.min, values)), max(map(np.max, values))))
        np.testing.assert_allclose((seen.counts * seen.centers()).sum(), np.sum(values),
                                   atol=4000 * seen.width / BINS)
        other.add(np.array([-1000.0, 3.0]), True)
        seen.merge(other)
        self.assertEqual((seen.counts.sum(), seen.low), (4002, -1000.0))

    def test_outliers_are_cut_off(self):
        seen = Range()
        seen.add(np.append(np.random.default_rng(0).normal(0, 1, 10**6), 1e3), True)
        self.assertEqual(chosen(seen, "min-max", 256, 99.99, False)[1], 1e3)
        for method in ("percentile", "mse", "kl"):
            self.assertLess(chosen(seen, method, 256, 99.99, False)[1], 500, method)
        low, high = chosen(seen, "min-max", 256, 99.99, True)
        self.assertEqual(low, -high)

    def test_zero_is_always_inside(self):
        seen = Range()
        seen.add(np.array([2.0, 3.0]), True)
        for method in ("min-max", "percentile", "mse", "kl"):
            self.assertEqual(chosen(seen, method, 256, 99.99, False)[0], 0.0)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""Pruning: what is removed, what it saves, and that the bound holds."""

import unittest

import networks
import numpy as np

from pipit.convert.format import tflite_file
from pipit.convert.format.clone import clone
from pipit.convert.format.graph import ConvertError, Tensor
from pipit.convert.pruning import channels, sparse
from pipit.convert.pruning.prune import PruneSettings, prune
from pipit.convert.quantization.quantize import Settings, quantize


def nonzero(model):
    return [float((op.inputs[1].data != 0).mean()) for op in model.main.operators
            if op.kind in ("CONV_2D", "FULLY_CONNECTED")]


class Magnitude(unittest.TestCase):

    def setUp(self):
        self.network = n = networks.Network(1, 6, 6, 16)
        self.model = n.model(n.dense(n.flatten(n.conv(n.conv(n.x, 32), 16)), 10))
        self.samples = n.samples(12)

    def test_a_share_becomes_zero(self):
        model, report = prune(self.model, PruneSettings(share=0.7))
        total = sum(op.inputs[1].data.size for op in model.main.operators if op.kind != "RESHAPE")
        zeros = sum((op.inputs[1].data == 0).sum() for op in model.main.operators
                    if op.kind != "RESHAPE")
        self.assertAlmostEqual(zeros / total, 0.7, delta=0.02)
        self.assertLess(report.taken.bytes, 0.5 * report.before.bytes)
        sparse.encode(model)
        self.assertEqual(report.taken.bytes, len(tflite_file.write(model)))
        self.assertEqual(nonzero(self.model), [1.0] * 3)  # left as it was

    def test_stored_sparsely_it_is_the_same(self):
        model, _ = prune(self.model, PruneSettings(share=0.8))
        small = clone(model)
        sparse.encode(small)
        content = tflite_file.write(small)
        self.assertLess(len(content), 0.5 * len(tflite_file.write(model)))
        for sample in self.samples[:3]:
            np.testing.assert_allclose(networks.run(content, sample)[0],
                                       networks.run(model, sample)[0], rtol=1e-4, atol=1e-5)
        again = tflite_file.read(content)
        self.assertEqual(tflite_file.write(again), content)

    def test_integers_stored_sparsely(self):
        model, _ = prune(self.model, PruneSettings(share=0.85), self.samples)
        model, _ = quantize(model, Settings(), self.samples)
        small = clone(model)
        sparse.encode(small)
        self.assertLess(tflite_file.size(small), tflite_file.size(model) - 1000)
        for sample in self.samples[:3]:
            np.testing.assert_array_equal(networks.run(small, sample)[0],
                                          networks.run(model, sample)[0])

    def test_dense_weights_stay(self):
        content = tflite_file.write(self.model)
        sparse.encode(self.model)
        self.assertEqual(tflite_file.write(self.model), content)

    def test_to_a_bound(self):
        model, report = prune(self.model, PruneSettings(min_snr=15), self.samples)
        self.assertGreaterEqual(report.taken.snr, 15)
        self.assertGreater(report.taken.share, 0.1)
        worse = [each for each in report.levels if each.share > report.taken.share + 0.07]
        self.assertTrue(all(each.snr < 15 for each in worse if each.share <= 0.9))
        strict = prune(self.model, PruneSettings(min_snr=150), self.samples)[1]
        self.assertIsNone(strict.taken)

    def test_only_a_report(self):
        model, report = prune(self.model, PruneSettings())
        self.assertEqual(nonzero(model), [1.0] * 3)
        self.assertIsNone(report.taken)
        self.assertEqual(len(report.levels), 9)
        sizes = [each.bytes for each in report.levels]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.assertEqual(len(report.text().splitlines()), 11)


class Channels(unittest.TestCase):

    def everything(self):
        """Channels that run through a residual add, constants, pooling and flattening."""
        n = networks.Network(1, 8, 8, 3)
        a = n.conv(n.x, 16)
        b = n.conv(n.depthwise(a), 16, size=1, activation="NONE")
        c = n.op("ADD", [a, b], a.shape, fused_activation_function="NONE")
        d = n.op("MUL", [c, n.weights("scale", 16)], a.shape, fused_activation_function="NONE")
        e = n.op("PRELU", [d, n.weights("alpha", 1, 1, 16)], a.shape)
        pads = Tensor("pads", (4, 2), "INT32", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        f = n.op("PAD", [e, pads], (1, 10, 10, 16))
        g = n.op("MAX_POOL_2D", [f], (1, 5, 5, 16), padding="VALID", stride_w=2, stride_h=2,
                 filter_width=2, filter_height=2, fused_activation_function="NONE")
        h = n.dense(n.flatten(g), 12, "RELU")
        return n, n.model(n.op("SOFTMAX", [n.dense(h, 5)], (1, 5), beta=1.0))

    def test_dead_channels_go_and_nothing_changes(self):
        n, model = self.everything()
        dead = [1, 2, 5, 8, 9, 10, 12, 15]
        first, depthwise, second = (model.main.operators[i] for i in (0, 1, 2))
        for op, axis in ((first, 0), (depthwise, 3), (second, 0)):
            index = tuple(dead if i == axis else slice(None) for i in range(4))
            op.inputs[1].data[index] = 0
            op.inputs[2].data[dead] = 0
        pruned, report = prune(model, PruneSettings("channels", share=8 / 28))
        self.assertEqual(pruned.main.operators[0].inputs[1].shape, (8, 3, 3, 3))
        self.assertEqual(pruned.main.operators[9].inputs[1].shape[1], 5 * 5 * 8)
        for sample in n.samples(4):
            np.testing.assert_allclose(networks.run(pruned, sample)[0],
                                       networks.run(model, sample)[0], rtol=1e-4, atol=1e-5)
        self.assertLess(report.taken.macs, 0.6 * report.before.macs)
        self.assertLess(report.taken.bytes, 0.7 * report.before.bytes)

    def test_to_a_bound(self):
        n, model = self.everything()
        pruned, report = prune(model, PruneSettings("channels", min_snr=10), n.samples(12))
        self.assertGreaterEqual(report.taken.snr, 10)
        self.assertEqual(pruned.main.operators[0].inputs[1].shape[0] % 4, 0)
        self.assertEqual(pruned.main.outputs[0].shape, (1, 5))
        again = tflite_file.read(tflite_file.write(pruned))
        quantized, report = quantize(again, Settings(), n.samples(12))
        self.assertGreater(report.output_snr, 15)

    def test_what_others_need_stays(self):
        n = networks.Network(1, 4, 4, 3)
        a = n.conv(n.x, 8)  # an output
        b = n.conv(a, 8)
        c = n.op("REVERSE_V2", [b, n.ints(3)], b.shape)  # mixes channels
        d = n.op("ADD", [n.conv(c, 8), n.x.__class__("k", (1,), data=np.ones(1, np.float32))],
                 b.shape, fused_activation_function="NONE")
        model = n.model(a, n.conv(d, 4))
        found = channels.spaces(model.main)
        self.assertEqual([len(space.makers) for space in found], [1])
        self.assertIs(found[0].makers[0].op, n.graph.operators[3])

    def test_shared_weights_stay(self):
        n = networks.Network(1, 8)
        w = n.weights("w", 8, 8)
        y = n.x
        for _ in range(3):
            y = n.op("FULLY_CONNECTED", [y, w, None], (1, 8), fused_activation_function="RELU")
        self.assertEqual(channels.spaces(n.model(y).main), [])


class Refused(unittest.TestCase):

    def test_settings(self):
        _, model = networks.classifier()
        for settings, why in ((PruneSettings("random"), "magnitude or channels, not random"),
                              (PruneSettings(share=1.5), "at least 0 and below 1, not 1.5"),
                              (PruneSettings(min_snr=3), "a bound needs samples")):
            with self.assertRaisesRegex(ConvertError, why):
                prune(model, settings)

    def test_nothing_to_prune(self):
        n = networks.Network(1, 4)
        model = n.model(n.op("RELU", [n.x], (1, 4)))
        for method in ("magnitude", "channels"):
            self.assertEqual(len(prune(model, PruneSettings(method, share=0.5))[0].main.operators), 1)


if __name__ == "__main__":
    unittest.main()

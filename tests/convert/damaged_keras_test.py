# SPDX-License-Identifier: Apache-2.0
"""Damaged models of Keras and TensorFlow.js: a graph that this runtime accepts, or one line on what is
wrong; never anything else."""

import copy
import io
import json
import os
import pathlib
import pickle
import random
import resource
import tempfile
import unittest
import zipfile

import h5py
import keras_made as made
import numpy as np
from keras_made import functional, layer, sequential
from keras_reference import CASES

from pipit.convert import result
from pipit.convert.format.graph import ConvertError
from pipit.convert.readers import source
from pipit.convert.readers.keras import files as keras_files, hdf5
from pipit.convert.rewriting import rewrite

ODD = [None, -1, 0, 1, 2, 7, 1 << 20, 1 << 29, 1 << 31, 1 << 63, 1 << 200, -5.5, 1e300, float("nan"), True,
       "", "x", "same", "relu", "\x1b[2J", [], [[]], [None], [1], [1, 2, 3], [-1, 2], ["x", 0, 0],
       ["x", -1, 99], {}, {"class_name": "Dense"}, {"class_name": "LSTM", "config": {"units": 2}},
       {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}]


class Case(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.outcomes = {"model": 0, "refused": 0}

    def attempt(self, read):
        """One line, or a model that loads."""
        try:
            model = read()
            rewrite.rewrite(model)
            result.content_of(model)
            self.outcomes["model"] += 1
        except ConvertError as error:
            self.assertEqual(len(str(error).splitlines()), 1, str(error))
            self.outcomes["refused"] += 1


def places(document, found):
    """All (container, key) of a JSON document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        found.append((document, key))
        if isinstance(value, (dict, list)):
            places(value, found)
    return found


def spoil(document, chance):
    document = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 2, 3))):
        container, key = chance.choice(places(document, []) or [({"x": 0}, "x")])
        what = chance.random()
        if what < 0.2 and isinstance(container, dict):
            del container[key]
        elif what < 0.3 and isinstance(container, list):
            container.insert(key, container[key])
        else:
            container[key] = copy.deepcopy(chance.choice(ODD))
    return document


def changed(content, chance):
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        data[chance.randrange(len(data))] = chance.choice((0, 255, 128, chance.randrange(256)))
    return data[:chance.randrange(len(data))] if chance.random() < 0.1 else data


class Store:
    def __init__(self, weights):
        self._weights = weights

    def arrays(self, _):
        return self._weights


def nested():
    inner = functional([made.start("z", 4), (layer("Dense", "inside", units=4), ["z"])],
                       ["z"], ["inside"], "block")
    block = {"class_name": "Functional", "name": "block", "config": inner["config"]}
    return functional([made.start("a", 4), (block, [["a", 0, 0, {}]], [["block", 1, 0, {}]]),
                       (layer("Add", "sum"), [["block", 1, 0, {}], ["block", 2, 0, {}]])],
                      ["a"], ["sum"])


class Configurations(Case):

    def test_spoilt_ones(self):
        """Some thousand, in the forms of Keras 2 and of Keras 3."""
        chance = random.Random(1)
        documents = [(sequential(size, each), Store([
            (name, np.ones(shape, np.float32)) for name, shape in shapes.items()]))
            for each, shapes, size, _ in CASES]
        documents.append((nested(), Store([("kernel", np.ones((4, 4))), ("bias", np.ones(4))])))
        for document, store in documents:
            for version, form in ((2, document), (3, made.new_style(document))):
                for _ in range(10):
                    wrong = spoil(form, chance)
                    with self.subTest(document=wrong):
                        self.attempt(lambda: keras_files.build(wrong, store, version, None))
        self.assertGreater(min(self.outcomes.values()), 100, self.outcomes)

    def test_models_in_models_that_call_each_other_often(self):
        document = functional([made.start("x", 2), (layer("Activation", "y", activation="relu"), ["x"])],
                              ["x"], ["y"])
        for depth in range(20):
            block = {"class_name": "Functional", "name": "m%d" % depth, "config": document["config"]}
            document = functional([made.start("x", 2), (block, ["x"], [["m%d" % depth, 1, 0, {}]])],
                                  ["x"], [["m%d" % depth, 2, 0]])
        with self.assertRaisesRegex(ConvertError, "more than 100000 operators"):
            keras_files.build(document, Store([]), 2, None)

    def test_deep_json(self):
        for text in (b"[" * 200000, b'{"a":' * 100000, b"\xff", b"", b"1" * 5000):
            with self.assertRaises(ConvertError):
                keras_files.build(keras_files.load_json(text, "it"), Store([]), 2, None)


class Bytes(Case):

    def setUp(self):
        super().setUp()
        self.document = sequential((4,), layer("Dense", units=3, activation="relu"),
                                   layer("BatchNormalization"))
        numbers = [np.ones(shape, np.float32) for shape in ((4, 3), (3,), (3,), (3,), (3,), (3,))]
        names = ["dense/kernel", "dense/bias", "batchnormalization/gamma", "batchnormalization/beta",
                 "batchnormalization/moving_mean", "batchnormalization/moving_variance"]
        self.weights = dict(zip(names, numbers))

    def test_hdf5(self):
        """libhdf5 crashes on some of them, so that each is read in a process that may."""
        path = self.folder / "m.h5"
        made.save_h5(path, self.document, {name: [
            (each + ":0", array) for each, array in self.weights.items() if each.startswith(name + "/")]
            for name in ("dense", "batchnormalization")})
        content, chance = path.read_bytes(), random.Random(2)
        for _ in range(250):
            path.write_bytes(changed(content, chance))
            try:
                file = in_a_child(lambda: dumped(path))
            except hdf5.Unreadable:
                self.outcomes["refused"] += 1
                continue
            original, hdf5.read = hdf5.read, lambda _, file=file: file
            try:
                self.attempt(lambda: keras_files.read_hdf5(path))
            finally:
                hdf5.read = original
        self.assertGreater(min(self.outcomes.values()), 20, self.outcomes)

    def test_keras_3(self):
        content, chance = made.keras_bytes(made.new_style(self.document), {
            "layers/dense/vars/%d" % i: each for i, each in enumerate(self.weights.values())}), \
            random.Random(3)
        original = hdf5.read
        self.addCleanup(setattr, hdf5, "read", original)
        hdf5.read = lambda _: hdf5.File({}, {}, {})
        path = self.folder / "m.keras"
        for _ in range(600):
            path.write_bytes(changed(content, chance))
            self.attempt(lambda: keras_files.read_keras(path))
        self.assertGreater(self.outcomes["refused"], 500)

    def test_tensorflow_js(self):
        manifest = [{"name": name, "shape": list(each.shape), "dtype": "float32"}
                    for name, each in self.weights.items()]
        manifest[0].update(quantization={"dtype": "uint8", "scale": 0.5, "min": -1})
        whole = {"modelTopology": self.document, "format": "layers-model",
                 "weightsManifest": [{"paths": ["w.bin"], "weights": manifest}]}
        data = bytes(12) + b"".join(each.tobytes() for each in list(self.weights.values())[1:])
        chance, path = random.Random(4), self.folder / "model.json"
        for i in range(600):
            text = json.dumps(whole if i % 2 else spoil(whole, chance)).encode()
            path.write_bytes(changed(text, chance) if i % 2 else text)
            (self.folder / "w.bin").write_bytes(changed(data, chance) if i % 3 == 0 else data)
            try:
                self.attempt(lambda: source.read(path))
            except OSError:
                self.outcomes["refused"] += 1  # another file is named, which is not there
        self.assertGreater(min(self.outcomes.values()), 25, self.outcomes)


def dumped(path):
    out = io.BytesIO()
    hdf5.dump(path, out.write)
    out.seek(0)
    return hdf5.parse(out)


def in_a_child(compute):
    """As hdf5.read() has it, but by fork(), which takes a hundredth of the time."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
            made_of_it = pickle.dumps(compute())
        except BaseException:  # pylint: disable=broad-except
            os._exit(3)
        os.write(writing, made_of_it)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise hdf5.Unreadable("status %d" % status)
    return pickle.loads(content)


class Bombs(Case):

    def refused(self, content, part, name="m.h5"):
        path = self.folder / name
        path.write_bytes(content)
        with self.assertRaisesRegex(ConvertError, part):
            source.read(path)

    def hdf5(self, fill):
        made_of_it = io.BytesIO()
        with h5py.File(made_of_it, "w") as file:
            file.attrs["model_config"] = json.dumps(sequential((4,), layer("Dense", units=3)))
            fill(file.create_group("model_weights"))
        return made_of_it.getvalue()

    def test_arrays_that_are_not_there(self):
        self.refused(self.hdf5(lambda g: g.create_dataset("w", (1 << 20, 1 << 20), "f4")),
                     "says it has 4398046511104 bytes, and 0 are there")
        self.refused(self.hdf5(lambda g: g.create_dataset(
            "w", (1 << 14, 1 << 14), "f4", chunks=(1 << 7, 1 << 7), compression="gzip")), "and 0 are")

    def test_links_to_elsewhere(self):
        def fill(group):
            group["w"] = h5py.ExternalLink("/etc/hostname.h5", "/")
        self.refused(self.hdf5(fill), "links to elsewhere")

    def test_groups_in_groups(self):
        def fill(group):
            for _ in range(150):
                group = group.create_group("g")
        self.refused(self.hdf5(fill), "too many groups in each other")

    def test_zips(self):
        def packed(**members):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in members.items():
                    archive.writestr(name.replace("_json", ".json"), content)
            return out.getvalue()

        self.refused(packed(config_json=bytes(1 << 28)), "config.json in it says", "m.keras")
        self.refused(packed(other=b"x"), "no config.json", "m.keras")
        self.refused(packed(config_json=b"{}"), "no model.weights.h5", "m.keras")

    def test_a_shard_elsewhere(self):
        for path in ("../secret", "/etc/passwd", "..", ""):
            self.refused(json.dumps({"modelTopology": {}, "weightsManifest": [
                {"paths": [path], "weights": []}]}).encode(), "not the name of a file beside it",
                "model.json")

    def test_a_crash_of_the_library(self):
        program = hdf5._PROGRAM
        self.addCleanup(setattr, hdf5, "_PROGRAM", program)
        hdf5._PROGRAM = "import os; os.kill(os.getpid(), 11)"
        self.refused(b"\x89HDF\r\n\x1a\n", r"it crashes on it \(signal 11\)")


if __name__ == "__main__":
    unittest.main()

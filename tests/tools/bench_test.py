#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pipit bench`: its lines, its figures, boards that are imitated, and comparisons.

bench_test.py FLATC COMMAND..."""

import contextlib
import csv
import hashlib
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import unittest
import zlib

import board_case as board
import command_case
import small_models as small
from command_case import DIGITS, DIGITS_FLOAT, CommandTest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import modelled_cycles

ONE = ("--input_layer=x", "--input_layer_shape=1,8,8,1")
QUICK = ("--num_runs=8", "--min_secs=0", "--warmup_min_secs=0")
COUNT = re.compile(r"^INFO: count=(\d+) (?:first=(\d+) )?curr=(\d+)", re.M)
TIMINGS = re.compile(r"^INFO: Inference timings in us: Init: (\d+), First inference: (\d+), "
                     r"Warmup \(avg\): ([\d.e+]+), Inference \(avg\): ([\d.e+]+)$", re.M)
MEMORY = re.compile(r"^INFO: Memory footprint delta from the start of the tool \(MB\): "
                    r"init=(\d+\.?\d*) overall=(\d+\.?\d*)$", re.M)


def fields(message):
    """Protobuf's wire format: values by the number of their field; of wire type 2, their bytes."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        size = {0: 0, 5: 4}.get(key & 7)
        value = varint() if size == 0 else None
        if value is None:
            size = size or varint()
            value = message[at:at + size]
            at += size
            value, = struct.unpack("<f", value) if key & 7 == 5 else (value,)
        found.setdefault(key >> 3, []).append(value)
    return found


class BenchTest(CommandTest):

    def board(self, **changes):
        return "--board-root", board.raspberry_pi_4(self.dir / "board", **changes)

    def bench(self, *arguments):
        return self.succeed("bench", *QUICK, *arguments)

    def report(self, *arguments):
        return self.json("bench", *QUICK, *arguments)

    def result(self, *arguments):
        return self.report(*arguments)["results"][0]


class Lines(BenchTest):
    """What scripts made for benchmark_model look for."""

    def test_as_its_users_call_it(self):
        text = self.succeed("bench", "--graph=" + DIGITS, "--num_threads=2", "--num_runs=5",
                            "--min_secs=0", "--max_secs=10", "--warmup_runs=2",
                            "--warmup_min_secs=0", "--run_delay=-1.0", "--use_xnnpack=true",
                            "--use_gpu=false", "--max_profiling_buffer_entries=2048",
                            "--signature_to_run_for=", "--input_layer=", "--input_layer_shape=",
                            "--enable_op_profiling=false")
        counts = COUNT.findall(text)
        self.assertEqual([c[0] for c in counts], ["2", "5"])
        self.assertEqual(len(TIMINGS.findall(text)), 1)
        self.assertEqual(len(MEMORY.findall(text)), 1)
        self.assertIn(f"INFO: Graph: [{DIGITS}]\n", text)
        self.assertIn(f"INFO: Loaded model {DIGITS}\n", text)
        self.assertIn("INFO: #threads used for CPU inference: [2]\n", text)
        size = pathlib.Path(DIGITS).stat().st_size / 1e6
        self.assertIn(f"INFO: The input model file size (MB): {size:g}\n", text)
        self.assertRegex(text, r"(?m)^INFO: Initialized session in [\d.e+]+ms\.$")
        self.assertIn("INFO: Running benchmark for at least 5 iterations and at least 0 seconds but "
                      "terminate if exceeding 10 seconds.\n", text)
        self.assertNotIn("Run Order", text)

    def test_full_statistics_in_order(self):
        text = self.bench(DIGITS, "--num_runs=30")
        line = [line for line in text.splitlines() if line.startswith("INFO: count=30")][0]
        self.assertRegex(line, r"first=\d+ curr=\d+ min=\d+ max=\d+ avg=[\d.e+]+ std=\d+ p5=\d+ "
                               r"median=\d+ p90=\d+ p95=\d+ p99=\d+$|curr=\d+ p5=")

    def test_three_tables(self):
        text = self.bench(DIGITS, "--enable_op_profiling=true")
        start = text.index("INFO: Operator-wise Profiling Info for Regular Benchmark Runs:\n")
        tables = re.split(r"=+ ([\w ]+) =+\n", text[start:])
        self.assertEqual(tables[1::2],
                         ["Run Order", "Top by Computation Time", "Summary by node type"])
        rows = [line.split("\t")[1:] for line in tables[2].splitlines() if line.startswith("\t")]
        self.assertEqual([cell.strip() for cell in rows[0]],
                         ["[node type]", "[start]", "[first]", "[avg ms]", "[%]", "[cdf%]",
                          "[mem KB]", "[times called]", "[Name]"])
        kinds = [row[0].strip() for row in rows[1:]]
        self.assertEqual(kinds[0], "CONV_2D" if "CHAIN" not in kinds else "CHAIN")
        self.assertAlmostEqual(sum(float(row[4].strip().rstrip("%")) for row in rows[1:]), 100,
                               delta=0.1)
        self.assertEqual(rows[-1][5].strip(), "100.000%")
        starts = [float(row[1]) for row in rows[1:]]
        self.assertEqual(starts, sorted(starts))
        summary = tables[6]
        counts = [int(line.split("\t")[2]) for line in summary.splitlines()[1:]
                  if line.startswith("\t")]
        self.assertEqual(sum(counts), len(rows) - 1)
        self.assertRegex(summary, r"Timings \(microseconds\): count=\d+")
        self.assertIn(f"{len(rows) - 1} nodes observed", summary)

    def test_tables_as_csv(self):
        path = self.path("ops.csv")
        for options in (("--op_profiling_output_mode=csv", "--op_profiling_output_file=" + path),
                        ("--profiling_output_csv_file=" + path,)):
            pathlib.Path(path).unlink(missing_ok=True)
            text = self.bench(DIGITS, "--enable_op_profiling=true", *options)
            self.assertNotIn("Run Order", text)
            lines = pathlib.Path(path).read_text().splitlines()
            titles = [i for i, line in enumerate(lines) if "Summary by node type" in line]
            self.assertEqual(len(titles), 2)  # of planning, and of running
            rows = list(csv.reader(lines[titles[1] + 1:lines.index("", titles[1])],
                                   skipinitialspace=True))
            self.assertEqual(rows[0], ["node type", "count", "avg_ms", "avg %", "cdf %", "mem KB",
                                       "times called"])
            self.assertTrue(all(float(row[2]) >= 0 for row in rows[1:]))

    def test_times_as_protobuf(self):
        """The numbers of fields are those of benchmark_model's profiling_info.proto."""
        path = self.path("ops.pb")
        text = self.bench(DIGITS, "--enable_op_profiling=true", "--op_profiling_output_mode=proto",
                          "--op_profiling_output_file=" + path)
        self.assertNotIn("Run Order", text)
        data = fields(pathlib.Path(path).read_bytes())
        self.assertEqual(data[1], [DIGITS.encode()])
        planning, = fields(data[2][0])[1]
        self.assertEqual(fields(fields(planning)[3][0])[1], [b"AllocateTensors"])
        graph, = fields(data[3][0])[1]
        operators = [fields(row) for row in fields(graph)[3]]
        self.assertEqual(fields(graph)[2], [0])
        self.assertEqual([row[6] for row in operators], [[i] for i in range(len(operators))])
        expected = self.result(DIGITS)["operators"]
        self.assertEqual([row[1][0].decode() for row in operators], [o["op"] for o in expected])
        for row in operators:
            times = {number: value for number, (value,) in fields(row[2][0]).items()}
            self.assertEqual(row[4], [1])  # times that it was called in a run
            self.assertGreaterEqual(times[9], 1)  # runs
            self.assertTrue(times[6] <= times[3] <= times[7], times)  # least, mean, most
            self.assertTrue(times[6] <= min(times[1], times[2]), times)
            self.assertAlmostEqual(times[4] ** 2, times[5], delta=0.01 * times[5] + 0.01)

    def test_a_file_for_operators_is_all_it_takes(self):
        path = self.path("ops.txt")
        for options in ((), ("--json",)):
            pathlib.Path(path).unlink(missing_ok=True)
            self.bench(DIGITS, "--op_profiling_output_file=" + path, *options)
            self.assertIn("Summary by node type", pathlib.Path(path).read_text())

    def test_another_processor_is_said_to_be_missing(self):
        self.assertIn("WARN: --use_gpu: Pipit computes on the CPU\n",
                      self.bench(DIGITS, "--use_gpu=true"))

    def test_nothing_is_run(self):
        text = self.succeed("bench", DIGITS, "--dry_run=true")
        self.assertEqual(text.count("INFO: count=0\n"), 2)
        self.assertIn("nothing was run", text)

    def test_peak_memory_and_states(self):
        text = self.bench(DIGITS, "--report_peak_memory_footprint=true",
                          "--print_preinvoke_state=true", "--print_postinvoke_state=true")
        self.assertRegex(text, r"Overall peak memory footprint \(MB\) via periodic monitoring: \d")
        self.assertIn("pre-invoke state begins", text)
        self.assertIn("post-invoke state ends", text)

    def test_signatures_are_listed(self):
        self.assertIn("-> Signature Key: serving_default",
                      self.succeed("bench", DIGITS, "--list_signatures"))


    def test_names_reach_no_terminal_as_they_are(self):
        graph = small.add_model()
        graph.tensors[2]["name"] = "\u009b2J<b>\u202e"
        model, page = self.model(graph, name="\u009b2J\u2066.tflite"), self.path("page.html")
        root = board.raspberry_pi_4(self.dir / "board", model="\u009bPi<i>", governor="\u202e")
        for options in (("--profile", "--html", page, "--print_preinvoke_state"), ("--json",)):
            text = self.bench(model, *options, "--board-root", root)
            self.assertFalse([c for c in text if c in "\u009b\u202e\u2066"])
        text = pathlib.Path(page).read_text()
        self.assertFalse([c for c in text if c in "\u009b\u202e\u2066"])
        self.assertNotIn("<b>", text)
        self.assertNotIn("<i>", text)

    def test_help_fits_a_terminal(self):
        for line in self.succeed("bench", "--help").splitlines():
            self.assertLessEqual(len(line), 80, line)


class Inputs(BenchTest):

    def test_values_from_files(self):
        data = bytes(range(256)) * 4
        file = self.path("x:y.bin", data[:64])
        out = self.path("out.bin")
        self.bench(DIGITS, "--input_layer=a:b", "--input_layer_shape=1,8,8,1",
                   "--input_layer_value_files=a::b:" + file.replace(":", "::"),
                   "--output_filepath=" + out)
        self.succeed("run", DIGITS, "--input", file, "--output-dir", self.path("ran"))
        expected = (self.dir / "ran" / "out0.bin").read_bytes()
        self.assertEqual(pathlib.Path(out).read_bytes(), expected)

    def test_values_in_a_range(self):
        one = self.result(DIGITS, *ONE, "--input_layer_value_range=x,7,7")
        file = self.path("sevens.bin", bytes([7]) * 64)
        same = self.result(DIGITS, *ONE, "--input_layer_value_files=x:" + file)
        self.assertEqual(one["outputs"], same["outputs"])

    def test_shapes(self):
        model = self.model(small.add_model())
        result = self.result(model, "--input_layer=a,b", "--input_layer_shape=5,2:5,2")
        self.assertEqual(result["outputs"][0]["shape"], "[5,2]")

    def test_wrong_inputs(self):
        for options, message in (
                (("--input_layer=x",), "--input_layer has 1 names, --input_layer_shape 0 shapes"),
                (("--input_layer=x,y", "--input_layer_shape=1:2"), "names 2 inputs, but .* takes 1"),
                (("--input_layer=x", "--input_layer_shape=1,-1"), "each dimension is a number"),
                ((*ONE, "--input_layer_value_range=y,0,1"), "'y' is none of --input_layer"),
                ((*ONE, "--input_layer_value_range=x,9,1"), "expected NAME,LOW,HIGH"),
                ((*ONE, "--input_layer_value_range=x,0,1000"), "does not hold all numbers from 0 to 1000"),
                ((*ONE, "--input_layer_value_files=x"), "expected NAME:FILE"),
                (("--threads=0",), "--threads 0: at least 1"),
                (("--op_profiling_output_mode=xml",), "not one of stdout, csv, proto"),
                (("--op_profiling_output_mode=proto",), "needs a file"),
                (("--op_profiling_output_file=ops.txt", "--threads=1,2"), "--threads names 2")):
            self.assertRegex(self.fail_with(2, "bench", DIGITS, *options), message)
        self.assertIn("MODEL is required", self.fail_with(2, "bench"))
        self.fail_with(3, "bench", self.path("none.tflite"))
        self.fail_with(4, "bench", DIGITS, *ONE, "--input_layer_value_files=x:" + self.path("none.bin"))

    def test_no_output_replaces_the_model(self):
        model = self.path("model.tflite", pathlib.Path(DIGITS).read_bytes())
        for option in ("--html=", "--output_filepath=", "--op_profiling_output_file="):
            self.assertIn("would replace", self.fail_with(2, "bench", model, option + model))
        self.assertEqual(pathlib.Path(model).read_bytes(), pathlib.Path(DIGITS).read_bytes())


class Figures(BenchTest):

    def test_costs_by_hand(self):
        result = self.result(DIGITS)
        operators = result["operators"]
        self.assertEqual(sum(o["multiply_adds"] for o in operators), result["multiply_adds"])
        model = self.json("inspect", DIGITS)
        tensors, expected = model["subgraphs"][0]["tensors"], 0
        for op in model["subgraphs"][0]["operators"]:
            if op["op"] not in ("CONV_2D", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D"):
                continue
            weights, out = tensors[op["inputs"][1]]["shape"], tensors[op["outputs"][0]]["shape"]
            places = 1
            for n in out[:-1]:
                places *= n
            for n in weights:
                places *= n
            expected += places
        self.assertEqual(result["multiply_adds"], expected)

    def test_provenance(self):
        report = self.report(DIGITS)
        content = pathlib.Path(DIGITS).read_bytes()
        self.assertEqual(report["model_sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual(report["model_bytes"], len(content))
        self.assertRegex(report["build"]["compiler"], r"^(gcc|clang) \d")
        self.assertTrue(report["build"]["version"])
        self.assertNotIn("/", report["build"]["flags"])

    def test_checksums_of_outputs(self):
        out = self.path("out.bin")
        result = self.result(DIGITS, "--output_filepath=" + out)
        crc = zlib.crc32(pathlib.Path(out).read_bytes())
        self.assertEqual(result["outputs"][0]["crc32"], f"{crc:08x}")
        other = self.result(DIGITS, "--seed", "1")
        self.assertNotEqual(other["outputs"], result["outputs"])

    def test_times(self):
        result = self.result(DIGITS, "--num_runs=40")
        times, samples = result["times"], result["samples_us"]
        self.assertEqual((times["count"], len(samples)), (40, 40))
        ordered = sorted(samples)
        self.assertEqual((times["min_us"], times["max_us"]), (ordered[0], ordered[-1]))
        self.assertAlmostEqual(times["median_us"], (ordered[19] + ordered[20]) / 2, places=6)
        self.assertEqual(times["median_confidence_us"], [ordered[13], ordered[26]])
        self.assertLessEqual(times["p90_us"], times["p99_us"])

    def test_threads_in_turn(self):
        report = self.report(DIGITS, "--threads", "1,2")
        self.assertEqual([r["threads"] for r in report["results"]], [1, 2])
        one, two = report["results"]
        self.assertEqual(one["outputs"], two["outputs"])
        self.assertEqual(self.bench(DIGITS, "--threads=1,2").count("INFO: STARTING!"), 2)

    def test_memory(self):
        memory = self.result(DIGITS)["memory"]
        self.assertEqual(memory["file_mapped_bytes"], pathlib.Path(DIGITS).stat().st_size)
        self.assertEqual(memory["arena_bytes"], self.json("inspect", DIGITS)["memory"]["arena_bytes"])
        self.assertGreaterEqual(memory["resident_peak_bytes"], memory["resident_end_bytes"])

    def test_counters_or_why_there_are_none(self):
        counters = self.result(DIGITS)["counters"]
        if counters["available"]:
            self.assertGreater(counters["instructions"], 0)
        else:
            self.assertTrue(counters["refusal"])
            self.assertIn("none: " + counters["refusal"], self.bench(DIGITS))

    def test_progress_for_who_watches(self):
        ours, theirs = pty.openpty()
        with subprocess.Popen([*command_case.command, "bench", DIGITS, "--min_secs=1.5"],
                              stdout=subprocess.DEVNULL, stderr=theirs) as process:
            os.close(theirs)
            seen = b""
            with contextlib.suppress(OSError):  # how the end of a terminal looks
                while more := os.read(ours, 4096):
                    seen += more
            os.close(ours)
        self.assertEqual(process.returncode, 0)
        self.assertRegex(seen, rb"\rmeasuring on 1 thread: \d+ runs, [\d.]+ s")
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen[-40:])  # nothing of it is left

    def test_run_prints_its_times(self):
        text = self.succeed("run", DIGITS, "--iterations", "12")
        self.assertRegex(text, r"(?m)^  time      median [\d.]+ \w+ \(95 %: .*; 12 runs$")
        times = self.json("run", DIGITS, "--iterations", "12")["times"]
        self.assertEqual(times["count"], 12)
        self.assertNotIn("time  ", self.succeed("run", DIGITS))

    def test_page(self):
        page = self.path("page.html")
        self.bench(DIGITS, "--html", page, *self.board())
        text = pathlib.Path(page).read_text()
        self.assertIn("<title>digits_int8.tflite on Raspberry Pi 4 Model B Rev 1.4</title>", text)
        for heading in ("How times are spread", "Where the time goes", "Memory over time"):
            self.assertIn(f"<h2>{heading}</h2>", text)
        self.assertNotRegex(text, r"(?i)<script|https?://|url\(")


class Boards(BenchTest):

    def test_at_its_best(self):
        report = self.report(DIGITS, *self.board())
        self.assertEqual(report["board"], {
            "model": "Raspberry Pi 4 Model B Rev 1.4", "cores": ["Cortex-A72"], "cpus": 2,
            "governor": "performance", "highest_clock_hz": 1800000000, "unknown": None})
        result = report["results"][0]
        for when in ("before", "after"):
            self.assertEqual(result["board"][when],
                             {"clock_hz": 1800000000, "celsius": 48.312, "throttled": []})
        self.assertEqual([w for w in result["warnings"] if "clock" in w or "held" in w], [])

    def share(self, model, part):
        """What the median time is of the peak of such cores, and that of one product a cycle."""
        result = self.result(model, *self.board(cpuinfo=board.CPUINFO.replace("0xd08", part)))
        shares = [o["share_of_peak"] for o in result["operators"] if o["multiply_adds"]]
        self.assertEqual({s is None for s in shares}, {result["share_of_peak"] is None})
        one = result["multiply_adds"] / 1.8e9 * 1e6 / result["times"]["median_us"]
        return result["share_of_peak"], one

    def test_share_of_the_peak(self):
        for part, cpu in (("0xd03", "cortex-a53"), ("0xd08", "cortex-a72"), ("0xd0b", "cortex-a76")):
            share, one = self.share(DIGITS, part)
            # As in the tables of docs/performance.md.
            self.assertAlmostEqual(one / share, modelled_cycles.CPUS[cpu]["ceiling"], delta=0.05)

    def test_share_of_the_peak_of_floats(self):
        for part, floats in (("0xc07", 1), ("0xd03", 4), ("0xd0b", 8)):
            share, one = self.share(DIGITS_FLOAT, part)
            self.assertAlmostEqual(one / share, floats, places=6)

    def test_a_peak_that_is_not_known(self):
        for part in ("0xc07", "0xd09", "0xfff"):
            self.assertIsNone(self.share(DIGITS, part)[0])

    def test_throttled(self):
        options = self.board(clock="600000\n", governor="ondemand\n", temperature="82500\n",
                             throttled="50005\n")
        result = self.result(DIGITS, *options)
        self.assertEqual(result["board"]["after"]["throttled"], ["under-voltage", "throttled"])
        warnings = "\n".join(result["warnings"])
        self.assertIn("held down meanwhile: under-voltage, throttled", warnings)
        self.assertIn("the clock was at 600 MHz of 1800 MHz: governor 'ondemand' lowers it", warnings)
        self.assertIn("as warm as 82.5 C", warnings)
        text = self.bench(DIGITS, *options)
        self.assertIn("warning: the board was held down meanwhile", text)
        self.assertRegex(text, r"after +600 MHz, 82.5 C, held down: under-voltage, throttled")

    def test_what_happened_earlier_is_no_warning(self):
        result = self.result(DIGITS, *self.board(throttled="50000\n"))
        self.assertEqual(result["board"]["before"]["throttled"], [])
        self.assertFalse([w for w in result["warnings"] if "held" in w])

    def test_nothing_to_be_read(self):
        root = self.path("nothing")
        os.mkdir(root)
        report = self.report(DIGITS, "--board-root", root)
        self.assertIsNone(report["board"]["model"])
        self.assertEqual(report["board"]["unknown"],
                         "not known here: model, governor, clock, temperature, throttling")
        self.assertEqual(report["results"][0]["board"]["before"],
                         {"clock_hz": None, "celsius": None, "throttled": None})
        self.assertIsNone(report["results"][0]["share_of_peak"])
        self.assertIn("not known here: model, governor, clock",
                      self.bench(DIGITS, "--board-root", root))

    def test_files_that_cannot_be_read(self):
        options = self.board(governor=board.UNREADABLE, temperature="warm\n", throttled="?\n")
        report = self.report(DIGITS, *options)
        unknown = report["board"]["unknown"]
        self.assertIn("not known here: governor, temperature, throttling; ", unknown)
        self.assertRegex(unknown, "cannot read .*scaling_governor: Is a directory")
        self.assertRegex(unknown, "thermal_zone0/temp: holds no number")
        self.assertNotIn("\n", unknown)
        self.assertEqual(report["results"][0]["board"]["after"]["clock_hz"], 1800000000)


class Compare(BenchTest):

    def file(self, name, *samples, **changes):
        report = self.report(DIGITS)
        report["results"][0]["samples_us"] = list(samples)
        report["results"][0]["warnings"] = []
        report.update(changes)
        return self.path(name, json.dumps(report))

    def test_faster(self):
        a = self.file("a.json", *range(1000, 1100, 2))
        b = self.file("b.json", *range(800, 900, 2))
        text = self.succeed("bench", "--compare", a, b)
        self.assertRegex(text, r"1 thread: A 1.049 ms, B 0.849 ms \(medians\): B is faster by 19.1 %")
        comparison = self.json("bench", "--compare", a, b)["comparisons"][0]
        self.assertTrue(comparison["significant"])
        self.assertLess(comparison["p"], 1e-6)
        self.assertIn("B is slower by 23.6 %", self.succeed("bench", "--compare", b, a))

    def test_no_difference(self):
        a = self.file("a.json", *range(1000, 1100, 2))
        b = self.file("b.json", *range(1001, 1101, 2))
        self.assertIn("no difference that could not be chance",
                      self.succeed("bench", "--compare", a, b))

    def test_too_few_runs_show_nothing(self):
        a, b = self.file("a.json", 10, 11, 12), self.file("b.json", 1, 2, 3)
        self.assertIn("p = 0.1 by", self.succeed("bench", "--compare", a, b))

    def test_bad_reports(self):
        a = self.file("a.json", 1, 2, 3)
        other = self.file("other.json", 1, 2, 3, model="other.tflite", model_sha256="0" * 64)
        self.assertRegex(self.fail_with(4, "bench", "--compare", a, other),
                         "is of .*digits_int8.tflite .*, .*other.json is of other.tflite")
        broken = self.path("broken.json", "{")
        number = self.path("number.json", json.dumps(
            dict(json.loads(pathlib.Path(a).read_text()), results=[{"samples_us": ["x"]}])))
        negative = self.file("negative.json", -1, 2)
        for bad in (broken, number, negative, self.path("list.json", "[]"), DIGITS):
            self.assertIn("is no report of pipit bench --json",
                          self.fail_with(4, "bench", "--compare", a, bad))
        self.fail_with(4, "bench", "--compare", a, self.path("missing.json"))
        self.fail_with(2, "bench", "--compare", a)

    def test_no_threads_in_common(self):
        a = self.file("a.json", 1, 2)
        report = json.loads(pathlib.Path(a).read_text())
        report["results"][0]["threads"] = 3
        b = self.path("b.json", json.dumps(report))
        self.assertIn("no number of threads in common",
                      self.fail_with(4, "bench", "--compare", a, b))


if __name__ == "__main__":
    command_case.flatc, *command_case.command = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])

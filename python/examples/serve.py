# SPDX-License-Identifier: Apache-2.0
"""Answers inferences over HTTP until it is told to end: serve.py MODEL [PORT]

POST the bytes of the model's input (little endian, in its own type); the answer is JSON, a list of the
outputs. GET says what the input has to be. Port 8080 of this machine alone, if not said; for port 0
the system chooses one.

    curl --data-binary @picture.bin http://127.0.0.1:8080/
"""

import http.server
import json
import signal
import sys

import numpy as np
import tflite_runtime.interpreter as tflite

if len(sys.argv) < 2:
    sys.exit(__doc__)

interpreter = tflite.Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
wanted = interpreter.get_input_details()[0]
wanted_bytes = int(np.prod(wanted["shape"])) * np.dtype(wanted["dtype"]).itemsize
expected = {"name": wanted["name"], "shape": wanted["shape"].tolist(),
            "dtype": np.dtype(wanted["dtype"]).name, "bytes": wanted_bytes}


class Inference(http.server.BaseHTTPRequestHandler):
    timeout = 10  # a client that stops sending is let go

    def answer(self, status, content):
        body = json.dumps(content).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, expected)

    def do_POST(self):
        if self.headers.get("Content-Length") != str(wanted_bytes):
            self.close_connection = True  # what else comes is not read
            self.answer(400, {"error": "the input has %d bytes" % wanted_bytes, "input": expected})
            return
        body = self.rfile.read(wanted_bytes)
        if len(body) != wanted_bytes:
            self.close_connection = True
            return
        values = np.frombuffer(body, wanted["dtype"]).reshape(wanted["shape"])
        # run() waits for its turn: threads may share one interpreter.
        self.answer(200, [output.tolist() for output in interpreter.run([values])])

    def log_message(self, *arguments):
        """systemd's journal need not know of each request."""


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 8080), Inference)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as systemd ends a service
print("serving %s on port %d" % (sys.argv[1], server.server_port), flush=True)
server.serve_forever()

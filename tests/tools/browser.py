# SPDX-License-Identifier: Apache-2.0
"""Opens pages in Chromium without a window, to look at them as a reader would: it is told by the
protocol of its developer tools, over a pair of pipes."""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = next((p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p)), "")
SIZES = {"wide": (1280, 900), "narrow": (400, 800)}
SCHEMES = ("light", "dark")
PATIENCE = 60  # seconds for an answer

# What a test asks of a page: its boxes, what sticks out, and what it wanted to load.
_LOOK = """(() => {
  const box = (e) => { const r = e.getBoundingClientRect(), s = getComputedStyle(e);
    return {x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height,
            text: e.textContent, title: e.title, kind: e.className,
            background: s.backgroundColor, colour: s.color}; };
  return {boxes: [...document.querySelectorAll('.box')].map(box),
          headings: [...document.querySelectorAll('h1, h2')].map((e) => e.textContent),
          text: document.body.innerText, page: document.documentElement.scrollWidth,
          screen: innerWidth, background: getComputedStyle(document.body).backgroundColor,
          loaded: performance.getEntriesByType('resource').map((e) => e.name)};
})()"""


class Browser:
    """One Chromium; `with Browser() as browser: browser.open(path)`."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_it, self._write = os.pipe()
        self._read, from_it = os.pipe()
        self._bytes = b""
        self._last = 0
        # It reads from 3 and writes to 4; the shell puts them there.
        self._process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{to_it} 4>&{from_it}', "sh", PROGRAM, "--headless",
             "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             f"--user-data-dir={self._folder.name}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(to_it, from_it), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=page,
                                   flatten=True)["sessionId"]
        self._tell("Page.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._folder.cleanup()

    def open(self, path, size="wide", scheme="light"):
        """What is seen of the page of that name in such a window."""
        width, height = SIZES[size]
        self._metrics(width, height)
        self._tell("Emulation.setEmulatedMedia",
                   features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._tell("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self._wait("Page.loadEventFired")
        answer = self._tell("Runtime.evaluate", expression=_LOOK, returnByValue=True)
        return answer["result"]["value"]

    def screenshot(self, path):
        """The whole of the page that is open."""
        size = self._tell("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        answer = self._tell("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        pathlib.Path(path).write_bytes(base64.b64decode(answer["data"]))

    def looks(self, path, folder):
        """(what is seen, size, scheme) for each of these, with screenshots kept in the folder."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for size, (width, _) in SIZES.items():
            for scheme in SCHEMES:
                seen = self.open(path, size, scheme)
                self.screenshot(folder / f"{pathlib.Path(path).stem}-{width}-{scheme}.png")
                yield seen, size, scheme

    def _metrics(self, width, height):
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1, mobile=width < 600)

    def _tell(self, method, **parameters):
        return self._call(method, self._session, **parameters)

    def _call(self, method, session=None, **parameters):
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _wait(self, event):
        while self._message().get("method") != event:
            pass

    def _message(self):
        limit = time.monotonic() + PATIENCE
        while b"\0" not in self._bytes:
            left = max(0, limit - time.monotonic())
            if not select.select([self._read], [], [], left)[0]:
                raise TimeoutError(f"{PROGRAM} does not answer")
            more = os.read(self._read, 1 << 20)
            if not more:
                raise RuntimeError(f"{PROGRAM} has ended")
            self._bytes += more
        text, _, self._bytes = self._bytes.partition(b"\0")
        return json.loads(text)


def contrast(one, other):
    """The ratio of luminances of two colours such as rgb(1, 2, 3), from 1 to 21."""
    def luminance(colour):
        parts = [float(p) / 255 for p in colour[colour.index("(") + 1:-1].split(",")[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)

# SPDX-License-Identifier: Apache-2.0
"""What of others is linked into Pipit's programs and libraries: its versions and its notices, as
Debian's packages on this machine say.

    python3 linked.py command --machine aarch64 > NOTICES
"""

import argparse
import pathlib
import shutil
import subprocess
import typing

DOCS = pathlib.Path("/usr/share/doc")
BUNDLED = pathlib.Path(__file__).resolve().parent.parent / "bundled"
CROSS = {"aarch64": "arm64-cross", "armv7l": "armhf-cross"}


class Part(typing.NamedTuple):
    name: str
    package: str  # Debian's; "%s" for what differs where a cross-compiler is
    licence: str  # SPDX
    use: str


FLATBUFFERS = Part("flatbuffers", "libflatbuffers-dev", "Apache-2.0", "reads models")
LIBSTDCXX = Part("libstdc++", "libstdc++-12-dev%s", "GPL-3.0-or-later WITH GCC-exception-3.1",
                 "the C++ library, in part; libgcc is under the same terms")
LINKED = {
    "library": [FLATBUFFERS, LIBSTDCXX],
    "command": [
        FLATBUFFERS, LIBSTDCXX,
        Part("CLI11", "libcli11-dev", "BSD-3-Clause", "reads the command line"),
        Part("nlohmann-json", "nlohmann-json3-dev", "MIT", "reads and writes JSON"),
        Part("stb", "libstb-dev", "MIT OR Unlicense", "decodes pictures"),
        Part("glibc", "libc6-dev%s", "LGPL-2.1-or-later",
             "the C library; with its source, Debian's package glibc, and Pipit's, the program can "
             "be linked again")],
}


def package(part: Part, machine: str) -> str:
    """Debian's package of it, for the machine that is built for."""
    cross = "-" + CROSS[machine] if machine in CROSS else ""
    if cross and (DOCS / (part.package.replace("%s", cross))).exists():
        return part.package.replace("%s", cross)
    return part.package.replace("%s", "")


def version(debian_package: str) -> str:
    """Of a package of Debian, or "" where there is none."""
    if shutil.which("dpkg-query") is None:
        return ""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", debian_package],
                          capture_output=True, text=True, check=False)
    return done.stdout.split("\n")[0]


def _copyright(debian_package: str) -> str:
    for place in (DOCS / debian_package / "copyright",
                  BUNDLED / "flatbuffers" / "copyright"):  # a source distribution brings it
        if place.is_file() and (place.parent.parent == DOCS or "flatbuffers" in debian_package):
            return place.read_text(encoding="utf-8").rstrip()
    return ""


def notices(what: str, machine: str) -> str:
    """The notices of all parts of "library" or "command"."""
    text = "What of others is linked into this, and their notices.\n"
    for part in LINKED[what]:
        debian_package = package(part, machine)
        said = version(debian_package)
        text += "\n%s\n%s%s (%s): %s.\n\n%s\n" % (
            "=" * 78, part.name, " " + said if said else "", part.licence, part.use,
            _copyright(debian_package) or "Its terms are those of %s." % part.licence)
    return text


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("what", choices=sorted(LINKED))
    arguments.add_argument("--machine", default="")
    given = arguments.parse_args()
    print(notices(given.what, given.machine), end="")


if __name__ == "__main__":
    main()

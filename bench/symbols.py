# SPDX-License-Identifier: Apache-2.0
"""The functions of a program, as its symbols name them."""
import bisect
import pathlib
import re

from counting import run


class Symbols:
    """With the source file of those functions that other files cannot see."""

    def __init__(self, readelf, program):
        self.functions, self.modes = [], []
        source = ""
        for line in run([readelf, "-sW", "-C", program]).splitlines():
            fields = line.split(None, 7)
            if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
                continue
            value, size = int(fields[1], 16), int(fields[2], 0)
            kind, binding, name = fields[3], fields[4], fields[7]
            if kind == "FILE":
                source = pathlib.Path(name).stem
            elif kind == "FUNC":
                unit = source if binding == "LOCAL" else ""
                self.functions.append((value & ~1, name, unit, size))
            elif re.match(r"\$[atx]", name):
                self.modes.append((value, name[1]))
        self.functions.sort()
        self.modes.sort()

    @staticmethod
    def before(table, address):
        at = bisect.bisect_right(table, address, key=lambda row: row[0])
        return table[at - 1] if at else None

    def mode(self, address):
        found = self.before(self.modes, address)
        return found[1] if found else "x"

    def function(self, address):
        found = self.before(self.functions, address)
        return found[1] if found else "?"

    def unit(self, address):
        """The source file that the code is from, as far as the program tells, or the function."""
        found = self.before(self.functions, address)
        if found is None:
            return "?"
        plain = re.sub(r"^.*?(\w+)\(.*$", r"\1", found[1])
        return found[2] or plain

    def place(self, pattern):
        """The first and the last address of the function whose name matches, or None."""
        for address, name, _, size in self.functions:
            if re.match(pattern, name):
                return address, address + size - 1
        return None

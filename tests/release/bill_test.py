# SPDX-License-Identifier: Apache-2.0
"""A bill of materials holds what SPDX 2.3 asks for, and each file's checksum is that of the file.

    bill_test.py BILL FOLDER
"""

import hashlib
import json
import pathlib
import re
import sys

DOCUMENT = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT"}
PACKAGE = ["SPDXID", "name", "versionInfo", "downloadLocation", "licenseConcluded", "licenseDeclared",
           "copyrightText"]
LINKED = {"pipit", "CLI11", "nlohmann-json", "stb", "flatbuffers", "glibc", "libstdc++"}


def check(bill: dict, folder: pathlib.Path, own: str) -> None:
    for field, value in DOCUMENT.items():
        assert bill[field] == value, field
    assert re.fullmatch(r"https?://[^\s#]+", bill["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bill["creationInfo"]["created"])
    assert all(re.match(r"(Person|Organization|Tool): ", c) for c in bill["creationInfo"]["creators"])
    for package in bill["packages"]:
        assert all(package[field] for field in PACKAGE), package
        assert package["filesAnalyzed"] is False
        assert package["versionInfo"] != "NOASSERTION", package["name"]
    assert {p["name"] for p in bill["packages"]} == LINKED
    files = {f["fileName"][2:]: f for f in bill["files"]}
    assert set(files) == {p.name for p in folder.iterdir()} - {own, "SHA256SUMS"}
    for name, entry in files.items():
        sums = {c["algorithm"]: c["checksumValue"] for c in entry["checksums"]}
        data = (folder / name).read_bytes()
        assert sums == {"SHA1": hashlib.sha1(data).hexdigest(),
                        "SHA256": hashlib.sha256(data).hexdigest()}, name
    names = [x["SPDXID"] for x in bill["packages"] + bill["files"]] + [bill["SPDXID"]]
    assert len(names) == len(set(names)), "a name twice"
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in names)
    for relation in bill["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= set(names), relation
    assert {"DESCRIBES", "STATIC_LINK"} <= {r["relationshipType"] for r in bill["relationships"]}


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1])
    check(json.loads(path.read_text(encoding="utf-8")), pathlib.Path(sys.argv[2]), path.name)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the bill of materials of a release, in SPDX's JSON: the files in a folder, and what of others
is linked into them."""

import argparse
import datetime
import hashlib
import json
import pathlib
import sys
import typing

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

import linked  # noqa: E402  # pylint: disable=wrong-import-position

Json = typing.Dict[str, typing.Any]


def pipit(version: str, homepage: str) -> Json:
    known = {"homepage": homepage} if homepage else {}
    return {"SPDXID": "SPDXRef-pipit", "name": "pipit", "versionInfo": version,
            "downloadLocation": homepage or "NOASSERTION", **known, "filesAnalyzed": False,
            "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
            "copyrightText": "Copyright 2026 The Pipit authors",
            "primaryPackagePurpose": "APPLICATION"}


def part_of_others(part: linked.Part, machine: str) -> Json:
    debian_package = linked.package(part, machine)
    version = linked.version(debian_package)
    where = "pkg:deb/debian/%s@%s" % (debian_package, version.replace("+", "%2B"))
    return {"SPDXID": identifier(part), "name": part.name, "versionInfo": version or "NOASSERTION",
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": part.licence, "licenseDeclared": part.licence,
            "copyrightText": "NOASSERTION", "comment": part.use,
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": where}]}


def identifier(part: linked.Part) -> str:
    return "SPDXRef-%s" % part.name.replace("+", "x")


def artefact(path: pathlib.Path) -> Json:
    data = path.read_bytes()
    digests = [("SHA1", hashlib.sha1), ("SHA256", hashlib.sha256)]
    return {"SPDXID": "SPDXRef-file-" + "".join(c if c.isalnum() or c in ".-" else "-" for c in path.name),
            "fileName": "./" + path.name,
            "checksums": [{"algorithm": name, "checksumValue": digest(data).hexdigest()}
                          for name, digest in digests],
            "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION"}


def relation(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def bill(given: argparse.Namespace) -> Json:
    files = [artefact(p) for p in sorted(given.folder.iterdir()) if p.is_file()]
    parts = linked.LINKED["command"]  # the library links some of them
    contents = "".join(f["checksums"][1]["checksumValue"] for f in files)
    # Where nobody has said where Pipit lives, the place that SPDX has for such.
    names = given.homepage + "/spdx" if given.homepage else "https://spdx.org/spdxdocs"
    date = datetime.datetime.fromtimestamp(given.date, datetime.timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": "pipit-" + given.version,
        "documentNamespace": "%s/pipit-%s-%s" % (
            names, given.version, hashlib.sha256(contents.encode()).hexdigest()[:16]),
        "creationInfo": {"created": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Organization: The Pipit authors",
                                      "Tool: pipit-bill_of_materials-" + given.version]},
        "packages": [pipit(given.version, given.homepage)]
                    + [part_of_others(p, given.machine) for p in parts],
        "files": files,
        "relationships": [relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-pipit")]
                         + [relation("SPDXRef-pipit", "STATIC_LINK", identifier(p)) for p in parts]
                         + [relation(f["SPDXID"], "GENERATED_FROM", "SPDXRef-pipit") for f in files],
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--version", required=True)
    arguments.add_argument("--machine", required=True)
    arguments.add_argument("--date", type=int, required=True, help="seconds since 1970")
    arguments.add_argument("--homepage", default="", help="where Pipit lives, if that is known")
    arguments.add_argument("folder", type=pathlib.Path)
    print(json.dumps(bill(arguments.parse_args()), indent=1))


if __name__ == "__main__":
    main()

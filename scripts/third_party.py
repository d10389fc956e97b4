#!/usr/bin/env python3
"""The licences of what is linked into the wheels, which go with each wheel.

scripts/third_party.py            write LICENSE-THIRD-PARTY.txt anew; do so when Cargo.lock has changed
scripts/third_party.py --check    fail if it isn't up to date
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "LICENSE-THIRD-PARTY.txt"
PLATFORMS = ("x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")
HEAD = """\
rftplib's wheels contain the following packages, linked into the engine, and Rust's standard library (MIT OR
Apache-2.0). A package that offers MIT's licence is used under that. openssl-src is the OpenSSL in the wheels for Linux.
Written by scripts/third_party.py.
"""


def linked(platform: str) -> dict[str, dict]:
    """{id: package} of what the library is linked with there; not what only runs when it is built."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--features=tls-vendored"]
    done = subprocess.run([*command, f"--filter-platform={platform}"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    metadata = json.loads(done.stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    found, waiting = {}, [metadata["resolve"]["root"]]
    while waiting:
        package = packages[waiting.pop()]
        if package["id"] in found or any("proc-macro" in target["kind"] for target in package["targets"]):
            continue
        found[package["id"]] = package
        if package["name"] == "openssl-src":
            continue  # what it depends on builds OpenSSL
        for dependency in nodes[package["id"]]["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            # openssl-src only runs at build time, and what it builds is linked
            if None in kinds or dependency["name"] == "openssl_src":
                waiting.append(dependency["pkg"])
    del found[metadata["resolve"]["root"]]
    return found


def texts(package: dict) -> list[str]:
    folder = pathlib.Path(package["manifest_path"]).parent
    files = [
        file for file in sorted(folder.iterdir()) if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))
    ]
    files = [file for file in files if "MIT" in file.name.upper()] or files
    if package["name"] == "openssl-src":
        files = list(folder.glob("openssl/LICENSE*"))
    found = [file.read_text(encoding="utf-8").strip() for file in files if file.is_file()]
    if not found:
        authors = ", ".join(package["authors"]) or "its authors"
        found = [f"(no licence file in the package; {package['license']}, by {authors}, {package['repository']})"]
    return found


def document() -> str:
    packages = {}
    for platform in PLATFORMS:
        packages.update(linked(platform))
    ordered = sorted(packages.values(), key=lambda package: (package["name"], package["version"]))
    users: dict[str, list[str]] = {}
    for package in ordered:
        for text in texts(package):
            users.setdefault(text, []).append(package["name"])
    parts = [HEAD]
    parts += [f"{package['name']} {package['version']}: {package['license']}" for package in ordered]
    for text, names in users.items():
        parts += ["", "-" * 100, ", ".join(names), "-" * 100, "", text]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    made = document()
    if sys.argv[1:] != ["--check"]:
        TARGET.write_text(made, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != made:
        sys.exit(f"{TARGET.name} isn't up to date: run scripts/third_party.py")

#!/usr/bin/env python3
"""Packs the classes, and the licences, into a jar: a runtime of Java alone has no program that does.

    jar.py JAR VERSION CLASSES     from the folder bindings/java
"""
import sys
import zipfile
from pathlib import Path

jar, version, classes = sys.argv[1:]
manifest = ("Manifest-Version: 1.0\r\nAutomatic-Module-Name: asynchron\r\nImplementation-Title: asynchron\r\n"
            f"Implementation-Version: {version}\r\n\r\n")
DAY = (2026, 1, 1, 0, 0, 0)  # the same sources make the same jar


def add(archive, name, text):
    archive.writestr(zipfile.ZipInfo(name, DAY), text, zipfile.ZIP_DEFLATED)


with zipfile.ZipFile(jar, "w") as archive:
    add(archive, "META-INF/MANIFEST.MF", manifest)
    for licence in "LICENSE-APACHE", "LICENSE-MIT":
        add(archive, f"META-INF/{licence}", Path(licence).read_bytes())
    for file in sorted(Path(classes).rglob("*.class")):
        add(archive, file.relative_to(classes).as_posix(), file.read_bytes())

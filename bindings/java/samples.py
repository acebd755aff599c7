#!/usr/bin/env python3
"""Runs the programs of README.md and the guide with the jar, and compares what they print.

    samples.py BUILD CLASSPATH     BUILD is build/java; called by ci.sh
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

build, path = Path(sys.argv[1]), sys.argv[2]
here = Path(__file__).resolve().parent
java = build / "java/bin/java"
ECJ = ["-cp", "/usr/share/java/ecj.jar", "org.eclipse.jdt.internal.compiler.batch.Main", "-source", "10",
       "-target", "10"]

for page in here / "README.md", here / "../../docs/guide/java.md":
    text = page.read_text()
    samples = re.findall(r"^```java\n(.*?)^```\n\n```text\n(.*?)^```$", text, re.M | re.S)
    assert samples and len(samples) == text.count("```java\n"), f"a program of {page} has no output"
    for program, output in samples:
        folder = build / "sample"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "Main.java").write_text(program)
        javac = build / "java/bin/javac"
        compiler = [javac] if javac.exists() else [java, *ECJ]
        subprocess.run([*compiler, "-d", folder, *(["-cp", path] if javac.exists() else ["-classpath", path]),
                        folder / "Main.java"], check=True)
        run = subprocess.run([java, "--enable-native-access=ALL-UNNAMED", "-cp", f"{path}:{folder}", "Main"],
                             capture_output=True, text=True, timeout=120)
        assert (run.returncode, run.stderr, run.stdout) == (0, "", output), f"{page}: {run}"
        print(f"ok   a program of {page.name}")

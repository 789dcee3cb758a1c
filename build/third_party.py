"""Writes THIRD_PARTY.md from what is installed: every package the app needs to run, and what it ships.

`--check` writes nothing and fails naming what the file does not list.
"""
# ruff: noqa: E501 (rows of a table)

import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILE = Path(__file__).parents[1] / "THIRD_PARTY.md"
PROJECT = "rft-studio"
# Metadata without a licence, or not the whole of it; read in the package's own files.
LICENCES = {
    "peewee": "MIT",
    "detect-secrets": "Apache-2.0",
    "python-stdnum": "LGPL-2.1-or-later",
}
# What torch's builds for NVIDIA cards bring along; the head speaks of them.
CUDA = ("nvidia-", "cuda-", "triton")
HEAD = """\
# Third-party software

RFT Studio itself is under Apache-2.0 (`LICENSE`). It runs on the packages below; this table is written
by `make third-party` from their own metadata, on Linux with Python 3.11 and torch's build for CPUs. (Its
builds for NVIDIA cards also bring NVIDIA's own packages, under NVIDIA's licences.)

Qt and PySide6 are used under the **LGPL-3.0**: the frozen program keeps them as separate shared
libraries in its folder, so that you can replace them with your own builds; the texts are in
`resources/licences/`. No GPL-only Qt add-on is used. python-stdnum is used unchanged under the
LGPL-2.1-or-later (its text is there too); it is plain Python, and `make app` builds the
program with the copy that is installed.

| package | version | licence | home |
|---|---|---|---|
"""
SHIPPED = """
## Shipped in `resources/`

| what | by | licence | home |
|---|---|---|---|
| Sentence encoder all-MiniLM-L6-v2 (ONNX, int8) | sentence-transformers; Microsoft (MiniLM) | Apache-2.0 (`resources/encoder/LICENSE`) | https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 |
| Font Inter | The Inter Project Authors | OFL-1.1 (`resources/fonts/Inter-LICENSE.txt`) | https://rsms.me/inter/ |
| Font JetBrains Mono | The JetBrains Mono Project Authors | OFL-1.1 (`resources/fonts/JetBrainsMono-LICENSE.txt`) | https://www.jetbrains.com/lp/mono/ |
| Icons Phosphor (inside QtAwesome) | Phosphor Icons | MIT | https://phosphoricons.com |
| Sample support_tickets: customers' sentences of CLINC150, changed by us (`resources/samples/support_tickets.md`) | Stefan Larson et al. | CC-BY-3.0 | https://github.com/clinc/oos-eval |
"""


def closure() -> list[metadata.Distribution]:
    """The installed packages that the project needs at run time, directly or not, by name."""
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(PROJECT, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found[name] = metadata.distribution(name)
        for text in found[name].requires or ():
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                key = canonicalize_name(wanted.name)
                waiting += [(key, e) for e in ("", *wanted.extras)]
    del found[PROJECT]
    return [found[name] for name in sorted(found) if not name.startswith(CUDA)]


def row(package: metadata.Distribution) -> str:
    name = package.metadata["Name"]
    return f"| {name} | {package.version} | {licence(package)} | {home(package)} |"


def licence(package: metadata.Distribution) -> str:
    """The licence by the package's own words: its expression, its field, its classifiers."""
    about = package.metadata
    if text := LICENCES.get(canonicalize_name(about["Name"])):
        return text
    if text := about.get("License-Expression"):
        return str(text)
    if (text := (about.get("License") or "").strip()) and len(text) < 60 and "\n" not in text:
        return text
    kinds = [
        c.split(" :: ")[-1] for c in about.get_all("Classifier") or () if c.startswith("License")
    ]
    return ", ".join(k for k in kinds if k != "OSI Approved") or "not stated"


def home(package: metadata.Distribution) -> str:
    about = package.metadata
    links = dict(link.split(", ", 1) for link in about.get_all("Project-URL") or () if ", " in link)
    lower = {key.lower(): url for key, url in links.items()}
    for key in (
        "homepage",
        "home",
        "source",
        "repository",
        "source code",
        "github",
        "documentation",
    ):
        if key in lower:
            return lower[key]
    return about.get("Home-page") or next(
        iter(links.values()), f"https://pypi.org/project/{about['Name']}/"
    )


def main(arguments: list[str]) -> int:
    packages = closure()
    if arguments == ["--check"]:
        text = FILE.read_text(encoding="utf-8")
        missing = [p.metadata["Name"] for p in packages if f"| {p.metadata['Name']} |" not in text]
        sys.stdout.write(f"{len(packages)} packages, not listed: {', '.join(missing) or 'none'}\n")
        return 1 if missing else 0
    FILE.write_text(HEAD + "\n".join(map(row, packages)) + "\n" + SHIPPED, encoding="utf-8")
    unclear = [p.metadata["Name"] for p in packages if licence(p) == "not stated"]
    sys.stdout.write(
        f"{len(packages)} packages; licence not stated: {', '.join(unclear) or 'none'}\n"
    )
    return 1 if unclear else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The shape of the code, as tests: layers, homes of outside packages, boundaries, sizes, docstrings."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "app").rglob("*.py"))
MOST_LINES = 400

# Each line imports only from lines below it; siblings on a line do not import each other.
LAYERS = """
__main__
selftest
ui cli
wiring
agent
tools
serving
training
generation grading importing
store llm sandbox embedding
domain
registry jobs settings paths front_matter
workers
errors
__init__
"""
RANK = {name: i for i, line in enumerate(LAYERS.split("\n")) for name in line.split()}

# Where outside packages may be imported; the rest of the declared ones are at home everywhere.
HOMES = {
    **{name: {"ui"} for name in ("PySide6", "shiboken6", "qasync", "pyqtgraph", "qtawesome")},
    **{name: {"training", "serving"} for name in ("torch", "safetensors")},
    **{name: {"serving"} for name in ("starlette", "uvicorn")},
    "peewee": {"store"},
    "openai": {"llm"},
    "keyring": {"llm"},
    "onnxruntime": {"embedding"},
    "detect_secrets": {"importing"},
    "phonenumbers": {"importing"},
    "stdnum": {"importing"},
    "linkify_it": {"importing"},
    "tokenizers": {"embedding", "importing", "training", "serving"},
    "numpy": {"domain", "embedding", "importing", "training", "serving", "ui", "selftest"},
    "scipy": {"domain", "embedding"},
    "pydantic_monty": {"sandbox"},
    "rensa": {"importing"},
    "arro3": {"importing"},
    "backports": {"importing", "selftest"},
    "jinja2": {"training"},
    "jsonschema": {"domain"},
    "platformdirs": {"paths"},
}
# What the app's own process may never load, not even through others; Qt is the window's alone.
WORKER_ONLY = {"torch", "onnxruntime", "starlette", "uvicorn", "safetensors"}

# The boundaries that catch whatever comes; a handler that ends in a bare `raise` only tidies up.
BROAD = {"cli/main.py", "store/database.py", "workers.py"}


def home(path: Path) -> str:
    """The layer's name: the package or module directly under `app`."""
    return path.relative_to(ROOT / "app").with_suffix("").parts[0]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every name a module imports, as `package.module.name`; imports in functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_a_layer_imports_only_from_layers_below_it() -> None:
    wrong = []
    for path in FILES:
        here = home(path)
        for name in imports(path):
            package, *rest = name.split(".")
            target = rest[0] if rest and rest[0] in RANK else "__init__"
            if package == "app" and target != here and RANK[target] <= RANK[here]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_outside_packages_stay_at_home() -> None:
    wrong = []
    for path in FILES:
        for name in imports(path):
            package = name.split(".")[0]
            if package in HOMES and home(path) not in HOMES[package]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_every_outside_package_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {text.split("=")[0].strip("<>~! ").lower() for text in project["dependencies"]}
    declared |= {name.replace("-", "_") for name in declared}
    declared |= {"pyside6", "shiboken6"}  # both come with PySide6-Essentials
    declared |= {"phonenumbers", "stdnum", "linkify_it"}  # of phonenumberslite and so on
    declared |= {name.replace("-", ".").split(".")[0] for name in declared}  # arro3, backports
    used = {name.split(".")[0] for path in FILES for name in imports(path)}
    unknown = {
        n for n in used - set(sys.stdlib_module_names) - {"app"} if n.lower() not in declared
    }
    assert not unknown


@pytest.mark.parametrize("layer", ["cli", "ui", "agent"])
def test_the_app_s_own_process_reaches_nothing_that_workers_are_for(layer: str) -> None:
    """Follows imports from module to module; workers are started by name, so none is followed."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in FILES}
    waiting = [name for name in modules if name.startswith(f"app.{layer}")]
    seen: dict[str, str] = dict.fromkeys(waiting, "")
    while waiting:
        module = waiting.pop()
        for name in imports(modules[module]):
            assert name.split(".")[0] not in WORKER_ONLY, f"{chain(seen, module)} > {name}"
            parts = name.split(".")
            for target in (name, ".".join(parts[:-1])):
                if target in modules and target not in seen:
                    seen[target] = module
                    waiting.append(target)


def chain(seen: dict[str, str], module: str) -> str:
    """How a module was reached: `app.ui.a > app.tools.b`."""
    return f"{chain(seen, seen[module])} > {module}" if seen[module] else module


def test_only_the_boundaries_catch_broadly() -> None:
    found = set()
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler) and broad(node) and not raises_again(node):
                found.add(path.relative_to(ROOT / "app").as_posix())
    assert found == BROAD


def broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT / "app").as_posix())
def test_module_says_what_it_is_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    assert ast.get_docstring(ast.parse(text)), "no docstring"


@pytest.mark.parametrize("command", [["stats", "--json"], ["--version"]])
def test_the_command_line_loads_neither_qt_nor_torch(command: list[str], tmp_path: Path) -> None:
    script = (
        "import sys\nfrom app.__main__ import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = 'PySide6', 'torch', 'transformers', 'onnxruntime', 'detect_secrets'\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command],
        cwd=ROOT,
        env={**os.environ, "RFT_STUDIO_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_file_names_papers_that_are_not_in_the_repository() -> None:
    papers = re.compile(r"\b(brief|design|facts|product|style)\.md\b")
    sources = [*FILES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("build/*.py"), *ROOT.glob("*.md")]
    named = [f"{path.relative_to(ROOT)}: {found[0]}" for path in sources
             for found in papers.finditer(path.read_text(encoding="utf-8"))]  # fmt: skip
    assert not named

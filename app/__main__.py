"""One program, three roles: window, command line, worker; chosen before Qt or torch is imported."""

import os
import sys
from pathlib import Path

# One thread per process: two fight over two cores (measured: a fifth of the speed).
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def main(argv: list[str]) -> int:
    """Run the role the first argument names; without arguments, the window."""
    if argv[:1] == ["worker"]:
        from app.workers import worker_main

        return worker_main(argv[1], Path(argv[2]))
    if argv[:1] == ["parse"]:
        from app.importing.parsers import main as parse

        return parse()
    if argv[:1] == ["check-window"]:
        from app.ui.plugins import main as check_window

        return check_window()
    if argv[:1] == ["--selftest"]:
        from app.selftest import main as selftest

        return selftest()
    if argv and argv[0] != "window":
        from app.cli import main as command_line

        return command_line(argv)
    from app.ui.app import main as window

    return window(argv[1:])


def entry() -> None:
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    entry()

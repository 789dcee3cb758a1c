"""The table of the window's commands: words, keys and what each does."""

from functools import partial
from typing import TYPE_CHECKING

from app.domain.steps import STEPS, TITLES
from app.ui import audit
from app.ui.menus import Command
from app.ui.records import sensitive

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow


def commands(window: "MainWindow") -> list[Command]:
    """All commands in menu order."""
    return [
        *_file(window),
        *_edit(window),
        *_view(window),
        *_dataset(window),
        *_run(window),
        *_help(window),
    ]


def _file(w: "MainWindow") -> list[Command]:
    do = w.actions_
    return [
        Command(
            name="open",
            menu="File",
            words="Open files…",
            shortcut="Ctrl+O",
            do=lambda: w.start(do.open_file()),
        ),
        Command(
            name="sample", menu="File", words="Try the sample", do=lambda: w.start(do.open_sample())
        ),
        Command(
            name="welcome",
            menu="File",
            words="Start page",
            shortcut="Ctrl+Shift+H",
            do=lambda: w.go("welcome"),
        ),
        Command(
            name="deleted",
            menu="File",
            words="Deleted datasets…",
            do=lambda: w.start(do.show_deleted()),
        ),
        Command(
            name="settings",
            menu="File",
            words="Settings…",
            shortcut="Ctrl+,",
            do=lambda: w.start(w.edit_settings()),
            starts_group=True,
        ),
        Command(
            name="connections",
            menu="File",
            words="Connections…",
            do=lambda: w.start(do.show_connections()),
        ),
        Command(
            name="folder",
            menu="File",
            words="Show the user folder",
            do=lambda: w.start(do.open_folder()),
        ),
        Command(
            name="quit", menu="File", words="Quit", shortcut="Ctrl+Q", do=w.close, starts_group=True
        ),
    ]


def _edit(w: "MainWindow") -> list[Command]:
    do = w.actions_
    return [
        Command(
            name="undo",
            menu="Edit",
            words="Undo",
            shortcut="Ctrl+Z",
            do=lambda: w.start(do.undo()),
            needs_dataset=True,
        ),
        Command(
            name="redo",
            menu="Edit",
            words="Redo",
            shortcut="Ctrl+Shift+Z",
            do=lambda: w.start(do.redo()),
            needs_dataset=True,
        ),
        Command(
            name="timeline",
            menu="Edit",
            words="Timeline…",
            do=lambda: w.start(do.show_timeline()),
            needs_dataset=True,
            starts_group=True,
        ),
        Command(
            name="audit",
            menu="Edit",
            words=f"{audit.TITLE}…",
            do=lambda: w.start(audit.show_audit(w.app, w)),
            needs_dataset=True,
        ),
        Command(
            name="goal",
            menu="Edit",
            words="Edit the goal…",
            do=lambda: w.start(w.edit_goal()),
            needs_dataset=True,
        ),
    ]


def _view(w: "MainWindow") -> list[Command]:
    steps = [
        Command(
            name=name,
            menu="View",
            words=TITLES[name],
            shortcut=f"Ctrl+{index}",
            do=partial(w.go, name),
            needs_dataset=True,
            starts_group=index == 1,
        )
        for index, name in enumerate(STEPS, 1)
    ]
    return [
        Command(
            name="palette",
            menu="View",
            words="Commands…",
            shortcut="Ctrl+K",
            do=lambda: w.start(w.show_palette()),
        ),
        Command(
            name="records",
            menu="View",
            words="Records",
            shortcut="Ctrl+0",
            do=lambda: w.go("records"),
            needs_dataset=True,
            starts_group=True,
        ),
        *steps,
        Command(
            name="assistant",
            menu="View",
            words="Show or hide the assistant",
            shortcut="Ctrl+J",
            do=w.toggle_chat,
            starts_group=True,
        ),
        Command(
            name="mode",
            menu="View",
            words="Switch light and dark",
            shortcut="Ctrl+Shift+L",
            do=w.toggle_mode,
        ),
        Command(
            name="next_region",
            menu="View",
            words="Next region",
            shortcut="F6",
            do=lambda: w.cycle_focus(1),
            starts_group=True,
        ),
        Command(
            name="last_region",
            menu="View",
            words="Previous region",
            shortcut="Shift+F6",
            do=lambda: w.cycle_focus(-1),
        ),
    ]


def _dataset(w: "MainWindow") -> list[Command]:
    do = w.actions_
    return [
        Command(
            name="issues", menu="Dataset", words="View issues", do=w.show_issues, needs_dataset=True
        ),
        Command(
            name="rename",
            menu="Dataset",
            words="Rename",
            do=w.rename_dataset,
            needs_dataset=True,
        ),
        Command(
            name="append",
            menu="Dataset",
            words="Append files…",
            do=lambda: w.start(do.append_files()),
            needs_dataset=True,
        ),
        Command(
            name="export",
            menu="Dataset",
            words="Export records…",
            shortcut="Ctrl+Shift+E",
            do=lambda: w.start(do.export_records()),
            needs_dataset=True,
        ),
        Command(
            name="validate",
            menu="Dataset",
            words="Validate again",
            do=lambda: w.start(do.run_tool("validate_records")),
            needs_dataset=True,
        ),
        Command(
            name="scan",
            menu="Dataset",
            words=f"{sensitive.TITLE}…",
            do=lambda: w.start(sensitive.scan(w.app, w)),
            needs_dataset=True,
        ),
        Command(
            name="reset",
            menu="Dataset",
            words="Reset pipeline…",
            do=w.reset_pipeline,
            needs_dataset=True,
            starts_group=True,
        ),
    ]


def _run(w: "MainWindow") -> list[Command]:
    tools = (
        ("generate_topics", "Propose topics"),
        ("categorize_records", "Categorise"),
        ("analyze_coverage", "Analyse coverage"),
        ("test_grader_sample", "Test the grader"),
        ("run_dry_run", "Dry run"),
        ("start_training", "Train"),
    )
    return [
        Command(
            name=tool,
            menu="Run",
            words=words,
            do=partial(_run_tool, w, tool),
            needs_dataset=True,
        )
        for tool, words in tools
    ]


def _run_tool(w: "MainWindow", tool: str) -> None:
    w.start(w.actions_.run_tool(tool))


def _help(w: "MainWindow") -> list[Command]:
    do = w.actions_
    return [
        Command(
            name="shortcuts",
            menu="Help",
            words="Keyboard shortcuts",
            shortcut="F1",
            do=lambda: w.start(do.show_shortcuts(w.shortcut_lines())),
        ),
        Command(
            name="about", menu="Help", words="About RFT Studio", do=lambda: w.start(do.show_about())
        ),
    ]

"""The grader panel: say what a good answer is, test it on fresh answers, try to cheat it."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFrame

from app.errors import InputError
from app.grading.base import parse_grader
from app.jobs import Job
from app.store.events import GraderChanged, RecordsChanged, SettingsChanged
from app.store.results import GraderVersion
from app.ui import dialogs, kit
from app.ui.grader.begin import begin_card
from app.ui.grader.cards import crash_badge, crash_table, test_rows, test_words
from app.ui.grader.editor import GraderEditor, plain
from app.ui.grader.kinds import KINDS, Kind, start_config
from app.ui.grader.snapshot import GraderSnapshot, read_snapshot
from app.ui.job_line import JobLine
from app.ui.panel import Panel
from app.ui.parts import Badge

FILES = "Graders (*.json);;All files (*)"
TESTED = 5


class GraderPanel(Panel):
    """What is being edited stays while the store changes; only Save makes it a version."""

    events = (GraderChanged, SettingsChanged, RecordsChanged)
    title = "Grader"

    def build(self) -> None:
        self.snapshot = GraderSnapshot()
        self._dataset = ""
        self._begun = False  # an editor is open although nothing is saved yet
        self.facts = kit.label("", "body", "muted", wrap=True)
        self.another = kit.drop_button("Another type", kind="ghost")
        self.next = kit.button("Save", self._go_on, kind="primary")
        words = kit.column(kit.label("Grader", "h1"), self.facts, gap=2)
        self.column.addLayout(kit.row((words, 1), self.another, self.next))
        self.jobs_line = JobLine(self.app.jobs, self._is_ours)
        self.column.addWidget(self.jobs_line)
        self.begin = kit.Refill()
        self.column.addWidget(self.begin)
        self.editor = GraderEditor()
        self.editor.changed.connect(self._show_state)
        self.versions = kit.drop_button("Versions", kind="ghost", small=True)
        self.column.addWidget(self.editor)
        self.test, self.crash = self._make_test(), self._make_crash()
        self.proofs = kit.Reflow([(self.test, 11), (self.crash, 11)], least=960)
        self.column.addWidget(self.proofs)
        self.column.addStretch(1)
        self.jobs_line.changed.connect(lambda active: self._show_state())

    def _make_test(self) -> QFrame:
        self.test_state = Badge("not run", "muted")
        self.run_test = kit.button(f"Test on {TESTED}", self._test, small=True)
        self.right = kit.button(
            "The scores look right", self._confirm, small=True, tip="You read them and agree"
        )
        self.test_body = kit.Refill()
        top = kit.row(kit.label("Test", "h2"), self.test_state, None, self.run_test)
        foot = kit.row(None, self.right)
        return kit.card(top, self.test_body, foot, None, margin=(16, 10, 16, 14))

    def _make_crash(self) -> QFrame:
        self.crash_state = Badge("not run", "muted")
        self.limit = kit.label("", "small", "faint")
        self.run_crash = kit.button("Try to cheat it", self._crash, small=True)
        self.crash_body = kit.Refill(gap=0)
        top = kit.row(kit.label("Crash test", "h2"), self.crash_state, None, self.run_crash)
        inset = kit.row((self.limit, 1), margin=(16, 0, 16, 0))
        body = kit.row((self.crash_body, 1), margin=(5, 0, 5, 0))
        top.setContentsMargins(16, 10, 16, 0)
        return kit.card(top, inset, body, None, gap=6, margin=(0, 0, 0, 10))

    async def refresh(self) -> None:
        session = self.app.session
        if session is None:
            self._dataset = ""
            self.show_snapshot(GraderSnapshot())
            return
        found = await session.store.read(read_snapshot)
        if found.current is None:
            found = replace(found, advice=await self.app.call("suggest_graders"))
        if session.dataset_id != self._dataset:
            self._dataset, self._begun, self.snapshot = session.dataset_id, False, GraderSnapshot()
        self.show_snapshot(found)

    def show_snapshot(self, snapshot: GraderSnapshot) -> None:
        """Draw a snapshot; what was edited and not saved is kept."""
        before, self.snapshot = self.snapshot, snapshot
        keeps = self._begun and self._unsaved(before)
        if snapshot.config is not None and not keeps:
            self._begun = True
            if snapshot.config != before.config:
                self.editor.put(snapshot.config)
        elif snapshot.config is None and not keeps:
            self._begun = False
        self._show_menus()
        self._show_begin()
        self._show_test()
        if snapshot.test is not None:
            self.show_crash(snapshot.test.crash)
        self._show_state()

    def show_crash(self, crash: Any) -> None:
        """Draw the result of a crash test."""
        badge = crash_badge(crash)
        self.crash_state.show_text(badge.text, badge.tone, badge.icon)
        self.limit.setText(f"tick = limit {crash.allowed:.2f}")
        self.crash_body.show_items(crash_table(crash))

    def sees(self) -> str:
        if self.snapshot.current is None:
            return "Grader, none yet"
        return f"Grader v{self.snapshot.current}" + (", unsaved" if self._unsaved() else "")

    def _is_ours(self, job: Job) -> bool:
        here = self.app.session is not None and job.dataset_id == self.app.session.dataset_id
        return here and (job.name.startswith("Test on") or "starter model" in job.name)

    def _draft(self) -> dict[str, Any] | None:
        try:
            return self.editor.draft()
        except InputError:
            return None

    def _unsaved(self, snapshot: GraderSnapshot | None = None) -> bool:
        saved = (snapshot or self.snapshot).config
        return self._begun and (saved is None or self._draft() != plain(parse_grader(saved)))

    def _show_menus(self) -> None:
        kinds = [kit.Entry(k.title, partial(self._open_kind, k), tip=k.example) for k in KINDS]
        files = [kit.Entry("Load a grader file…", self._load)]
        if self.snapshot.supplied is not None:
            files.append(kit.Entry("Use the supplied grader", self._use_supplied))
        older = [self._version_entry(v) for v in reversed(self.snapshot.versions)]
        rest = [kit.Entry(), kit.Entry("Versions", below=older)] if older else []
        kit.set_entries(self.another, [*kinds, kit.Entry(), *files, *rest])

    def _version_entry(self, version: GraderVersion) -> kit.Entry:
        words = f"v{version.version}, {version.config.get('name', '')}"
        return kit.Entry(
            words,
            lambda: self._open_config(dict(version.config)),
            checked=version.version == self.snapshot.current,
        )

    def _open_kind(self, kind: Kind) -> None:
        self._open_config(start_config(kind, self.snapshot.advice.suggestions))

    def _show_begin(self) -> None:
        if self._begun:
            self.begin.show_items()
            return
        supplied = None
        if self.snapshot.supplied is not None:
            tip = self.snapshot.supplied.name
            supplied = kit.button(
                "Use the supplied grader", self._use_supplied, kind="primary", tip=tip
            )
        card = begin_card(self.snapshot, self._open_config, self._load, supplied)
        self.begin.show_items(card)

    def _show_test(self) -> None:
        test = self.snapshot.test
        if test is None:
            words = (
                f"{TESTED} fresh answers of the base model are scored, recorded replies beside "
                "them. The first time the starter model is trained: about 2 min."
            )
            self.test_body.show_items(kit.label(words, tone="muted", wrap=True))
            self.test_state.show_text("not run", "muted")
            return
        self.test_body.show_in_turns(*test_rows(test, fresh=self.snapshot.tested))
        if self.snapshot.is_confirmed:
            self.test_state.show_text("you agree", "good", "check")
        else:
            self.test_state.show_text(test_words(test), "warn" if test.errors else "muted")

    def _show_state(self) -> None:
        """Buttons, chips and the line of facts, after an edit or a re-read."""
        found, unsaved, busy = self.snapshot, self._unsaved(), self.jobs_line.active
        known = found.version_of(self._draft() or {}) if unsaved else None
        saved = found.current is not None
        for widget, on in (
            (self.editor, self._begun),
            (self.next, self._begun),
            (self.another, self._begun),
            (self.proofs, saved),
            (self.right, found.tested and not found.is_confirmed),
        ):
            widget.setVisible(on)
        self.editor.show_state(f"v{found.current}" if saved else "", unsaved=unsaved)
        why = "Save first: tests use the saved version." if unsaved else ""
        for button in (self.run_test, self.run_crash):
            button.setEnabled(not unsaved and not busy)
            button.setToolTip(why)
        self.right.setEnabled(not unsaved)
        self.run_test.setText("Test again" if found.test else f"Test on {TESTED}")
        self.next.setText(self._next_words(unsaved=unsaved, known=known))
        self.next.setEnabled(not busy or unsaved)
        self.facts.setText(self._facts())
        self.sees_changed.emit()

    def _next_words(self, *, unsaved: bool, known: int | None) -> str:
        """The one primary action: what is to be done next."""
        if unsaved:
            return f"Use v{known}" if known else f"Save as v{self.snapshot.next_version}"
        if not self.snapshot.tested:
            return f"Test on {TESTED}"
        return "Go to dry run" if self.snapshot.is_confirmed else "The scores look right"

    def _facts(self) -> str:
        if not self._begun:
            return "What is good? Nothing is trained before you have said it."
        test = self.snapshot.test
        if test is None or not self.snapshot.tested:
            return "Save it, test it on fresh answers, and see what a cheater would get."
        best = next((c for c in test.crash.controls if c.name == test.crash.best_cheat), None)
        if best is None or best.mean is None:
            return "Tested on fresh answers of the base model."
        name = best.name[:1].upper() + best.name[1:]
        if best.failed:
            return f"{name} earns {best.mean:.2f}: close that loophole before training finds it."
        return f"The best cheat, {best.name}, earns {best.mean:.2f}."

    def _go_on(self) -> None:
        if self._unsaved():
            self._save()
        elif not self.snapshot.tested:
            self._test()
        elif not self.snapshot.is_confirmed:
            self._confirm()
        else:
            self.go.emit("dry_run", {})

    def _save(self) -> None:
        if (config := self.editor.check()) is not None:
            self.act(self._save_config(config), button=self.next)

    async def _save_config(self, config: dict[str, Any]) -> None:
        try:
            await self.app.call("configure_grader", grader=config)
        except InputError as error:  # belongs beside the line, not at the panel's top
            self.editor.show_error(str(error))
        else:
            self.editor.put(config)
            self.reload()

    def _test(self) -> None:
        call = self.app.call("test_grader_sample", sample_size=TESTED)
        self.act(call, button=self.run_test)

    def _crash(self) -> None:
        self.act(self._run_crash(), button=self.run_crash)

    async def _run_crash(self) -> None:
        self.show_crash(await self.app.call("crash_test_grader"))

    def _confirm(self) -> None:
        self.act(self.app.call("confirm_grader_test"), button=self.right)

    def _open_config(self, config: dict[str, Any]) -> None:
        """Begin or replace what is edited; nothing is saved."""
        self.act(self._replace(config))

    async def _replace(self, config: dict[str, Any]) -> None:
        if self.snapshot.current is not None and self._unsaved():
            text = "What you changed was not saved."
            if not await dialogs.confirm(
                self, "Replace the unsaved grader?", text, yes="Replace", kind="danger"
            ):
                return
        self.editor.views.select(0)
        self.editor.stack.setCurrentIndex(0)
        self.editor.put(config)
        self._begun = True
        self._show_begin()
        self._show_state()

    def _load(self) -> None:
        self.act(self._load_file())

    async def _load_file(self) -> None:
        path = await dialogs.open_file(self, "Load a grader", filters=FILES)
        if path is not None:
            await self._replace(plain(parse_grader(path)))

    def _use_supplied(self) -> None:
        if self.snapshot.supplied is not None:
            self.act(self._take(self.snapshot.supplied))

    async def _take(self, path: Path) -> None:
        await self._replace(plain(parse_grader(path)))

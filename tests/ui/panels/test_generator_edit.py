"""The editor of the user's own generator: a trial, an error at its line, saving, and generating."""

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLabel

from app.ui.coverage.generator_edit import GeneratorDialog
from app.ui.kit import Prose
from tests.tools.writer import generator


def shown(dialog: GeneratorDialog) -> list[str]:
    return [each.toPlainText() for each in dialog.findChildren(Prose)]


async def test_a_script_is_tried_mended_and_saved(
    themed: Any, user_home: Path, tmp_path: Path, until: Any
) -> None:
    async with generator(tmp_path) as (app, _):
        dialog = GeneratorDialog(None, app, await app.call("get_generator"))  # type: ignore[arg-type]
        try:
            dialog.show()
            assert dialog.state.text == "an example"
            dialog.attempt.click()
            await until(lambda: len(shown(dialog)) == 6)  # three prompts, three references
            code = dialog.script.toPlainText()
            dialog.script.selectAll()
            dialog.script.insertPlainText(
                "def generate(topic, count, seed, examples):\n    return 1 / 0"
            )
            assert dialog.state.text == "unsaved"
            assert dialog.changed
            dialog.attempt.click()
            await until(dialog.error.isVisible)
            assert "Line 2: ZeroDivisionError" in dialog.error.text()
            assert dialog.script.error_line == 2
            assert not any("left" in label.text() for label in dialog.findChildren(QLabel))
            dialog.script.selectAll()
            dialog.script.insertPlainText(code)
            await until(dialog.save.isEnabled)
            dialog.save.click()
            await until(lambda: dialog.state.text == "saved")
            assert not dialog.changed
            saved = await app.call("get_generator")
            assert (saved.code, saved.saved) == (code, True)  # type: ignore[attr-defined]
            await until(dialog.generate.isEnabled)
            dialog.script.setPlainText(" ")
            assert dialog.save.isEnabled()
            assert not dialog.attempt.isEnabled(), "it would try the saved one"
            assert not dialog.generate.isEnabled()
            dialog.save.click()
            await until(lambda: dialog.state.text == "removed")
            assert not (await app.call("get_generator")).saved  # type: ignore[attr-defined]
            await until(dialog.save.isEnabled)
            assert not dialog.generate.isEnabled()
            dialog.script.setPlainText(code)
            assert dialog.attempt.isEnabled()
            dialog.generate.click()
            await until(lambda: dialog.result() == GeneratorDialog.DialogCode.Accepted)
            await app.jobs.wait()
        finally:
            dialog.deleteLater()

"""How well a record must fit a topic: the threshold, what it costs at each place, and the way back."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame

from app.domain.reliability import STEPS
from app.domain.wording import count
from app.ui import kit
from app.ui.parts import Badge
from app.ui.topics.standing import StandingSnapshot

APPLY_AFTER_MS = 500  # after the slider's last move
TIP = (
    "Fit is how near a record is in meaning to its nearest topic, from 0 to 1. What fits less than "
    "this is left uncategorised."
)


class FitCard(QFrame):
    """`chosen` carries the threshold, None for the calibrated one."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.snapshot = StandingSnapshot()
        self.source = Badge("", "muted")
        self.slider = kit.slider("Least fit, in hundredths", 0, STEPS, value=0)
        self.slider.setToolTip(kit.tip(TIP))
        self.effect = kit.label("", "body", wrap=True)
        self.reset = kit.button("", self._reset, kind="ghost", small=True)
        self._later = QTimer(self, singleShot=True, interval=APPLY_AFTER_MS)
        self._later.timeout.connect(lambda: self.chosen.emit(self.slider.value() / STEPS))
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderPressed.connect(self._later.stop)
        self.slider.sliderReleased.connect(self._released)
        title = kit.label("Least fit", "h2")
        title.setToolTip(kit.tip(TIP))
        top = kit.row(title, self.source, None, self.reset)
        self.setLayout(kit.column(top, self.slider, self.effect, gap=8, margin=16))

    @property
    def waits(self) -> bool:
        """Whether a choice is about to be told."""
        return self._later.isActive()

    def show_snapshot(self, snapshot: StandingSnapshot) -> None:
        """What is in force; a slider in someone's hand is left alone."""
        self.snapshot = snapshot
        held = self.slider.isSliderDown() or self.waits
        if snapshot.threshold is None or held:
            return
        own = snapshot.own_threshold
        word = "yours" if own else "estimate" if snapshot.estimated else "calibrated"
        self.source.show_text(word, "accent" if own else "muted")
        self.reset.setText(f"Back to {snapshot.calibrated:.2f}")
        self.reset.setToolTip("As calibrated")
        self.reset.setVisible(own)
        self.slider.blockSignals(True)
        self.slider.setValue(round(snapshot.threshold * STEPS))
        self.slider.blockSignals(False)
        self._tell()

    def start_over(self) -> None:
        """Another dataset is open: what was chosen for the former is not done there."""
        self._later.stop()

    def _moved(self) -> None:
        self._tell()
        if not self.slider.isSliderDown():
            self._later.start()

    def _released(self) -> None:
        """A pause in mid-drag is no choice, nor is a drag that ends where it began."""
        threshold = self.snapshot.threshold
        if threshold is not None and self.slider.value() != round(threshold * STEPS):
            self._later.start()
        else:
            self.show_snapshot(self.snapshot)

    def _reset(self) -> None:
        self._later.stop()
        self.chosen.emit(None)

    def _tell(self) -> None:
        """What this place of the slider does, before it is done."""
        step = self.slider.value()
        valid = self.snapshot.stats.valid or 1
        if step < len(self.snapshot.uncategorised_at):
            number = self.snapshot.uncategorised_at[step]
            said = f"At {step / STEPS:.2f}: {number:,} uncategorised ({number / valid * 100:.1f}\u00a0%)"
            self.effect.setText(f"{said}{self._lost(step / STEPS)}.")
            self.effect.setAccessibleName(self.effect.text())

    def _lost(self, threshold: float) -> str:
        known = self.snapshot.reliability
        if not known.measured:
            return ""
        share = known.lost(threshold) * 100
        return f", {share:.0f}\u00a0% of your {count(known.n, 'decision')} lost"

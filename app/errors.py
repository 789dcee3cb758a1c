"""Errors whose text is fit to show a person: what happened, to which thing, what to do."""


class AppError(Exception):
    """Base of every expected failure; anything else that reaches a boundary is a bug."""


class InputError(AppError):
    """The user's file, argument or setting cannot be used as it is (command line exit code 2)."""


class ToolError(AppError):
    """A tool refused or failed in a way its caller can correct."""


class GateError(ToolError):
    """A step was asked for before its prerequisites; `missing` lists all of them in order."""

    def __init__(self, step: str, missing: list[str]) -> None:
        self.step, self.missing = step, missing
        super().__init__(f"{step} cannot start yet. Missing: " + "; ".join(missing) + ".")


class RefusedError(ToolError):
    """A call that the app does not make: wrong arguments, another dataset, not for this caller."""


class DeclinedError(ToolError):
    """The user looked at the approval card and said no."""


class StoreError(AppError):
    """A dataset file could not be read or written."""


class SandboxError(AppError):
    """The script sandbox itself failed; a grader that fails inside it is a score with an error."""


class TrainingError(AppError):
    """A model could not be built, loaded, sampled or trained."""


class ProviderError(AppError):
    """A connected model endpoint failed or answered something unusable."""


class Stopped(AppError):
    """The user stopped the work; what was finished is kept."""

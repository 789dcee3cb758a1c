"""Words of the field in plain words, with the dataset's own number where there is one."""

import difflib
from typing import Any

from app.agent.actions import action
from app.agent.turn import Turn
from app.agent.words import plain
from app.domain.wording import number
from app.store import results
from app.store.database import Tx

TERMS: dict[str, str] = {
    "balance": "**Balance** says how evenly the topics are filled, from 0 to 1. 1: every topic has "
    "its target share. 0: all records sit in one. From 0.75 it is good; under 0.50 some topics are "
    "nearly empty beside others, and the model would hardly see them.",
    "coverage": "**Coverage** says how near the topics are to their quota, from 0 to 1: each topic "
    "counts its records over the quota, at most 1, and coverage is the mean.",
    "quota": "The **quota** is how many records each topic should have, 100 unless you set another. "
    "With fewer than 20 nothing can be said about a topic on its own.",
    "learnability": "**Learnability** is the share of prompts whose answers will differ in score, so "
    "that training can tell better from worse. A prompt always solved or never solved teaches "
    "nothing. From 0.30 it is a GO; under 0.10 a NO-GO.",
    "topic": "A **topic** is a kind of request. Records get the topic they are nearest to; what is "
    "near to none stays uncategorised.",
    "fit": "**Fit** says how well a record matches any topic at all. Below the shown threshold it is "
    "left uncategorised, never forced into one.",
    "probability": "**Probability** says how sure the choice among the topics is. From 0.8 it is "
    "high, under 0.5 the record waits for your review.",
    "record": "A **record** is a prompt: messages that end with the user's turn. A reply is not "
    "needed; a reference may ride along for the grader.",
    "grader": "A **grader** gives each answer a score from 0 to 1. Training copies what it rewards, "
    "so it must be right: test it on five answers and let the crash test try to cheat it.",
    "crash test": "The **crash test** grades answers that deserve nothing: empty, the prompt "
    "echoed, “give me full marks”, another record's answer. One that earns much is a loophole that "
    "training would find.",
    "dry run": "The **dry run** lets the base model answer prompts several times and grades them, "
    "before anything is trained. It ends in GO, WARNING or NO-GO.",
    "verdict": "The **verdict** comes from learnability and the controls. GO: train. WARNING: not "
    "certain, you decide on a card. NO-GO: training would learn nothing; it cannot be bypassed.",
    "chance": "**Chance** is what guessing earns: the answers graded under other prompts. A mean near "
    "chance means that nothing was understood yet.",
    "noise": "**Grader noise** is how much the score of the same answer differs when graded twice. "
    "A script has none.",
    "pass@k": "**pass@k** is the share of prompts where at least one of k answers passes.",
    "mean": "The **mean** is the average score of the base model's answers. Healthy is 0.25 to 0.65: "
    "neither hopeless nor solved.",
    "interval": "The **95 % interval** is where the true figure lies in 19 of 20 such measurements. "
    "More prompts make it narrower.",
    "reward": "**Reward** is the mean score during training. Trust validation, not train: those "
    "prompts are held back.",
    "baseline": "The **baseline** is what the base model earned in the dry run. The curve must rise "
    "above it.",
    "validation": "**Validation** prompts are never trained on. They choose the checkpoint and stop "
    "the run early when nothing more is gained.",
    "test": "The **test** split serves the report only. Each opening is counted, because a set looked "
    "at often is no longer unseen.",
    "split": "Records are **split** 80/10/10 into train, validation and test. Near duplicates stay in "
    "one split, so that nothing leaks.",
    "group": "A **group** is the answers to one prompt. Training compares within it: what scores above "
    "the group's mean becomes more likely.",
    "step": "A training **step** samples a batch of groups, grades them and moves the model once.",
    "kl": "**KL** says how far the model has moved from its start. A runaway KL often means that it "
    "found a trick.",
    "entropy": "**Entropy** says how varied the answers are. When it falls to 0, nothing new is tried.",
    "loss": "The **loss** is what a step minimises. In reinforcement training it says little; look at "
    "the reward.",
    "starter model": "The **starter** is a small model of 1.1 million parameters, trained here on your "
    "own replies or references. It suits short, closed answers.",
    "reference": "A **reference** is the known right answer of a record. The grader reads it; the "
    "model never sees it.",
    "rft": "**RFT**, reinforcement fine-tuning: the model answers each prompt several times, a grader "
    "scores the answers, and training makes the better ones more likely.",
    "rollout": "A **rollout** is one answer sampled from the model.",
    "uncategorised": "**Uncategorised** records fit no topic well. More than 10 % of them keep the "
    "balance from being called good.",
}
ALIASES = {
    "topics": "topic", "graders": "grader", "records": "record", "dry-run": "dry run",
    "dryrun": "dry run", "go": "verdict", "no-go": "verdict", "nogo": "verdict",
    "warning": "verdict", "pass at k": "pass@k", "score": "mean", "train reward": "reward",
    "validation reward": "validation", "test set": "test", "splits": "split", "groups": "group",
    "group size": "group", "steps": "step", "starter": "starter model", "base model":
    "starter model", "references": "reference", "confidence": "probability", "rollouts": "rollout",
    "reinforcement fine-tuning": "rft", "confidence interval": "interval", "quotas": "quota",
    "signal": "learnability", "fine-tuning": "rft", "review": "probability",
}  # fmt: skip


@action(quick=True, needs_dataset=False)
async def explain(turn: Turn, term: str) -> None:
    """One term, then its number here."""
    key = term.casefold().strip()
    key = ALIASES.get(key, key)
    if key not in TERMS:
        near = difflib.get_close_matches(key, [*TERMS, *ALIASES], 1, 0.7)
        key = ALIASES.get(near[0], near[0]) if near else key
    if key not in TERMS:
        known = ", ".join(sorted(TERMS))
        await turn.say(f"I have no explanation of “{plain(term)}”. I can explain: {known}.")
        return
    here = await turn.read(_here, key) if turn.has_dataset else ""
    await turn.say(f"{TERMS[key]}{here}")


def _here(tx: Tx, key: str) -> str:
    """The dataset's own figure for the term, as a sentence; empty when there is none."""
    if key in ("balance", "coverage"):
        result = results.latest(tx, "coverage", "completed")
        value = result.data["coverage"]["leaves"][key] if result else None
        return f" Here it is **{number(value)}**." if value is not None else ""
    if key in ("learnability", "mean", "chance", "noise"):
        result = results.latest(tx, "dry_run", "completed")
        value = _dry_run_figure(result.data["verdict"]["figures"], key) if result else None
        return f" In the last dry run it is **{number(value)}**." if value is not None else ""
    return ""


def _dry_run_figure(figures: dict[str, Any], key: str) -> float | None:
    if key == "noise":
        noise: float | None = figures["noise_std"]
        return noise
    found = figures[key] or {}
    value: float | None = found.get("value")
    return value

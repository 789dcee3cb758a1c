"""Words of the field in plain words: every figure that a panel names has its entry here; no number of
a dataset."""

from app.training.base import TrainingParams

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
    "split": "Records are **split** 80/10/10 into train, validation and test, of each topic too "
    "once there are topics. Near duplicates stay in one split, so that nothing leaks.",
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
    "near duplicate": "A **near duplicate** is nearly the same prompt as another record: same words in "
    "nine of ten places, or cosine similarity of 0.95 and more. It is kept, in one split with its "
    "twin, so that nothing leaks into the test.",
    "duplicate": "A **duplicate** is exactly the same as another record once spaces and case are "
    "evened out. “find duplicates” counts them; removing them takes a card.",
    "valid": "A **valid** record can be used: messages with known roles that end with the user's turn. "
    "A missing reply is no fault.",
    "invalid": "An **invalid** record cannot be used as it is. It is kept, shown with every reason, and "
    "left out of training until it is mended.",
    "issues": "An **issue** is what is wrong or odd with a record. An error makes it invalid; a "
    "warning only asks for a look.",
    "tokens": "A **token** is a piece of a word, three or four letters of English: what models read and "
    "write by. Lengths and limits are counted in them; figures in grey are estimates.",
    "over limit": "A record is **over the limit** when it has more tokens than the models on offer can "
    "read at once. It is a warning; such prompts are cut or left out.",
    "length": "The **length** of a record is its characters over all turns.",
    "source": "The **source** says where a record came from: imported, edited, or generated from a "
    "parent that is named.",
    "tags": "A **tag** is your own word on records, to find them again: tag:vip in the filter line.",
    "distinct": "**Distinct** is how many different answers there are among those to one prompt. With "
    "one alone, nothing can be compared.",
    "std": "**Spread (std)** is how far scores lie apart. Healthy is 0.10 to 0.25 for graded scores; a "
    "pass-or-fail grader with a healthy mean always has 0.43 to 0.50, so it is not judged there.",
    "solved sometimes": "**Solved sometimes** is the share of answers with a score above 0. From 10 to "
    "20 % the base model can do some of the task.",
    "always solved": "**Always solved** is the share of answers with the full score: what is learned "
    "already. Healthy is under 30 to 50 %.",
    "grader errors": "**Grader errors** are answers that the grader could not score: a crash, a "
    "time-out, no number. They are left out, never counted as 0. Over 1 % is no GO, over 5 % a NO-GO.",
    "length effect": "**Length effect** is the rank correlation of score and length among answers to the "
    "same prompt. Beyond 0.3 either way, training may only learn to write longer or shorter.",
    "cost multiplier": "The **cost multiplier** is 1 over learnability: how many times more prompts are "
    "sampled than would be if each carried a signal.",
    "control": "A **control** is an answer whose worth is known: references should earn much, cheats "
    "nothing. It fails when the lower end of its interval is over the mean of the base model, or "
    "chance, plus 0.1.",
    "findings": "**Findings** are what the crash test or the check of records came upon, each with the "
    "sentence that says what to do.",
    "calibration": "**Calibration** makes a probability mean what it says: of the records at 0.8, eight "
    "in ten should be right. It is set on your confirmed examples.",
    "threshold": "The **threshold** of fit is where a record stops belonging to any topic, calibrated "
    "on your records and shown in Categorise.",
    "margin": "The **margin** is how far the best topic is ahead of the second best. A small one sends "
    "the record to review.",
    "review": "The **review** holds records whose topic has a probability under 0.5, the least certain "
    "first. What you confirm improves the rest.",
    "thin": "A topic is **thin** when it is below its target share or its quota.",
    "missing": "**Missing** is how many records the thin topics need to reach their quota.",
    "plan": "The **plan** says how many records each thin topic needs, and the balance afterwards, "
    "computed exactly.",
    "target": "The **target share** is how much of the data a topic should have: the same for all, as "
    "imported (no target), or your own. Topics without one of their own share what is left evenly.",
    "lock": "A **locked** topic is left alone when topics are proposed again: its place, its name and "
    "its records stay. Your own edits still change it.",
    "proposal": "A **proposal** of topics changes nothing until you take it, whole or in parts. It is "
    "shown as what differs from the topics in use.",
    "template": "A **template** is a tree of topics to start from, for a common field such as customer "
    "support. Yours can lie beside the supplied ones.",
    "exemplar": "**Exemplars** are three typical records of a proposed topic, those nearest its middle.",
    "parts": "To **split** a topic finds the kinds of request within it and makes each a topic of its "
    "own below it. Every record of it is in exactly one.",
    "alike": "Those **alike** are uncertain too, have the same likely topic and nearly the same words. "
    "One key decides on all of them, and one undo takes it back.",
    "reliability": "The **reliability diagram** compares the probabilities with how often they were "
    "right, on your confirmed records, each predicted without itself. On the diagonal they hold.",
    "generator": "A **generator** is your own Python function that returns records with computed "
    "answers. It runs in the sandbox; what it writes is checked and reviewed like a model's.",
    "strategy": "A **strategy** is how new records are written: as variants of a record's last turn, "
    "from a few examples, from the topic's description, from scenarios, or as chains of tool calls.",
    "synthetic": "**Synthetic** records were generated. Each names its strategy, parents and model. "
    "They go into training only, never more of them in a topic than real ones.",
    "refused": "**Refused** records did not pass a check: form, a copy of the data or of each other, "
    "another topic, a refusal, a stock opening. They are counted by reason and can be looked at.",
    "weight": "A **weight** is how much a record counts in training. Weights let thin topics count "
    "more without writing records.",
    "paired difference": "A **paired difference** compares two models on the same prompts, one by one, "
    "so that easy and hard prompts cancel out. Better means that the whole interval is above 0.",
    "minimum detectable difference": "The **minimum detectable difference** is the smallest gain that "
    "this number of test prompts could have shown. A smaller one is not ruled out by “not better”.",
    "format share": "The **format share** is how many answers have the right form. It is told apart from "
    "correctness, so that learning the form is not taken for learning the task.",
    "correctness": "**Correctness** is the mean score where both answers have the right form.",
    "supervised": "**Supervised on references** is the same base model trained plainly on the reference "
    "answers. When it is better than RFT, the report says so.",
    "tuned": "The **tuned** model is the best checkpoint of the run, by validation.",
    "recorded reply": "The **recorded reply** is the answer that came with a record: what you have "
    "today.",
    "checkpoint": "A **checkpoint** is the model as it was at a step, kept so that the best can be used "
    "and a run resumed.",
    "no signal": "**No signal** is the share of groups whose answers all score alike: nothing to learn "
    "from them.",
    "tokens per second": "**Tokens per second** is how fast answers are sampled on this computer.",
    "seed": "The **seed** fixes all chance: the same data, settings and seed give the same result.",
    "preset": "The **preset** is how long is trained: fast is a quick look, standard the default.",
    "iteration log": "The **iteration log** has a line for each round of analysing coverage: the "
    "balance before and after, so that one sees what a round of adding records did.",
    "version": "A grader's **version** never changes once it is saved. Results keep the version they "
    "were scored with.",
    "outlook": "The **outlook** says what this computer can do with this data: what the records are, "
    "which graders fit, which base model, and what will not work here.",
    "microscope": "The **rollout microscope** shows the same prompts answered before training and at a "
    "step of it.",
    "endpoint": "The **endpoint** is where the deployed model answers, for this computer only, in the "
    "form of the OpenAI API.",
    "export": "An **export** is the model as a folder of files that other programs load.",
    "personal data": "**Personal data** is found by its form: e-mail addresses, phone numbers, IBANs, "
    "cards, keys. Names of people and addresses cannot be found so.",
    "timeline": "The **timeline** lists every change, by whom and when; each can be undone.",
    "audit": "The **audit trail** lists every call of a tool and every card, with who asked and how it "
    "was answered.",
    "spent": "**Spent** is what connected models took for this dataset: tokens, and money where the "
    "prices are known. It has a limit in the settings.",
    "depth": "The **depth** of a hierarchy is how many levels of topics stand above each other.",
    "granularity": "**Granularity** is how finely the records are cut into topics. The slider cuts "
    "again at once.",
    "effective topics": "**Effective topics** is how many equally used topics would be as varied as "
    "yours: the exponential of the entropy.",
}
ALIASES = {
    "topics": "topic", "graders": "grader", "records": "record", "dry-run": "dry run",
    "dryrun": "dry run", "go": "verdict", "no-go": "verdict", "nogo": "verdict",
    "warning": "verdict", "pass at k": "pass@k", "score": "mean", "train reward": "reward",
    "validation reward": "validation", "test set": "test", "splits": "split", "groups": "group",
    "group size": "group", "steps": "step", "starter": "starter model", "base model":
    "starter model", "references": "reference", "confidence": "probability", "rollouts": "rollout",
    "reinforcement fine-tuning": "rft", "confidence interval": "interval", "quotas": "quota",
    "signal": "learnability", "fine-tuning": "rft",
    "near duplicates": "near duplicate", "near dup": "near duplicate", "duplicates": "duplicate",
    "exact duplicates": "duplicate", "issue": "issues", "reason": "issues", "token": "tokens",
    "over the token limit": "over limit", "token limit": "over limit", "too long": "over limit",
    "last user turn": "record", "sure": "probability", "number": "record", "tag": "tags",
    "probability of the topic": "probability",
    "spread": "std", "standard deviation": "std", "spread (std)": "std",
    "best of k": "pass@k", "best of 4": "pass@k", "mean score": "mean", "scores": "mean",
    "histogram": "mean", "errors": "grader errors", "score-length correlation": "length effect",
    "correlation": "length effect", "cheat": "crash test", "controls": "control",
    "finding": "findings", "calibrated": "calibration", "high": "probability",
    "medium": "probability", "thin topics": "thin", "targets": "target",
    "target share": "target", "own targets": "target", "locked": "lock", "proposals": "proposal",
    "templates": "template", "exemplars": "exemplar", "least fit": "threshold",
    "reliability diagram": "reliability", "expected calibration error": "reliability",
    "generators": "generator", "script": "generator", "strategies": "strategy",
    "generated": "synthetic", "generated records": "synthetic", "provenance": "synthetic",
    "rejects": "refused", "split a topic": "parts", "split topic": "parts", "weights": "weight",
    "difference": "paired difference",
    "gain": "paired difference", "gain by topic": "paired difference",
    "detectable difference": "minimum detectable difference",
    "detectable": "minimum detectable difference", "format": "format share",
    "in the right format": "format share", "well-formed": "format share",
    "score where both are in format": "correctness",
    "format and correctness": "correctness", "supervised on references": "supervised",
    "supervised baseline": "supervised", "recorded replies": "recorded reply",
    "base": "starter model", "checkpoints": "checkpoint", "kl to base": "kl",
    "length, tokens": "tokens", "tokens per s": "tokens per second", "data": "record",
    "not here": "outlook", "learnability by group size": "learnability",
    "mean score by topic": "mean", "topics by size": "quota", "rounds": "iteration log",
    "round": "iteration log", "versions": "version", "rollout microscope": "microscope",
    "pii": "personal data", "audit trail": "audit", "cost": "spent", "usage": "spent",
    "effort": "preset", "leaves": "topic", "leaf": "topic", "groups of topics": "topic",
    "uncategorized": "uncategorised", "noise": "noise", "grader noise": "noise",
    "kl divergence": "kl", "pass mark": "pass@k", "pass threshold": "pass@k",
    "train": "split", "test split": "test", "health": "valid", "missing records": "missing",
    "reward curve": "reward", "answers": "rollout", "normalised entropy": "effective topics",
}  # fmt: skip

# What is read together with what.
RELATED: dict[str, tuple[str, ...]] = {
    "balance": ("coverage", "quota", "thin"),
    "coverage": ("balance", "quota", "thin"),
    "learnability": ("group", "cost multiplier", "verdict"),
    "verdict": ("learnability", "control", "chance"),
    "grader": ("crash test", "noise", "length effect"),
    "crash test": ("control", "grader errors", "verdict"),
    "dry run": ("verdict", "learnability", "mean"),
    "reward": ("baseline", "validation", "kl"),
    "rft": ("rollout", "grader", "group"),
    "topic": ("fit", "probability", "uncategorised"),
    "paired difference": ("interval", "minimum detectable difference", "test"),
    "format share": ("correctness", "paired difference"),
}


def term(words: str) -> str:
    """The key in TERMS that words of a person name, or the words themselves."""
    key = words.casefold().strip()
    return key if key in TERMS else ALIASES.get(key, key)


def _with_parameters() -> None:
    """What a run of training can be given is described where it is defined."""
    for name, field in TrainingParams.model_fields.items():
        words = name.replace("_", " ").removesuffix(" coef")
        if field.description and term(words) not in TERMS:
            TERMS[words] = f"**{words.capitalize()}**: {field.description}."


_with_parameters()

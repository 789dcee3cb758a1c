"""Every threshold the app judges by, in one table with its source; nothing else may hold one."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_SIM = "simulation of 200 prompts x 4 answers (tests/domain/test_learnability.py)"
_RULE = "rule of thumb of reinforcement fine-tuning practice, kept editable"
_CONVENTION = "statistical convention"


class Thresholds(BaseModel):
    """The numbers behind verdicts and colours. Settings may override any of them.

    Shares are 0 to 1. Each description ends with the source of the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description=f"Level of every interval. Source: {_CONVENTION}."
    )
    early_confidence: float = Field(
        default=0.99,
        gt=0.5,
        lt=1,
        description="Level of the intervals when a dry run may stop early; stricter, because it "
        f"is looked at several times. Source: {_CONVENTION} (repeated looks).",
    )

    # Dry run: size
    prompts: int = Field(
        default=200,
        ge=1,
        description=f"Prompts of a dry run. Source: {_SIM}, learnability within 0.04.",
    )
    answers_per_prompt: int = Field(
        default=4,
        ge=2,
        description="Answers per prompt; one alone cannot tell 99 % learnable from 0 %. "
        f"Source: {_SIM}.",
    )
    first_look_prompts: int = Field(
        default=50, ge=1, description=f"Prompts of the first look. Source: {_SIM}."
    )
    first_look_answers: int = Field(
        default=2, ge=2, description=f"Answers per prompt of the first look. Source: {_SIM}."
    )
    early_go_prompts: int = Field(
        default=100,
        ge=1,
        description="Prompts before a dry run may stop early with GO; NO-GO may come at the "
        f"first look. Source: {_SIM}.",
    )
    group_size: int = Field(
        default=8, ge=2, description="Answers per prompt in training (G). Source: trainer default."
    )
    pass_score: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Score from which an answer counts as solved, unless the grader says "
        "otherwise. Source: product definition.",
    )

    # Dry run: verdict
    go_learnability: float = Field(
        default=0.30,
        description="GO needs the lower end of learnability at or above this. Source: at 0.30 a "
        "step wastes 70 % of its answers, about 3.3 times the cost of a perfect set.",
    )
    nogo_learnability: float = Field(
        default=0.10,
        description="NO-GO when the upper end of learnability is below this. Source: at 0.10 "
        "training costs ten times as much for the same signal.",
    )
    nogo_pass_at_k: float = Field(
        default=0.05,
        description=f"NO-GO when the upper end of pass@k is below this. Source: {_RULE}.",
    )
    nogo_mean: float = Field(
        default=0.95,
        description="NO-GO when the lower end of the mean is above this: nothing left to gain. "
        f"Source: {_RULE}.",
    )
    go_errors: float = Field(
        default=0.01, description=f"GO needs at most this share of grader errors. Source: {_RULE}."
    )
    nogo_errors: float = Field(
        default=0.05, description=f"NO-GO above this share of grader errors. Source: {_RULE}."
    )
    chance_prompts: int = Field(
        default=200,
        description=f"From this many prompts on, a mean not above chance is NO-GO. Source: {_SIM}.",
    )
    control_margin: float = Field(
        default=0.10,
        description="A crash-test control fails when the lower end of its mean exceeds "
        "max(chance, base mean) by more than this. Source: product definition.",
    )
    length_rho: float = Field(
        default=0.30,
        description="GO needs |rank correlation of score and length within prompts| below this. "
        f"Source: {_CONVENTION} (Cohen 1988, 0.3 is a medium effect).",
    )
    noise_share: float = Field(
        default=0.50,
        description="GO needs a grader-noise variance of at most this share of the variance "
        f"within prompts. Source: {_RULE} (signal at least as large as noise).",
    )
    signal_std: float = Field(
        default=0.05,
        description="A graded prompt carries signal when the std of its scores exceeds this. "
        "Source: product definition.",
    )
    signal_noise_factor: float = Field(
        default=2.0,
        description="... and exceeds this many times the std of re-grading. "
        f"Source: {_CONVENTION} (two standard errors).",
    )

    # Dry run: tiles
    mean_low: float = Field(default=0.25, description=f"Healthy mean, low end. Source: {_RULE}.")
    mean_high: float = Field(default=0.65, description=f"Healthy mean, high end. Source: {_RULE}.")
    std_low: float = Field(
        default=0.10, description=f"Healthy std of graded scores, low end. Source: {_RULE}."
    )
    std_high: float = Field(
        default=0.25, description=f"Healthy std of graded scores, high end. Source: {_RULE}."
    )
    above_zero: float = Field(
        default=0.20, description=f"Healthy share of scores above 0, at least. Source: {_RULE}."
    )
    perfect: float = Field(
        default=0.30, description=f"Healthy share of scores of 1, at most. Source: {_RULE}."
    )
    format_share: float = Field(
        default=0.30,
        description="From this share of answers failing on format alone, the diagnosis names "
        f"the format. Source: {_RULE}.",
    )
    topic_min_n: int = Field(
        default=20,
        description="Independent answers a topic needs before it is judged alone. Source: ten "
        "give plus or minus 0.31 (binomial, p = 0.5).",
    )

    # Topics
    topic_high: float = Field(
        default=0.80,
        description="Probability from which an assignment reads 'high'. Source: "
        "product definition.",
    )
    topic_review: float = Field(
        default=0.50,
        description="Probability below which an assignment goes to review. Source: "
        "product definition.",
    )
    topic_confirmed: int = Field(
        default=20,
        ge=1,
        description="Confirmed records from which the probabilities are measured on them instead "
        "of estimated. Source: measured, a temperature fitted to fewer is worse than the constant.",
    )
    topic_similar: float = Field(
        default=0.85,
        gt=0,
        le=1,
        description="Cosine from which two uncertain records of the same likely topic are offered "
        "for one decision. Source: measured with 0, 1, 3 and 10 examples a topic, 98.7 % of 75 "
        "such pairs had one label on SLURP and the banking part of CLINC (95.4 % at 0.80), then "
        "100 % of 21 on CLINC150.",
    )

    # Coverage
    quota: int = Field(
        default=100, ge=1, description="Records wanted in each topic. Source: product definition."
    )
    uncategorised: float = Field(
        default=0.10,
        description="Above this share of uncategorised records balance cannot read 'good'. "
        "Source: product definition.",
    )
    balance_fair: float = Field(
        default=0.50,
        description="Below this balance generation is recommended. Source: product definition.",
    )
    balance_good: float = Field(
        default=0.75, description="From this balance on it is good. Source: product definition."
    )
    synthetic_per_real: float = Field(
        default=1.0,
        ge=0,
        description="At most this many synthetic records for each real one of a topic's training "
        "split. Source: measured, templated variants lower accuracy (0.769 to 0.754).",
    )

    near_duplicate: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="A generated record whose cosine to a record or another new one is at least "
        "this is a near-duplicate. Source: product definition (word overlap alone misses three "
        "quarters of them).",
    )

    generated_fidelity: float = Field(
        default=0.70,
        description="Below this share of new records that land in their topic the figure is amber. "
        "Source: measured, the classifier alone places 0.68 to 0.78 right by names.",
    )
    generated_copies: float = Field(
        default=0.20,
        description="Above this share of copies among what was written the figure is amber. "
        f"Source: {_RULE} (more is paid for in vain).",
    )
    generated_near: float = Field(
        default=0.85,
        description="From this mean cosine to the nearest record on, new records add little. "
        f"Source: {_RULE}; paraphrases of one sentence lie there.",
    )
    generated_leak: float = Field(
        default=0.90,
        description="From this cosine to a validation record on a new record would leak it. Source: "
        "measured, from 0.90 on two prompts are one matter and never stand in two splits.",
    )
    generated_variety: float = Field(
        default=0.90,
        description="Below this part of the real records' distinct-2 new records are too uniform. "
        f"Source: {_RULE}.",
    )

    # Comparison
    power: float = Field(
        default=0.80,
        gt=0.5,
        lt=1,
        description=f"Power of the smallest detectable difference. Source: {_CONVENTION}.",
    )
    stall: float = Field(
        default=0.03,
        description="Two rounds within plus or minus this suggest another kind of change. "
        "Source: product definition.",
    )

    # Starter model
    starter_rows: int = Field(
        default=50,
        ge=1,
        description="Replies or references a new small model needs; fewer do not teach it its own "
        "output format. Source: product definition.",
    )


DEFAULTS = Thresholds()

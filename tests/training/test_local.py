"""The local engine's step equals a plain reference implementation: full forwards, autograd, AdamW."""

import math
from pathlib import Path

import pytest
import torch

from app.errors import TrainingError
from app.training import local
from app.training.advantages import advantages
from app.training.base import Group, LossConfig, Normalise, Prompt
from app.training.local import LocalEngine, answer_tokens
from app.training.model import Bundle
from tests.training.conftest import tiny_bundle

SYSTEM = {"role": "system", "content": "Route the ticket to a team."}
TEXTS = ["i lost my card", "no", "what is my balance, and what is yours? yes or no"]
PROMPTS = [Prompt(str(i), (SYSTEM, {"role": "user", "content": t})) for i, t in enumerate(TEXTS)]
SCORES = [[1.0, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 0.0], [0.2, 0.2, 0.2, 1.0]]


def make_engine() -> LocalEngine:
    return LocalEngine(tiny_bundle(), reference=tiny_bundle(seed=1).model)


def make_groups(engine: LocalEngine) -> list[Group]:
    answers = engine.sample(
        PROMPTS, 4, policy_version=engine.policy_version, temperature=1.0,
        max_new_tokens=10, seeds=[1, 2, 3],
    )  # fmt: skip
    answers[0] = (answers[0][0], answers[0][1], answers[0][2], answers[0][1])  # 1 and 3 are equal
    return [
        Group(p, a, advantages(s), engine.policy_version)
        for p, a, s in zip(PROMPTS, answers, SCORES, strict=True)
    ]


def plain_logps(bundle: Bundle, model: torch.nn.Module, group: Group, k: int) -> torch.Tensor:
    prompt = bundle.prompt_ids(group.prompt.messages)
    answer = list(group.rollouts[k].tokens)
    hidden, _ = model(torch.tensor([prompt + answer]))
    logps = torch.log_softmax(bundle.model.logits(hidden)[0, len(prompt) - 1 : -1], -1)
    return logps[range(len(answer)), answer]


def plain_loss(engine: LocalEngine, groups: list[Group], config: LossConfig) -> torch.Tensor:
    """The loss as the papers write it, one answer at a time, on all groups."""
    answers = [(g, k) for g in groups for k in range(len(g.rollouts))]
    tokens = sum(len(g.rollouts[k].tokens) for g, k in answers)
    total = torch.zeros(())
    for group, k in answers:
        logps = plain_logps(engine.bundle, engine.bundle.model, group, k)
        on_policy = group.policy_version == engine.policy_version
        old = logps.detach() if on_policy else torch.tensor(group.rollouts[k].logps)
        ratio = (logps - old).exp()
        advantage = group.advantages[k]
        clipped = ratio.clamp(1 - config.clip, 1 + config.clip)
        losses = -torch.minimum(ratio * advantage, clipped * advantage)
        if config.kl_coef:
            assert engine._reference is not None
            with torch.no_grad():
                hidden_bundle = tiny_bundle(seed=1)
                theirs = plain_logps(hidden_bundle, hidden_bundle.model, group, k)
            d = theirs - logps
            losses = losses + config.kl_coef * (d.exp() - d - 1)
        size = len(losses)
        divisor = {
            "token": tokens,
            "sequence": len(answers) * size,
            "constant": len(answers) * config.max_new_tokens,
        }[config.normalise]
        total = total + losses.sum() / divisor
    return total


def gradients(engine: LocalEngine) -> dict[str, torch.Tensor]:
    return {
        n: p.grad.clone() for n, p in engine.bundle.model.named_parameters() if p.grad is not None
    }


@pytest.mark.parametrize("kl_coef", [0.0, 0.3])
@pytest.mark.parametrize("normalise", ["token", "sequence", "constant"])
@pytest.mark.parametrize("slices", [1, 3])
def test_loss_and_gradient_equal_the_reference(
    normalise: Normalise, kl_coef: float, slices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "LOGITS_IN_MEMORY", 1 if slices > 1 else 32_000_000)
    engine = make_engine()
    groups = make_groups(engine)
    config = LossConfig(normalise=normalise, kl_coef=kl_coef, max_new_tokens=10, max_grad_norm=1e9)
    expected = plain_loss(engine, groups, config)
    expected.backward()
    theirs = gradients(engine)
    ours: dict[str, torch.Tensor] = {}
    monkeypatch.setattr(engine._optimizer, "step", lambda: ours.update(gradients(engine)))
    stats = engine.train_step(groups, config, learning_rate=0.0)
    assert stats.loss == pytest.approx(float(expected.detach()), abs=1e-5)
    norm = math.sqrt(sum(float((g**2).sum()) for g in theirs.values()))
    assert stats.grad_norm == pytest.approx(norm, rel=1e-3)
    for name, gradient in theirs.items():
        torch.testing.assert_close(ours[name], gradient, atol=2e-5, rtol=1e-3)


def test_on_policy_the_ratio_is_exactly_one() -> None:
    engine = make_engine()
    groups = make_groups(engine)
    tokens = answer_tokens(engine.bundle.model, engine.bundle, groups, 1.0)
    old = engine._old_logps(groups, tokens)
    assert torch.equal((tokens.logps - old).exp(), torch.ones_like(old))
    recorded = torch.tensor([x for g in groups for r in g.rollouts for x in r.logps])
    torch.testing.assert_close(tokens.logps.detach(), recorded, atol=1e-4, rtol=0)
    assert engine.train_step(groups, LossConfig(), learning_rate=1e-3).clip_ratio == 0


def test_a_second_update_on_the_batch_is_clipped_as_the_reference_says() -> None:
    engine = make_engine()
    groups = make_groups(engine)
    config = LossConfig(clip=0.05, max_new_tokens=10)
    engine.train_step(groups, config, learning_rate=5e-3)
    with torch.no_grad():
        expected = float(plain_loss(engine, groups, config))
    stats = engine.train_step(groups, config, learning_rate=0.0)
    assert stats.loss == pytest.approx(expected, abs=1e-5)
    assert stats.clip_ratio > 0


def test_the_step_makes_better_answers_likelier() -> None:
    engine = make_engine()
    groups = make_groups(engine)
    before = answer_tokens(engine.bundle.model, engine.bundle, groups, 1.0)
    engine.train_step(groups, LossConfig(), learning_rate=3e-3)
    after = answer_tokens(engine.bundle.model, engine.bundle, groups, 1.0)
    change = (after.logps - before.logps).detach()
    given = torch.tensor([a for g in groups for a in g.advantages])[before.rows]
    assert float((change * given).sum()) > 0
    assert engine.policy_version == 1


def test_another_policy_is_refused() -> None:
    engine = make_engine()
    with pytest.raises(TrainingError, match="policy 7"):
        engine.sample(
            PROMPTS, 2, policy_version=7, temperature=1.0, max_new_tokens=4, seeds=[1, 2, 3]
        )


def test_a_batch_without_signal_changes_nothing() -> None:
    engine = make_engine()
    groups = [g for g in make_groups(engine) if not g.has_signal]
    before = {k: v.clone() for k, v in engine.bundle.model.state_dict().items()}
    stats = engine.train_step(groups, LossConfig(), learning_rate=1.0)
    assert (stats.loss, stats.grad_norm, stats.kl) == (0.0, 0.0, None)
    assert all(torch.equal(v, before[k]) for k, v in engine.bundle.model.state_dict().items())


def test_a_step_that_is_not_finite_is_left_out() -> None:
    engine = make_engine()
    groups = make_groups(engine)
    broken = [Group(g.prompt, g.rollouts, (math.nan,) * 4, g.policy_version) for g in groups]
    before = {k: v.clone() for k, v in engine.bundle.model.state_dict().items()}
    stats = engine.train_step(broken, LossConfig(), learning_rate=1e-2)
    assert not stats.applied
    assert engine.policy_version == 0
    assert all(torch.equal(v, before[k]) for k, v in engine.bundle.model.state_dict().items())


def test_save_and_load_continue_bit_by_bit(tmp_path: Path) -> None:
    straight, stopped = make_engine(), make_engine()
    for engine in (straight, stopped):
        engine.train_step(make_groups(engine), LossConfig(), learning_rate=1e-2)
    stopped.save(tmp_path / "checkpoint", optimizer=True)
    resumed = make_engine()
    resumed.load(tmp_path / "checkpoint")
    assert resumed.policy_version == 1
    for engine in (straight, resumed):
        engine.train_step(make_groups(engine), LossConfig(), learning_rate=1e-2)
    weights = resumed.bundle.model.state_dict()
    for name, weight in straight.bundle.model.state_dict().items():
        assert torch.equal(weight, weights[name]), name


def test_a_checkpoint_without_its_optimizer_is_refused(tmp_path: Path) -> None:
    engine = make_engine()
    engine.save(tmp_path / "model", optimizer=False)
    with pytest.raises(TrainingError, match=r"optimizer\.pt"):
        engine.load(tmp_path / "model")

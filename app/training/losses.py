"""The loss of RFT, written down once; tensors in, tensors out, no model."""

from dataclasses import dataclass

import torch
from torch import Tensor

from app.training.base import LossConfig, Normalise


@dataclass(frozen=True)
class Parts:
    """The loss, and which tokens `[N]` left the clip range in the direction that is cut off."""

    loss: Tensor
    clipped: Tensor


def policy_loss(
    logps: Tensor,
    old_logps: Tensor,
    advantages: Tensor,
    weights: Tensor,
    *,
    config: LossConfig,
    reference: Tensor | None = None,
) -> Parts:
    """The clipped policy-gradient loss over answer tokens `[N]`.

    With r = exp(logp - old_logp) and A the advantage of the token's answer:

        loss = sum_t w_t * ( -min(r A, clip(r, 1 - c, 1 + c) A) + beta * k3 )

    PPO's clipped surrogate (Schulman et al. 2017, arXiv:1707.06347, eq. 7) with GRPO's group
    advantages. k3 = exp(d) - d - 1 with d = reference - logp is Schulman's low-variance estimator of
    KL(policy || start), as in GRPO (arXiv:2402.03300, eq. 4). `weights` come from `token_weights`.
    """
    ratio = (logps - old_logps).exp()
    held = ratio.clamp(1 - config.clip, 1 + config.clip)
    surrogate = torch.minimum(ratio * advantages, held * advantages)
    per_token = -surrogate
    if reference is not None and config.kl_coef:
        per_token = per_token + config.kl_coef * k3(logps, reference)
    return Parts((weights * per_token).sum(), held * advantages < ratio * advantages)


def k3(logps: Tensor, reference: Tensor) -> Tensor:
    """An unbiased, never negative estimate of KL(policy || reference) for each token."""
    difference = reference - logps
    return difference.exp() - difference - 1


def token_weights(lengths: Tensor, *, normalise: Normalise, batch: Tensor, room: int) -> Tensor:
    """The weight of each token of answers with these lengths, `[rows]`: the same for its tokens.

    `batch` holds the lengths of all answers of the step, those of skipped groups too.
    - `token`: 1 / all tokens: every token counts the same (DAPO, Yu et al. 2025, arXiv:2503.14476).
    - `sequence`: 1 / (answers * own length): GRPO's original; it favours long wrong answers.
    - `constant`: 1 / (answers * limit): free of length bias (Dr. GRPO, arXiv:2503.20783).
    """
    if normalise == "token":
        return torch.ones_like(lengths, dtype=torch.float32) / batch.sum()
    if normalise == "sequence":
        return 1.0 / (len(batch) * lengths.float())
    return torch.ones_like(lengths, dtype=torch.float32) / (len(batch) * room)

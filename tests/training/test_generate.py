"""Batched sampling says what a plain model says, row by row, whatever else is in the batch."""

import pytest
import torch

from app.errors import TrainingError
from app.training.generate import common_prefix, sample, stream
from app.training.model import Bundle
from tests.training.conftest import tiny_bundle

SYSTEM = {"role": "system", "content": "Route the ticket to a team."}


def prompts(bundle: Bundle) -> list[list[int]]:
    texts = ["i lost my card", "no", "what is my balance, and what is yours? yes or no"]
    return [bundle.prompt_ids([SYSTEM, {"role": "user", "content": t}]) for t in texts]


def plain_logps(
    bundle: Bundle, prompt: list[int], answer: list[int], temperature: float
) -> list[float]:
    with torch.no_grad():
        hidden, _ = bundle.model(torch.tensor([prompt + answer]))
        logits = bundle.model.logits(hidden)[0, len(prompt) - 1 : -1]
    logps = torch.log_softmax(logits / temperature, -1)
    return logps[range(len(answer)), answer].tolist()


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_log_probs_of_samples_are_those_of_a_full_forward(kv_heads: int) -> None:
    bundle = tiny_bundle(kv_heads=kv_heads)
    asked = prompts(bundle)
    groups = sample(bundle, asked, n=6, max_new_tokens=24, temperature=1.3, seeds=[1, 2, 3])
    assert any(not c.truncated for group in groups for c in group), "no row ever ended"
    for prompt, group in zip(asked, groups, strict=True):
        for c in group:
            expected = plain_logps(bundle, prompt, list(c.tokens), 1.3)
            assert list(c.logps) == pytest.approx(expected, abs=1e-4)
            assert c.truncated == (c.tokens[-1] not in bundle.stop_ids)


def test_answers_do_not_depend_on_the_batch(bundle: Bundle) -> None:
    asked = prompts(bundle)
    together = sample(bundle, asked, n=3, max_new_tokens=12, temperature=1.0, seeds=[5, 6, 7])
    alone = sample(bundle, [asked[1]], n=3, max_new_tokens=12, temperature=1.0, seeds=[6])
    assert [c.tokens for c in together[1]] == [c.tokens for c in alone[0]]
    other = sample(bundle, [asked[1]], n=3, max_new_tokens=12, temperature=1.0, seeds=[8])
    assert [c.tokens for c in other[0]] != [c.tokens for c in alone[0]]


def test_greedy_takes_the_likeliest_token(bundle: Bundle) -> None:
    prompt = prompts(bundle)[0]
    group = sample(bundle, [prompt], n=2, max_new_tokens=8, temperature=0.0, seeds=[0])[0]
    ids = list(prompt)
    with torch.no_grad():
        for token in group[0].tokens:
            logits = bundle.model.logits(bundle.model(torch.tensor([ids]))[0])[0, -1]
            assert int(logits.argmax()) == token
            ids.append(token)
    assert group[0] == group[1]


def test_sampling_follows_the_distribution(bundle: Bundle) -> None:
    prompt = prompts(bundle)[0]
    group = sample(bundle, [prompt], n=4000, max_new_tokens=1, temperature=1.0, seeds=[0])[0]
    drawn = torch.bincount(torch.tensor([c.tokens[0] for c in group]), minlength=300) / 4000
    with torch.no_grad():
        logits = bundle.model.logits(bundle.model(torch.tensor([prompt]))[0])[0, -1]
    expected = torch.softmax(logits, -1)
    assert float((drawn[: len(expected)] - expected).abs().max()) < 0.03


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_stream_gives_the_same_answer(bundle: Bundle, temperature: float) -> None:
    prompt = prompts(bundle)[2]
    whole = sample(bundle, [prompt], n=1, max_new_tokens=16, temperature=temperature, seeds=[4])[0][
        0
    ]
    pieces = list(stream(bundle, prompt, max_new_tokens=16, temperature=temperature, seed=4))
    assert "".join(p.text for p in pieces) == whole.text
    assert pieces[-1].tokens == len(whole.tokens)
    assert pieces[-1].finish == ("length" if whole.truncated else "stop")
    assert all(p.finish is None for p in pieces[:-1])


def test_common_prefix_leaves_each_row_a_token() -> None:
    assert common_prefix([[1, 2, 3], [1, 2, 4]]) == 2
    assert common_prefix([[1, 2], [1, 2, 4]]) == 1
    assert common_prefix([[1, 2], [1, 2]]) == 1
    assert common_prefix([[1, 2]]) == 0


def test_a_prompt_beyond_the_context_is_refused(bundle: Bundle) -> None:
    with pytest.raises(TrainingError, match="context of 2048"):
        sample(bundle, [[5] * 2040], n=1, max_new_tokens=16, temperature=1.0, seeds=[0])

"""Short names and exemplars for groups of texts, from the texts' own words; no model is asked."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from app.domain.topics import clean
from app.embedding.discovery import Labels, Merges, unit
from app.embedding.encoder import Vectors
from app.embedding.proposal import NodeText, members

CANDIDATES = 20  # phrases per topic that reach the encoder
KEPT = 5  # names kept per topic, so that siblings can be told apart
EXEMPLARS = 3
EXEMPLAR_CHARACTERS = 300
MAX_WORDS = 3
FREQUENCY_WEIGHT = 0.5
WORD_BONUS = 0.05  # per word beyond the first: «Report lost card» says more than «Lost»
NAMED_TEXTS = 300  # texts of a topic that are read for names

# Left out of a phrase: «report a lost card» and «report my lost card» are the same name.
FILLERS = frozenset({"a", "an", "the", "my", "your", "our", "this", "that"})
# Kept inside a phrase, never at its ends.
LINKS = frozenset({"and", "for", "from", "in", "of", "on", "to", "with"})
# Words that do not name a topic and end a phrase.
_STOP_TEXT = """
    able about actually after again all already also am any anymore anything are aren't as
    ask assistant at be because been before being between both but by can can't content
    could couldn't currently did didn't do does doesn't doing don't done each else every
    exactly feel few find first get gets getting give go goes going gonna good got had
    happen happened happening has have haven't having he hello help her here hey hi him his
    how how's i i'd i'll i'm i've if immediately info information instead into is isn't it
    it's its just know lately let let's like likely look looking made make makes making many
    may maybe me might more most much must need needed needs no not now off ok okay one only
    or other our out over please possible possibly put question questions quick quickly real
    really recently right role said say see seem seems she should show so some someone
    something somewhere soon still such sure system take taking tell text than thank thanks
    that that's their them then there there's these they thing things think this those
    through today tomorrow tonight too try trying understand until up us use used user using
    very wanna want wanted wants was wasn't way we we're were what what's when when's where
    where's which while who who's why will with within without won't wonder wondering would
    wouldn't yes yesterday yet you you're you've
"""
STOP = frozenset(_STOP_TEXT.split()) - FILLERS - LINKS
_ACRONYM_TEXT = """
    api apr atm cd cv eta eu faq gps hr iban id irs kyc pc pdf pin pto sim sms sql ssn tv uk url
    usa usd vat vip vpn w2 w-2
"""
ACRONYMS = frozenset(_ACRONYM_TEXT.split())
_WORD = re.compile(r"[^\W\d_](?:[\w]|[-'’](?=\w))*")


def phrases(text: str) -> set[str]:
    """The word groups of one text that could name a topic: 1-3 words, links only inside."""
    words = [w.replace("’", "'") for w in _WORD.findall(text.lower())]
    words = [w for w in words if w not in FILLERS]
    found = set()
    for start, word in enumerate(words):
        if word in LINKS:
            continue
        content = 0
        for end in range(start, len(words)):
            if words[end] in STOP or content == MAX_WORDS:
                break
            if words[end] not in LINKS:
                content += 1
                found.add(" ".join(words[start : end + 1]))
    return found


def name_nodes(
    texts: Sequence[str],
    vectors: Vectors,
    *,
    fine: Labels,
    merges: Merges,
    encode: Callable[[list[str]], Vectors],
) -> list[NodeText]:
    """Up to five names, the best first, and three exemplars for every node of the merge tree.

    c-TF-IDF (Grootendorst 2022: a phrase's share of the topic's texts, weighted by its rarity in
    all topics) picks twenty phrases; their cosine to the topic's centroid ranks them.
    """
    rows = [np.flatnonzero(fine == group) for group in range(len(merges) + 1)]
    counts = [_count(texts, row) for row in rows]
    read = [min(len(row), NAMED_TEXTS) for row in rows]
    spread = sum(read) / len(read)
    for a, b in merges:
        counts.append(counts[a] + counts[b])
        read.append(read[a] + read[b])
    total, under = counts[-1], members(merges)
    chosen = [
        _weighted(inside, size=size, total=total, spread=spread)
        for inside, size in zip(counts, read, strict=True)
    ]
    every = sorted({phrase for weights in chosen for phrase in weights})
    encoded = dict(zip(every, encode(every), strict=True))
    result = []
    for groups, weights in zip(under, chosen, strict=True):
        mine = np.concatenate([rows[g] for g in groups])
        centroid = unit(vectors[mine].sum(0, keepdims=True))[0]
        near = {phrase: float(encoded[phrase] @ centroid) for phrase in weights}
        typical = exemplars(texts, mine, similarity=vectors[mine] @ centroid)
        result.append(NodeText(names=_ranked(weights, near), exemplars=typical))
    return result


def _count(texts: Sequence[str], rows: Labels) -> Counter[str]:
    """In how many of a group's texts each phrase occurs."""
    counts: Counter[str] = Counter()
    for row in rows[:NAMED_TEXTS]:
        counts.update(phrases(texts[row]))
    return counts


def _ranked(weights: dict[str, float], near: dict[str, float]) -> list[str]:
    top = max(weights.values(), default=1.0)
    score = {
        phrase: near[phrase]
        + FREQUENCY_WEIGHT * weight / top
        + WORD_BONUS * (len(content_words(phrase)) - 1)
        for phrase, weight in weights.items()
    }
    order = sorted(score, key=lambda phrase: (-score[phrase], phrase))
    return [titled(phrase) for phrase in _distinct(order)[:KEPT]]


def _weighted(
    inside: Counter[str], *, size: int, total: Counter[str], spread: float
) -> dict[str, float]:
    least = 2 if size >= 4 else 1
    weights = {
        phrase: count / size * math.log(1 + spread / total[phrase])
        for phrase, count in inside.items()
        if count >= least
    }
    return dict(sorted(weights.items(), key=lambda w: (-w[1], w[0]))[:CANDIDATES])


def content_words(phrase: str) -> list[str]:
    return [word for word in phrase.split() if word not in LINKS]


def _stem(word: str) -> str:
    """Enough of a stem to see that «cards» and «card» name the same."""
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _distinct(ranked: Sequence[str]) -> list[str]:
    """The phrases without those that only repeat the words of a better one."""
    kept: dict[frozenset[str], str] = {}
    for phrase in ranked:
        kept.setdefault(frozenset(map(_stem, content_words(phrase))), phrase)
    return list(kept.values())


def titled(phrase: str) -> str:
    """«report lost card» as a name: «Report lost card»; known acronyms in capitals."""
    words = [word.upper() if word in ACRONYMS else word for word in phrase.split()]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def exemplars(texts: Sequence[str], rows: Labels, *, similarity: Vectors) -> list[str]:
    """The three texts of a topic nearest to its centroid, no two alike, cut at 300 characters."""
    picked: dict[str, str] = {}
    for i in np.argsort(-similarity, kind="stable"):
        text = clean(texts[rows[i]])
        picked.setdefault(text.casefold(), text[:EXEMPLAR_CHARACTERS])
        if len(picked) == EXEMPLARS:
            break
    return list(picked.values())

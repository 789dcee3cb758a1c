"""Builds the sample «support tickets»: real customer sentences with made-up past replies, from a fixed seed.

    python resources/samples/build_support_tickets.py PATH/TO/clinc_banking_train.jsonl

Writes the dataset, its grader and its card beside this file; the same input always gives the same bytes.
"""

import collections
import hashlib
import json
import random
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAME = "support_tickets"
SOURCE_SHA256 = "cb512d54188d2ad7cb852037e1258a061da292bbd11f23527edafbcaf14a695c"

# Chosen before any model was trained on the result; see the card.
SEED = 2029
FORMS = {"json": 0.24, "prose": 0.60, "colleague": 0.12, "ask": 0.04}
UNOWNED_FORMS = {"json": 0.15, "prose": 0.40, "colleague": 0.30, "ask": 0.15}
# Requests that neither team handles: no route is right, so there is no reference either.
UNOWNED = (
    "credit_score",
    "improve_credit_score",
    "interest_rate",
    "international_fees",
    "order_checks",
    "redeem_rewards",
    "rewards_balance",
    "spending_history",
)
WRONG_LABEL = 0.15
WRONG_STAYS_IN_TEAM = 0.7

GOAL = (
    "Route each support ticket to the right team and intent as JSON, "
    "and ask a human when it is not clear or nobody's."
)
QUOTA = 30
SYSTEM = (
    'Route the support ticket. Answer with JSON only: {"team":"...","intent":"..."}. '
    'Not sure? {"team":"human","intent":"ask"}'
)
ASK = {"team": "human", "intent": "ask"}
PROSE = (
    "thank you for writing. this goes to the {team} team: {intent}.",
    "thank you for writing. it is about {intent}, the {team} team will help you.",
    "thank you for writing. passed to {team}, topic {intent}.",
    "{team} team: {intent}",
)
COLLEAGUE = (
    "i am passing you to a colleague.",
    "a colleague will get back to you soon.",
    "let me find a colleague who knows this.",
)
Route = dict[str, str]


def read_source(path: Path) -> list[dict[str, Any]]:
    """The sentences with their labels; raises SystemExit when the file is another one."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{path} is not the file this sample is made from (its SHA-256 differs).")
    return [json.loads(line) for line in data.splitlines()]


def wrong_route(right: Route, routes: list[Route], rng: random.Random) -> Route:
    """Another route, most often of the same team, as a hurried colleague would err."""
    same_team = rng.random() < WRONG_STAYS_IN_TEAM
    return rng.choice(
        [r for r in routes if r != right and (r["team"] == right["team"]) == same_team]
    )


def past_reply(
    right: Route | None, routes: list[Route], rng: random.Random
) -> tuple[str, str, bool]:
    """One reply of the messy history: its text, its form, and whether the route in it is wrong."""
    forms = FORMS if right else UNOWNED_FORMS
    (form,) = rng.choices(list(forms), weights=list(forms.values()))
    if form == "ask":
        return compact(ASK), form, False
    if form == "colleague":
        return rng.choice(COLLEAGUE), form, False
    if right is None:
        wrong, route = True, rng.choice(routes)
    else:
        wrong = rng.random() < WRONG_LABEL
        route = wrong_route(right, routes, rng) if wrong else right
    if form == "json":
        return compact(route), form, wrong
    words = {name: label.replace("_", " ") for name, label in route.items()}
    return rng.choice(PROSE).format(**words), form, wrong


def build(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The sample's records in their final order, and how many replies have which form."""
    rng = random.Random(SEED)
    routes = routes_of(rows)
    rows = sorted(rows, key=lambda row: row["id"])
    rng.shuffle(rows)
    records = []
    counts: collections.Counter[str] = collections.Counter()
    for row in rows:
        right = route_of(row)
        reply, form, wrong = past_reply(right, routes, rng)
        counts[f"{form}, wrong route" if wrong else form] += 1
        counts["unowned"] += right is None
        records.append(
            {
                "id": row["id"],
                "messages": [
                    {"role": "system", "content": SYSTEM},
                    {"role": "user", "content": row["messages"][0]["content"]},
                    {"role": "assistant", "content": reply},
                ],
                "reference": right,
            }
        )
    return records, dict(counts)


def route_of(row: dict[str, Any]) -> Route | None:
    """The ticket's right route; None when neither team handles it."""
    team, intent = row["metadata"]["topic_path"]
    return None if intent in UNOWNED else {"team": team, "intent": intent}


def routes_of(rows: list[dict[str, Any]]) -> list[Route]:
    """Every route there is, in a fixed order."""
    found = {(r["team"], r["intent"]) for row in rows if (r := route_of(row))}
    return [{"team": team, "intent": intent} for team, intent in sorted(found)]


GRADER = '''\
# What an answer is worth to the support desk.
RIGHT = 1.0
RIGHT_TEAM = 0.2  # the wrong intent of the right team: one hop to repair
ASK_A_HUMAN = 0.2  # better than the wrong team: somebody looks at it
RIGHT_BUT_NOT_JSON = 0.1  # a person understands it, the ticket system does not
WRONG = 0.0

INTENTS = {intents}


def route(text):
    """The JSON object with exactly team and intent, or None."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or set(value.keys()) != {{"team", "intent"}}:
        return None
    return value


def named(text):
    """The intents that the text names; of 'credit limit change' only the longest counts."""
    text, found = " " + text + " ", []
    for intent in INTENTS:  # the longest come first
        words = " " + intent.replace("_", " ") + " "
        if words in text:
            found.append(intent)
            text = text.replace(words, " | ")
    return found


def grade(sample, item):
    right, text = item["reference"], sample["output_text"].strip()
    answer = route(text)
    asks = answer is not None and answer["team"] == "human" and answer["intent"] == "ask"
    if right is None:  # nobody's ticket: only a human can decide
        return RIGHT if asks else WRONG
    if answer is not None:
        if answer == right:
            return RIGHT
        if asks:
            return ASK_A_HUMAN
        known = answer["intent"] in INTENTS
        return RIGHT_TEAM if known and answer["team"] == right["team"] else WRONG
    words = re.sub("[^a-z]+", " ", text[:200].lower())
    team = " " + right["team"].replace("_", " ") + " "
    if named(words) == [right["intent"]] and team in " " + words + " ":
        return RIGHT_BUT_NOT_JSON
    return WRONG
'''


def grader(routes: list[Route]) -> dict[str, Any]:
    """The suggested grader: a script for the routes, and the form as a schema."""
    intents = sorted((r["intent"] for r in routes), key=lambda name: (-len(name), name))
    listed = "[\n" + "".join(f'    "{name}",\n' for name in intents) + "]"
    teams = [*sorted({r["team"] for r in routes}), ASK["team"]]
    return {
        "type": "python",
        "name": "ticket route",
        "source": "import json\nimport re\n\n" + GRADER.format(intents=listed),
        "format_schema": {
            "type": "object",
            "properties": {
                "team": {"enum": teams},
                "intent": {"enum": [*sorted(intents), ASK["intent"]]},
            },
            "required": ["team", "intent"],
            "additionalProperties": False,
        },
        "pass_threshold": 1.0,
    }


CARD = """\
---
name = "Support tickets"
file = "{name}.jsonl"
grader = "{name}.grader.json"
goal = "{goal}"
quota = {quota}
seed = {seed}
license = "CC-BY-3.0"
---
# Support tickets

{total:,} tickets of a bank's customers with the reply that each got in the past. The task: send every
ticket to the right one of 2 teams and {intents} intents, as JSON that a ticket system can read. Tickets of
{unowned_kinds} more kinds are nobody's ({unowned}):
no route is right, so they have no reference, and a human has to decide.

**The customers' sentences are real, the past replies are made up.** The sentences and their labels are
the training part of the domains *banking* and *credit cards* of CLINC150 (100 sentences an intent):
Stefan Larson et al., "An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction",
EMNLP-IJCNLP 2019, <https://github.com/clinc/oos-eval>, CC BY 3.0
(<https://creativecommons.org/licenses/by/3.0/>). Changed by us: a system message, the past replies and
the order were added, and {unowned_kinds} intents were declared nobody's. This sample is under the same licence.

## The past replies

Written by `build_{name}.py` with seed {seed}, fixed before any model was trained on them. They play a
support desk without a rule: many forms, and {wrong_share:.0%} wrong routes among the replies that name one.
{unowned_count} tickets are nobody's; most of them were passed on or sent anywhere.

| form of the reply | replies | share |
|---|---:|---:|
{table}

So a small model that learns from these replies knows the topics but seldom answers in the wanted form,
and the wanted answer comes up now and then: enough for reinforcement fine-tuning to find it.
`reference` holds the right route of every ticket that has one, for the grader.

This is the fourth make-up; each was fixed before the first model was trained on it. In the first (seed
2026) every ticket had a reference and a third of the replies had the wanted form: plain supervised training
on the references beat RFT. In the second (seed 2027) 4 intents were nobody's and asking paid 0.3: over five
seeds RFT won once against supervised training, tied three times and lost once, when it asked about 4 of 10
tickets that it could have routed. In the third (seed 2028; 8 intents nobody's, 30% JSON; two seeds, looked
at on validation only) the base model's likeliest answers already earned 0.58. Here fewer replies have the
wanted form, and asking pays no more than naming the right team, so that it is no easy way out.

## The suggested grader

| answer | score |
|---|---:|
| exactly the JSON with the right team and intent | 1.0 |
| right team, wrong intent, as JSON | 0.2 |
| `{ask}`: ask a human | 0.2; 1.0 for a ticket that is nobody's |
| the right route, but not as that JSON | 0.1 |
| a wrong route, or anything else | 0 |

It says more than the references do: a ticket that is not clear is better asked about than sent astray,
and for a ticket that is nobody's asking is the only right answer, which no reference shows. (Whoever writes
that answer as the reference of those tickets can have it by supervised training as well.)
Measured with it, the past replies themselves score {recorded:.3f} on average; always asking would earn {asking:.2f}.

{measured}
Goal: {goal}
Suggested quota: {quota} records a topic: every intent has 100, and a topic that is found may be a part of one.
"""


# From `rft-studio run`, November 2026; typed, since a model has to be trained for each.
MEASURED = """\
## Measured

`rft-studio run` with the standard preset, 286 test prompts, greedy answers, mean scores, paired 95 %
intervals. Each seed is one run. The splits were by hash alone then; since, they are dealt by topic, which
gives 297 test prompts (253 of these and 44 more), and the figures have not been measured again.

| seed | base | supervised on references | tuned by RFT | tuned - base | tuned - supervised |
|---:|---:|---:|---:|---:|---:|
| 0 | 0.139 | 0.683 | 0.780 | +0.64 (0.59 to 0.69) | +0.10 (0.03 to 0.17) |
| 1 | 0.076 | 0.653 | 0.754 | +0.68 (0.63 to 0.72) | +0.10 (0.03 to 0.17) |
| 2 | 0.101 | 0.681 | 0.807 | +0.71 (0.66 to 0.75) | +0.13 (0.06 to 0.19) |
| 3 | 0.096 | 0.662 | 0.818 | +0.72 (0.68 to 0.76) | +0.16 (0.09 to 0.23) |
| 4 | 0.059 | 0.670 | 0.817 | +0.76 (0.72 to 0.80) | +0.15 (0.08 to 0.22) |

RFT makes this model far better than it was, and better than plain supervised training on the references in
each of the five runs, because the grader says what no reference does: which tickets are nobody's. On tickets
that have a route supervised training is the better of the two (0.89 to 0.93 against 0.67 to 0.76).
Nothing was chosen by the test split. The right team earned 0.3 in three runs (seeds 0, 3 and 4: +0.09, +0.17
and +0.15 against supervised training) until the crash test told that another record's answer would earn 0.18;
those runs had opened the test split of this make-up before.
"""


def card(
    records: list[dict[str, Any]], counts: dict[str, int], *, recorded: float, asking: float
) -> str:
    """The sample's card; its figures are counted, never typed."""
    forms = {
        "json": "the wanted JSON, right route",
        "json, wrong route": "the wanted JSON, wrong route",
        "prose": "prose, right route",
        "prose, wrong route": "prose, wrong route",
        "colleague": "«a colleague will help», no route",
        "ask": "the wanted JSON for «ask a human»",
    }
    total = len(records)
    wrong = counts["json, wrong route"] + counts["prose, wrong route"]
    return CARD.format(
        name=NAME,
        goal=GOAL,
        quota=QUOTA,
        seed=SEED,
        total=total,
        intents=len({r["reference"]["intent"] for r in records if r["reference"]}),
        unowned_kinds=len(UNOWNED),
        unowned=", ".join(name.replace("_", " ") for name in UNOWNED),
        unowned_count=counts["unowned"],
        wrong_share=wrong / (total - counts["colleague"] - counts["ask"]),
        table="\n".join(
            f"| {text} | {counts[key]:,} | {counts[key] / total:.1%} |"
            for key, text in forms.items()
        ),
        ask=compact(ASK),
        recorded=recorded,
        asking=asking,
        measured=MEASURED,
    )


def mean_score(source: str, records: list[dict[str, Any]], answers: list[str]) -> float:
    """What these answers earn on average; our own grader text, so plain `exec` may run it."""
    scope: dict[str, Any] = {}
    exec(source, scope)
    graded = zip(answers, records, strict=True)
    scores = [scope["grade"]({"output_text": answer}, record) for answer, record in graded]
    return float(sum(scores) / len(scores))


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(source: Path, out: Path) -> None:
    rows = read_source(source)
    records, counts = build(rows)
    suggested = grader(routes_of(rows))
    lines = "".join(compact(record) + "\n" for record in records)
    replies = [record["messages"][-1]["content"] for record in records]
    recorded = mean_score(suggested["source"], records, replies)
    asking = mean_score(suggested["source"], records, [compact(ASK)] * len(records))
    write(out / f"{NAME}.jsonl", lines)
    write(out / f"{NAME}.grader.json", json.dumps(suggested, indent=2) + "\n")
    write(out / f"{NAME}.md", card(records, counts, recorded=recorded, asking=asking))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else HERE)

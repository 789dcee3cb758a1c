"""A conversation as text, and what typed lines mean."""

import pytest

from app.agent.entries import (
    CardAnswered,
    CardAsked,
    Chart,
    Entry,
    Message,
    Piece,
    Queued,
    Show,
    Spent,
    TreeShown,
    Waits,
)
from app.cli.chat_input import Order, meaning
from app.cli.chat_output import EVENTS, JsonLines, Writer
from app.cli.chat_text import OFF, ON, Transcript, as_text, clean
from app.tools.base import Card

CARD = Card(
    tool="run_dry_run", title="Start it?", rows=[("Answers", "800")], verb="Start", note="free"
)


def refuse(error: OSError) -> None:
    raise AssertionError(error)


def shown(capsys: pytest.CaptureFixture[str], *entries: Entry, terminal: bool = False) -> str:
    transcript = Transcript(Writer(refuse), terminal=terminal)
    for entry in entries:
        transcript.show(entry)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**Balance** is 0.5", f"{ON}Balance{OFF} is 0.5"),
        (r"card\_arrival \*\*not bold\*\* 1\. x", "card_arrival **not bold** 1. x"),
        ("[record 12](record:12) in [Billing](topic:7)", "record 12 in Billing"),
        ("[here](https://example.org)", "here (https://example.org)"),
        (r"\[no link\](record:1)", "[no link](record:1)"),
        ("`code` and C:\\path", "`code` and C:\\path"),
        ("red \x1b[31m \x07 \x9b2J \u202egnp.exe", "red �[31m � �2J �gnp.exe"),
        ("עברית 👩💻 a\r\nb", "עברית 👩💻 a\nb"),
        ("de\u200blete\u2060_all \U000e0041 a\u061cb", "delete_all � a�b"),
        (f"{ON}not bold{OFF} \ue02a", "�not bold� �"),
    ],
)
def test_markdown_as_text(markdown: str, text: str) -> None:
    assert as_text(markdown) == text


def test_nothing_shown_is_obeyed_by_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07\x9b2J\r\x08\u202e\u200b\U000e0041\u061c"
    nodes = ({"name": f"Cards{evil}", "record_ids": [1, 2], "children": [{"name": "Lost"}]},)
    card = CARD.model_copy(update={"title": evil, "rows": [(evil, evil)]})
    out = shown(
        capsys, Piece(reply="a", text=f"x{evil}"), Message(reply="a", text=f"x{evil}"),
        Message(text=evil), CardAsked(key="k", card=card), TreeShown(title=evil, hierarchy=nodes),
        Waits(seconds=1, reason=evil), Queued(key="q", text=evil, on=False), terminal=True,
    )  # fmt: skip
    assert clean(out) == out
    assert "Cards�]52;c;ZXZpbA==�2J� (2)\n    - Lost" in out


def test_streamed_words_are_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    pieces = [Piece(reply="a", text="One "), Piece(reply="a", text="two.")]
    out = shown(capsys, *pieces, Message(reply="a", text="One two."), Message(text="Three."))
    assert out == "\nOne two.\n\nThree.\n"
    out = shown(capsys, pieces[0], Message(reply="a", text="One", stopped=True))
    assert out == "\nOne \n  (ended before it was whole)\n"
    assert shown(capsys, Message(reply="b", text="Unheard.")) == "\nUnheard.\n"


def test_cards_waits_costs_and_charts(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(
        capsys, CardAsked(key="k", card=CARD), CardAnswered(key="k", card=CARD, yes=False, how="expired"),
        Waits(seconds=90, reason="The server is busy (429)."),
        Spent(model="m", prompt_tokens=1200, answer_tokens=30, cost=0.0123),
        Show(panel="dry_run"), Show(panel="connections"),
        Chart(title="Topics", form="bars", labels=("a", "bb"), series=((10, 5),)),
        Chart(title="Scores", form="histogram", series=((1, 0),)),
        Chart(title="Reward", form="lines", names=("train",), series=((0.1, 0.6),)),
    )  # fmt: skip
    assert "? Start it?\n    Answers: 800\n    free\n  Start? [y/N]\n" in out
    assert "(not approved, nobody answered)" in out
    assert "The server is busy (429). Asked again in 90 s" in out
    assert "(m: 1,200 + 30 tokens, 0.0123)" in out
    assert "(in the window: dry run)" in out
    assert "OPENAI_BASE_URL" in out
    assert f"  a  {'#' * 30} 10\n  bb {'#' * 15} 5\n" in out
    assert "train: 0.10 to 0.60" in out


def test_every_entry_that_can_be_heard_has_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    heard = {kind for kind in Entry.__subclasses__() if kind.__name__ != "Busy"}
    assert set(EVENTS) == heard
    for kind, (_, names) in EVENTS.items():
        assert set(names.split()) <= set(kind.model_fields)
    JsonLines(Writer(refuse)).show(CardAsked(key="k", card=CARD))
    assert capsys.readouterr().out.startswith('{"event":"approval_asked","key":"k","tool":')


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("  hello ", Order("say", "hello")),
        ("Y", Order("yes", "Y")),
        ("no", Order("no", "no")),
        ("/STOP", Order("stop", "/STOP")),
        ("/exit", Order("quit", "/exit")),
        ("/etc/passwd", Order("wrong", "There is no /etc/passwd. There are: ")),
        ('{"say": "a\\nb"}', Order("say", "a\nb")),
        ('{"approve": "k", "yes": true}', Order("yes", key="k")),
        ('{"approve": "k", "yes": false}', Order("no", key="k")),
        ('{"approve": "k"}', Order("wrong", "This object asks for nothing known.")),
        ('{"choose": "k", "index": 2}', Order("choose", key="k", option=2)),
        ('{"answer": "k", "text": "x"}', Order("answer", "x", "k")),
        ('{"stop": true}', Order("stop")),
        ('{"stop": false}', Order("wrong", "This object asks for nothing known.")),
        ("{broken", Order("wrong", "This line is no JSON")),
        ("x" * 1_000_001, Order("wrong", "1,000,001 characters in a line")),
    ],
)
def test_what_a_line_means(line: str, order: Order) -> None:
    found = meaning(line, json=True)
    assert found.text.startswith(order.text)
    assert found._replace(text=order.text) == order
    if line.startswith("{"):
        assert meaning(line, json=False).verb == "say"

"""The command `records`: a filter line in, the records it names out."""

from pathlib import Path

from tests.cli.conftest import Rft


def test_records_of_a_line(rft: Rft, chats: Path) -> None:
    (report,) = rft("import", chats, "--json").json
    name = report["dataset"]
    (page,) = rft("records", name, "--query", "what has:reference", "--limit", "7", "--json").json
    assert (page["total"], len(page["records"]), page["ranked"]) == (40, 7, False)
    (page,) = rft("records", name, "--query", '"is 12"', "--json").json
    assert [row["preview"] for row in page["records"]] == ["What is 12 and 12?"]
    done = rft("records", name, "--query", "12 is:valid")
    assert "What is 12 and 12?" in done.out
    assert "2 records match" in done.err  # 12 is also the reference of 6 and 6


def test_a_wrong_line_is_bad_input_and_says_where(rft: Rft, chats: Path) -> None:
    (report,) = rft("import", chats, "--json").json
    done = rft("records", report["dataset"], "--query", "what tokns>3")
    assert done.code == 2
    assert "character 6" in done.err
    assert "tokens" in done.err
    assert rft("records", report["dataset"], "--limit", "0").code == 2

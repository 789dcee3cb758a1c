"""Agent files: the shipped one, files of the same form, and what is wrong in others."""

from pathlib import Path

import pytest

import app.tools
from app import paths
from app.agent.definition import AgentDefinition, load_agent, load_agents
from app.errors import InputError
from app.front_matter import split_head
from app.registry import load_family
from app.tools.base import TOOLS

# The product definition: what the assistant may call.
NINETEEN = (
    "start_finetune_workflow", "get_workflow_status", "advance_to_step", "rollback_to_step",
    "validate_records", "generate_topics", "apply_topic_hierarchy", "categorize_records",
    "analyze_coverage", "generate_synthetic_data", "configure_grader", "test_grader_sample",
    "run_dry_run", "start_training", "check_training_status", "deploy_model",
    "get_dataset_records", "get_dataset_stats", "update_record",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _tools() -> None:
    load_family(app.tools)


def write(folder: Path, name: str, head: str, prompt: str = "Help.") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"---\n{head}\n---\n{prompt}\n", encoding="utf-8")
    return path


def test_the_shipped_agent_names_exactly_the_nineteen_tools() -> None:
    agent = load_agent(paths.resource("agents") / "finetune.md")
    assert agent.name == "finetune"
    assert agent.tools.builtin == ["final", "ask_follow_up"]
    assert sorted(agent.tools.external) == sorted(NINETEEN)
    assert agent.allowed == agent.tools.external
    assert all(name in TOOLS for name in NINETEEN)
    assert not agent.unknown
    assert "reply" in agent.prompt


def test_unknown_tools_are_named_and_left_out(tmp_path: Path) -> None:
    head = 'name = "x"\n[tools]\nbuiltin = ["final", "magic"]\nexternal = ["fly", "run_dry_run"]'
    agent = load_agent(write(tmp_path, "x.md", head))
    assert agent.unknown == ["magic", "fly"]
    assert agent.allowed == ["run_dry_run"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no head at all", "first line must be ---"),
        ('---\nname = "x"\n', "that ends the head is missing"),
        ("---\nname = \n---\n", "not TOML"),
        ("---\ndescription = 'x'\n---\n", "name: Field required"),
        ('---\nname = "x"\nmax_iterations = 0\n---\n', "max_iterations"),
        ('---\nname = "x"\ncolour = 1\n---\n', "colour: Extra inputs"),
        ('---\nname = "x"\ntool_format = "xml"\n---\n', "tool_format"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said) as error:
        load_agent(path)
    assert str(path) in str(error.value)


def test_the_users_files_stand_beside_the_shipped_and_win_by_name(tmp_path: Path) -> None:
    write(tmp_path / "agents", "mine.md", 'name = "mine"')
    write(tmp_path / "agents", "own.md", 'name = "finetune"\ndescription = "my own"')
    write(tmp_path / "agents", "odd.md", 'name = "odd"\n[tools]\nexternal = ["fly"]')
    (tmp_path / "agents" / "broken.md").write_bytes(b"\xff\xfe")
    found = load_agents(tmp_path)
    assert sorted(found.found) == ["finetune", "mine", "odd"]
    assert found.found["finetune"].description == "my own"
    assert len(found.problems) == 2
    assert any("fly" in problem for problem in found.problems)
    assert any("broken.md" in problem for problem in found.problems)


def test_a_head_is_read_with_any_line_ends() -> None:
    head, prompt = split_head('\ufeff---\r\nname = "x"\r\n---\r\nOne\r\n\r\nTwo\r\n', "x")
    assert head == {"name": "x"}
    assert prompt == "One\n\nTwo"
    assert AgentDefinition(name="x").max_iterations == 30

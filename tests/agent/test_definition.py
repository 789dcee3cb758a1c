"""Agent files: the shipped one, files written for other programs, and what is wrong in others."""

import codecs
import re
from pathlib import Path

import pytest

import app.tools
from app import paths
from app.agent.definition import (
    MOST_BYTES,
    AgentDefinition,
    find_agent,
    load_agent,
    load_agents,
    read_agents,
)
from app.errors import InputError
from app.front_matter import split_head
from app.registry import load_family
from app.tools.base import TOOLS

FOREIGN = Path(__file__).parent / "foreign"
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


def test_the_shipped_agent_names_the_nineteen_tools() -> None:
    agent = load_agent(paths.resource("agents") / "finetune.md")
    assert agent.name == "finetune"
    assert agent.tools.builtin == ["final", "ask_follow_up"]
    assert set(agent.tools.external) >= set(NINETEEN)
    assert agent.allowed == agent.tools.external
    assert not agent.unknown
    assert not agent.notes


def test_the_shipped_prompt_explains_its_tools_and_fits_a_small_model() -> None:
    agent = load_agent(paths.resource("agents") / "finetune.md")
    named = set(re.findall(r"`(\w+)`", agent.prompt))
    assert set(agent.allowed) <= named, "each tool has its place in the course"
    places = {
        "page", "current_dataset_id", "finetune_workflow", "current_step", "step_status", "coverage",
        "coverage_quota", "has_grader", "dry_run_verdict", "training_status", "options", "query",
        "topic_filter", "preview", "topics_config", "categorize", "coverage_generation",
        "grader_config", "dry_run", "training", "deployment",
    }  # fmt: skip
    assert named <= places | set(agent.allowed) | set(agent.tools.builtin)
    assert len(agent.prompt) / 3.5 < 3_500, "about 3,500 tokens, counted carefully"


def test_a_file_for_another_program_with_all_tools_loads_unchanged() -> None:
    agent = load_agent(FOREIGN / "gateway.md")
    assert (agent.name, agent.max_iterations) == ("dashboard_helper", 10)
    assert agent.tools.builtin == ["final"]
    assert agent.allowed == [name for name in TOOLS if TOOLS[name].for_models]
    assert agent.prompt.startswith("# Role")
    assert "\n---\n" in agent.prompt, "a rule below the head belongs to the prompt"
    settings = agent.model_settings
    assert (settings["model"], settings["temperature"]) == ("gpt-4.1-mini", 0.1)
    assert settings["max_tokens"] == 2000
    assert settings["provider"] == {"name": "openai", "project": "default"}, "kept as written"
    assert agent.unknown == []
    assert agent.notes == [
        "the field 'append_default_instructions' is not used here",
        "[model_settings] 'top_p' is not used here",
        "[model_settings] 'provider' is not used here",
    ]


def test_a_file_with_strange_tools_and_fields_loads_and_names_them() -> None:
    agent = load_agent(FOREIGN / "planner.md")
    assert agent.tools.builtin == ["final", "transfer_to_agent", "ask_follow_up"]
    assert agent.allowed == [
        "get_dataset_stats", "get_dataset_records", "run_dry_run", "start_training"
    ]  # fmt: skip
    assert agent.unknown == ["transfer_to_agent", "upload_dataset", "get_evaluation_details"]
    assert agent.max_iterations == 200
    assert agent.model_settings == {"model": "qwen3:30b"}
    said = "; ".join(agent.notes)
    for words in (
        "field 'version'", "field 'sub_agents'", "field 'context_size'", "table 'strategy'",
        "tool_format 'xml'", "500 is cut to 200", "[tools] 'mcp'", "names a tool twice",
        "temperature 'low' is no number from 0 to 2",
    ):  # fmt: skip
        assert words in said


def test_a_small_file_needs_little() -> None:
    agent = load_agent(FOREIGN / "reviewer.md")
    assert agent.allowed == ["get_dataset_records", "update_record"]
    assert (agent.max_iterations, agent.model_settings, agent.notes) == (30, {}, [])
    assert agent.tools.builtin == []


@pytest.mark.parametrize("name", ["gateway.md", "planner.md", "reviewer.md"])
def test_a_file_from_windows_is_the_same_agent(name: str, tmp_path: Path) -> None:
    text = (FOREIGN / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(codecs.BOM_UTF8 + text.replace(b"\n", b"\r\n"))
    assert load_agent(path) == load_agent(FOREIGN / name)


def test_unknown_tools_are_named_and_left_out(tmp_path: Path) -> None:
    head = 'name = "x"\n[tools]\nbuiltin = ["final", "magic"]\nexternal = ["fly", "run_dry_run"]'
    agent = load_agent(write(tmp_path, "x.md", head))
    assert agent.unknown == ["magic", "fly"]
    assert agent.allowed == ["run_dry_run"]


def test_tools_for_the_user_alone_are_named_and_left_out(tmp_path: Path) -> None:
    head = 'name = "x"\n[tools]\nexternal = ["export_records", "undo"]'
    agent = load_agent(write(tmp_path, "x.md", head))
    assert agent.allowed == ["undo"]
    assert agent.unknown == []
    assert agent.notes == ["tools that only the user can call are left out: export_records"]


def test_all_built_in_tools_can_be_asked_for_at_once(tmp_path: Path) -> None:
    agent = load_agent(write(tmp_path, "x.md", 'name = "x"\n[tools]\nbuiltin = ["*"]'))
    assert agent.tools.builtin == ["final", "ask_follow_up"]
    assert agent.allowed == [], "tools that are not named do not exist"


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ("temperature = 0.7\nmax_tokens = 500", {"temperature": 0.7, "max_tokens": 500}),
        ("temperature = 3", {}),
        ("temperature = nan", {}),
        ("temperature = true", {}),
        ("max_tokens = 0", {}),
        ("max_tokens = 1.5", {}),
        ("model = 7", {}),
    ],
)
def test_settings_that_are_honoured_are_usable(
    tmp_path: Path, settings: str, kept: dict[str, object]
) -> None:
    agent = load_agent(write(tmp_path, "x.md", f'name = "x"\n[model_settings]\n{settings}'))
    assert agent.model_settings == kept
    assert bool(agent.notes) != bool(kept)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line must be ---"),
        ("no head at all", "first line must be ---"),
        ('---\nname = "x"\n', "that ends the head is missing"),
        ('---\nname = "x"\ncolour = \n---\nHelp.', r"not TOML: .*line 3"),
        ('---\nname = "x"\nname = "y"\n---\nHelp.', r"not TOML: .*line 3"),
        ("---\ndescription = 'x'\n---\nHelp.", "name: Field required"),
        ('---\nname = ""\n---\nHelp.', "name: "),
        ('---\nname = "x"\nmax_iterations = 0\n---\nHelp.', "max_iterations"),
        ('---\nname = "x"\ntools = "all"\n---\nHelp.', "tools: "),
        ('---\nname = "x"\n[tools]\nexternal = "all"\n---\nHelp.', "tools.external: "),
        ('---\nname = "x"\n---\n \n', "no prompt below the head"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said) as error:
        load_agent(path)
    assert str(path) in str(error.value)
    assert str(error.value).endswith(".")


def test_what_is_no_text_file_of_a_sensible_size_is_refused(tmp_path: Path) -> None:
    for name, content, said in (
        ("latin.md", '---\nname = "Prüfer"\n---\nx'.encode("latin-1"), "byte 14 is not UTF-8"),
        ("large.md", b"x" * (MOST_BYTES + 1), "1.0 MB is no agent file"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=said):
            load_agent(tmp_path / name)
    for path in (tmp_path, tmp_path / "none.md"):
        with pytest.raises(InputError, match="no such file"):
            load_agent(path)


def test_the_users_files_stand_beside_the_shipped_and_win_by_name(tmp_path: Path) -> None:
    write(tmp_path / "agents", "mine.md", 'name = "mine"')
    write(tmp_path / "agents", "own.md", 'name = "finetune"\ndescription = "my own"')
    write(tmp_path / "agents", "odd.md", 'name = "odd"\nmood = 1\n[tools]\nexternal = ["fly"]')
    (tmp_path / "agents" / "broken.md").write_bytes(b"\xff\xfe")
    found = read_agents(tmp_path)
    assert sorted(found.found) == ["finetune", "mine", "odd"]
    assert found.found["finetune"].description == "my own"
    said = {text.split(": ", 1)[0].rpartition("/")[2]: text for text in found.problems}
    assert len(found.problems) == 4
    assert "takes the place of the shipped agent 'finetune'" in said["own.md"]
    assert "fly" in said["odd.md"]
    assert any("the field 'mood' is not used" in text for text in found.problems)
    assert "not UTF-8" in said["broken.md"]


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        write(tmp_path / "agents", name, 'name = "mine"', prompt=f"I am {name}.")
    found = read_agents(tmp_path)
    assert found.found["mine"].prompt == "I am b.md."
    (said,) = found.problems
    assert "b.md: takes the place of a.md: 'mine'." in said


async def test_an_agent_is_found_by_name_or_by_file(tmp_path: Path) -> None:
    mine = write(tmp_path / "agents", "mine.md", 'name = "mine"')
    assert await load_agents(tmp_path) == read_agents(tmp_path)
    assert (await find_agent(tmp_path, "mine")).name == "mine"
    assert (await find_agent(tmp_path, "finetune")).name == "finetune"
    elsewhere = write(tmp_path / "else where", "x.md", 'name = "elsewhere"')
    assert (await find_agent(tmp_path / "none", str(elsewhere))).name == "elsewhere"
    assert (await find_agent(tmp_path / "none", str(mine))).name == "mine"
    with pytest.raises(InputError, match=r"no agent named 'nobody'\. There are: finetune, mine"):
        await find_agent(tmp_path, "nobody")
    with pytest.raises(InputError, match=r"none\.md: there is no such file"):
        await find_agent(tmp_path, str(tmp_path / "none.md"))


def test_a_head_is_read_with_any_line_ends() -> None:
    head, prompt = split_head('\ufeff---\r\nname = "x"\r\n---\r\nOne\r\n\r\nTwo\u2028x\r\n', "x")
    assert head == {"name": "x"}
    assert prompt == "One\n\nTwo\u2028x"
    assert AgentDefinition(name="x").max_iterations == 30

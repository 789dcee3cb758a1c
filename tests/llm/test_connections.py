"""Connections: saved without keys, chosen by role, the environment first, keys in a keychain or not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import InputError
from app.llm.client import ModelError
from app.llm.connections import ENVIRONMENT, FILE, PRESETS, Connection, Connections
from tests.llm.keychain import Keychain, installed

KEY = "sk-very-secret"
MINE = Connection(id="mine", name="Mine", base_url="http://127.0.0.1:1/v1/", model="m")
OTHER = Connection(id="other", name="Other", base_url="https://example.org/v1")


@pytest.fixture
def keychain() -> Iterator[Keychain]:
    with installed() as made:
        yield made


def files(home: Path) -> str:
    return "".join(p.read_text() for p in home.rglob("*") if p.is_file())


def test_a_connection_is_saved_and_its_key_is_not(tmp_path: Path, keychain: Keychain):
    made = Connections(tmp_path, {})
    made.put(MINE)
    assert made.set_key("mine", KEY)
    again = Connections(tmp_path, {})
    assert again.all == [MINE]
    assert again.all[0].base_url == "http://127.0.0.1:1/v1"
    assert again.key("mine") == KEY
    assert KEY not in files(tmp_path)
    again.remove("mine")
    assert Connections(tmp_path, {}).all == []
    assert not keychain.kept


def test_without_a_keychain_a_key_lives_for_the_session(tmp_path: Path):
    made = Connections(tmp_path, {})
    made.put(MINE)
    assert not made.set_key("mine", KEY)
    assert made.key("mine") == KEY
    assert made.key("other") == ""
    assert Connections(tmp_path, {}).key("mine") == ""
    assert KEY not in files(tmp_path)
    assert KEY not in repr(vars(made))


def test_roles_fall_back_to_the_assistant_and_to_the_first(tmp_path: Path, keychain: Keychain):
    made = Connections(tmp_path, {})
    assert made.for_role("judge") is None
    made.put(MINE)
    made.put(OTHER)
    assert made.for_role("judge") == MINE
    made.choose("assistant", "other")
    assert made.for_role("judge") == OTHER
    made.choose("judge", "mine")
    again = Connections(tmp_path, {})
    assert (again.for_role("judge"), again.for_role("generator")) == (MINE, OTHER)
    again.choose("judge", None)
    assert again.for_role("judge") == OTHER
    again.remove("other")
    assert again.for_role("assistant") == MINE


def test_the_environment_comes_first_and_is_not_saved(tmp_path: Path, keychain: Keychain):
    Connections(tmp_path, {}).put(MINE)
    given = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": KEY}
    made = Connections(tmp_path, {**given, "RFT_STUDIO_MODEL": "big"})
    chosen = made.for_role("judge")
    assert chosen is not None
    assert (chosen.id, chosen.model, made.key(ENVIRONMENT)) == (ENVIRONMENT, "big", KEY)
    made.put(OTHER)
    assert [c.id for c in Connections(tmp_path, {}).all] == ["mine", "other"]
    assert KEY not in files(tmp_path)
    with pytest.raises(InputError, match="changed there"):
        made.put(chosen)


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1:80", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str):
    with pytest.raises(InputError, match=r"OPENAI_BASE_URL.*http://"):
        Connections(tmp_path, {"OPENAI_BASE_URL": url})


def test_a_key_in_the_keychain_can_be_replaced_and_forgotten(tmp_path: Path, keychain: Keychain):
    made = Connections(tmp_path, {})
    made.put(MINE)
    made.set_key("mine", " old ")
    made.set_key("mine", KEY)
    assert Connections(tmp_path, {}).key("mine") == KEY
    assert made.set_key("mine", "")
    assert (made.key("mine"), Connections(tmp_path, {}).key("mine")) == ("", "")


def test_a_locked_keychain_is_said_and_a_new_key_then_serves(tmp_path: Path, keychain: Keychain):
    made = Connections(tmp_path, {})
    made.put(MINE)
    keychain.locked = True
    with pytest.raises(ModelError, match=r"the key of Mine .*Unlock it") as caught:
        made.key("mine")
    assert caught.value.fault == "key"
    assert not made.set_key("mine", KEY)
    assert made.key("mine") == KEY


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "zero\0"])
def test_what_cannot_be_sent_is_no_key(tmp_path: Path, keychain: Keychain, key: str):
    with pytest.raises(InputError, match="no key") as caught:
        Connections(tmp_path, {}).set_key("mine", key)
    assert key not in str(caught.value)
    assert not keychain.kept
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        Connections(tmp_path, {"OPENAI_BASE_URL": "http://x", "OPENAI_API_KEY": key})


def test_a_damaged_file_is_named(tmp_path: Path):
    (tmp_path / FILE).write_text("{")
    with pytest.raises(InputError, match=FILE):
        Connections(tmp_path, {})


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, keychain: Keychain):
    made = Connections(tmp_path / "home", {})
    (tmp_path / "home").write_text("a file in the folder's place")
    with pytest.raises(InputError, match=FILE):
        made.put(MINE)
    assert made.all == [MINE]


def test_ids_and_names_of_new_ones_are_their_own(tmp_path: Path, keychain: Keychain):
    made = Connections(tmp_path, {})
    made.put(MINE)
    assert made.new_id("Mine!") == "mine-2"
    assert made.new_id("LM Studio") == "lm-studio"
    assert made.new_id("日本") == "connection"
    assert made.new_id("Environment") == "environment-2"


def test_the_cost_is_told_only_where_the_prices_are_known():
    priced = MINE.model_copy(update={"prompt_price": 2.0, "answer_price": 8.0})
    assert priced.cost(1_000_000, 500_000) == 6.0
    assert MINE.cost(1, 1) is None


def test_every_preset_is_a_valid_address():
    for preset in PRESETS:
        Connection(id="x", name=preset.name, base_url=preset.base_url)

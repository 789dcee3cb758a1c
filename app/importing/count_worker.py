"""The worker task `count-tokens`: how many tokens each prompt has by the base model's tokenizer.

What is counted is the text of the turns, tool calls and tools; the few marks that a chat template
puts around each turn are not. Changes nothing in the dataset file.
"""

import sqlite3
from pathlib import Path
from typing import Any

import orjson
from tokenizers import Tokenizer

from app.domain.records import Message
from app.errors import AppError, StoreError
from app.importing.parts import Pass
from app.store.database import explain
from app.workers import Worker


def run(worker: Worker) -> dict[str, Any]:
    """Count the records whose count is an estimate, in order of the file.

    Raises Stopped, StoreError for trouble with the file, AppError for a tokenizer that is unreadable.
    """
    tokenizer = _tokenizer(Path(worker.config["tokenizer"]))
    records = Pass(worker, columns="messages, tools", due="NOT tokens_exact", verb="counted")
    number = 0
    try:
        for batch in records.batches():
            texts = [prompt_text(messages, tools) for _, _, messages, tools in batch]
            counted = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
            pairs = zip(batch, counted, strict=True)
            records.put([(row[0], row[1].hex(), len(found)) for row, found in pairs])
            number += len(batch)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(explain(error, Path(worker.config["database"]))) from error
    return {"records": number}


def prompt_text(messages: str, tools: str) -> str:
    """As `app.importing.records.prompt_text`, from the stored JSON."""
    turns = orjson.loads(messages)
    texts = [
        turn["content"] if isinstance(turn.get("content"), str) else Message(**turn).text
        for turn in turns
    ]
    texts += [orjson.dumps(turn["tool_calls"]).decode() for turn in turns if turn.get("tool_calls")]
    return "\n".join([*texts, tools] if tools != "[]" else texts)


def _tokenizer(path: Path) -> Tokenizer:
    try:
        found = Tokenizer.from_buffer(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AppError(f"{path}: The tokenizer cannot be read ({error}).") from error
    found.no_truncation()
    found.no_padding()
    return found

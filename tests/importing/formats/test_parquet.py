"""Rows of Parquet come out as the objects that JSON would have held."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from arro3.core import Array, DataType, Field, Schema, Table
from arro3.io import infer_json_schema, read_json, write_parquet

from app.errors import InputError
from app.importing.formats.reader import read


def write(path: Path, rows: list[dict[str, Any]], **options: Any) -> None:
    """By way of JSON lines, as people make such files."""
    source = path.with_suffix(".jsonl")
    source.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    schema = infer_json_schema(source)
    write_parquet(read_json(source, schema), path, **options)


CHATS = [
    {
        "id": n,
        "messages": [
            {"role": "user", "content": f"é {n}"},
            {"role": "assistant", "content": "A", "name": "x"} if n % 2 else
            {"role": "assistant", "content": None},
        ],
        "answer": {"n": n, "list": [1.5, n]},
    }
    for n in range(1000)
]  # fmt: skip


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "zstd(3)", "gzip(6)", "lz4_raw"])
def test_nested_messages(tmp_path: Path, compression: str) -> None:
    file = tmp_path / "data"  # known by its bytes
    write(file, CHATS, compression=compression, max_row_group_size=300)
    found = list(read(file))
    assert [line.number for line in found] == list(range(1, 1001))
    assert found[3].value == CHATS[3]
    assert found[2].value == {
        **CHATS[2], "messages": [CHATS[2]["messages"][0], {"role": "assistant"}],
    }  # fmt: skip
    assert 0 < found[0].position <= found[-1].position <= file.stat().st_size


def test_values_that_json_has_no_form_for(tmp_path: Path) -> None:
    columns = {
        "prompt": (["Q"], DataType.utf8()),
        "day": ([18263], DataType.int32()),
        "raw": ([b"\xff\x00"], DataType.binary()),
        "text": ([b"abc"], DataType.binary()),
        "score": ([float("nan")], DataType.float64()),
        "none": ([None], DataType.utf8()),
    }
    arrays = [Array(values, type=kind) for values, kind in columns.values()]
    arrays[1] = arrays[1].cast(DataType.date32())  # days since 1970
    schema = Schema([Field(n, a.type) for n, a in zip(columns, arrays, strict=True)])
    file = tmp_path / "a.parquet"
    write_parquet(Table.from_arrays(arrays, schema=schema), file)
    (line,) = read(file)
    assert line.value == {
        "prompt": "Q", "day": "2020-01-02", "raw": "/wA=", "text": "abc", "score": None,
    }  # fmt: skip


def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    write(file, CHATS, compression="zstd(3)")
    whole = file.read_bytes()
    for data, words in (
        (whole[: len(whole) // 2], "cut short"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "footer"),
        (b"PAR1" + b"\x00" * 100 + b"\x05\x00\x00\x00PAR1", "damaged"),
        (whole[:200] + bytes(3000) + whole[3200:], "damaged"),
    ):
        file.write_bytes(data)
        with pytest.raises(InputError, match=words):
            list(read(file))

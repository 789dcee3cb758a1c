"""What repeats what among new records, told by their texts alone."""

import pytest

from app.embedding.candidates_worker import Known, New, _Texts


@pytest.mark.parametrize("number", [0, 7])
def test_a_prompt_that_differs_in_signs_alone_repeats_any_record(number: int) -> None:
    there = _Texts()
    there.add(Known(id=number, text="My card is lost.", key="a"))
    assert there.repeated(New(id=1, text="My card is lost!", key="b")) == ("near_duplicate", number)
    assert there.repeated(New(id=1, text="My card is lost.", key="a")) == ("duplicate", number)
    assert there.repeated(New(id=1, text="My card is here", key="c")) is None

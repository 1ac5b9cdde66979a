"""Any iterable of texts gives what its list gives; whatever is no text is refused, by its row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilgliner import DistilGLiNER, UserError
from distilgliner.corpus.texts import list_texts

TEXTS = st.lists(st.text(max_size=20), max_size=6)
FORMS: list[Callable[[list[str]], Iterable[str]]] = [
    list,
    tuple,
    iter,
    deque,
    lambda texts: (text for text in texts),
    lambda texts: map(str, texts),
    lambda texts: dict(enumerate(texts)).values(),
    lambda texts: np.array(texts, dtype=object),
]
BAD = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.binary(),
    st.booleans(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    st.builds(object),
)


@pytest.fixture(scope="module")
def student() -> DistilGLiNER:
    return DistilGLiNER.from_pretrained("general")


@given(texts=TEXTS, form=st.sampled_from(FORMS))
@settings(max_examples=60, deadline=None)
def test_every_form_gives_what_the_list_gives(
    student: DistilGLiNER, texts: list[str], form: Callable[[list[str]], Iterable[str]]
) -> None:
    texts = [f"{text} Ines Prado" for text in texts]
    assert list_texts(form(texts)) == texts
    assert student.batch_predict_entities(form(texts)) == student.batch_predict_entities(texts)


@given(texts=TEXTS, bad=BAD, row=st.integers(0, 6), form=st.sampled_from(FORMS[:5]))
@settings(max_examples=100, deadline=None)
def test_a_bad_row_is_named(
    student: DistilGLiNER, texts: list[str], bad: Any, row: int, form: Callable[..., Any]
) -> None:
    row = min(row, len(texts))
    rows = [*texts[:row], bad, *texts[row:]]
    with pytest.raises(UserError) as caught:
        student.batch_predict_entities(form(rows))
    assert str(caught.value).startswith(f"texts[{row}] (row {row + 1}) is ")
    assert "\n" not in str(caught.value)

"""Data sets of the Hugging Face hub: `hf:NAME[/CONFIG]:SPLIT`, streamed by `datasets`.

Columns: `tokens` (or `words`) with `ner_tags` (or `tags`, `labels`, `ner`, …), names or
`ClassLabel` numbers in any scheme of `tags.py`; or the columns of `records.parse_record` (`text` +
`entities`, `tokens` + `spans`, `tokenized_text` + `ner`); or only a text. NAME may be a local
folder. A column that seems to hold labels and is not understood is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from distilgliner.corpus.document import Document
from distilgliner.corpus.formats.records import parse_record, parse_text
from distilgliner.corpus.formats.tags import Tag, TaggedSentence, parse_tag, read_tagged
from distilgliner.corpus.reading import Gold
from distilgliner.errors import UserError, missing_extra
from distilgliner.progress import silence_loggers

PREFIX = "hf:"
_WORD_COLUMNS = ("tokens", "words", "tokenized_text")
_TAG_COLUMNS = (
    "ner_tags", "ner_tag", "ner", "ner_labels", "tags", "labels", "label", "tag", "bio_tags",
    "iob_tags", "bio", "iob", "bioes", "token_labels",
)  # fmt: skip
_LOOK_AHEAD = 100
"""Rows of which the first may lack tags."""
_PATIENCE_SECONDS = 10.0


def parse_dataset_name(name: str) -> tuple[str, str]:
    """`hf:NAME[/CONFIG]:SPLIT` → (`NAME[/CONFIG]`, `SPLIT`); raises `UserError` otherwise."""
    body, colon, split = name.removeprefix(PREFIX).rpartition(":")
    if not colon or not body or not split:
        raise UserError(
            f"{name!r} names no data set; write hf:NAME:SPLIT or hf:NAME/CONFIG:SPLIT, "
            "for example hf:tner/wnut2017:train."
        )
    return body, split


def read_huggingface(name: str, gold: Gold | None = None) -> Iterator[Document]:
    """The documents of one split, streamed.

    `gold.tag_column` names the column of tags where there are others too.

    Raises `UserError` when `datasets` is missing, when the data set cannot be reached, and for
    columns that are not understood.
    """
    rows, first = _open_dataset(name)
    if first is None:
        return
    words = next((column for column in _WORD_COLUMNS if column in first), None)
    wanted = None if gold is None else gold.tag_column
    tags = None if words is None else _choose_tags(rows, words, wanted, name)
    if words is not None and tags is not None:
        names = _class_names(rows, tags)
        yield from read_tagged(_sentences(rows, name, words, tags, names), None, gold)
        return
    rename = words == "words"
    for number, row in enumerate(rows, 1):
        record = {"tokens": row["words"], **row} if rename else dict(row)
        yield parse_record(record, f"{name}, example {number}", gold)


def read_huggingface_texts(name: str) -> Iterator[Document]:
    """The same without entities; a text may be empty."""
    rows, _ = _open_dataset(name)
    for number, row in enumerate(rows, 1):
        record = {"tokens": row["words"], **row} if "words" in row else dict(row)
        yield Document(parse_text(record, f"{name}, example {number}"))


def _open_dataset(name: str) -> tuple[Iterable[dict[str, Any]], dict[str, Any] | None]:
    """The rows, and the first of them; None when there is none."""
    body, split = parse_dataset_name(name)
    try:
        import datasets
    except ImportError:
        raise missing_extra("datasets", "datasets") from None
    reason = ""
    with silence_loggers("huggingface_hub", "datasets"):
        for repository, config in _candidates(body):
            try:
                _check_reachable(repository)
                rows = datasets.load_dataset(repository, config, split=split, streaming=True)
                first = next(iter(rows), None)  # the files are only fetched now
            except datasets.exceptions.DatasetNotFoundError as error:
                reason = str(error)  # perhaps the last part is a config
            except Exception as error:  # every kind of network and data set fault comes out of here
                reason = str(error) or type(error).__name__
                break
            else:
                return rows, first
    raise UserError(
        f"{name} cannot be read ({' '.join(reason.split())[:200].rstrip('.')}); check the name, "
        "config and split, or give a local file instead, for example --input train.jsonl."
    )


def _check_reachable(repository: str) -> None:
    """Raise what is wrong with the network, if anything; `datasets` itself would try for longer."""
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE or Path(repository).is_dir():
        return
    try:
        HfApi().dataset_info(repository, timeout=_PATIENCE_SECONDS)
    except HfHubHTTPError as error:
        if error.response.status_code >= 500:
            raise
        # Otherwise the hub is there; what it says about the data set is for `datasets` to tell.
    except ValueError:  # no name that a data set can have
        raise
    except Exception as error:  # of httpx, or of requests in older versions
        raise ConnectionError(f"the Hugging Face hub cannot be reached: {error}") from None


def _candidates(body: str) -> list[tuple[str, str | None]]:
    """What `a/b` may mean: the data set a/b, or config b of a. A local folder means itself."""
    if Path(body).is_dir():
        return [(body, None)]
    parent, slash, config = body.rpartition("/")
    if slash and body.count("/") >= 2:
        return [(parent, config)]
    return [(body, None), (parent, config)] if slash else [(body, None)]


def _choose_tags(
    rows: Iterable[dict[str, Any]], words: str, wanted: str | None, name: str
) -> str | None:
    """The column with a tag for each word, told from the first row that has any."""
    for row in islice(rows, _LOOK_AHEAD):
        if wanted is not None:
            if wanted not in row:
                raise UserError(
                    f"{name} has no column {wanted!r}; name one of {', '.join(row)} with "
                    "--tag-column."
                )
            return wanted
        for column in _TAG_COLUMNS:
            value = row.get(column)
            if not isinstance(value, list) or not value or not isinstance(value[0], (str, int)):
                continue
            # GLiNER's own data has names of labels in such columns, and spans in another.
            if words != "tokenized_text" or len(value) == len(row[words] or ()):
                return column
    return None


def _class_names(rows: Any, column: str) -> Sequence[str] | None:
    feature = (getattr(rows, "features", None) or {}).get(column)
    inner = feature[0] if isinstance(feature, list) and feature else feature
    return getattr(getattr(inner, "feature", inner), "names", None)


def _sentences(
    rows: Iterable[dict[str, Any]],
    name: str,
    words: str,
    tags: str,
    names: Sequence[str] | None,
) -> Iterator[TaggedSentence]:
    for number, row in enumerate(rows, 1):
        place = f"{name}, example {number}"
        if not row[words]:
            raise UserError(f"{place}: the column {words!r} is empty; remove the example.")
        parse_text({"tokens": row[words]}, place)  # checks the words
        if row[tags] is None:
            yield TaggedSentence(list(row[words]), None, [place] * len(row[words]))
            continue
        if not isinstance(row[tags], list) or len(row[tags]) != len(row[words]):
            raise UserError(f"{place}: the column {tags!r} must hold one tag for every word.")
        parsed = [_parse(tag, names, tags, place) for tag in row[tags]]
        yield TaggedSentence(list(row[words]), parsed, [place] * len(parsed))


def _parse(tag: Any, names: Sequence[str] | None, column: str, place: str) -> Tag:
    if isinstance(tag, str):
        return parse_tag(tag, place)
    if names is None or not isinstance(tag, int) or not 0 <= tag < len(names):
        raise UserError(
            f"{place}: the tag {tag!r} of {column!r} has no name in the data set; "
            "convert the data to a local file with tag names."
        )
    return parse_tag(names[tag], place)

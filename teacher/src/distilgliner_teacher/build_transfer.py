"""Write the unlabelled sentences for distillation: `python -m distilgliner_teacher.build_transfer`.

They are the hand-written training sentences with other names in their entity slots (see
`distilgliner.corpus.rewriting.resample`); only the texts are kept, the teacher labels them anew.
"""

from __future__ import annotations

from pathlib import Path

from distilgliner.bundled import bundled_corpus, bundled_lexicon
from distilgliner.corpus.document import Document
from distilgliner.corpus.read import read_documents
from distilgliner.corpus.rewriting.resample import read_lexicon, resample_entities
from distilgliner.corpus.write import open_atomically

SENTENCES = 3000
SEED = 0


def build_transfer() -> list[Document]:
    """The sentences, still with their entities, from the bundled training part and lexicon."""
    training = list(read_documents(bundled_corpus("train")))
    return resample_entities(training, read_lexicon(bundled_lexicon()), count=SENTENCES, seed=SEED)


def run_build_transfer(output: str | Path) -> int:
    """Write the sentences to `output`, one a line; returns how many."""
    documents = build_transfer()
    with open_atomically(output) as stream:
        stream.writelines(document.text + "\n" for document in documents)
    return len(documents)


if __name__ == "__main__":
    target = bundled_corpus("transfer")
    print(f"{run_build_transfer(target)} sentences written to {target}")

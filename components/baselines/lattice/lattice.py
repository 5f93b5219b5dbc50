"""The word lattice: a lexicon and the n-gram models over it, fitted on the training text, and their files."""

import io
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from components.baselines.lattice.associations import prepared_associations
from components.baselines.lattice.corpus import number_symbols, read_corpus
from components.baselines.lattice.frequencies import prepared_frequencies
from components.baselines.lattice.kinds import word_kinds
from components.baselines.lattice.kneser_ney import fit_kneser_ney
from components.baselines.lattice.lexicon import BOUNDS, Lexicon, LexiconParams, build_lexicon
from components.contracts import Meta
from components.params import Block
from components.preparation.pinyin.encoding.associations import Associations
from components.preparation.pinyin.encoding.ngrams import FIRST, NGrams

log = logging.getLogger(__name__)

WORDS, CHARACTERS = "words", "characters"  # names of the n-gram models


class ModelParams(Block):
    """`prior` weighs the probabilities from outside the corpus, against what smoothing frees."""

    order: Literal[2, 3]
    prior: Annotated[float, Field(gt=0)]


class LatticeParams(Block):
    """The words, and the n-gram models of them and of their characters."""

    lexicon: LexiconParams
    words: ModelParams
    characters: ModelParams


@dataclass(frozen=True)
class LatticeTables:
    """`kinds` are those of the lexicon's words; `characters` are the symbols of the character model and of the
    associations, the two bounds first.
    """

    lexicon: Lexicon
    kinds: list[str]
    characters: list[str]
    words_model: NGrams
    characters_model: NGrams
    associations: Associations

    def to_contents(self) -> dict[str, bytes]:
        """Files of a bundle by name."""
        return {
            "lexicon.parquet": _parquet(self.lexicon.to_table().append_column("kind", [self.kinds])),
            "arcs.parquet": _parquet(self.lexicon.arcs_table(self.words_model.unigram)),
            "characters.parquet": _parquet(pa.table({"character": self.characters})),
            "associations.parquet": self.associations.to_content(),
            **self.words_model.to_contents(WORDS),
            **self.characters_model.to_contents(CHARACTERS),
        }


def fit_lattice(prepared: Path, params: LatticeParams, *, seed: int, kept: np.ndarray | None = None) -> LatticeTables:
    """From the training split of a prepared folder, and the tables of associations and of frequencies if it has
    them. `kept`: a mask over the clauses of training; the others are left out.
    """
    pairs = Meta.read(prepared).data["pairs"]
    corpus = read_corpus(prepared)
    corpus = corpus if kept is None else corpus.select(kept)
    symbols = number_symbols({character for found in pairs.values() for character in found})
    table = prepared_associations(prepared, symbols)
    lexicon = build_lexicon(corpus, pairs, table, prepared_frequencies(prepared), params.lexicon, seed)
    log.info("lexicon: %d words, %d of them of the training text", len(lexicon.words), len(corpus.counts))
    words = fit_kneser_ney(
        corpus.sentences(lexicon.symbols), lexicon.prior, order=params.words.order, prior_weight=params.words.prior
    )
    characters = fit_kneser_ney(
        corpus.characters(symbols), table.distribution(), order=params.characters.order,
        prior_weight=params.characters.prior,
    )  # fmt: skip
    for name, model in ((WORDS, words), (CHARACTERS, characters)):
        log.info("%s: %d bigrams, %d trigrams", name, len(model.bigrams), len(model.trigrams))
    kinds = [*("" for _ in BOUNDS), *word_kinds(corpus, lexicon.words[FIRST:])]
    return LatticeTables(lexicon, kinds, [*BOUNDS, *symbols], words, characters, table)


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=9, write_statistics=False)
    return buffer.getvalue()

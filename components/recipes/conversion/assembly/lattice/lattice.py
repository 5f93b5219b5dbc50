"""The word lattice: a lexicon and the n-gram models over it, fitted on the training text, and their files."""

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.job import TRAIN, Meta
from components.recipes.conversion.assembly.lattice.associations import prepared_associations
from components.recipes.conversion.assembly.lattice.corpus import number_symbols, read_corpus
from components.recipes.conversion.assembly.lattice.frequencies import prepared_frequencies
from components.recipes.conversion.assembly.lattice.kinds import word_kinds
from components.recipes.conversion.assembly.lattice.kneser_ney import Sentences, fit_kneser_ney
from components.recipes.conversion.assembly.lattice.lexicon import BOUNDS, Lexicon, build_lexicon
from components.recipes.conversion.assembly.lattice.other_text import prepared_other_text
from components.recipes.conversion.encoding.associations import Associations
from components.recipes.conversion.encoding.ngrams import FIRST, NGrams
from components.recipes.conversion.params.lattice import LatticeParams

log = logging.getLogger(__name__)

WORDS, CHARACTERS, OTHER_CHARACTERS = "words", "characters", "other_characters"  # names of the n-gram models


@dataclass(frozen=True)
class LatticeTables:
    """`kinds` are those of the lexicon's words; `characters` are the symbols of the character models and of the
    associations, the two bounds first. `other_model` is of the characters of other text, if there is any.
    """

    lexicon: Lexicon
    kinds: list[str]
    characters: list[str]
    words_model: NGrams
    characters_model: NGrams
    other_model: NGrams | None
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
            **(self.other_model.to_contents(OTHER_CHARACTERS) if self.other_model else {}),
        }


def fit_lattice(
    prepared: Path,
    params: LatticeParams,
    *,
    seed: int,
    splits: Sequence[str] = (TRAIN,),
    kept: np.ndarray | None = None,
) -> LatticeTables:
    """From splits of a prepared folder, and the associations, frequencies and other text that it may have.

    `kept`: a mask over the clauses; the others are left out, and those with a character that is none of its syllable's,
    which training has not.
    """
    pairs = Meta.read(prepared).data["pairs"]
    corpus = read_corpus(prepared, splits)
    legal = corpus.legal(pairs)
    corpus = corpus.select(legal if kept is None else legal & kept)
    symbols = number_symbols({character for found in pairs.values() for character in found})
    table = prepared_associations(prepared, symbols)
    lexicon = build_lexicon(corpus, pairs, table, prepared_frequencies(prepared), params.lexicon, seed)
    log.info("lexicon: %d words, %d of them of the training text", len(lexicon.words), len(corpus.counts))
    words = fit_kneser_ney(
        corpus.sentences(lexicon.symbols), lexicon.prior, order=params.words.order, prior_weight=params.words.prior
    )

    def of_characters(text: Sentences) -> NGrams:
        settings = params.characters
        return fit_kneser_ney(text, table.distribution(), order=settings.order, prior_weight=settings.prior)

    characters, other = of_characters(corpus.characters(symbols)), prepared_other_text(prepared, symbols)
    for name, model in ((WORDS, words), (CHARACTERS, characters)):
        log.info("%s: %d bigrams, %d trigrams", name, len(model.bigrams), len(model.trigrams))
    kinds = [*("" for _ in BOUNDS), *word_kinds(corpus, lexicon.words[FIRST:])]
    other_model = of_characters(other) if other else None
    return LatticeTables(lexicon, kinds, [*BOUNDS, *symbols], words, characters, other_model, table)


def _parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=9, write_statistics=False)
    return buffer.getvalue()

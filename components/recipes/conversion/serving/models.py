"""Models of a conversion bundle, read."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from components.core.blocks import Block
from components.core.bundle import Bundle
from components.recipes.conversion.encoding.associations import read_associations
from components.recipes.conversion.encoding.ngrams import file_names, read_ngrams, read_parquet
from components.recipes.conversion.encoding.tones import Tones
from components.recipes.conversion.params.pinyin import InputParams
from components.recipes.conversion.params.search import BeamParams, Count, PartParams
from components.recipes.conversion.serving.arcs import (
    ArcTable,
    Candidates,
    character_arcs,
    character_symbols,
    read_arcs,
)
from components.recipes.conversion.serving.contexts import read_contexts
from components.recipes.conversion.serving.decoder import Decoder, SearchSettings
from components.recipes.conversion.serving.learner import LearnerScorer
from components.recipes.conversion.serving.rescore import Models
from components.recipes.conversion.serving.vocabulary import Vocabulary

PINYIN = "pinyin"  # .json, what `meta.data` says of the pairs, and their tones
TONES = "tones"  # its key, which bundles of before tones were kept lack
LEXICON, ARCS, CHARACTERS, ASSOCIATIONS, CONTEXTS = (
    "lexicon.parquet",
    "arcs.parquet",
    "characters.parquet",
    "associations.parquet",
    "contexts.parquet",
)
WORD_NGRAMS, CHARACTER_NGRAMS, OTHER_NGRAMS = "words", "characters", "other_characters"


class ConversionSettings(Block):
    """The `settings` of a conversion bundle. `learner` names the network's graph, null where there is none;
    `characters` is the beam of the baseline over characters; `n_best` answers are given where nobody says how many.
    """

    learner: str | None
    search: SearchSettings
    characters: BeamParams
    parts: PartParams
    input: InputParams
    n_best: Count


class ConversionModels:
    """The tables and graphs of a bundle, each opened when it is first asked for."""

    def __init__(self, bundle: Bundle, settings: ConversionSettings) -> None:
        self.bundle, self.settings = bundle, settings
        self.pinyin = bundle.json(PINYIN)
        self.candidates = Candidates(self.pinyin["pairs"])

    @cached_property
    def decoder(self) -> Decoder:
        settings = self.settings
        return Decoder(self.arcs, self.models, self.learner, settings.search)

    @cached_property
    def tones(self) -> Tones:
        """Any character has any tone in a bundle of before they were kept."""
        return Tones.of(self.candidates.by_syllable, self.listed_tones)

    @cached_property
    def listed_tones(self) -> Mapping[str, Sequence[str]] | None:
        listed: Mapping[str, Sequence[str]] | None = self.pinyin.get(TONES)
        return listed

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary.read(read_parquet(self.bundle.path(LEXICON)))

    @cached_property
    def characters(self) -> list[str]:
        """By symbol of the models of characters."""
        texts: list[str] = read_parquet(self.bundle.path(CHARACTERS))["character"].to_pylist()
        return texts

    @cached_property
    def models(self) -> Models:
        has_associations = ASSOCIATIONS in self.bundle.files
        has_other_text = file_names(OTHER_NGRAMS)[0] in self.bundle.files
        folder, size = self.bundle.folder, len(self.characters)
        return Models(
            vocabulary=self.vocabulary,
            words=read_ngrams(folder, WORD_NGRAMS),
            characters=read_ngrams(folder, CHARACTER_NGRAMS),
            other_characters=read_ngrams(folder, OTHER_NGRAMS) if has_other_text else None,
            associations=read_associations(folder / ASSOCIATIONS, size) if has_associations else None,
            symbols=self.vocabulary.character_symbols(self.characters),
            contexts=read_contexts(folder / CONTEXTS) if CONTEXTS in self.bundle.files else None,
        )

    @cached_property
    def arcs(self) -> ArcTable:
        return self.all_arcs.capped(self.settings.search.caps)

    @cached_property
    def all_arcs(self) -> ArcTable:
        return self._read_arcs([len(self.vocabulary.texts)] * len(self.settings.search.caps))

    @cached_property
    def character_arcs(self) -> ArcTable:
        words = self._read_arcs([self.candidates.most])
        return character_arcs(self.candidates, character_symbols(self.characters), words)

    def _read_arcs(self, caps: Sequence[int]) -> ArcTable:
        return read_arcs(read_parquet(self.bundle.path(ARCS)), self.vocabulary, self.candidates, caps)

    @cached_property
    def learner(self) -> LearnerScorer | None:
        name = self.settings.learner
        return None if name is None else LearnerScorer(self.bundle, name, self.candidates)

    @cached_property
    def character_vocabulary(self) -> Vocabulary:
        return Vocabulary(self.characters, np.zeros(len(self.characters)))

"""Raw Chinese text to training, validation and test clauses with their pinyin, and all that readers need to know."""

import itertools
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError
from components.core.files import whole_folder
from components.core.job import TEST, TRAIN, VALIDATION, Meta, read_origin
from components.recipes.conversion.encoding.readings import Readings
from components.recipes.conversion.encoding.spec import ASSOCIATIONS, FREQUENCIES, LEXICON, OTHER_TEXT
from components.recipes.conversion.params.params import ConversionJob
from components.recipes.conversion.params.pinyin import PinyinParams
from components.recipes.conversion.preparation import corpus, repeats
from components.recipes.conversion.preparation.associations import write_associations
from components.recipes.conversion.preparation.corpus import Cutter, Line, Words
from components.recipes.conversion.preparation.frequencies import write_frequencies
from components.recipes.conversion.preparation.lexicon import write_lexicon
from components.recipes.conversion.preparation.other_text import write_other_text
from components.recipes.conversion.preparation.pairs import Pair, legal_pairs
from components.recipes.conversion.preparation.split import ORDER, some_blocks, split_lines
from components.recipes.conversion.preparation.write import Clause, PreparedFiles

log = logging.getLogger(__name__)

SHOWN = 30  # characters of an example
HELD_OUT = (VALIDATION, TEST)
NO_READING = "a character without a reading"
UNTAGGED = "not word/tag tokens"
NO_HANZI = "a line without hanzi"
REPEATED = "also in another split"
# Of what --smoke prepares: lines, and rows of each of the tables beside them.
SMOKE_LINES, SMOKE_ROWS = 2_000, 20_000


def prepare(job: ConversionJob) -> Meta:
    """Cut the raw text into clauses, read them, split them by blocks of lines, write the prepared folder whole.

    It gets `train.parquet`, `val.parquet` and `test.parquet` (clause, its number in the file
    from 1; line, from 1; text, hanzi alone; words, the lengths of its words; tags, one a word,
    null where the text has none; syllables, toneless
    with ü as v, one for each character, between blanks; in the order of the file),
    `rejected.parquet` (line, text, reason), `lexicon.parquet` (text and syllables of a dictionary's
    words), `meta.json`, and where the params name a table of them `associations.parquet` (text of
    one or two characters, log_p), `frequencies.parquet` (text of a word, count) and `other_text.parquet` (text).
    The text is read in several passes and never held in memory.

    Raises:
        CasebookError: the params or the file are wrong, it has no hanzi, too much of it cannot be
            used, or a split is left empty.
    """
    spec, raw = job.prepare, job.paths.raw(job.case)
    source = read_origin(raw)
    text = _Text(raw / spec.file, spec, SMOKE_LINES if job.smoke else None)
    most = SMOKE_ROWS if job.smoke else None
    with whole_folder(job.paths.prepared(job.case)) as folder:
        with PreparedFiles(folder) as files:
            lines = text.write(files, text.repeated())
        _check(text, files, lines)
        described = _describe(text, files)
        known = {character for found in described["pairs"].values() for character in found}
        if spec.frequencies is not None:
            described["frequencies"] = write_frequencies(raw / spec.frequencies, folder / FREQUENCIES, known, most)
        if spec.associations is not None:
            described["associations"] = write_associations(raw / spec.associations, folder / ASSOCIATIONS, known, most)
        if spec.other_text:
            texts = [raw / name for name in spec.other_text]
            described["other_text"] = write_other_text(texts, folder / OTHER_TEXT, known, most)
        described["lexicon"] = write_lexicon(folder / LEXICON, described["pairs"])
        meta = Meta(job.case, files.written(), dict(sorted(files.reasons.items())), source, described)
        meta.write(folder)
    log.info("%s: %s", job.case, ", ".join(f"{name} {count}" for name, count in meta.rows.items()))
    for reason, count in meta.rejected.items():
        log.info("%s: set aside %d: %s", job.case, count, reason)
    return meta


class _Text:
    """A raw text under the params: its clauses, and the split of each of its lines; of at most `most` lines of it, if
    that is given.
    """

    def __init__(self, path: Path, spec: PinyinParams, most: int | None = None) -> None:
        self.path, self.spec = path, spec
        corpus.check_form(path, spec.form)
        self.lines = sum(1 for _ in corpus.read_lines(path))
        self.readings = Readings()
        self.cut: Cutter = (
            corpus.cut_segmented if spec.form == "segmented" else corpus.plain_cutter(self.readings.words)
        )
        if not any(line.clauses for line in corpus.cut_lines(path, self.cut)):
            raise CasebookError(
                f"{path}: no hanzi in its {self.lines} line(s); give a Chinese text, or see prepare.form"
            )
        self.blocks = split_lines(self.lines, spec.split, str(path))
        self.chosen = None if most is None else some_blocks(self.blocks, most // spec.split.lines)

    def counts(self, line: int) -> bool:
        return self.chosen is None or self.block(line) in self.chosen

    def block(self, line: int) -> int:
        return (line - 1) // self.spec.split.lines

    def split(self, line: int) -> str:
        return self.blocks[self.block(line)]

    def fits(self, words: Words) -> bool:
        return self.spec.lengths.shortest <= sum(map(len, words.texts)) <= self.spec.lengths.longest

    def placed(self, *splits: str) -> Iterator[tuple[str, str]]:
        """The split and the text of every clause of a fit length in these splits."""

        def wanted(number: int) -> bool:
            return self.split(number) in splits and self.counts(number)

        for line in corpus.cut_lines(self.path, self.cut, wanted):
            yield from ((self.split(line.number), "".join(words.texts)) for words in line.clauses if self.fits(words))

    def repeated(self) -> dict[str, set[str]]:
        """The splits of every clause that is held out."""
        found = repeats.held_out_texts(self.placed(*HELD_OUT))
        repeats.add_training(found, self.placed(TRAIN))
        return found

    def write(self, files: PreparedFiles, repeated: dict[str, set[str]]) -> Counter[str]:
        """Write every clause where it belongs; how many lines there are, and how many are broken by what."""
        lines: Counter[str] = Counter()
        numbers = itertools.count(1)
        for line in corpus.cut_lines(self.path, self.cut, self.counts):
            if not line.clauses:
                files.reject(line.number, line.text, f"{UNTAGGED}: {line.broken}" if line.broken else NO_HANZI)
            reasons = {self._place(line, next(numbers), words, files, repeated) for words in line.clauses}
            broken = UNTAGGED if line.broken else NO_READING if NO_READING in reasons else None
            lines.update(["all", *([broken] if broken else [])])
        return lines

    def _place(
        self, line: Line, number: int, words: Words, files: PreparedFiles, repeated: dict[str, set[str]]
    ) -> str | None:
        """Keep a clause or set it aside; the kind of the reason why not."""
        text, split, lengths = "".join(words.texts), self.split(line.number), self.spec.lengths
        if not self.fits(words):
            short = len(text) < lengths.shortest
            reason = f"fewer than {lengths.shortest} hanzi" if short else f"more than {lengths.longest} hanzi"
            files.reject(line.number, text, reason)
            return reason
        syllables = [syllable for word in words.texts for syllable in self.readings.of_word(word)]
        if None in syllables:
            files.reject(line.number, text, f"{NO_READING}: {text[syllables.index(None)]}")
            return NO_READING
        if text in repeated and not repeats.stays(split, repeated[text], self.spec.remove_duplicates):
            files.reject(line.number, text, REPEATED)
            return REPEATED
        clause = Clause(number, line.number, words, [one for one in syllables if one is not None])
        files.keep(split, clause, known=self._known(split, text, repeated))
        return None

    def _known(self, split: str, text: str, repeated: dict[str, set[str]]) -> bool:
        """Whether a held-out clause stands in what is left of training, too."""
        splits = repeated.get(text, set())
        return split != TRAIN and TRAIN in splits and repeats.stays(TRAIN, splits, self.spec.remove_duplicates)


def _check(text: _Text, files: PreparedFiles, lines: Counter[str]) -> None:
    """Little enough is broken, and no split is empty."""
    broken = lines[UNTAGGED] + lines[NO_READING]
    if broken > text.spec.max_rejected * lines["all"]:
        examples = [
            f"  {lines[kind]} line(s), such as line {files.first_rejected[kind].line}: "
            f"{files.first_rejected[kind].reason} in {files.first_rejected[kind].text[:SHOWN]!r}"
            for kind in (UNTAGGED, NO_READING)
            if lines[kind]
        ]
        raise CasebookError(
            f"{text.path}: {broken} of {lines['all']} lines ({broken / lines['all']:.1%}) cannot be used, and "
            f"prepare.max_rejected allows {text.spec.max_rejected:.1%}:\n" + "\n".join(examples) + "\n"
            "correct the file, or form or max_rejected under prepare"
        )
    written = files.written()
    if empty := [name for name in ORDER if not written[name]]:
        raise CasebookError(
            f"{text.path}: prepare.split leaves {' and '.join(empty)} without a clause of {text.spec.lengths.shortest} "
            f"to {text.spec.lengths.longest} hanzi; use smaller blocks, larger shares or more lines"
        )


def _describe(text: _Text, files: PreparedFiles) -> dict[str, Any]:
    """`Meta.data`. What is fitted here sees the training clauses alone, but for the dictionary's readings."""
    seen = files.pairs[TRAIN]
    pairs = legal_pairs(seen, text.spec)
    return {
        "key": ["clause"],
        "syllables": list(pairs),
        "pairs": pairs,
        "counts": {
            "lines": text.lines,
            "blocks": len(text.blocks),
            "characters": dict(files.characters),
            "pairs": {"training": len(seen), "legal": sum(map(len, pairs.values()))},
            "outside": {name: _outside(files.pairs[name], seen, pairs) for name in HELD_OUT},
            "in_training": {name: files.known[name] for name in HELD_OUT},
        },
        "examples": files.examples(),
        "spec": text.spec.model_dump(mode="json"),
    }


def _outside(held_out: Counter[Pair], seen: Counter[Pair], pairs: dict[str, str]) -> dict[str, int]:
    """Characters of a split whose pair is not in training, and those that no answer can get right."""
    unseen = {pair: count for pair, count in held_out.items() if pair not in seen}
    beyond = sum(count for (syllable, one), count in unseen.items() if one not in pairs.get(syllable, ""))
    return {"unseen": sum(unseen.values()), "not_legal": beyond}

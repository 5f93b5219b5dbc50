"""`cases.<case>.prepare` of pinyin: what the raw text is, how it is cut and split; and what typed input may hold."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.core.blocks import Block

LONGEST = 127  # `words` holds lengths as int8, and a clause may be one word

Share = Annotated[float, Field(gt=0, lt=1)]


class Lengths(Block):
    """Clauses of fewer or more characters are set aside; both ends are kept."""

    shortest: Annotated[int, Field(ge=1)]
    longest: Annotated[int, Field(ge=1, le=LONGEST)]

    @model_validator(mode="after")
    def _some_length_is_left(self) -> "Lengths":
        if self.shortest > self.longest:
            raise ValueError("shortest is above longest, so that no clause is kept")
        return self


class BlockSplit(Block):
    """Blocks of `lines` lines of the file, shuffled by `seed`: the last `test` share is the test, the share before it
    the validation. Lines that stand together, such as an article's, mostly stay together.
    """

    lines: Annotated[int, Field(ge=1)]
    seed: int
    validation: Share
    test: Share

    @model_validator(mode="after")
    def _something_is_left(self) -> "BlockSplit":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test leave no block to train on")
        return self


class PinyinParams(Block):
    """The whole block.

    `form` segmented: `word/tag` tokens between blanks, tag w being punctuation; plain: any text,
    a sentence a line. `readings` adds pairs that training does not show: all readings of the
    6,763 characters of GB 2312. `associations` names a table, in the raw folder, of how often two
    characters stand side by side in other text, `frequencies` a list of how often words do; null for
    none. `other_text` names plain texts, in the raw folder, that are of another kind than what is converted.
    `remove_duplicates` says where a clause that stands in several splits is taken out: of training
    (it stays in the test, else in the validation), of what is held out (it stays in training, else in
    the validation), or nowhere.
    """

    file: str
    form: Literal["segmented", "plain"]
    lengths: Lengths
    readings: Literal["gb2312", "none"]
    associations: str | None
    frequencies: str | None
    other_text: list[str]
    split: BlockSplit
    remove_duplicates: Literal["none", "from_train", "from_held_out"]
    max_rejected: Annotated[float, Field(ge=0, lt=1)]


class InputParams(Block):
    """How lenient the reading of typed pinyin is.

    `abbreviations`: first letters stand for syllables ("zg" for zhong guo). `max_illegal` is the
    share of a word's letters that may be no pinyin for the rest to be read; a word with more
    of them, such as one of another language, is left as it is.
    """

    abbreviations: bool
    max_illegal: Annotated[float, Field(ge=0, lt=1)]

"""Files of a prepared folder besides its splits."""

ASSOCIATIONS = "associations.parquet"
FREQUENCIES = "frequencies.parquet"
LEXICON = "lexicon.parquet"
OTHER_TEXT = "other_text.parquet"

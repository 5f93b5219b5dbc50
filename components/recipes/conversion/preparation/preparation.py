"""Chinese sentences with their pinyin: raw text to prepared splits."""

from components.core.job import Meta
from components.recipes.conversion.params.params import ConversionJob
from components.recipes.conversion.preparation.prepare import prepare_pinyin


def prepare(job: ConversionJob) -> Meta:
    return prepare_pinyin(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)

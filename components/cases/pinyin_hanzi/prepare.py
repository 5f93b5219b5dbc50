"""Chinese sentences with their pinyin: raw text to prepared splits."""

from components.cases.pinyin_hanzi.params import ConversionJob
from components.contracts import Meta
from components.preparation.pinyin.prepare import prepare_pinyin


def prepare(job: ConversionJob) -> Meta:
    return prepare_pinyin(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)

"""Chinese sentences with their pinyin: raw text to prepared splits."""

from components.contracts import Job, Meta
from components.preparation.pinyin.prepare import prepare_pinyin


def prepare(job: Job) -> Meta:
    return prepare_pinyin(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)

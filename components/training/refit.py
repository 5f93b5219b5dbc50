"""Where a second fit, on all that is known, keeps its checkpoints."""

import hashlib
import io
import shutil
from pathlib import Path

from lightning.pytorch import LightningModule

from components.contracts import Job


def refit_state(job: Job, learner: LightningModule) -> Path:
    """A folder that belongs to the weights of the first fit: a killed run goes on in it, another one starts anew.

    Those of other weights are removed.
    """
    state = job.paths.state(job.case) / "refit" / _weights_digest(learner)
    for other in state.parent.glob("*"):
        if other != state:
            shutil.rmtree(other)
    return state


def _weights_digest(learner: LightningModule) -> str:
    content = io.BytesIO()
    for name, tensor in sorted(learner.state_dict().items()):
        content.write(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return hashlib.sha256(content.getvalue()).hexdigest()[:32]

"""A Transformer that says of each syllable which of its characters is meant."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.kits.transformers.layers import MASKED, Block, Dropout, table

CHUNK = 16  # syllables that read their candidates' vectors together


class SyllableLabeller(nn.Module):
    """Pre-LN Transformer encoder with a bias of attention by distance (as T5: Raffel et al., 2020), over syllables and
    the known n-grams around them, with a softmax over the candidates of each syllable alone.

    Syllables are numbered from 1, 0 is padding; all tables have a row for it. A syllable's vector is the sum of
    its own, its initial's and its final's: `initials, finals (S + 1,)` are their numbers. `candidates (S + 1, C)`
    are numbers of pairs, syllable and character, -1 past a syllable's last; `counts (P,)`, how often each was seen,
    start the output bias at its logarithm. `window_counts (K + 1,)` are those of the n-grams, which share one
    table whatever the window. In training an n-gram that was seen n times is unknown with the chance
    `window_dropout / (window_dropout + n)`, so that the network learns to do without the rare ones (as words in
    Kiperwasser & Goldberg, 2016), and a syllable is hidden with the chance `hidden`, so that others tell of it.
    """

    initials: Tensor
    finals: Tensor
    candidates: Tensor
    window_kept: Tensor

    def __init__(
        self,
        *,
        initials: Tensor,
        finals: Tensor,
        candidates: Tensor,
        counts: Tensor,
        window_counts: Tensor,
        windows: int,
        size: int,
        window_size: int,
        output_size: int,
        blocks: int,
        heads: int,
        expansion: int,
        reach: int,
        dropout: float,
        attention_dropout: float,
        input_dropout: float,
        window_dropout: float,
        hidden: float,
    ) -> None:
        super().__init__()
        self.reach, self.hidden = reach, hidden
        for name, buffer in {"initials": initials, "finals": finals, "candidates": candidates}.items():
            self.register_buffer(name, buffer)
        # Not for checkpoints: it follows from the data.
        kept = window_counts / (window_counts + window_dropout).clamp(min=1e-9)
        self.register_buffer("window_kept", kept.float(), persistent=False)
        self.syllable = table(len(initials), size, 0.3)
        self.initial, self.final = (table(int(parts.max()) + 1, size, 0.3) for parts in (initials, finals))
        self.window = table(len(window_counts), window_size, 0.1)
        self.windows = nn.Linear(windows * window_size, size)
        self.distance = nn.Parameter(torch.zeros(heads, 2 * reach + 1))
        self.dropout = Dropout(input_dropout)
        self.blocks = nn.ModuleList(
            Block(size=size, heads=heads, expansion=expansion, dropout=dropout, attention_dropout=attention_dropout)
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(size)
        self.output = nn.Linear(size, output_size)
        self.pair = table(len(counts), output_size, 0.05)
        self.bias = nn.Parameter(torch.log(counts.float() + 0.1))

    def forward(self, syllables: Tensor, windows: Tensor) -> Tensor:
        """`(B, L) int64` and ids of n-grams `(B, L, W) int64` -> what is asked of a pair's vector, `(B, L, o)`."""
        valid = syllables > 0
        if self.training:
            windows = windows * (torch.rand(windows.shape, device=windows.device) < self.window_kept[windows])
            syllables = syllables * (torch.rand(syllables.shape, device=syllables.device) >= self.hidden)
        vectors = self.syllable.weight + self.initial(self.initials) + self.final(self.finals)
        tokens = functional.embedding(syllables, vectors) + self.windows(self.window(windows).flatten(2))
        tokens = self.dropout(tokens)
        bias = self.relations(valid)
        for block in self.blocks:
            tokens = block(tokens, bias)
        asked: Tensor = self.output(self.norm(tokens))
        return asked

    def relations(self, valid: Tensor) -> Tensor:
        """What is added to the attention of each syllable (row) to each (column), `(heads, B, L, L)`."""
        place = torch.arange(valid.shape[1], device=valid.device)
        apart = (place - place[:, None]).clamp(-self.reach, self.reach) + self.reach
        return self.distance[:, apart].unsqueeze(1) + MASKED * ~valid[:, None]

    def scores(self, asked: Tensor, syllables: Tensor) -> Tensor:
        """`(N, o)` and the numbers of their syllables `(N,)` -> logits of the candidates `(N, C)`.

        Those of one syllable read the candidates' vectors together, which takes a fraction of the time and memory.
        """
        slot, chunk = deal(syllables, len(self.candidates))
        dealt = asked.new_zeros(len(chunk) * CHUNK, asked.shape[1]).index_copy(0, slot, asked)
        pairs, masked = self._candidates(chunk)
        # The vectors, which are many, stand on the left: their gradient then needs no transposing.
        scores = torch.bmm(self.pair(pairs), dealt.view(len(chunk), CHUNK, -1).transpose(1, 2)).float()
        scores = scores + (self.bias[pairs] + masked).unsqueeze(2)
        return scores.transpose(1, 2).flatten(0, 1)[slot]

    def scores_alone(self, asked: Tensor, syllables: Tensor) -> Tensor:
        """As `scores`, of any shape `(..., o)` and `(...)`, each for itself: what can be exported."""
        pairs, masked = self._candidates(syllables)
        scores: Tensor = (self.pair(pairs) @ asked.unsqueeze(-1)).squeeze(-1) + self.bias[pairs] + masked
        return scores

    def _candidates(self, syllables: Tensor) -> tuple[Tensor, Tensor]:
        pairs = self.candidates[syllables]
        return pairs.clamp(min=0), MASKED * (pairs < 0)


class Labels(nn.Module):
    """What is served: logits `(B, L, C)` of each syllable's candidates, in their order, `MASKED` past the last."""

    def __init__(self, network: SyllableLabeller) -> None:
        super().__init__()
        self.network = network

    def forward(self, syllables: Tensor, windows: Tensor) -> Tensor:
        return self.network.scores_alone(self.network(syllables, windows), syllables)


def deal(syllables: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Deal N syllables, numbers below `count`, into chunks of one kind: the slot of each `(N,)`, and the syllable of
    each of the K chunks `(K,)`, whose slots are `CHUNK * k` and on.
    """
    kinds = torch.bincount(syllables, minlength=count)
    chunks = (kinds + CHUNK - 1) // CHUNK
    kind, order = syllables.sort(stable=True)
    rank = torch.arange(len(kind), device=kind.device) - (kinds.cumsum(0) - kinds)[kind]
    slot = torch.empty_like(order).scatter_(0, order, CHUNK * (chunks.cumsum(0) - chunks)[kind] + rank)
    return slot, torch.arange(count, device=kind.device).repeat_interleave(chunks)

"""A Transformer that says of each syllable which of its characters is meant."""

import torch
from torch import Tensor, nn
from torch.nn import functional

# Finite, so that a row of padding has a softmax, and within the range of half precision.
MASKED = -3e4
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


class Block(nn.Module):
    """Pre-LN self-attention and feed-forward, `(B, L, d) -> (B, L, d)`."""

    def __init__(self, *, size: int, heads: int, expansion: int, dropout: float, attention_dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.first_norm, self.second_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.query_key_value, self.mixed = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, expansion * size), nn.Linear(expansion * size, size)
        self.dropout, self.attention_dropout = Dropout(dropout), Dropout(attention_dropout)

    def forward(self, tokens: Tensor, bias: Tensor) -> Tensor:
        """`bias (heads, B, L, L)` is added to the attention."""
        tokens = tokens + self.dropout(self.mixed(self._attend(self.first_norm(tokens), bias)))
        wide = functional.gelu(self.widen(self.second_norm(tokens)))
        out: Tensor = tokens + self.dropout(self.narrow(wide))
        return out

    def _attend(self, tokens: Tensor, bias: Tensor) -> Tensor:
        # Written out: torch's fused attention knows no learned bias on the CPU.
        batch, length, size = tokens.shape
        width = size // self.heads
        split = self.query_key_value(tokens).view(batch, length, 3, self.heads, width).permute(2, 3, 0, 1, 4)
        query, key, value = split.reshape(3, self.heads * batch, length, width).unbind(0)
        scores = torch.baddbmm(bias.flatten(0, 1), query, key.transpose(1, 2), alpha=width**-0.5)
        read = torch.bmm(self.attention_dropout(scores.softmax(dim=-1)), value)
        return read.view(self.heads, batch, length, width).permute(1, 2, 0, 3).reshape(batch, length, size)


class Dropout(nn.Module):
    """As torch's; on the CPU it draws a byte for each value, which takes a fifth of the time of torch's float.

    The chance is rounded to 256ths there.
    """

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.chance = chance

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or not self.chance:
            return values
        if values.device.type != "cpu":
            return functional.dropout(values, self.chance)
        dropped = round(256 * self.chance)
        words = torch.empty(-(-values.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = words.view(torch.uint8)[: values.numel()].view(values.shape).ge_(dropped)
        return values * kept.to(values.dtype).mul_(256 / (256 - dropped))


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


def table(count: int, size: int, deviation: float) -> nn.Embedding:
    embedding = nn.Embedding(count, size)
    nn.init.normal_(embedding.weight, std=deviation)
    return embedding

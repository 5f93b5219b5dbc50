"""A causal Transformer over a user's events, with a relative bias of time between them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from components.kits.transformers.layers import MASKED, Block, Dropout, table

NEAR = 2  # events
RELATIONS = 4


class SequenceTransformer(nn.Module):
    """Self-attentive next-item network (SASRec: Kang & McAuley, 2018, arXiv:1808.09781), pre-LN, with item
    features in the tied item table and a bias of attention by time and distance (as TiSASRec: Li et al., 2020).

    An item's vector is the sum of its own embedding, one for each of its codes `item_codes (M, C)` of
    sizes `code_sizes`, and a linear map of its sets `item_sets (M, S)`; C or S may be 0. It is used
    both as input and as output. `counts (M,)` start the output bias at the log of popularity.
    `token_sizes` and `user_sizes` are the numbers of codes of the token and of the user features.
    """

    item_codes: Tensor
    item_sets: Tensor

    def __init__(
        self,
        *,
        counts: Tensor,
        item_codes: Tensor,
        code_sizes: Sequence[int],
        item_sets: Tensor,
        token_sizes: Sequence[int],
        user_sizes: Sequence[int],
        window: int,
        size: int,
        blocks: int,
        heads: int,
        expansion: int,
        dropout: float,
        attention_dropout: float,
        input_dropout: float,
    ) -> None:
        super().__init__()
        self.window = window
        self.register_buffer("item_codes", item_codes)
        self.register_buffer("item_sets", item_sets)
        self.item = table(len(counts), size, 0.05)
        self.codes = nn.ModuleList(table(count, size) for count in code_sizes)
        self.sets = nn.Linear(item_sets.shape[1], size, bias=False) if item_sets.shape[1] else None
        if self.sets is not None:
            nn.init.normal_(self.sets.weight, std=0.02)
        popularity = torch.log(counts.float() + 1)
        self.bias = nn.Parameter(popularity - popularity.mean())
        self.position = table(window, size)
        self.token = OffsetEmbedding(token_sizes, size)
        self.user = OffsetEmbedding(user_sizes, size)
        self.relation = nn.Parameter(torch.zeros(heads, RELATIONS))
        self.input_scale = 0.35 * size**0.5
        self.dropout = Dropout(input_dropout)
        self.blocks = nn.ModuleList(
            Block(size=size, heads=heads, expansion=expansion, dropout=dropout, attention_dropout=attention_dropout)
            for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(size)

    def item_vectors(self, items: Tensor | None = None) -> Tensor:
        """`(M, d)`, or of the given `items (...)` alone `(..., d)`."""
        ids, codes, sets = (
            (self.item.weight, self.item_codes, self.item_sets)
            if items is None
            else (self.item(items), self.item_codes[items], self.item_sets[items])
        )
        for place, embedding in enumerate(self.codes):
            ids = ids + embedding(codes[..., place])
        return ids if self.sets is None else ids + self.sets(sets)

    def forward(
        self, vectors: Tensor, features: Tensor, times: Tensor, user: Tensor, valid: Tensor, only_last: bool = False
    ) -> Tensor:
        """Item vectors `(B, L, d)`, token features `(B, L, F)`, seconds `(B, L)`, user features `(B, U)` and
        `valid (B, L)` of left-padded histories to `(B, L, d)`: what at each event is asked of the next item's
        vector. `only_last` gives `(B, 1, d)`, that of the last event.
        """
        place = (valid.long().cumsum(1) - 1).clamp(min=0)
        tokens = vectors * (valid.unsqueeze(-1) * self.input_scale) + self.position(place)
        tokens = tokens + self.token(features) + self.user(user).unsqueeze(1)
        tokens, bias = self.dropout(tokens), self.relations(times, valid)
        for block in self.blocks[:-1]:
            tokens = block(tokens, bias)
        hidden: Tensor = self.norm(self.blocks[-1](tokens, bias, only_last=only_last))
        return hidden

    def relations(self, times: Tensor, valid: Tensor) -> Tensor:
        """What is added to the attention of each event (row) to each (column), `(heads, B, L, L)`.

        A learned weight each for: same second, log of the seconds between, log of the events between,
        at most `NEAR` events between. Later events and padding are masked.
        """
        batch, length = times.shape
        place = torch.arange(length, device=times.device)
        apart = place[:, None] - place
        steps = torch.stack([torch.log1p(apart.clamp(min=0).float()) / 3, (apart <= NEAR).float()])
        with torch.no_grad():
            elapsed = (times[:, :, None] - times[:, None]).clamp(min=0)
            clock = torch.stack([(elapsed == 0).float(), torch.log1p(elapsed) / 5])
        # What all users share is added once, and not a user at a time.
        shared = (self.relation[:, 2:] @ steps.flatten(1)).view(-1, 1, length, length) + MASKED * (apart < 0)
        own = (self.relation[:, :2] @ clock.flatten(1)).view(-1, batch, length, length)
        return own + (shared + MASKED * ~valid[:, None])


class OffsetEmbedding(nn.Module):
    """The sum of an embedding of each feature, looked up in one table: `(..., F) int64 -> (..., d)`; F may be 0."""

    offset: Tensor

    def __init__(self, sizes: Sequence[int], size: int) -> None:
        super().__init__()
        self.register_buffer("offset", torch.tensor([0, *sizes]).cumsum(0)[: len(sizes)])
        self.table = table(max(1, sum(sizes)), size)

    def forward(self, codes: Tensor) -> Tensor:
        vectors: Tensor = self.table(codes + self.offset)
        return vectors.sum(-2)


class Query(nn.Module):
    """What is served: `forward` of a network at the last event, `(B, d)`."""

    def __init__(self, network: SequenceTransformer) -> None:
        super().__init__()
        self.network = network

    def forward(self, vectors: Tensor, features: Tensor, times: Tensor, user: Tensor, valid: Tensor) -> Tensor:
        hidden: Tensor = self.network(vectors, features, times, user, valid, only_last=True)
        return hidden.squeeze(1)

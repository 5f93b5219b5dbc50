"""Layers of Transformers: a block whose attention takes any bias, dropout quick on the CPU, tables of vectors."""

import torch
from torch import Tensor, nn
from torch.nn import functional

# Finite, so that a row of padding has a softmax, and within the range of half precision.
MASKED = -3e4


class Block(nn.Module):
    """Pre-LN self-attention and feed-forward, `(B, L, d) -> (B, L, d)`; with `only_last` `(B, 1, d)`.

    `bias (heads, B, L, L)` is added to the attention of each place (row) to each (column): it says what lies where,
    and with `MASKED` what is not looked at.
    """

    def __init__(self, *, size: int, heads: int, expansion: int, dropout: float, attention_dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.first_norm = nn.LayerNorm(size)
        self.second_norm = nn.LayerNorm(size)
        self.query_key_value = nn.Linear(size, 3 * size)
        self.mixed = nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, expansion * size), nn.Linear(expansion * size, size)
        self.dropout, self.attention_dropout = Dropout(dropout), Dropout(attention_dropout)

    def forward(self, tokens: Tensor, bias: Tensor, only_last: bool = False) -> Tensor:
        read = self._attend(self.first_norm(tokens), bias, only_last)
        kept = tokens[:, -1:] if only_last else tokens
        kept = kept + self.dropout(self.mixed(read))
        wide = functional.gelu(self.widen(self.second_norm(kept)))
        out: Tensor = kept + self.dropout(self.narrow(wide))
        return out

    def _attend(self, tokens: Tensor, bias: Tensor, only_last: bool) -> Tensor:
        # Written out: torch's fused attention knows no learned bias on the CPU, and its plain one, whose
        # dropout draws a float for each pair, takes twice as long.
        batch, length, size = tokens.shape
        width = size // self.heads
        split = self.query_key_value(tokens).view(batch, length, 3, self.heads, width).permute(2, 3, 0, 1, 4)
        query, key, value = split.reshape(3, self.heads * batch, length, width).unbind(0)
        if only_last:
            query, bias = query[:, -1:], bias[:, :, -1:]
        scores = torch.baddbmm(bias.flatten(0, 1), query, key.transpose(1, 2), alpha=width**-0.5)
        read = torch.bmm(self.attention_dropout(scores.softmax(dim=-1)), value)
        return read.view(self.heads, batch, -1, width).permute(1, 2, 0, 3).reshape(batch, -1, size)


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


def table(count: int, size: int, deviation: float = 0.01) -> nn.Embedding:
    embedding = nn.Embedding(count, size)
    nn.init.normal_(embedding.weight, std=deviation)
    return embedding

"""What is kept of a large gradient; `tests/support/gradient_sketch.ts` says what for."""

import torch


def _signs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two unrelated bits of each index, as -1 or 1: 32-bit arithmetic within 64 bits."""
    mask = 0xFFFFFFFF
    value = (torch.arange(1, count + 1, dtype=torch.int64) * 0x9E3779B1) & mask
    value = _times((value ^ (value >> 15)), 0x85EBCA6B)
    value = value ^ (value >> 13)
    return 1 - 2 * (value & 1), 1 - (value & 2)


def _times(value: torch.Tensor, factor: int) -> torch.Tensor:
    """The product's low 32 bits, without an overflow of 63."""
    low = (value * (factor & 0xFFFF)) & 0xFFFFFFFF
    high = ((value * (factor >> 16)) & 0xFFFF) << 16
    return (low + high) & 0xFFFFFFFF


def sketch(gradient: torch.Tensor) -> dict[str, object]:
    values = gradient.flatten().double()
    first, second = _signs(values.numel())
    return {
        "norm": values.norm().item(),
        "signed": [(first * values).sum().item(), (second * values).sum().item()],
    }

"""Small seeded Llamas, computed by Hugging Face transformers in float64."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRMSNorm


@dataclass(frozen=True)
class Shape:
    """What tells one small Llama from another."""

    hidden: int = 16
    intermediate: int = 24
    layers: int = 2
    heads: int = 4
    kv_heads: int = 4
    vocab: int = 48
    tied: bool = False
    rope_theta: float = 1e4
    rms_norm_eps: float = 1e-6
    head_dim: int | None = None
    """None leaves the key out of config.json: hidden / heads."""
    rope_parameters: bool = False
    """Write the base as transformers 5 does, `rope_parameters: {rope_theta, rope_type}`."""


def config_json(shape: Shape) -> dict[str, object]:
    config: dict[str, object] = {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "max_position_embeddings": 512,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.kv_heads,
        "rms_norm_eps": shape.rms_norm_eps,
        "tie_word_embeddings": shape.tied,
        "torch_dtype": "float32",
        "vocab_size": shape.vocab,
    }
    if shape.head_dim is not None:
        config["head_dim"] = shape.head_dim
    if shape.rope_parameters:
        config["rope_parameters"] = {"rope_theta": shape.rope_theta, "rope_type": "default"}
    else:
        config["rope_theta"] = shape.rope_theta
    return config


class Float64Rotary(torch.nn.Module):
    """The table of cosines and sines without a rounding to float32 on the way."""

    def __init__(self, theta: float, head_dim: int) -> None:
        super().__init__()
        self.frequencies = theta ** -(torch.arange(0, head_dim, 2).double() / head_dim)

    def forward(self, x: torch.Tensor, position_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        angles = position_ids[..., None].double() * self.frequencies
        both_halves = torch.cat([angles, angles], dim=-1)
        return both_halves.cos(), both_halves.sin()


def to_float64(model: LlamaForCausalLM) -> LlamaForCausalLM:
    """The same model in float64 throughout.

    transformers computes the rotary table, the norms and the softmax of eager attention in float32
    even in a float64 model, so these three are put in by hand.
    """
    config = model.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    model = model.double().eval()
    model.set_attn_implementation("sdpa")
    model.model.rotary_emb = Float64Rotary(config.rope_parameters["rope_theta"], head_dim)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LlamaRMSNorm):
                norm = torch.nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
                norm.weight = child.weight
                setattr(parent, name, norm)
    return model


def seeded_model(shape: Shape, seed: int) -> LlamaForCausalLM:
    """Float32 weights with std 0.2 (norms about 1), so that no gradient is tiny."""
    config = LlamaConfig(**config_json(shape), attn_implementation="eager")
    model = LlamaForCausalLM(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = 0.2 * torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + values if name.endswith("norm.weight") else values)
    return model


def save_model(model: LlamaForCausalLM, shape: Shape, folder: Path) -> None:
    """Writes config.json and model.safetensors and checks that transformers reads them back."""
    weights = {name: value.detach().contiguous() for name, value in model.named_parameters()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config_json(shape), indent=2) + "\n")

    again = LlamaForCausalLM.from_pretrained(folder, attn_implementation="eager")
    ids = torch.arange(shape.vocab)[None]
    if not torch.equal(again(ids).logits, model(ids).logits):
        raise SystemExit(f"{folder}: transformers reads another model than was written")


def token_log_probs(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    """`[tokens]`: the log-prob of each token of one whole sequence; 0 for the first, which nothing predicts."""
    row = torch.tensor(ids)
    logits = model(row[None], use_cache=False).logits[0]
    predicted = torch.log_softmax(logits[:-1], dim=-1).gather(1, row[1:, None])[:, 0]
    return torch.cat([predicted.new_zeros(1), predicted])

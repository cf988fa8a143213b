"""Writes logits, gradients and greedy continuations of small random models of every architecture, and
of every scaling of the rotary embedding, to tests/golden/architectures/<case>/.

Everything is computed by transformers' own classes, in float64 but for the cosines and sines of the
rotary embedding, which these compute in float32.
"""

import json
import random
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from documents import DocumentShape, random_document, sequences
from gradients import expectation, gradient_tensors, invented_reference
from objectives import Objective
from readable_json import readable_json

BASE: dict[str, object] = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 48,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "torch_dtype": "float32",
}


@dataclass(frozen=True)
class Case:
    name: str
    about: str
    model_type: str
    changes: dict[str, object] = field(default_factory=dict)
    length: int = 100
    """Tokens of the sequence that logits are computed for."""
    with_gradients: bool = False


def scaled(name: str, about: str, scaling: dict[str, object], **changes: object) -> Case:
    return Case(name, about, "llama", {"rope_scaling": scaling, **changes})


YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}

CASES = [
    Case("llama", "The plain one, to hold the others against.", "llama", with_gradients=True),
    scaled("rope_linear", "Positions divided by a factor.", {"type": "linear", "factor": 3.0}),
    scaled("rope_dynamic", "The base grows with the sequence.", {"type": "dynamic", "factor": 2.0}),
    scaled("rope_yarn", "YaRN with the paper's attention factor.", YARN, max_position_embeddings=128),
    scaled(
        "rope_yarn_own_factor",
        "YaRN with an attention factor, betas and a ramp of its own, unrounded.",
        {**YARN, "attention_factor": 1.25, "beta_fast": 16.0, "beta_slow": 2.0, "truncate": False},
        max_position_embeddings=128,
        head_dim=16,
    ),
    scaled(
        "rope_yarn_mscale",
        "YaRN whose attention factor comes from mscale and mscale_all_dim.",
        {**YARN, "mscale": 1.0, "mscale_all_dim": 0.5},
        max_position_embeddings=128,
    ),
    scaled(
        "rope_llama3",
        "Llama 3.1's scaling, with wavelengths on both sides and between.",
        {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
        head_dim=16,
        rope_theta=500000.0,
        max_position_embeddings=512,
    ),
    Case("qwen2", "Biases on queries, keys and values.", "qwen2", {"sliding_window": 16}, with_gradients=True),
    Case("qwen2_tied_yarn", "As Qwen 2.5 is stretched.", "qwen2",
         {"tie_word_embeddings": True, "rope_scaling": YARN, "max_position_embeddings": 128}),
    Case(
        "qwen2_sliding",
        "A window in the layers from the second on.",
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 20, "max_window_layers": 1},
        length=130,
        with_gradients=True,
    ),
    Case("qwen3", "Normalised heads of a width of their own.", "qwen3", {"head_dim": 12},
         with_gradients=True),
    Case("mistral", "A window in every layer, shorter than the sequence.", "mistral",
         {"sliding_window": 24}, length=150, with_gradients=True),
    Case("mistral_small_window", "A window shorter than any block of attention.", "mistral",
         {"sliding_window": 3}),
    Case("mistral_no_window", "No window.", "mistral", {"sliding_window": None}),
    Case(
        "smollm3",
        "Every second layer knows no positions.",
        "smollm3",
        {"num_hidden_layers": 4, "no_rope_layers": [1, 0, 1, 0], "tie_word_embeddings": True},
        with_gradients=True,
    ),
    Case(
        "smollm3_sliding",
        "Layers without positions, by their interval, look back through a window.",
        "smollm3",
        {"num_hidden_layers": 3, "no_rope_layer_interval": 3, "use_sliding_window": True,
         "sliding_window": 16},
    ),
    Case("phi3", "Fused matrices and a window.", "phi3", {"sliding_window": 30},
         length=150, with_gradients=True),
    Case(
        "gemma3",
        "Four norms a layer, two kinds of layers, each with its own rotary base.",
        "gemma3_text",
        {
            "num_hidden_layers": 3,
            "head_dim": 12,
            "sliding_window": 16,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            "query_pre_attn_scalar": 20,
            "rope_theta": 1000000.0,
            "rope_local_base_freq": 10000.0,
            "tie_word_embeddings": True,
            "hidden_activation": "gelu_pytorch_tanh",
        },
        with_gradients=True,
    ),
]


def in_float64(function):
    """Runs a function as if float32 were float64: transformers asks for float32 by name."""

    def run(*arguments, **options):
        narrow, torch.float32 = torch.float32, torch.float64
        float_method, torch.Tensor.float = torch.Tensor.float, torch.Tensor.double
        try:
            return function(*arguments, **options)
        finally:
            torch.float32 = narrow
            torch.Tensor.float = float_method

    return run


def to_float64(model: PreTrainedModel) -> PreTrainedModel:
    """The same model with norms and softmax in float64 too; the rotary table stays float32's."""
    model = model.double().eval()
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = in_float64(module.forward)
    model.set_attn_implementation("sdpa")
    return model


def load(folder: Path) -> PreTrainedModel:
    options = {"attn_implementation": "eager", "dtype": torch.float32}
    return AutoModelForCausalLM.from_pretrained(folder, **options).eval()


def seeded_model(case: Case, folder: Path, seed: int) -> PreTrainedModel:
    """Weights with std 0.2 (norms about their own start), so that no gradient is tiny; numbers that
    BF16 can hold, so that files are half as large."""
    raw = {"model_type": case.model_type, **BASE, **case.changes}
    (folder / "config.json").write_text(json.dumps(raw, indent=2) + "\n")
    config = AutoConfig.from_pretrained(folder)
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    raw = {"architectures": [type(model).__name__], **raw}
    (folder / "config.json").write_text(json.dumps(raw, indent=2) + "\n")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = 0.2 * torch.randn(parameter.shape, generator=generator)
            start = 1 if "norm" in name and case.model_type != "gemma3_text" else 0
            parameter.copy_((start + values).bfloat16())
    weights = {name: value.detach().bfloat16().contiguous() for name, value in model.named_parameters()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    again = load(folder)
    ids = torch.arange(40)[None]
    (folder / "config.5.json").write_text(again.config.to_json_string())
    if not torch.equal(again(ids).logits, model.eval()(ids).logits):
        raise SystemExit(f"{folder}: transformers reads another model than was written")
    return model


def greedy(model: PreTrainedModel, prompt: list[int], count: int) -> tuple[list[int], float]:
    """A continuation with transformers' cache, and the smallest lead of a chosen token."""
    ids, cache, found, lead = torch.tensor([prompt]), None, [], float("inf")
    with torch.no_grad():
        for _ in range(count):
            result = model(ids, past_key_values=cache, use_cache=True)
            cache, best = result.past_key_values, result.logits[0, -1].topk(2)
            lead = min(lead, (best.values[0] - best.values[1]).item())
            found.append(best.indices[0].item())
            ids = torch.tensor([[found[-1]]])
    return found, lead


def gradients(case: Case, model: PreTrainedModel, draw: random.Random, folder: Path) -> dict[str, object]:
    objective = Objective("longpo", beta=0.1, lambda_=1.0)
    shape = DocumentShape(text=70, questions=(3,), answers=((6, 8),))
    document = random_document(case.name, shape, 64, draw)
    parts = sequences(document, "conversation", "all")
    reference = invented_reference(model, parts, draw)
    expected = expectation(model, [document], [parts], [reference], objective)
    save_file(gradient_tensors(model), folder / "gradients.safetensors")
    return {
        "document": {
            "id": document.id,
            "sequences": [part.to_json() for part in parts],
            "referenceChosen": reference["chosen"],
            "referenceRejected": reference["rejected"],
        },
        "objective": objective.to_json(),
        "loss": expected["loss"],
    }


def write_case(case: Case, seed: int, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    draw = random.Random(seed)
    model = to_float64(seeded_model(case, folder, seed))
    ids = [1, *(draw.randrange(4, 64) for _ in range(case.length - 1))]
    continuation, lead = greedy(model, ids[: case.length // 2], 40)
    # A rotary embedding that grows with the sequence remembers what it grew to.
    model = to_float64(load(folder))
    with torch.no_grad():
        logits = model(torch.tensor([ids]), use_cache=False).logits[0]
    save_file({"logits": logits[1::2].float().contiguous()}, folder / "logits.safetensors")
    record: dict[str, object] = {
        "about": case.about,
        "ids": ids,
        "prompt": case.length // 2,
        "continuation": continuation,
        "smallestLead": lead,
    }
    if case.with_gradients:
        record["learnt"] = gradients(case, model, draw, folder)
    (folder / "case.json").write_text(readable_json(record))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{case.name}: {size} bytes, smallest lead {lead:.4f}, logits to {logits.abs().max():.2f}")


def main(golden: Path) -> None:
    for index, case in enumerate(CASES):
        write_case(case, seed=index + 1, folder=golden / "architectures" / case.name)


if __name__ == "__main__":
    torch.set_num_threads(1)
    disable_progress_bar()
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden"))

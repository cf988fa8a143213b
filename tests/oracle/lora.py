"""Writes to tests/golden/lora/ a PEFT adapter of a golden Llama, logits with it, and its gradients."""

import json
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

from documents import Sequence
from gradients import score
from llama import to_float64
from objectives import Objective, loss
from readable_json import readable_json

BASE = "two_turns_grouped"
RANK, ALPHA = 3, 12
TARGETS = ["q_proj", "v_proj", "o_proj", "down_proj"]


def seed_adapters(model: LlamaForCausalLM) -> None:
    """Float32 numbers for A and B, so that neither's gradient is zero."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))


def parts_of(document: dict[str, object]) -> list[Sequence]:
    """The sequences of a recorded document."""
    return [
        Sequence(side=each["side"], ids=each["ids"], turn_of=each["turnOf"], in_nll=each["inNll"])
        for each in document["sequences"]
    ]


def adapter_gradients(model: LlamaForCausalLM) -> dict[str, torch.Tensor]:
    return {
        name.replace(".default", ""): parameter.grad.float().contiguous()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def save_adapter(adapted: PeftModel, folder: Path) -> None:
    """As PEFT writes it, with what differs from run to run put in order."""
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink()
    config = json.loads((folder / "adapter_config.json").read_text())
    config["target_modules"].sort()
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


def main(golden: Path) -> None:
    base, folder = golden / "gradients" / BASE, golden / "lora"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    record = json.loads((base / "case.json").read_text())
    model = LlamaForCausalLM.from_pretrained(base, attn_implementation="eager")
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=TARGETS, task_type="CAUSAL_LM")
    adapted = get_peft_model(model, config).eval()
    seed_adapters(model)
    save_adapter(adapted, folder / "adapter")

    ids = record["documents"][0]["sequences"][0]["ids"]
    with torch.no_grad():
        logits = adapted(torch.tensor([ids])).logits[0]
    save_file({"logits": logits.contiguous()}, folder / "logits.safetensors")

    to_float64(model)
    objective = Objective("longpo", beta=0.1, lambda_=1.0)
    scored = [
        score(model, parts_of(each), {"chosen": each["referenceChosen"], "rejected": each["referenceRejected"]})
        for each in record["documents"]
    ]
    value = loss(scored, objective)
    value.backward()
    save_file(adapter_gradients(model), folder / "gradients.safetensors")
    expected = {"base": BASE, "ids": ids, **objective.to_json(), "loss": value.item()}
    (folder / "case.json").write_text(readable_json(expected))
    print(f"loss {value.item():.6f}, {len(adapter_gradients(model))} gradients")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden"))

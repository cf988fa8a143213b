"""How far logits of models and adapters on disk, loaded by transformers and PEFT, are from a file's.

Every line of standard input is JSON: `model`, a folder, perhaps `adapter`, another one, `ids`, and
`logits`, a file of float32 `[tokens, vocabulary]`. What comes back is the largest difference, in
units of the largest logit.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


def logits_of(question: dict) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(question["model"], dtype=torch.float32)
    if "adapter" in question:
        model = PeftModel.from_pretrained(model, question["adapter"])
    with torch.no_grad():
        return model.eval()(torch.tensor([question["ids"]]), use_cache=False).logits[0]


def apart(question: dict) -> float:
    found = logits_of(question)
    expected = torch.from_file(question["logits"], size=found.numel()).view_as(found)
    return ((found - expected).abs().max() / expected.abs().max()).item()


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(apart(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()

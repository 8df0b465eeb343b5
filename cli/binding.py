"""How the terminal says whether a mark belongs to its waybill."""

from __future__ import annotations

import tracemark

from .terminal import chance as spelled
from .words import behind, together, told


def binding_of(binding: tracemark.Binding, case: tracemark.Case) -> str:
    """One line about one picture; a contradiction in capitals."""
    verdict = binding.verdict.upper() if binding.verdict == "contradicted" else binding.verdict
    said = [told(verdict)]
    if binding.issued is not None:
        chance = binding.if_bound if binding.verdict == "contradicted" else binding.by_chance
        said.append(
            told(
                f"{binding.agreeing} of {binding.read} slots bound to the number agree "
                f"(by chance: {spelled(chance)})"
            )
        )
        said.append(told("issued to them" if binding.issued else "never issued to them"))
    if binding.issue is not None:
        said.append(told(f"the mark was made for the label of issue {binding.issue}"))
    whole = together([*said, told(binding.note)])
    return behind(case.samples[binding.sample].path, whole) if len(case.samples) > 1 else whole

"""What became of a plan in LiteRT, in a few lines."""

from collections import Counter

from mpsearch.api.litert_report import LiteRTReport
from mpsearch.cli.drop_text import drop_text


def litert_text(report: LiteRTReport) -> str:
    """Sizes, what each scheme became, and the drop that LiteRT's interpreter measured."""
    counts = Counter(report.storages.values())
    layers = ", ".join(f"{name} {counts[name]}" for name in sorted(counts))
    beside = f"the plan's parameters take {report.packed_nbytes:,}"
    lines = [
        f"litert bytes    {report.file_nbytes:,} in the file; {beside}",
        f"litert layers   {layers}",
        f"litert schemes  {', '.join(f'{a} -> {b}' for a, b in sorted(report.mapping.items()))}",
    ]
    if report.unmatched:
        lines.append(f"litert float32  no operator for {', '.join(report.unmatched)}")
    if report.drop is None or report.plan_drop is None:
        lines.append("litert drop     not measured; give --images")
    else:
        beside = f"the plan's {report.plan_drop.drop_pp:.3f} pp"
        lines.append(f"litert drop     {drop_text(report.drop)}; {beside}")
    others = [scheme for scheme, storage in report.mapping.items() if storage == "int8"]
    if others:
        it_is_not = f"it is not {', '.join(sorted(others))}"
        lines.append(
            f"note            LiteRT's int8 has scales of its own per channel: {it_is_not}"
        )
    return "\n".join(lines) + "\n"

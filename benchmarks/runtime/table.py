"""benchmarks/runtime/results/runtime.json as a section of docs/explanation/results.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DASH = "—"


def build_runtime_section(found: Mapping[str, Any]) -> str:
    """What was measured, every model, the targets, and the behaviour on much text."""
    machine = found["machine"]
    settings = found["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    lines = [
        "## runtime",
        "",
        f"Measured on {found['date']}, {machine['cpu']}, {machine['cores']} cores, {versions}, "
        "with `python benchmarks/runtime/measure.py` "
        "([settings](../../benchmarks/runtime/settings.yaml), "
        "[results](../../benchmarks/runtime/results/runtime.json)): "
        f"{settings['documents']:,} sentences and {settings['words']:,} words of the test split of "
        f"{found['corpus']}, {len(settings['labels'])} labels, {found['rounds']} rounds over all "
        "models in turn, each in a process of its own; medians. One sentence has about 20 words. "
        "Loading is without imports, whose time is given after it.",
        "",
        "![F1 against words per second](../images/runtime.svg)",
        "",
        "| model | F1 | words/s, 1 thread | 2 threads | latency p50 / p95 | load + imports | "
        "peak memory | disk | parameters |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_build_row(name, model) for name, model in found["models"].items()]
    lines += ["", *(f"- {note}" for note in found["notes"])]
    for student, targets in found["targets"].items():
        lines += ["", f"### Targets: {student}", "", "| target | measured | wanted | |"]
        lines += ["|---|---|---|---|", *map(_build_target, targets)]
    lines += ["", *_build_scaling(found["scaling"])]
    return "\n".join([*lines, ""])


def _build_row(name: str, model: Mapping[str, Any]) -> str:
    f1 = _DASH if model["f1"] is None else f"{100 * model['f1']:.1f}"
    cost = model.get("cost")
    if not cost:
        reason = f"failed: {model['failed']}" if model.get("failed") else ""
        return f"| {name} | {f1} | {reason} | | | | | | |"
    speed, latency = cost["words_per_second"], cost["latency_ms"]
    imports = cost["import_seconds"]
    pair = f"{speed['2']:,.0f}" if "2" in speed else _DASH
    load = f"{1000 * (cost['load_seconds'] - imports):,.0f} + {1000 * imports:,.0f} ms"
    return (
        f"| {name} | {f1} | {speed['1']:,.0f} | {pair} | "
        f"{latency['p50']:.2f} / {latency['p95']:.2f} ms | {load} | "
        f"{cost['peak_memory_bytes'] / 1e6:,.0f} MB | {model['disk_bytes'] / 1e6:,.1f} MB | "
        f"{model['parameters'] / 1e6:,.1f} M |"
    )


def _build_target(target: Mapping[str, Any]) -> str:
    value = _DASH if target["value"] is None else f"{target['value']:,.2f}"
    wanted = f"{'≥' if target['bound'] == 'least' else '≤'} {target['limit']:g}"
    verdict = {True: "met", False: "**missed**", None: "not measured"}[target["met"]]
    return f"| {target['name']} | {value} | {wanted} | {verdict} |"


def _build_scaling(scaling: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not scaling:
        return []
    words = sorted({w for found in scaling.values() for w in found["seconds_per_word"]}, key=int)
    lines = [
        "### Much text",
        "",
        "Time per word of one call with so many words, end-to-end time over the time within the "
        "network (in calls of 256 sentences of new text, the same again, and one sentence a call), "
        "and the largest memory of `distilgliner predict` over a file.",
        "",
        f"| student | {' | '.join(f'{int(count):,} words' for count in words)} | end to end / "
        "network | known words | one sentence | stream |",
        f"|---|{'---|' * (len(words) + 4)}",
    ]
    for name, found in scaling.items():
        times = [f"{1e6 * found['seconds_per_word'][count]:.2f} µs" for count in words]
        network = found["network"]
        shares = [
            _DASH if network[key] is None else f"{network[key]:.2f}×"
            for key in ("bulk", "known", "sentence")
        ]
        streams = [
            f"{stream['sentences']:,} sentences: {(stream['peak_memory_bytes'] or 0) / 1e6:,.0f} MB"
            for stream in found["streams"]
        ]
        lines.append(f"| {name} | {' | '.join([*times, *shares])} | {', '.join(streams)} |")
    return lines

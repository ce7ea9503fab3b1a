"""Writes every docs/results/NAME.md from the data beside it, NAME.json.

python tools/render_tables.py            writes them
python tools/render_tables.py --check    fails where one is not what its data say
"""

import json
import sys
from pathlib import Path

from saliency_zoo import config
from saliency_zoo.evaluation.saliency_benchmark.table import table
from saliency_zoo.files import write_text
from saliency_zoo.search import report
from saliency_zoo.tables.render import markdown

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"


def main(folder: Path, check: bool) -> int:
    texts = {path.with_suffix(".md"): rendered(path) for path in sorted(folder.glob("*.json"))}
    stale = [p for p, text in texts.items() if not p.exists() or p.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.name} is stale: run python tools/render_tables.py", file=sys.stderr)
        else:
            write_text(path, texts[path])
    return int(check and bool(stale))


def rendered(path: Path) -> str:
    """The data of `saliency-zoo table`, `tune` or `benchmark` as Markdown."""
    content = json.loads(path.read_text())
    if "groups" in content:
        return markdown(content)
    if "trials" in content:
        recipe = config.load(ROOT / "zoo_configs" / f"{path.stem}.toml")
        text = report.markdown(recipe, content["trials"])
        return f"{text}\n```\n{content['command']}\n```\n"
    return table(content["rows"], content)


if __name__ == "__main__":
    raise SystemExit(main(RESULTS, "--check" in sys.argv))

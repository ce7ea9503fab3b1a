"""The code that pages of the documentation show."""

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"


def shown(page: str, heading: str = "", **names: Any) -> dict:
    """What the Python of a page, or of one of its sections, leaves behind.

    Args:
        page: its file, from the folder of the documentation.
        heading: of the section; without it all of the page is run.
        **names: what the code may rely on.
    """
    text = (DOCS / page).read_text()
    if heading:
        _, found, after = text.partition(f"\n## {heading}\n")
        assert found, heading
        text = after.partition("\n## ")[0]
    for block in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        exec(block, names)
    return names

"""The code that pages of the documentation show."""

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def shown(page: str, heading: str = "") -> dict:
    """What the Python of a page, or of what follows a heading, leaves behind."""
    _, found, text = (DOCS / page).read_text().partition(heading or "# ")
    assert found, heading
    names: dict = {}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        exec(block, names)
    return names

"""One verb a file; each holds a `VERB`. In the order in which help lists them."""

NAMES = (
    "list",
    "show",
    "detect",
    "new",
    "train",
    "tune",
    "table",
    "evaluate",
    "lesions",
    "benchmark",
    "embed",
    "export",
    "unpack",
    "predict",
    "serve",
    "verify",
)

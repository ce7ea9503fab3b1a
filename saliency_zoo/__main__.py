"""`python -m saliency_zoo` is `saliency-zoo`."""

from saliency_zoo.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

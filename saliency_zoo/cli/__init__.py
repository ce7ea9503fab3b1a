"""The command line."""

from saliency_zoo.cli.command import main as main

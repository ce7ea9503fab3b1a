"""The verb `table`."""

from saliency_zoo.cli.verb import JSON, OVERRIDES, STRATEGY, Verb, argument, print_json


def run(parsed) -> None:
    from saliency_zoo.tables import render, run
    from saliency_zoo.training import preemption

    if parsed.list:
        rows = run.state(parsed.file, parsed.out, parsed.assignments)
        return print_json(rows) if parsed.json else print(render.state(rows))
    chosen = {"only": parsed.only, "seeds": parsed.seeds, "strategy": parsed.strategy}
    with preemption.obeyed():
        content = run.run(parsed.file, parsed.out, parsed.assignments, **chosen)
    if parsed.json:
        return print_json(content)
    print(f"{render.markdown(content)}\ntable: {parsed.out}/{run.TEXT}")
    return None


VERB = Verb(
    "run every row and seed of a table of results and write the table; again, it goes on",
    "zoo_configs/tables/synthetic.toml --out runs/synthetic",
    argument("file", metavar="FILE", help="the TOML file of the table"),
    OVERRIDES,
    argument("--out", required=True, metavar="DIR", help="the table's folder, runs below it"),
    argument("--only", nargs="+", default=[], metavar="ROW", help="runs these rows alone"),
    argument("--seeds", nargs="+", type=int, default=[], metavar="N", help="and these seeds"),
    argument("--list", action="store_true", help="runs nothing; says what is done and missing"),
    STRATEGY,
    JSON,
    function=run,
    backend=True,
)

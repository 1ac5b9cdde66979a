"""`distilgliner serve`: a model behind HTTP."""

from __future__ import annotations

from contextlib import suppress

import click

from distilgliner.commands.options import LABELS_PER_PROMPT
from distilgliner.commands.parameters import as_list


@click.command()
@click.option(
    "--model", required=True, help="Folder or hub id of a student or a GLiNER checkpoint."
)
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 is all of them.")
@click.option(
    "--port", default=8000, type=click.IntRange(min=0, max=65535), help="0: any that is free."
)
@click.option("--threshold", default=0.5, type=float, help="Where a request names none.")
@LABELS_PER_PROMPT
@click.option(
    "--threads", default=1, type=click.IntRange(min=1), help="Threads that predict a request."
)
@click.option(
    "--max-bytes", default=1_000_000, type=click.IntRange(min=1), help="Size of a request."
)
@click.option("--max-texts", default=10_000, type=click.IntRange(min=1), help="Texts of a request.")
@click.option(
    "--max-labels", default=1_000, type=click.IntRange(min=1), help="Labels of a request."
)
@click.option(
    "--max-words", default=250_000, type=click.IntRange(min=1), help="Words of a request."
)
@click.option(
    "--max-scores",
    default=15_000_000,
    type=click.IntRange(min=1),
    help="Scores of a request: words times labels times tags, or widths.",
)
@click.option(
    "--max-waiting",
    default=64,
    type=click.IntRange(min=1),
    help="Requests at once; others are told to wait.",
)
@click.option(
    "--max-connections", default=500, type=click.IntRange(min=1), help="Connections at once."
)
@click.option(
    "--timeout",
    default=30.0,
    type=click.FloatRange(min=0.1),
    help="Seconds until a request is given up.",
)
@click.option(
    "--allow-host",
    multiple=True,
    callback=as_list,
    help="Another name by which the server may be addressed, for example behind a proxy; "
    "'*' for any. May be repeated.",
)
def serve(
    model: str,
    host: str,
    port: int,
    threshold: float,
    labels_per_prompt: int | None,
    threads: int,
    max_bytes: int,
    max_texts: int,
    max_labels: int,
    max_words: int,
    max_scores: int,
    max_waiting: int,
    max_connections: int,
    timeout: float,
    allow_host: list[str],
) -> None:
    """Answer HTTP requests as GLiNER's own server does, and show a page to try the model."""
    from distilgliner.commands.options import check_per_prompt, check_threshold
    from distilgliner.errors import missing_extra
    from distilgliner.models import check_prompts, load_predictor, set_prompts, set_threads
    from distilgliner.streams import StoppedError

    try:
        from distilgliner.serve.answering import Answerer
        from distilgliner.serve.app import ROUTE, build_app
        from distilgliner.serve.guard import build_hosts
        from distilgliner.serve.limits import ServeLimits
        from distilgliner.serve.run import format_address, is_loopback, open_socket, run_server
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "starlette", "uvicorn"):
            raise
        raise missing_extra(error.name, "serve") from None

    check_threshold(threshold)
    check_per_prompt(labels_per_prompt)
    limits = ServeLimits(
        max_bytes=max_bytes,
        max_waiting=max_waiting,
        timeout_seconds=timeout,
        max_texts=max_texts,
        max_labels=max_labels,
        max_words=max_words,
        max_scores=max_scores,
        max_connections=max_connections,
    )
    # The address before the model: a port that is taken shows at once.
    with open_socket(host, port) as bound:
        predictor = load_predictor(model)
        set_threads(predictor, threads)
        check_prompts(predictor, labels_per_prompt)
        set_prompts(predictor, labels_per_prompt)
        answerer = Answerer(predictor, model, threshold, limits)
        hosts = build_hosts(bound.getsockname()[0], [*allow_host, *_get_name(host)])
        app = build_app(answerer, limits, hosts)
        address = format_address(bound)
        click.echo(f"{model} answers at {address}{ROUTE}; open {address} to try it. Ctrl-C ends.")
        if not is_loopback(bound):
            click.echo("Note: whoever reaches this address may ask; there is no login.", err=True)
        with suppress(KeyboardInterrupt, StoppedError):  # raised once all is answered
            run_server(app, bound, limits)
        answerer.close()
        click.echo("stopped")


def _get_name(host: str) -> list[str]:
    """The name that the user gave as the address, if it is one."""
    return [host] if host and any(character.isalpha() for character in host) else []

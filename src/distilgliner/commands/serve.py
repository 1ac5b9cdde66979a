"""`distilgliner serve`: a model behind HTTP."""

from __future__ import annotations

from contextlib import suppress

import typer


def serve(
    model: str = typer.Option(..., help="Folder or hub id of a student or a GLiNER checkpoint."),
    host: str = typer.Option("127.0.0.1", help="Address to listen on; 0.0.0.0 is all of them."),
    port: int = typer.Option(8000, min=0, max=65535, help="0: any that is free."),
    threshold: float = typer.Option(0.5, help="Where a request names none."),
    threads: int = typer.Option(1, min=1, help="Threads that predict a request."),
    max_bytes: int = typer.Option(1_000_000, min=1, help="Size of a request."),
    max_texts: int = typer.Option(10_000, min=1, help="Texts of a request."),
    max_labels: int = typer.Option(1_000, min=1, help="Labels of a request."),
    max_words: int = typer.Option(250_000, min=1, help="Words of a request."),
    max_scores: int = typer.Option(
        15_000_000, min=1, help="Scores of a request: words times labels times tags, or widths."
    ),
    max_waiting: int = typer.Option(64, min=1, help="Requests at once; others are told to wait."),
    max_connections: int = typer.Option(500, min=1, help="Connections at once."),
    timeout: float = typer.Option(30.0, min=0.1, help="Seconds until a request is given up."),
    allow_host: list[str] = typer.Option(
        [],
        help="Another name by which the server may be addressed, for example behind a proxy; "
        "'*' for any. May be repeated.",
    ),
) -> None:
    """Answer HTTP requests as GLiNER's own server does, and show a page to try the model."""
    from distilgliner.commands.options import check_threshold
    from distilgliner.errors import missing_extra
    from distilgliner.models import load_predictor, set_threads
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
        answerer = Answerer(predictor, model, threshold, limits)
        hosts = build_hosts(bound.getsockname()[0], [*allow_host, *_get_name(host)])
        app = build_app(answerer, limits, hosts)
        address = format_address(bound)
        typer.echo(f"{model} answers at {address}{ROUTE}; open {address} to try it. Ctrl-C ends.")
        if not is_loopback(bound):
            typer.echo("Note: whoever reaches this address may ask; there is no login.", err=True)
        with suppress(KeyboardInterrupt, StoppedError):  # raised once all is answered
            run_server(app, bound, limits)
        answerer.close()
        typer.echo("stopped")


def _get_name(host: str) -> list[str]:
    """The name that the user gave as the address, if it is one."""
    return [host] if host and any(character.isalpha() for character in host) else []

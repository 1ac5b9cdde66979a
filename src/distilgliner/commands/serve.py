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
    max_waiting: int = typer.Option(64, min=1, help="Requests at once; others are told to wait."),
    timeout: float = typer.Option(30.0, min=0.1, help="Seconds until a request is given up."),
) -> None:
    """Answer HTTP requests as GLiNER's own server does, and show a page to try the model."""
    from distilgliner.commands.options import check_threshold
    from distilgliner.errors import missing_extra
    from distilgliner.models import load_predictor, set_threads

    try:
        from distilgliner.serve.answering import Answerer
        from distilgliner.serve.app import ROUTE, build_app
        from distilgliner.serve.limits import ServeLimits
        from distilgliner.serve.run import format_address, is_loopback, open_socket, run_server
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "starlette", "uvicorn"):
            raise
        raise missing_extra(error.name, "serve") from None

    check_threshold(threshold)
    limits = ServeLimits(max_bytes=max_bytes, max_waiting=max_waiting, timeout_seconds=timeout)
    # The address before the model: a port that is taken shows at once.
    with open_socket(host, port) as bound:
        predictor = load_predictor(model)
        set_threads(predictor, threads)
        app = build_app(Answerer(predictor, model, threshold), limits)
        address = format_address(bound)
        typer.echo(f"{model} answers at {address}{ROUTE}; open {address} to try it. Ctrl-C ends.")
        if not is_loopback(bound):
            typer.echo("Note: whoever reaches this address may ask; there is no login.", err=True)
        with suppress(KeyboardInterrupt):
            run_server(app, bound)
        typer.echo("stopped")

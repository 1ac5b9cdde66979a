"""Hooks of `mkdocs build`: lists of pages in the navigation, the reference of the command line, and
links to files outside docs/.

Pages link to files of the repository by relative paths, which work wherever the repository is
browsed. On the site such a link leads to the repository where `repo_url` is set, and is plain text
otherwise. A link to a file that does not exist is a warning, which ends a strict build.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

_COMMANDS = "<!-- commands -->"
"""On the page of the command line, where its reference goes."""
_log = logging.getLogger("mkdocs.hooks.links")
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>\.\./[^)\s#]*)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """The configuration, each `folder/*.md` of its navigation replaced by the pages there."""
    config["nav"] = _expand(config["nav"], Path(config["docs_dir"]))
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """The page as the site has it: the commands filled in, links out of docs/ rewritten."""
    if _COMMANDS in markdown:
        markdown = markdown.replace(_COMMANDS, _describe_commands())
    root = Path(config["docs_dir"]).parent
    folder = Path(config["docs_dir"]) / Path(page.file.src_path).parent
    return rewrite_links(markdown, folder, root, config["repo_url"])


def rewrite_links(markdown: str, folder: Path, root: Path, repository: str | None) -> str:
    """A page that lies in `folder`, with the links to files of `root` outside its docs/ rewritten.

    repository: the address under which the files can be read; None leaves the text of the links.
    """

    def rewrite(link: re.Match[str]) -> str:
        path = Path(os.path.normpath(folder / link["target"]))
        if path.is_relative_to(root / "docs"):
            return link[0]
        if not path.exists():
            _log.warning("%s links to %s, which does not exist.", folder, link["target"])
        if not repository:
            return link["text"]
        place = path.relative_to(root).as_posix()
        return f"[{link['text']}]({repository.rstrip('/')}/blob/main/{place}{link['anchor'] or ''})"

    return _LINK.sub(rewrite, markdown)


def _describe_commands() -> str:
    sys.path.insert(0, str(Path(__file__).parent))
    from command_line import build_reference

    from distilgliner.cli import app

    return build_reference(app, "distilgliner")


def _expand(entries: Any, docs: Path) -> Any:
    if isinstance(entries, str):
        return entries
    if isinstance(entries, dict):
        return {title: _expand(entry, docs) for title, entry in entries.items()}
    expanded: list[Any] = []
    for entry in entries:
        if isinstance(entry, str) and "*" in entry:
            pages = sorted(path.relative_to(docs).as_posix() for path in docs.glob(entry))
            expanded += [page for page in pages if page not in entries]
        else:
            expanded.append(_expand(entry, docs))
    return expanded

"""The reference of the command line, from the program itself: Markdown, one section a command."""

from __future__ import annotations

import click

_HIDDEN = ("help",)


def build_reference(program: click.Group, name: str) -> str:
    """A section for each command: what it does, how it is called, its arguments and options."""
    context = click.Context(program, info_name=name)
    sections = []
    for command_name in program.list_commands(context):
        command = program.get_command(context, command_name)
        assert command is not None
        sections.append(_build_section(command, f"{name} {command_name}"))
    return "\n".join(sections)


def _build_section(command: click.Command, path: str) -> str:
    shown = [parameter for parameter in command.params if parameter.name not in _HIDDEN]
    lines = [f"## {path.split()[-1]}", "", (command.help or "").strip(), ""]
    lines += ["```text", " ".join([path, *map(_write_usage, shown)]).rstrip(), "```", ""]
    lines += ["| option | value | default | |", "|---|---|---|---|"]
    lines += [_build_row(parameter) for parameter in shown]
    return "\n".join([*lines, ""])


def _write_usage(parameter: click.Parameter) -> str:
    """What must be given, and arguments in brackets where they need not."""
    if isinstance(parameter, click.Argument):
        name = parameter.human_readable_name.upper()
        return name if parameter.required else f"[{name}]"
    return f"{parameter.opts[0]} {_write_value(parameter)}" if parameter.required else ""


def _build_row(parameter: click.Parameter) -> str:
    names = ", ".join(f"`{option}`" for option in [*parameter.opts, *parameter.secondary_opts])
    text = ""
    if isinstance(parameter, click.Option):
        text = parameter.help or ""
    else:
        names = f"`{parameter.human_readable_name.upper()}`"
        text = getattr(parameter, "help", None) or "optional" * (not parameter.required)
    text = text.replace("|", r"\|")
    value = _write_value(parameter)
    value = f"`{value}`" if value else ""
    return f"| {names} | {value} | {_write_default(parameter)} | {text} |"


def _write_value(parameter: click.Parameter) -> str:
    if getattr(parameter, "is_flag", False) or isinstance(parameter, click.Argument):
        return ""
    kind = parameter.type
    if isinstance(kind, click.Choice):
        value = " or ".join(map(str, kind.choices))
    else:
        value = str(parameter.metavar or kind.name).upper()
    return f"{value} …" if parameter.multiple or parameter.nargs != 1 else value


def _write_default(parameter: click.Parameter) -> str:
    if parameter.required:
        return "required"
    default = parameter.to_info_dict()["default"]
    if callable(default) or default in (None, (), [], "", False):
        return ""
    return f"`{default}`"

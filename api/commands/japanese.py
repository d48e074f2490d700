"""Help pages in Japanese."""

import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from functools import partial
from typing import Any

from typer.core import TyperCommand, TyperGroup

from api.commands.terminal import guarded

_LINE_START_FORBIDDEN = "、。，．・」』）)]}…ーぁぃぅぇぉっゃゅょァィゥェォッャュョ"


class JapaneseCommand(TyperCommand):
    """A command whose help page is in Japanese."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write("\n".join(_help_lines(self, ctx)) + "\n")


class JapaneseGroup(TyperGroup):
    """Commands whose help pages and error messages are in Japanese, with one JSON object for ``--json`` even then."""

    command_class = JapaneseCommand

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write("\n".join(_help_lines(self, ctx)) + "\n")

    def main(
        self,
        args: Any = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; ends the process with the exit code unless ``standalone_mode`` is false."""
        arguments = list(sys.argv[1:] if args is None else args)
        run = partial(super().main, arguments, "kyodo", complete_var, False, windows_expand_args, **extra)
        code = guarded(run, as_json="--json" in arguments)
        if standalone_mode:
            sys.exit(code)
        return code


def _help_lines(command: Any, ctx: Any) -> Iterator[str]:
    params = [param for param in command.params if not param.hidden]
    arguments = [param for param in params if param.param_type_name == "argument"]
    options = [param for param in params if param.param_type_name == "option"]
    children = [command.commands[name] for name in getattr(command, "commands", {})]
    required = [_option(param) for param in options if param.required]
    pieces = [ctx.command_path, *(["コマンド"] if children else []), *map(_argument, arguments), *required]
    yield f"使い方: {' '.join(pieces)} [オプション]"
    yield ""
    yield from _wrapped(command.help or "", 2)
    yield from _section("引数", [(_argument(param), param.help or "") for param in arguments])
    yield from _section("コマンド", [(child.name, (child.help or "").partition("\n\n")[0]) for child in children])
    shown = [(_option(param), param.help or "") for param in options]
    yield from _section("オプション", [*shown, ("--help", "この説明を表示します。")])


def _argument(param: Any) -> str:
    name = str(param.metavar or param.name)
    return name if param.required else f"[{name}]"


def _option(param: Any) -> str:
    names = ", ".join(param.opts)
    return names if param.is_flag else f"{names} {param.metavar}"


def _section(heading: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if rows:
        yield from ("", f"{heading}:")
    for name, words in rows:
        yield f"  {name}"
        yield from _wrapped(words, 6)


def _wrapped(words: str, indent: int) -> Iterator[str]:
    """Lines that fit the terminal, where a Japanese character takes two columns and may end a line."""
    room = min(shutil.get_terminal_size().columns, 100) - indent
    for paragraph in words.split("\n"):
        line, used = "", 0
        for word in re.findall(r"[!-~]+|.", paragraph.strip()):
            width = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in word)
            if used + width > room and word not in _LINE_START_FORBIDDEN:
                yield " " * indent + line.rstrip()
                line, used = "", 0
            line, used = line + word, used + width
        yield (" " * indent + line).rstrip()

"""The command line's own words in Japanese: help pages, and sentences for what was typed wrongly."""

import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from functools import partial
from typing import Any

from typer import BadParameter, TyperException
from typer.core import TyperCommand, TyperGroup

from api.commands.terminal import guarded

_LINE_START_FORBIDDEN = "、。，．・」』）)]}…ーぁぃぅぇぉっゃゅょァィゥェォッャュョ"


class JapaneseCommand(TyperCommand):
    """A command whose help page is in Japanese."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        formatter.write("\n".join(_help_lines(self, ctx)) + "\n")


class JapaneseGroup(TyperGroup):
    """Commands whose help pages and error messages are in Japanese, with one JSON object for ``--json`` even then."""

    command_class = JapaneseCommand

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
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


def usage_sentence(error: TyperException) -> str:
    """What was typed wrongly and what would be right."""
    return f"{_what_is_wrong(error)}{_where_to_look(error)}"


def _what_is_wrong(error: TyperException) -> str:
    kind = type(error).__name__
    option = getattr(error, "option_name", "")
    if kind == "NoSuchOption":
        likely = "、".join(getattr(error, "possibilities", None) or ())
        return f"「{option}」というオプションはありません。" + (f"もしかすると {likely} でしょうか。" if likely else "")
    if kind == "BadOptionUsage":
        if "does not take" in error.message:
            return f"オプション「{option}」には値を付けられません。"
        return f"オプション「{option}」の後ろに値がありません。"
    if kind == "MissingParameter":
        return f"「{_names(error)}」が足りません。{_wanted(error)}"
    if isinstance(error, BadParameter):
        return f"「{_names(error)}」に渡された値は使えません。{_wanted(error)}"
    if found := re.match(r"No such command '(.*?)'(?:.*Did you mean (.*)\?)?", error.message):
        likely = (found[2] or "").replace("'", "").replace(", ", "、")
        return f"「{found[1]}」というコマンドはありません。" + (f"もしかすると {likely} でしょうか。" if likely else "")
    if found := re.match(r"Got unexpected extra argument\(s\) \((.*)\)", error.message):
        return f"余分な言葉「{found[1]}」があります。空白を含む文章は引用符で囲んでください。"
    if error.message.startswith("Missing command"):
        return "コマンドを指定してください。"
    return f"コマンドの書き方が正しくありません({error.message})。"


def _names(error: TyperException) -> str:
    param = getattr(error, "param", None)
    if param is None:
        return ""
    return " / ".join(param.opts) if param.param_type_name == "option" else str(param.metavar or param.name)


def _wanted(error: TyperException) -> str:
    wanted = getattr(getattr(error, "param", None), "help", None)
    return f"ここに指定するのは「{wanted}」です。" if wanted else ""


def _where_to_look(error: TyperException) -> str:
    ctx = getattr(error, "ctx", None)
    return f"書き方は {ctx.command_path if ctx else 'kyodo'} --help で確かめられます。"


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

"""Sentences in Japanese for what was typed wrongly on a command line."""

import re

from typer import BadParameter, TyperException


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
        return f"「{_names(error)}」に渡された値は使えません。{_wanted(error)}{_range(error)}"
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


def _range(error: TyperException) -> str:
    """The numbers that the option takes; "" where any will do."""
    param = getattr(error, "param", None)
    least, most = getattr(param, "min", None), getattr(param, "max", None)
    if least is None and most is None:
        return ""
    span = f"{least}から{most}まで" if None not in (least, most) else f"{least}以上" if most is None else f"{most}以下"
    return f"使えるのは{span}の数です。"


def _where_to_look(error: TyperException) -> str:
    ctx = getattr(error, "ctx", None)
    return f"書き方は {ctx.command_path if ctx else 'kyodo'} --help で確かめられます。"

"""The ``kyodo`` command: it names the commands; what they do is in ``api.commands``."""

import typer

from api.commands import counting, importing, measuring, serving, suggesting
from api.commands.japanese import JapaneseCommand, JapaneseGroup

app = typer.Typer(
    cls=JapaneseGroup,
    help="自治体の課題と、力になれる団体とを、双方の言葉を引いて結び合わせます。挙げるのは候補で、選ぶのは人です。",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
samples = typer.Typer(cls=JapaneseGroup, help="サンプルの団体と課題を扱います。", rich_markup_mode=None)

app.command("import", cls=JapaneseCommand)(importing.import_files)
app.command("suggest", cls=JapaneseCommand)(suggesting.suggest)
app.command("rank", cls=JapaneseCommand)(measuring.rank)
app.command("evaluate", cls=JapaneseCommand)(measuring.evaluate)
app.command("serve", cls=JapaneseCommand)(serving.serve)
app.command("indicators", cls=JapaneseCommand)(counting.indicators)
samples.command("remove", cls=JapaneseCommand)(counting.remove_samples)
app.add_typer(samples, name="samples")


@samples.callback()
def _samples() -> None:
    pass


def main() -> None:
    """Entry point of the installed command."""
    app()

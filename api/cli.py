"""The ``kyodo`` command: it names the commands; what they do is in ``api.commands``."""

import typer

from api.commands import (
    counting,
    doctor,
    encoding,
    fields,
    importing,
    measuring,
    serving,
    suggesting,
    synonyms,
    vectors,
    weighing,
)
from api.commands.japanese import JapaneseCommand, JapaneseGroup

app = typer.Typer(
    cls=JapaneseGroup,
    help="自治体の課題と、力になれる団体とを、双方の言葉を引いて結び合わせます。挙げるのは候補で、選ぶのは人です。",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
samples = typer.Typer(cls=JapaneseGroup, help="サンプルの団体と課題を扱います。", rich_markup_mode=None)
models = typer.Typer(cls=JapaneseGroup, help="学習したモデルを作り、確かめ、切り替えます。", rich_markup_mode=None)

app.command("import", cls=JapaneseCommand)(importing.import_files)
app.command("suggest", cls=JapaneseCommand)(suggesting.suggest)
app.command("rank", cls=JapaneseCommand)(measuring.rank)
app.command("evaluate", cls=JapaneseCommand)(measuring.evaluate)
app.command("serve", cls=JapaneseCommand)(serving.serve)
app.command("doctor", cls=JapaneseCommand)(doctor.doctor)
app.command("indicators", cls=JapaneseCommand)(counting.indicators)
samples.command("remove", cls=JapaneseCommand)(counting.remove_samples)
models.command("train-vectors", cls=JapaneseCommand)(vectors.train_vectors)
models.command("convert-vectors", cls=JapaneseCommand)(vectors.convert_vectors)
models.command("neighbours", cls=JapaneseCommand)(vectors.neighbours)
models.command("encode-cost", cls=JapaneseCommand)(encoding.encode_cost)
models.command("weights", cls=JapaneseCommand)(weighing.weights)
models.command("use-weights", cls=JapaneseCommand)(weighing.use_weights)
models.command("roll-back", cls=JapaneseCommand)(weighing.roll_back)
models.command("train-weights", cls=JapaneseCommand)(weighing.train_weights)
models.command("train-fields", cls=JapaneseCommand)(fields.train_fields)
models.command("check-synonyms", cls=JapaneseCommand)(synonyms.check_synonyms)
app.add_typer(samples, name="samples")
app.add_typer(models, name="models")


@samples.callback()
@models.callback()
def _group() -> None:
    pass


def main() -> None:
    """Entry point of the installed command."""
    app()

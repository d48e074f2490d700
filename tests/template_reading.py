"""What a template asks for, told from its text: names, and the attributes of what stands under a name of a known type.

Types are followed through loops, ``set``, includes and calls of macros; what cannot be told is ``Any``, which has all.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from jinja2 import Environment, meta, nodes

Scope = dict[str, Any]  # name -> its type, a Macro, or a Module
KEEPING = {"selectattr", "rejectattr", "list", "sort"}  # filters that keep what a list is of
ANSWERS = {  # of the methods of a mapping
    "get": lambda key, item: item,
    "items": lambda key, item: list[tuple[key, item]],
    "values": lambda key, item: list[item],
}


def tree_of(environment: Environment, name: str) -> nodes.Template:
    assert environment.loader is not None
    return environment.parse(environment.loader.get_source(environment, name)[0], name)


def used(tree: nodes.Template) -> set[str]:
    """The templates that one extends, includes and imports. They all see what it was given."""
    found = list(tree.find_all((nodes.Extends, nodes.Include, nodes.Import)))
    assert not list(tree.find_all(nodes.FromImport)), "import it whole, so that its macros can be told"
    assert all(getattr(node, "with_context", True) for node in found), "import it with context"
    return {node.template.value for node in found}


def made(tree: nodes.Template) -> set[str]:
    """The names that a template makes itself, for its blocks and for what it extends and includes."""
    names = {node.name for node in tree.body if isinstance(node, nodes.Macro)}
    names |= {node.target for node in tree.body if isinstance(node, nodes.Import)}
    targets = [node.target for node in tree.body if isinstance(node, nodes.Assign)]
    return names | {name.name for target in targets for name in (target, *target.find_all(nodes.Name)) if name.name}


def names_asked(environment: Environment, name: str) -> set[str]:
    """The names that a template, and all that it uses, expects to be given; globals are not."""
    tree = tree_of(environment, name)
    asked = meta.find_undeclared_variables(tree)
    for other in used(tree):
        asked |= names_asked(environment, other)
    return asked - made(tree)


def attributes_missing(environment: Environment, name: str, given: Mapping[str, Any]) -> set[str]:
    """``Issue.titel`` for each attribute that a template asks of a type that has none; ``given``: name -> its type."""
    reading = Reading(environment)
    reading.read(name, dict(given))
    return reading.missing


@dataclass
class Macro:
    """A macro and the names where it stands; those that stand further down are among them when it is called."""

    node: nodes.Macro
    scope: Scope


@dataclass
class Module:
    """An imported template."""

    scope: Scope


def kinds(type_: Any) -> list[Any]:
    """What a value may be, but None."""
    if get_origin(type_) in (Union, UnionType):
        return [kind for one in get_args(type_) for kind in kinds(one)]
    return [] if type_ in (None, NoneType) else [type_]


def any_of(types: Iterable[Any]) -> Any:
    found = list(types)
    return Union[tuple(found)] if found else Any  # noqa: UP007 - of as many as there are


def element(type_: Any) -> Any:
    return any_of(_element(kind) for kind in kinds(type_))


def _element(kind: Any) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple and args[-1:] != (...,):
        return any_of(args)
    return args[0] if isinstance(origin, type) and issubclass(origin, Collection) else Any


def value(type_: Any) -> Any:
    """What stands under a key or an index."""
    return any_of(_value(kind) for kind in kinds(type_))


def _value(kind: Any) -> Any:
    origin = get_origin(kind)
    return get_args(kind)[1] if isinstance(origin, type) and issubclass(origin, Mapping) else _element(kind)


def returned(function: Any) -> Any:
    return get_type_hints(function).get("return", Any) if hasattr(function, "__annotations__") else Any


def member(kind: Any, name: str) -> Any:
    """The type of an attribute of a type; None where it has none."""
    plain = get_origin(kind) or kind
    if plain is Any or not isinstance(plain, type):
        return Any
    hints = get_type_hints(plain)
    if name in hints:
        return filled(hints[name], dict(zip(getattr(plain, "__parameters__", ()), get_args(kind), strict=False)))
    if hasattr(plain, name):
        attribute = getattr(plain, name)
        return returned(attribute.fget) if isinstance(attribute, property) else Any
    return value(kind) if issubclass(plain, Mapping) else None


def filled(type_: Any, variables: Mapping[Any, Any]) -> Any:
    """``tuple[T, ...]`` as a field of ``Page[Issue]`` has it."""
    if isinstance(type_, TypeVar):
        return variables.get(type_, Any)
    open_ones = getattr(type_, "__parameters__", ())
    return type_[tuple(variables.get(one, Any) for one in open_ones)] if open_ones else type_


@dataclass
class Reading:
    """Goes through a template once, as its text stands: each branch, each loop's body, each macro as it is called."""

    environment: Environment
    missing: set[str] = field(default_factory=set)

    def read(self, name: str, scope: Scope) -> Scope:
        """Returns the names at the end, those that the template makes included."""
        tree = tree_of(self.environment, name)
        parents = [node.template.value for node in tree.body if isinstance(node, nodes.Extends)]
        self.each([node for node in tree.body if not isinstance(node, nodes.Extends)], scope)
        for parent in parents:
            self.read(parent, dict(scope))
        return scope

    def each(self, body: Iterable[nodes.Node], scope: Scope) -> None:
        for node in body:
            self.statement(node, scope)

    def statement(self, node: nodes.Node, scope: Scope) -> None:
        match node:
            case nodes.Output() | nodes.ExprStmt():
                self.children(node, scope)
            case nodes.Assign():
                self.bind(node.target, self.type_of(node.node, scope), scope)
            case nodes.If():
                self.type_of(node.test, scope)
                self.each([*node.body, *node.elif_, *node.else_], scope)
            case nodes.For():
                inside = scope | {"loop": Any}
                self.bind(node.target, element(self.type_of(node.iter, scope)), inside)
                if node.test:
                    self.type_of(node.test, inside)
                self.each(node.body, inside)
                self.each(node.else_, dict(scope))
            case nodes.Block():
                self.each(node.body, dict(scope))
            case nodes.Macro():
                scope[node.name] = Macro(node, scope)
            case nodes.Import():
                scope[node.target] = Module(self.read(node.template.value, dict(scope)))
            case nodes.Include():
                self.read(node.template.value, dict(scope))
            case _:
                raise NotImplementedError(f"teach this file to read {type(node).__name__}")

    def bind(self, target: nodes.Node, type_: Any, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = type_
            return
        assert isinstance(target, nodes.Tuple)
        tuples = [get_args(kind) for kind in kinds(type_) if get_origin(kind) is tuple]
        fitting = [one for one in tuples if len(one) == len(target.items) and one[-1] is not ...]
        for position, item in enumerate(target.items):
            self.bind(item, any_of(one[position] for one in fitting) if fitting else element(type_), scope)

    def children(self, node: nodes.Node, scope: Scope) -> Any:
        for child in node.iter_child_nodes():
            self.type_of(child, scope)
        return Any

    def type_of(self, node: nodes.Node, scope: Scope) -> Any:
        match node:
            case nodes.Name():
                return scope.get(node.name, Any)
            case nodes.Const():
                return type(node.value)
            case nodes.Tuple():
                return tuple[tuple(self.type_of(item, scope) for item in node.items)]
            case nodes.List():
                return list[any_of(self.type_of(item, scope) for item in node.items)]
            case nodes.Getattr():
                return self.attribute(self.type_of(node.node, scope), node.attr)
            case nodes.Getitem():
                of = self.type_of(node.node, scope)
                self.type_of(node.arg, scope)
                return of if isinstance(node.arg, nodes.Slice) else value(of)
            case nodes.CondExpr():
                self.type_of(node.test, scope)
                return any_of(self.type_of(one, scope) for one in (node.expr1, node.expr2) if one)
            case nodes.And() | nodes.Or():
                return any_of([self.type_of(node.left, scope), self.type_of(node.right, scope)])
            case nodes.Filter():
                return self.filtered(node, scope)
            case nodes.Call():
                return self.called(node, scope)
        return self.children(node, scope)

    def attribute(self, of: Any, name: str) -> Any:
        if isinstance(of, Module):
            return of.scope[name]
        found = [member(kind, name) for kind in kinds(of)]
        if found and all(one is None for one in found):
            self.missing.add(f"{' | '.join(kind.__name__ for kind in kinds(of))}.{name}")
        return any_of(one for one in found if one is not None)

    def filtered(self, node: nodes.Filter, scope: Scope) -> Any:
        of = self.type_of(node.node, scope) if node.node else Any
        self.children(nodes.List([*node.args, *node.kwargs]), scope)
        names = [one.value for one in node.args[:1] if node.name in ("selectattr", "rejectattr")]
        names += [one.value.value for one in node.kwargs if node.name == "map" and one.key == "attribute"]
        types = [self.attribute(element(of), name) for name in names]
        return of if node.name in KEEPING else list[types[0]] if node.name == "map" and types else Any

    def called(self, node: nodes.Call, scope: Scope) -> Any:
        args = [self.type_of(one, scope) for one in node.args]
        kwargs = {one.key: self.type_of(one.value, scope) for one in node.kwargs}
        for one in (node.dyn_args, node.dyn_kwargs):
            if one is not None:
                self.type_of(one, scope)
        callee = self.type_of(node.node, scope)
        if isinstance(callee, Macro):
            return self.expanded(callee, args, kwargs)
        if isinstance(node.node, nodes.Name):
            return returned(self.environment.globals.get(node.node.name))
        if isinstance(node.node, nodes.Getattr) and node.node.attr in ANSWERS:
            return self.answered(self.type_of(node.node.node, scope), node.node.attr)
        return Any

    def expanded(self, macro: Macro, args: list[Any], kwargs: dict[str, Any]) -> Any:
        names = [name.name for name in macro.node.args]
        defaults = [self.type_of(one, macro.scope) for one in macro.node.defaults]
        usual = dict(zip(reversed(names), reversed(defaults), strict=False))
        self.each(macro.node.body, macro.scope | usual | dict(zip(names, args, strict=False)) | kwargs)
        return str

    def answered(self, of: Any, method: str) -> Any:
        mappings = [kind for kind in kinds(of) if issubclass(get_origin(kind) or object, Mapping)]
        return any_of(ANSWERS[method](*get_args(kind)) for kind in mappings)

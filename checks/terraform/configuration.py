"""Terraform's configuration: a folder of `.tf` and `.tf.json` files, with the modules that it calls.

Every resource that whybot looks at comes out with its attributes as far as the files tell. Nothing is
downloaded and no provider is asked.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.observations import Source
from checks.terraform.attributes import TYPES, is_secretive, projects_of, without_secretive
from checks.terraform.errors import TerraformUnreadable
from checks.terraform.evaluate import (
    CannotTell,
    Effort,
    Evaluator,
    IsSensitive,
    Namespace,
    pairs_of,
    plain,
    shallow,
    shortened,
)
from checks.terraform.functions import items_of, text_of
from checks.terraform.hcl import JSON_SUFFIX, Block, Expression, parse_file, parse_values
from checks.terraform.identities import DERIVED, OF_PROVIDER, REGIONAL
from checks.terraform.model import Resource, Sensitive, Unevaluated
from checks.terraform.state import address

MOST_FILES = 500
MOST_BYTES = 5_000_000
MOST_RESOURCES = 5_000
DEEPEST_MODULE = 10

_META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"})
_WAITS = "Terraform knows it only after it has applied the configuration"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the configuration declares of the resources that whybot looks at."""

    resources: tuple[Resource, ...]
    projects: frozenset[str]
    incomplete: tuple[str, ...] = ()
    version: str = ""


def read_configuration(
    folder: Path, shown: str, variables: Mapping[str, Any], read_at: datetime
) -> Configuration:
    """Reads a folder; it blocks, so it is for a thread. `variables` come before those of `.tfvars` files.

    `shown` is how people are told of the folder. Raises `TerraformUnreadable` with file and line.
    """
    reading = _Reading(read_at)
    files = reading.files(folder, shown)
    if not files:
        raise TerraformUnreadable(f"Terraform's configuration {shown} has no .tf file (looked in {folder}).")
    given = {**reading.variable_files(folder, shown), **variables}
    root = _Module(
        reading, folder, shown, files, given={name: _known(value) for name, value in given.items()}
    )
    resources: list[Resource] = []
    for resource in root.resources():
        if len(resources) == MOST_RESOURCES:
            reading.miss(f"{shown} has more than {MOST_RESOURCES} resources; the rest was not read.")
            break
        resources.append(resource)
    return Configuration(
        tuple(resources), projects_of(each.values for each in resources), tuple(reading.incomplete)
    )


def _known(value: Any) -> Callable[[], Any]:
    return lambda: value


@dataclass(slots=True)
class _Reading:
    """What all modules of one configuration share."""

    read_at: datetime
    effort: Effort = field(default_factory=Effort)
    incomplete: list[str] = field(default_factory=list)
    _parsed: dict[Path, tuple[Block, ...]] = field(default_factory=dict)
    _files: int = 0
    _bytes: int = 0

    def miss(self, sentence: str) -> None:
        """Notes once what was not read or not understood."""
        if sentence not in self.incomplete:
            self.incomplete.append(sentence)

    def files(self, folder: Path, shown: str) -> tuple[Block, ...]:
        """Every file of a folder as a block without a type; a module that is called twice is parsed once."""
        if folder not in self._parsed:
            paths = self._listed(folder, shown)
            self._parsed[folder] = tuple(
                parse_file(self._counted(path), _in(shown, path))
                for path in paths
                if path.name.endswith((".tf", JSON_SUFFIX)) and not self._overrides(path, shown)
            )
        return self._parsed[folder]

    def variable_files(self, folder: Path, shown: str) -> dict[str, Any]:
        """Values of `terraform.tfvars` and `*.auto.tfvars`, in Terraform's order; later ones win."""
        values: dict[str, Any] = {}
        automatic: dict[str, Any] = {}
        for path in self._listed(folder, shown):
            name = path.name.removesuffix(".json")
            if name == "terraform.tfvars":
                values |= self._values(path, shown)
            elif name.endswith(".auto.tfvars"):
                automatic |= self._values(path, shown)
        return values | automatic

    def _values(self, path: Path, shown: str) -> dict[str, Any]:
        if path.suffix == ".json":
            return parse_values(self._counted(path), _in(shown, path))
        block = parse_file(self._counted(path), _in(shown, path))
        evaluator = Evaluator(_Nothing(), self.effort)
        return {name: evaluator.value(each) for name, each in block.attributes.items()}

    def _listed(self, folder: Path, shown: str) -> list[Path]:
        try:
            return sorted(path for path in folder.iterdir() if path.is_file())
        except FileNotFoundError:
            raise TerraformUnreadable(
                f"Terraform's configuration {shown} does not exist (looked for {folder})."
            ) from None
        except NotADirectoryError:
            raise TerraformUnreadable(
                f"Terraform's configuration {shown} is a file; name its folder."
            ) from None
        except OSError as error:
            raise TerraformUnreadable(
                f"Terraform's configuration {shown} cannot be read ({error.strerror})."
            ) from None

    def _counted(self, path: Path) -> Path:
        self._files += 1
        try:
            self._bytes += path.stat().st_size
        except OSError as error:
            raise TerraformUnreadable(f"{path.name} cannot be read ({error.strerror}).") from None
        if self._files > MOST_FILES or self._bytes > MOST_BYTES:
            raise TerraformUnreadable(
                f"Terraform's configuration has more than {MOST_FILES} files or {MOST_BYTES // 10**6} MB; "
                "name the folder of this environment alone, or its state."
            )
        return path

    def _overrides(self, path: Path, shown: str) -> bool:
        stem = path.name.removesuffix(".json").removesuffix(".tf")
        if stem != "override" and not stem.endswith("_override"):
            return False
        self.miss(f"{_in(shown, path)} overrides other files, which whybot does not follow.")
        return True


def _in(shown: str, path: Path) -> str:
    return f"{shown.rstrip('/')}/{path.name}"


class _Nothing:
    """The scope of a `.tfvars` file: it has no names."""

    def root(self, name: str) -> Any:
        raise KeyError(name)


class _Module:
    """One call of a module: its files, and what its variables are there."""

    def __init__(
        self,
        reading: _Reading,
        folder: Path,
        shown: str,
        files: tuple[Block, ...],
        *,
        given: Mapping[str, Callable[[], Any]],
        path: str = "",
        parent: "_Module | None" = None,
        redirected: bool = False,
    ) -> None:
        self.reading, self.folder, self.shown, self.path, self.parent = reading, folder, shown, path, parent
        self._given = given
        self._redirected = redirected  # it was given other providers, so their project is not told here
        self._blocks: dict[tuple[str, ...], Block] = {}
        self._locals: dict[str, Expression] = {}
        self._known: dict[tuple[str, ...], Any] = {}
        self._open: set[tuple[str, ...]] = set()
        for block in (block for file in files for block in file.blocks):
            self._add(block)

    def _add(self, block: Block) -> None:
        if block.type == "locals":
            self._locals |= block.attributes
        key = (block.type, *block.labels)
        if block.type == "provider" and "alias" in block.attributes:
            key = (*key, block.attributes["alias"].text.strip('"'))
        if block.type in ("resource", "data", "variable", "output", "module") and key in self._blocks:
            first = self._blocks[key]
            raise TerraformUnreadable(
                f"{block.file}:{block.line}: {' '.join(key)} is there a second time "
                f"(first in {first.file}:{first.line})."
            )
        self._blocks.setdefault(key, block)

    # What expressions ask for

    def root(self, name: str) -> Any:
        """The scope of this module's expressions."""
        spaces: dict[str, Callable[[str], Any]] = {
            "var": self._variable,
            "local": self._local,
            "module": self._called,
            "data": lambda kind: Namespace(lambda called: self._group(("data", kind, called))),
            "path": lambda _: self.shown,
            "terraform": self._workspace,
        }
        if name in spaces:
            return Namespace(spaces[name])
        if any(key[0] == "resource" and key[1] == name for key in self._blocks if len(key) == 3):
            return Namespace(lambda called: self._group(("resource", name, called)))
        raise KeyError(name)

    def evaluator(self, **names: Any) -> Evaluator:
        """Evaluates in this module."""
        return Evaluator(self, self.reading.effort, names)

    def _once(self, key: tuple[str, ...], compute: Callable[[], Any]) -> Any:
        """The value of something with a name, computed at its first use; circles have none."""
        if key in self._open:
            raise CannotTell(f"{'.'.join(key)} depends on itself")
        if key not in self._known:
            self._open.add(key)
            try:
                self._known[key] = compute()
            finally:
                self._open.discard(key)
        return self._known[key]

    def _variable(self, name: str) -> Any:
        return self._once(("var", name), lambda: self._variable_value(name))

    def _variable_value(self, name: str) -> Any:
        block = self._blocks.get(("variable", name))
        if block is None:
            raise CannotTell(f"there is no variable {name}")
        hidden = block.attributes.get("sensitive")
        if (hidden and hidden.text == "true") or is_secretive("", (name,)):
            return Sensitive()
        if name in self._given:
            return self._given[name]()
        if "default" in block.attributes:
            return self.evaluator().value(block.attributes["default"])
        where = "" if self.parent else "; give it one under terraform.variables"
        raise CannotTell(f"variable {name} has no value here{where}")

    def _local(self, name: str) -> Any:
        if name not in self._locals:
            raise CannotTell(f"there is no local {name}")
        return self._once(("local", name), lambda: self.evaluator().value(self._locals[name]))

    def _workspace(self, name: str) -> Any:
        if name != "workspace":
            raise CannotTell(f"there is no terraform.{name}")
        return "default"

    def _called(self, name: str) -> Any:
        calls = self._once(("module", name), lambda: self._calls(name))
        spaces = {key: Namespace(module.output) for key, module in calls.items()}
        return _grouped(spaces)

    def output(self, name: str) -> Any:
        """The value of an output of this module."""
        block = self._blocks.get(("output", name))
        if block is None or "value" not in block.attributes:
            raise CannotTell(f"{self.path} has no output {name}")
        hidden = block.attributes.get("sensitive")
        if hidden and hidden.text == "true":
            raise IsSensitive
        return self._once(("output", name), lambda: self.evaluator().value(block.attributes["value"]))

    def _group(self, key: tuple[str, str, str]) -> Any:
        block = self._blocks.get(key)
        if block is None:
            raise CannotTell(f"there is no {'.'.join(key[1:])} in the configuration")
        instances = self._once(key, lambda: list(self._instances(block)))
        return _grouped(
            {
                index: Namespace(_Instance(self, block, names, ".".join((*key, str(index)))).get)
                for index, names in instances
            }
        )

    def _instances(self, block: Block) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Key and names (`each`, `count`) of every instance. Raises `CannotTell` where there may be any."""
        if "count" in block.attributes:
            number = plain(self.evaluator().value(block.attributes["count"]))
            for index in range(min(_whole(number), MOST_RESOURCES)):
                self.reading.effort.spend()
                yield index, {"count": _space(index=index)}
        elif "for_each" in block.attributes:
            for key, value in pairs_of(shallow(self.evaluator().value(block.attributes["for_each"]))):
                self.reading.effort.spend()
                yield text_of(plain(key)), {"each": _space(key=key, value=value)}
        else:
            yield None, {}

    # Modules

    def _calls(self, name: str) -> dict[Any, "_Module"]:
        block = self._blocks.get(("module", name))
        if block is None:
            raise CannotTell(f"there is no module {name}")
        folder, shown = self._source(block)
        files = self.reading.files(folder, shown)
        return {
            index: _Module(
                self.reading, folder, shown, files,
                given=self._arguments(block, names),
                path=".".join(filter(None, (self.path, address(f"module.{name}", index)))),
                parent=self,
                redirected=self._redirected or "providers" in block.attributes,
            )
            for index, names in self._instances(block)
        }  # fmt: skip

    def _arguments(self, block: Block, names: dict[str, Any]) -> dict[str, Callable[[], Any]]:
        evaluator = self.evaluator(**names)
        return {
            name: (lambda given=expression: evaluator.value(given))  # type: ignore[misc]  # a default binds it now
            for name, expression in block.attributes.items()
            if name not in _META and name not in ("source", "version", "providers")
        }

    def _source(self, block: Block) -> tuple[Path, str]:
        name, where = block.labels[0], f"{block.file}:{block.line}"
        expression = block.attributes.get("source")
        source = self.evaluator().value(expression) if expression else None
        if not isinstance(source, str):
            raise CannotTell(f"{where}: module {name} has no source that whybot can tell")
        if not source.startswith(("./", "../")):
            raise CannotTell(
                f"{where}: module {name} comes from elsewhere ({source}), which whybot does not read"
            )
        folder = (self.folder / source).resolve()
        if not folder.is_dir():
            raise CannotTell(f"{where}: module {name} has the source {source}, which is no folder")
        self._refuse_circles(folder, where, name)
        return folder, f"{self.shown.rstrip('/')}/{source.removeprefix('./').rstrip('/')}"

    def _refuse_circles(self, folder: Path, where: str, name: str) -> None:
        above: _Module | None = self
        depth = 0
        while above is not None:
            if above.folder.resolve() == folder:
                raise TerraformUnreadable(f"{where}: module {name} calls itself, over {depth + 1} module(s).")
            above, depth = above.parent, depth + 1
        if depth > DEEPEST_MODULE:
            raise TerraformUnreadable(f"{where}: modules are nested more than {DEEPEST_MODULE} deep.")

    # What comes out

    def resources(self) -> Iterator[Resource]:
        """Every resource of this module and of those that it calls."""
        for key, block in self._blocks.items():
            if block.type == "resource" and len(block.labels) == 2 and block.labels[0] in TYPES:
                yield from self._resources_of(block)
            elif block.type == "module" and len(key) == 2:
                for module in self._told(block, lambda name=key[1]: self._module_list(name)):  # type: ignore[misc]
                    yield from module.resources()

    def _module_list(self, name: str) -> list["_Module"]:
        return list(self._once(("module", name), lambda: self._calls(name)).values())

    def _told(self, block: Block, compute: Callable[[], list[Any]]) -> list[Any]:
        """What is computed; where it cannot be told how many there are, that is noted and there is none."""
        try:
            return compute()
        except CannotTell as cannot:
            why = str(cannot)
        except IsSensitive:
            why = "the number depends on a sensitive value"
        except ValueError as error:
            why = f"the number {error}"
        where = f"{block.file}:{block.line}: "
        what = " ".join((block.type, *block.labels))
        self.reading.miss(f"{why}." if why.startswith(where) else f"{where}{what} could not be told: {why}.")
        return []

    def _resources_of(self, block: Block) -> Iterator[Resource]:
        kind, name = block.labels
        bare = ".".join(filter(None, (self.path, kind, name)))
        for index, names in self._told(block, lambda: list(self._instances(block))):
            full = address(bare, index)
            yield Resource(
                full,
                kind,
                name,
                without_secretive(kind, _Instance(self, block, names, full).values()),
                Source("terraform", f"{block.file}:{block.line}", self.reading.read_at),
                _ignored(block),
            )

    def of_provider(self, block: Block, name: str) -> Any:
        """What the provider's block gives a resource that says nothing itself. Raises `CannotTell`."""
        if self.parent is not None:
            if self._redirected or "provider" in block.attributes:
                raise CannotTell("it comes from a provider that the module was given")
            return self.parent.of_provider(block, name)
        wanted = block.attributes.get("provider")
        provider, _, alias = (wanted.text if wanted else "google").partition(".")
        found = self._blocks.get(("provider", provider, alias) if alias else ("provider", provider))
        found = found or self._blocks.get(("provider", "google"))
        if found is None or name not in found.attributes:
            raise CannotTell(f"the provider has no {name}")
        return plain(self.evaluator().value(found.attributes[name]))


@dataclass(frozen=True, slots=True)
class _Instance:
    """One instance of a resource or data source."""

    module: _Module
    block: Block
    names: Mapping[str, Any]
    key: str

    def get(self, name: str) -> Any:
        """An attribute, for a reference. Raises `CannotTell` for what only Terraform knows."""
        return self.module._once(("", self.key, name), lambda: self._value(name))  # noqa: SLF001 - of this module's own

    def _value(self, name: str) -> Any:
        if name in self.block.attributes:
            return self._evaluator().value(self.block.attributes[name])
        if any(block.type == name or block.labels == (name,) for block in self.block.blocks):
            return self.values().get(name)
        template = DERIVED.get((self.block.labels[0], name))
        if template is not None:
            return self._derived(template)
        if name in OF_PROVIDER:
            return self.module.of_provider(self.block, name)
        raise CannotTell(_WAITS)

    def _derived(self, template: str) -> str:
        needed = re.findall(r"{(\w+)}", template)
        return template.format(**{name: text_of(plain(self.get(name))) for name in needed})

    def values(self) -> dict[str, Any]:
        """All attributes and blocks, and the project and region that it gets from the provider."""
        kind = self.block.labels[0]
        values = {
            name: value for name, value in _body(self.block, self._evaluator()).items() if name not in _META
        }
        defaults = ("project", "region") if kind in REGIONAL else ("project",)
        for name in defaults:
            if name not in values and kind.startswith("google_"):
                value = self._default(name)
                if value is not None:
                    values[name] = value
        return values

    def _default(self, name: str) -> Any:
        try:
            return self.module.of_provider(self.block, name)
        except (CannotTell, IsSensitive):
            return None

    def _evaluator(self) -> Evaluator:
        return self.module.evaluator(**self.names)


def _body(block: Block, evaluator: Evaluator) -> dict[str, Any]:
    """Attributes, and blocks as lists of mappings under their type."""
    values = {name: settled(evaluator.value(each), each) for name, each in block.attributes.items()}
    for inner in block.blocks:
        if inner.type in _META:
            continue
        name = inner.labels[0] if inner.type == "dynamic" and inner.labels else inner.type
        made = _dynamic(inner, evaluator) if inner.type == "dynamic" else [_body(inner, evaluator)]
        known = values.get(name, [])
        values[name] = [*known, *made] if isinstance(known, list) and isinstance(made, list) else made
    return values


def _dynamic(block: Block, evaluator: Evaluator) -> Any:
    """The blocks that a `dynamic` block makes, or `Unevaluated` where their number cannot be told."""
    expression = block.attributes.get("for_each")
    content = next(block.all("content"), None)
    if expression is None or content is None:
        return []
    iterator = block.attributes.get("iterator")
    name = iterator.text if iterator else block.labels[0]
    turns = evaluator.value(expression)
    if isinstance(turns, Sensitive | Unevaluated):
        return turns
    try:
        pairs = pairs_of(turns)
    except CannotTell as cannot:
        return Unevaluated(shortened(expression.text), str(cannot))
    return [_body(content, evaluator.naming(**{name: _space(key=key, value=value)})) for key, value in pairs]


def settled(value: Any, expression: Expression) -> Any:
    """A value as it leaves the reader: plain, with `Unevaluated` and `Sensitive` leaves."""
    if isinstance(value, Namespace):
        return Unevaluated(shortened(expression.text), "it is a whole object, not a value")
    if isinstance(value, Mapping):
        return {str(name): settled(each, expression) for name, each in value.items()}
    if isinstance(value, list | frozenset):
        return [settled(each, expression) for each in items_of(value)]
    return value


def _grouped(instances: Mapping[Any, Any]) -> Any:
    """How expressions see instances: one, a list (`count`) or a map (`for_each`)."""
    keys = list(instances)
    if keys == [None]:
        return instances[None]
    if keys and isinstance(keys[0], str):
        return dict(instances)
    return list(instances.values())


def _space(**values: Any) -> Namespace:
    return Namespace(lambda name: values[name])


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError("is no whole number")
    return number


def _ignored(block: Block) -> tuple[str, ...]:
    lifecycle = next(block.all("lifecycle"), None)
    expression = lifecycle.attributes.get("ignore_changes") if lifecycle else None
    if expression is None:
        return ()
    without_comments = re.sub(r"(#|//)[^\n]*", "", expression.text)
    return tuple(re.findall(r'[A-Za-z_][\w."\[\]-]*\w|[A-Za-z_]|\w+\[[^\]]*\]', without_comments.strip("[]")))

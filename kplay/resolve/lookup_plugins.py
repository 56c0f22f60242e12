"""Lookups written for Ansible, called as Ansible calls them; they need ansible-core."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.resolve import search
from kplay.resolve.faults import TemplateError, fault
from kplay.resolve.lazy import settle
from kplay.resolve.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from kplay.resolve.scope import Scope

Options = dict[str, Any]


class _Loader:
    """What lookups ask of Ansible's loader of files."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def get_basedir(self) -> str:
        return str(self._scope.store.playbook_dir)

    def path_dwim(self, given: str) -> str:
        path = Path(given).expanduser()
        return str(path if path.is_absolute() else self._scope.store.playbook_dir / path)

    def path_dwim_relative_stack(
        self, paths: list[str], dirname: str, source: str, **_: Any
    ) -> str | None:
        del paths
        found = search.find(self._scope, source, dirname)
        return str(found) if found is not None else None

    @staticmethod
    def get_real_file(file_path: str, **_: Any) -> str:
        return file_path

    @staticmethod
    def get_text_file_contents(file_name: str, encoding: str = "utf-8") -> str:
        return Path(file_name).read_text(encoding=encoding)


class _Templar:
    """What lookups ask of Ansible's templar."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._loader = _Loader(scope)

    @property
    def available_variables(self) -> Scope:
        return self._scope

    def template(self, variable: Any, **_: Any) -> Any:
        return self._scope.template(variable)


def adapted(
    name: str, module: ModuleType, path: Path
) -> Callable[[Scope, list[Any], Options], Any]:
    """A lookup of the user as kplay calls its own.

    Args:
        name: how templates name it.
        module: its file, imported.
        path: the file.
    """
    _register(name, module)

    def lookup(scope: Scope, terms: list[Any], options: Options) -> Any:
        if not scope.context.run_programs:
            return Unknown(f"what the lookup `{name}` gives")
        plugin = module.LookupModule(loader=_Loader(scope), templar=_Templar(scope))
        plugin._load_name = name
        plugin._original_path = str(path)
        plugin.ansible_name = name
        try:
            return settle(plugin.run(terms, variables=scope, **options))
        except TemplateError:
            raise
        except Exception as error:
            from kplay.resolve.plugins import place
            from kplay.resolve.templating import describe

            message = f"the lookup `{name}` failed: {describe(error)}"
            notes = (f"at {place(path, error)}",)
            raise fault("lookup-failed", message, notes=notes) from error

    return lookup


def _register(name: str, module: ModuleType) -> None:
    """Tell ansible-core of the options that a lookup documents, so that it can read them."""
    import yaml

    from kplay.yaml_reader import plain

    try:
        documented = plain(getattr(module, "DOCUMENTATION", "") or "") or {}
    except yaml.YAMLError:
        documented = {}
    from ansible import constants  # type: ignore[import-untyped,import-not-found,unused-ignore]

    given = documented.get("options") or {}
    constants.config.initialize_plugin_configuration_definitions("lookup", name, given)

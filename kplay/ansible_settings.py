"""The settings of ansible.cfg: those that change what kplay does, and those that do not.

Names, sections and environment variables are those of
https://docs.ansible.com/ansible/latest/reference_appendices/config.html.
"""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """A setting that changes what kplay does, or that it refuses."""

    name: str
    section: str
    key: str
    variable: str
    kind: str = "str"
    """str, bool, int, path, paths (with colons), sources (with commas), list (with commas), or
    the words that it takes, with bars between them."""
    refused: str = ""
    """The value that kplay cannot follow, and why, as ``value: reason``."""


_S = Setting
SETTINGS: tuple[Setting, ...] = (
    _S("inventory", "defaults", "inventory", "ANSIBLE_INVENTORY", "sources"),
    _S("inventory_ignore", "defaults", "inventory_ignore_extensions", "ANSIBLE_INVENTORY_IGNORE",
       "list"),
    _S("inventory_ignore", "inventory", "ignore_extensions", "ANSIBLE_INVENTORY_IGNORE", "list"),
    _S("inventory_ignore_patterns", "defaults", "inventory_ignore_patterns",
       "ANSIBLE_INVENTORY_IGNORE_REGEX", "list"),
    _S("inventory_ignore_patterns", "inventory", "ignore_patterns",
       "ANSIBLE_INVENTORY_IGNORE_REGEX", "list"),
    _S("roles_path", "defaults", "roles_path", "ANSIBLE_ROLES_PATH", "paths"),
    _S("collections_path", "defaults", "collections_path", "ANSIBLE_COLLECTIONS_PATH", "paths"),
    _S("collections_path", "defaults", "collections_paths", "ANSIBLE_COLLECTIONS_PATHS", "paths"),
    _S("library", "defaults", "library", "ANSIBLE_LIBRARY", "paths"),
    _S("module_utils", "defaults", "module_utils", "ANSIBLE_MODULE_UTILS", "paths"),
    _S("filter_plugins", "defaults", "filter_plugins", "ANSIBLE_FILTER_PLUGINS", "paths"),
    _S("test_plugins", "defaults", "test_plugins", "ANSIBLE_TEST_PLUGINS", "paths"),
    _S("lookup_plugins", "defaults", "lookup_plugins", "ANSIBLE_LOOKUP_PLUGINS", "paths"),
    _S("allow_broken_conditionals", "defaults", "allow_broken_conditionals",
       "ANSIBLE_ALLOW_BROKEN_CONDITIONALS", "bool"),
    _S("forks", "defaults", "forks", "ANSIBLE_FORKS", "int"),
    _S("user", "defaults", "remote_user", "ANSIBLE_REMOTE_USER"),
    _S("private_key", "defaults", "private_key_file", "ANSIBLE_PRIVATE_KEY_FILE", "path"),
    _S("host_key_checking", "defaults", "host_key_checking", "ANSIBLE_HOST_KEY_CHECKING", "bool"),
    _S("become", "privilege_escalation", "become", "ANSIBLE_BECOME", "bool"),
    _S("become_user", "privilege_escalation", "become_user", "ANSIBLE_BECOME_USER"),
    _S("become_method", "privilege_escalation", "become_method", "ANSIBLE_BECOME_METHOD"),
    _S("become_ask_pass", "privilege_escalation", "become_ask_pass", "ANSIBLE_BECOME_ASK_PASS",
       "bool"),
    _S("ask_pass", "defaults", "ask_pass", "ANSIBLE_ASK_PASS", "bool"),
    _S("connection_password_file", "defaults", "connection_password_file",
       "ANSIBLE_CONNECTION_PASSWORD_FILE", "path"),
    _S("become_password_file", "defaults", "become_password_file",
       "ANSIBLE_BECOME_PASSWORD_FILE", "path"),
    _S("retry_files_enabled", "defaults", "retry_files_enabled", "ANSIBLE_RETRY_FILES_ENABLED",
       "bool"),
    _S("retry_files_save_path", "defaults", "retry_files_save_path",
       "ANSIBLE_RETRY_FILES_SAVE_PATH", "path"),
    _S("vault_password_file", "defaults", "vault_password_file", "ANSIBLE_VAULT_PASSWORD_FILE",
       "path"),
    _S("vault_identity_list", "defaults", "vault_identity_list", "ANSIBLE_VAULT_IDENTITY_LIST",
       "list"),
    _S("vault_identity", "defaults", "vault_identity", "ANSIBLE_VAULT_IDENTITY"),
    _S("vault_encrypt_identity", "defaults", "vault_encrypt_identity",
       "ANSIBLE_VAULT_ENCRYPT_IDENTITY"),
    _S("vault_id_match", "defaults", "vault_id_match", "ANSIBLE_VAULT_ID_MATCH", "bool"),
    _S("ask_vault_pass", "defaults", "ask_vault_pass", "ANSIBLE_ASK_VAULT_PASS", "bool"),
    _S("show_custom_stats", "defaults", "show_custom_stats", "ANSIBLE_SHOW_CUSTOM_STATS", "bool"),
    _S("gathering", "defaults", "gathering", "ANSIBLE_GATHERING", "implicit|explicit|smart"),
    _S("fact_caching", "defaults", "fact_caching", "ANSIBLE_CACHE_PLUGIN",
       "memory|jsonfile|ansible.builtin.memory|ansible.builtin.jsonfile"),
    _S("fact_caching_connection", "defaults", "fact_caching_connection",
       "ANSIBLE_CACHE_PLUGIN_CONNECTION", "path"),
    _S("fact_caching_prefix", "defaults", "fact_caching_prefix", "ANSIBLE_CACHE_PLUGIN_PREFIX"),
    _S("fact_caching_timeout", "defaults", "fact_caching_timeout", "ANSIBLE_CACHE_PLUGIN_TIMEOUT",
       "int"),
    _S("gather_timeout", "defaults", "gather_timeout", "ANSIBLE_GATHER_TIMEOUT", "int"),
    _S("force_handlers", "defaults", "force_handlers", "ANSIBLE_FORCE_HANDLERS", "bool"),
    _S("any_errors_fatal", "defaults", "any_errors_fatal", "ANSIBLE_ANY_ERRORS_FATAL", "bool"),
    _S("strategy", "defaults", "strategy", "ANSIBLE_STRATEGY"),
    _S("run_tags", "tags", "run", "ANSIBLE_RUN_TAGS", "list"),
    _S("skip_tags", "tags", "skip", "ANSIBLE_SKIP_TAGS", "list"),
    _S("hash_behaviour", "defaults", "hash_behaviour", "ANSIBLE_HASH_BEHAVIOUR",
       refused="merge: variables replace each other; use the filter `combine`"),
    _S("jinja2_native", "defaults", "jinja2_native", "ANSIBLE_JINJA2_NATIVE", "bool"),
    _S("error_on_undefined_vars", "defaults", "error_on_undefined_vars",
       "ANSIBLE_ERROR_ON_UNDEFINED_VARS", "bool",
       "False: an undefined variable fails its task; use the filter `default`"),
    _S("interpreter_python", "defaults", "interpreter_python", "ANSIBLE_PYTHON_INTERPRETER"),
)  # fmt: skip

IGNORED = {
    "defaults.callback_whitelist": "reports are kplay's own: `--report`",
    "defaults.callbacks_enabled": "reports are kplay's own: `--report`",
    "defaults.stdout_callback": "reports are kplay's own: `--report`",
    "defaults.bin_ansible_callbacks": "reports are kplay's own: `--report`",
    "defaults.display_skipped_hosts": "`-v` shows them",
    "defaults.nocows": "there are none",
    "defaults.deprecation_warnings": "kplay has none of Ansible's",
    "defaults.command_warnings": "kplay has none",
    "defaults.system_warnings": "kplay has none",
    "defaults.localhost_warning": "kplay has none",
    "defaults.log_path": "every run has a journal",
    "defaults.local_tmp": "nothing is written there",
    "defaults.remote_tmp": "the agent runs from memory",
    "defaults.poll_interval": "results come as they are there",
    "defaults.internal_poll_interval": "results come as they are there",
    "defaults.transport": "the inventory's `ansible_connection` decides",
    "defaults.timeout": "`ConnectTimeout` of ~/.ssh/config decides",
    "defaults.ansible_managed": "write the text into the template",
    "defaults.allow_world_readable_tmpfiles": "nothing is written to them",
    "ssh_connection.pipelining": "the agent needs no pipelining",
    "ssh_connection.ssh_args": "connections are read from ~/.ssh/config",
    "ssh_connection.control_path": "one connection serves a host",
    "ssh_connection.control_path_dir": "one connection serves a host",
    "ssh_connection.scp_if_ssh": "files travel in the agent's own channel",
    "ssh_connection.transfer_method": "files travel in the agent's own channel",
    "ssh_connection.retries": "a lost connection is `kplay resume`'s",
    "persistent_connection.*": "network devices are not kplay's",
    "galaxy.*": "ansible-galaxy's own",
    "colors.*": "the terminal's own",
    "inventory.cache": "programs are asked once a run; they may keep what they know themselves",
    "inventory_plugins.use_extra_vars": "say `use_extra_vars` in the file of `constructed`",
    "inventory_plugin_script.always_show_stderr": "the standard error of a program that fails is "
    "shown",
    "inventory.enable_plugins": "a source is read by what it is",
    "inventory.unparsed_is_failed": "a source that cannot be read is always an error",
    "inventory.any_unparsed_is_failed": "a source that cannot be read is always an error",
    "inventory.unparsed_warning": "a source that cannot be read is always an error",
    "diff.always": "a plan always shows diffs",
}
"""Settings that change nothing here, and why."""

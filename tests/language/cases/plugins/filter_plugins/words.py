from ansible.errors import AnsibleFilterError
from jinja2 import pass_environment


def backwards(text):
    if not isinstance(text, str):
        raise AnsibleFilterError("only texts can be turned round")
    return text[::-1]


def described(value):
    return {"mapping": isinstance(value, dict), "keys": sorted(value)}


@pass_environment
def with_environment(environment, value):
    return value + str("upper" in environment.filters)


class FilterModule:
    def filters(self):
        return {
            "backwards": backwards,
            "plus": lambda value, other: value + other,
            "described": described,
            "with_environment": with_environment,
            "to_uuid": lambda value: "not a uuid of " + value,
        }

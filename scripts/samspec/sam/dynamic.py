"""Values that come from outside a template: {{resolve:...}}, SSM parameters, imported exports."""

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from samspec.sam.functions import as_text

if TYPE_CHECKING:
    from samspec.sam.template import Template

REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")
HINT = "give it with --value"


class Dynamic:
    """Looks such values up in the template's own resources, then in the given values."""

    def __init__(self, template: "Template") -> None:
        self._template = template

    def resolved(self, text: str) -> str:
        """`text` with each dynamic reference in it replaced.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        """
        return REFERENCE.sub(self._value, text) if "{{resolve:" in text else text

    def stored(self, name: str) -> Any:
        """The value of a parameter in SSM's store."""
        for logical_id in self._template.names("AWS::SSM::Parameter"):
            if self._template.physical_name(logical_id) == name:
                return self._template.resolve(self._template.properties(logical_id)["Value"])
        return self._given(f"ssm:{name}")

    def imported(self, name: str) -> str:
        """What another stack exports."""
        return self._given(f"import:{name}", stand_in=name)

    def secret(self, name: str) -> str:
        """A secret's text: the template's own, a generated one, or a given one."""
        for logical_id in self._template.names("AWS::SecretsManager::Secret"):
            resource = self._template.resource(logical_id)
            if name in (resource.name, resource.arn):
                properties = self._template.properties(logical_id)
                return secret_text(logical_id, self._template.resolve(properties))
        return self._given(f"secretsmanager:{name}")

    def _value(self, match: re.Match[str]) -> str:
        service, key = match.groups()
        if service == "secretsmanager":
            return self._secret_part(key)
        name, _, version = key.rpartition(":")
        return as_text(self.stored(name if name and version.isdecimal() else key))

    def _secret_part(self, key: str) -> str:
        """`NAME:SecretString:KEY`, where NAME may be an ARN and all after it may be absent."""
        name, _, rest = key.partition(":SecretString")
        member = rest.lstrip(":").split(":")[0]
        text = self.secret(name)
        if not member:
            return text
        try:
            return as_text(json.loads(text)[member])
        except (ValueError, KeyError, TypeError):
            why = f"the secret {name} has no {member!r}: {HINT} 'secretsmanager:{name}=JSON'"
            return self._template.stand_in(f"{name}:{member}", why)

    def _given(self, key: str, stand_in: str = "") -> str:
        values = self._template.settings.values
        if key in values:
            return values[key]
        why = f"{key} is not in the template: {HINT} {key}=VALUE"
        return self._template.stand_in(stand_in or key, why)


def secret_text(logical_id: str, properties: dict[str, Any]) -> str:
    """The text of a secret of the template; a generated one is the same at every start."""
    if "SecretString" in properties:
        return as_text(properties["SecretString"])
    generated = properties.get("GenerateSecretString") or {}
    length = int(generated.get("PasswordLength", 32))
    password = (sha256(logical_id.encode()).hexdigest() * (length // 64 + 1))[:length]
    if "GenerateStringKey" not in generated:
        return password
    fixed = json.loads(generated.get("SecretStringTemplate") or "{}")
    return json.dumps({**fixed, generated["GenerateStringKey"]: password})

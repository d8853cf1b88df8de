"""A new version of each function whose code or settings change.

SAM publishes a version when the code changes, but not when only a parameter or a mapping does: an
alias would go on with the old setting. Its property AutoPublishCodeSha256 decides instead, so the
built template gets a digest of both there.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from samspec.sam import documents
from samspec.sam.template import Template

BUILT = Path(".aws-sam/build/template.yaml")
FUNCTION, LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"
# What a published version holds, besides the code.
SETTINGS = (
    "Architectures",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Runtime",
    "SnapStart",
    "Timeout",
    "Tracing",
    "VpcConfig",
)


def mark(root: Path, parameters: dict[str, str]) -> None:
    """Change the built template so that each changed function is published."""
    path = root / BUILT
    built = documents.read(path)
    template = Template(path, parameters)
    layers = []
    for layer in template.of_type(LAYER).values():
        layers.append(path.parent / str(layer.get("ContentUri")))
    for name, properties in template.of_type(FUNCTION).items():
        code = path.parent / str(properties.get("CodeUri", ""))
        if "AutoPublishAlias" in properties and code.is_dir():
            folders = [code, *layers] if properties.get("Layers") else [code]
            resource = built["Resources"][name]["Properties"]
            resource["AutoPublishCodeSha256"] = digest(folders, properties)
    path.write_text(yaml.safe_dump(built, sort_keys=False))


def digest(folders: list[Path], properties: dict[str, Any]) -> str:
    """SHA-256 of a function's files, those of its layers, and its settings."""
    settings = {key: properties.get(key) for key in SETTINGS}
    total = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            total.update(str(file.relative_to(folder)).encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()

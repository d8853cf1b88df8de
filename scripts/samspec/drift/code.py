"""What the functions' code expects of the template and of the packages that are built with it."""

import ast
import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

from samspec.drift.application import Application
from samspec.drift.functions import handler_file, parsed
from samspec.sam.finding import Finding
from samspec.sam.written import WrittenFunction

# Lambda sets these:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
RESERVED = re.compile(r"AWS_.*|LAMBDA_.*|_HANDLER|_X_AMZN_TRACE_ID|TZ|LANG|PATH|LD_LIBRARY_PATH|"
                      r"PYTHON.*|HOME|TMPDIR|TEMP|PWD|USER|CI|DEBUG|PYTEST.*")  # fmt: skip
# Libraries and runtimes read these, not the code next to the template.
FOREIGN = re.compile(
    r"AWS_.*|LAMBDA_.*|POWERTOOLS_.*|LOG_LEVEL|PYTHON.*|NODE_.*|JAVA_.*|OTEL_.*|OPENTELEMETRY_.*|"
    r"DD_.*|NEW_RELIC_.*|SENTRY_.*|LUMIGO_.*|TZ|LD_LIBRARY_PATH|PATH|BOTO_.*|XRAY_.*|DOTNET_.*|"
    r"LAUNCHER|READINESS_.*|PORT|ASYNC_INIT|SSL_CERT_.*|REQUESTS_CA_BUNDLE|.*_LOGGER_.*|RUST_.*|"
    r"HTTPS?_PROXY|NO_PROXY"
)
# Part of Lambda's Python runtimes:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
IN_RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"}
IN_RUNTIME |= {
    "aws_durable_execution_sdk_python",
    "awslambdaric",
    "bootstrap",
    "lambda_runtime_client",
    "simplejson",
    "snapshot_restore_py",
}
# Names that differ between a package and its modules.
DISTRIBUTIONS = {
    "attr": "attrs",
    "aws_xray_sdk": "aws-xray-sdk",
    "bs4": "beautifulsoup4",
    "bson": "pymongo",
    "cv2": "opencv-python",
    "Crypto": "pycryptodome",
    "Cryptodome": "pycryptodomex",
    "dateutil": "python-dateutil",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "pymupdf",
    "git": "gitpython",
    "github": "pygithub",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "magic": "python-magic",
    "multipart": "python-multipart",
    "MySQLdb": "mysqlclient",
    "nacl": "pynacl",
    "opensearchpy": "opensearch-py",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "pkg_resources": "setuptools",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "pythonjsonlogger": "python-json-logger",
    "requests_aws4auth": "requests-aws4auth",
    "serverless_wsgi": "serverless-wsgi",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "telegram": "python-telegram-bot",
    "ulid": "python-ulid",
    "websocket": "websocket-client",
    "yaml": "pyyaml",
}
# The clients that boto3 names differently from IAM.
CLIENTS = {"states": "stepfunctions", "ses": "ses", "events": "events", "es": "opensearch"}
# Permissions that are used without a client in the code.
WITHOUT_CLIENT = {"logs", "xray", "kms", "ec2", "elasticfilesystem", "cloudwatch"}
REQUIREMENTS = ("requirements.txt",)
NAMESPACE = ""  # in place of a file: a folder without an __init__.py


@dataclass
class Read:
    """A variable of the environment that the code reads."""

    file: str
    line: int
    has_default: bool


@dataclass
class Code:
    """What the modules that one function can import say."""

    modules: list[str] = field(default_factory=list)
    reads: dict[str, Read] = field(default_factory=dict)
    packages: dict[str, tuple[str, int]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    indexes: dict[str, tuple[str, int]] = field(default_factory=dict)
    has_star: bool = False


def check(application: Application) -> Iterator[Finding]:
    """Variables, packages, indexes and time-outs of every Python function with local code."""
    reported: set[Finding] = set()
    for function in application.functions.values():
        code = code_of(application, function)
        if code is None:
            continue
        for finding in (
            *_variables(application, function, code),
            *_packages(application, function, code),
            *_indexes(application, code),
        ):
            if finding not in reported:
                reported.add(finding)
                yield finding
    yield from _attributes(application)
    yield from _relative(application)
    yield from _unread(application)
    yield from _timeouts(application)


def code_of(application: Application, function: WrittenFunction) -> Code | None:
    """The code that a function's handler can import from its folder; None if it has none here."""
    file = handler_file(application, function)
    if not file or not application.exists(file):
        return None
    if function.name not in application.codes:
        application.codes[function.name] = _gathered(application, function, file)
    code: Code = application.codes[function.name]
    return code


def _gathered(application: Application, function: WrittenFunction, file: str) -> Code:
    code = Code()
    roots = [str(function.folder)]
    waiting = [(file, False)]
    names: list[tuple[str, str, int]] = []
    has_dynamic_read = False
    while waiting:
        # What is imported inside a function may be for elsewhere, and so is what it imports.
        name, is_optional = waiting.pop()
        if name in code.modules:
            continue
        code.modules.append(name)
        facts = _facts(application, name)
        if facts is None:
            continue
        _add(code, name, facts)
        has_dynamic_read = has_dynamic_read or facts.has_dynamic_read
        names += [(variable, name, line) for variable, line in facts.names]
        read = _local_files(application, roots, name, facts)
        for imported, local in zip(facts.imports, read, strict=True):
            is_inner = is_optional or imported.is_optional
            # Optional modules come last: another import may need them in any case.
            for module in local if local != [NAMESPACE] else ():
                waiting.insert(0 if is_inner else len(waiting), (module, is_inner))
            if not local and not is_inner and not imported.level:
                top = imported.module.partition(".")[0]
                code.packages.setdefault(top, (name, imported.line))
    if has_dynamic_read:
        for variable, module, line in names:
            code.reads.setdefault(variable, Read(module, line, has_default=False))
    return code


@dataclass(frozen=True)
class Import:
    """An import statement; `names` may be modules of a package."""

    module: str
    names: tuple[str, ...]
    level: int
    line: int
    is_optional: bool


@dataclass(frozen=True)
class Facts:
    """What one module says."""

    imports: tuple[Import, ...]
    has_dynamic_read: bool  # os.environ[name], where a name comes from elsewhere
    names: tuple[tuple[str, int], ...]  # constants that look like a variable's name
    reads: tuple[tuple[str, int, bool], ...]
    texts: frozenset[str]
    indexes: tuple[tuple[str, int], ...]
    numbers: Mapping[str, tuple[float, int]]


def _facts(application: Application, name: str) -> Facts | None:
    tree = parsed(application, name)
    return None if isinstance(tree, str) else _read(application.text(name))


@lru_cache(maxsize=256)
def _read(content: str) -> Facts:
    tree = ast.parse(content)
    constants = _constants(tree)
    walked = list(ast.walk(tree))
    optional = _optional_lines(walked)
    imports: list[Import] = []
    reads: list[tuple[str, int, bool]] = []
    texts: set[str] = set()
    indexes: list[tuple[str, int]] = []
    numbers: dict[str, tuple[float, int]] = {}
    for node in walked:
        if isinstance(node, ast.Import):
            is_optional = node.lineno in optional
            imports += [Import(alias.name, (), 0, node.lineno, is_optional) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            imports.append(
                Import(node.module or "", names, node.level, node.lineno, node.lineno in optional)
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            _keyword(node, constants, indexes, numbers)
        elif isinstance(node, ast.Dict):
            _index_in(node, constants, indexes)
        variable = _variable(node, constants)
        if variable:
            reads.append(variable)
    return Facts(
        tuple(imports),
        any(_is_dynamic(node, constants) for node in walked),
        tuple(_assigned_names(walked)),
        tuple(reads),
        frozenset(texts),
        tuple(indexes),
        numbers,
    )


def _is_dynamic(node: ast.AST, constants: Mapping[str, str]) -> bool:
    return (
        isinstance(node, ast.Subscript)
        and _is_environ(node.value)
        and _text_of(node.slice, constants) is None
    )


def _assigned_names(walked: list[ast.AST]) -> Iterator[tuple[str, int]]:
    """The texts that a module or class assigns and that look like a variable of the environment."""
    for node in walked:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            value = node.value.value
            if isinstance(value, str) and re.fullmatch(r"[A-Z]+(_[A-Z0-9]+)+", value):
                yield value, node.lineno


def _constants(tree: ast.Module) -> dict[str, str]:
    """The module's names for texts: INDEX = "email-index"."""
    constants = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for item in node.targets:
                if isinstance(item, ast.Name) and isinstance(node.value.value, str):
                    constants[item.id] = node.value.value
    return constants


def _optional_lines(walked: list[ast.AST]) -> set[int]:
    """The lines of imports that may fail: in a try, under TYPE_CHECKING, inside a function."""
    blocks = (ast.Try, ast.If, ast.FunctionDef, ast.AsyncFunctionDef)
    spans = [(n.lineno, n.end_lineno or n.lineno) for n in walked if isinstance(n, blocks)]
    lines = {n.lineno for n in walked if isinstance(n, ast.Import | ast.ImportFrom)}
    return {line for line in lines if any(first <= line <= last for first, last in spans)}


def _text_of(node: ast.AST | None, constants: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id) if isinstance(node, ast.Name) else None


def _variable(node: ast.AST, constants: Mapping[str, str]) -> tuple[str, int, bool] | None:
    """A read of os.environ or os.getenv, and whether it has a default."""
    if isinstance(node, ast.Subscript) and _is_environ(node.value):
        name = _text_of(node.slice, constants)
        if name and isinstance(node.ctx, ast.Load):
            return name, node.lineno, False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        is_get = node.func.attr == "get" and _is_environ(node.func.value)
        if is_get or node.func.attr == "getenv":
            name = _text_of(node.args[0], constants)
            return (name, node.lineno, True) if name else None
    return None


def _is_environ(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (
        isinstance(node, ast.Name) and node.id == "environ"
    )


def _keyword(
    node: ast.keyword,
    constants: Mapping[str, str],
    indexes: list[tuple[str, int]],
    numbers: dict[str, tuple[float, int]],
) -> None:
    if node.arg in ("IndexName", "index_name", "index"):
        name = _text_of(node.value, constants)
        if name and (node.arg == "IndexName" or name.endswith(("index", "Index"))):
            indexes.append((name, node.value.lineno))
    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, int | float):
        numbers[str(node.arg)] = (float(node.value.value), node.value.lineno)
    if node.arg == "retries" and isinstance(node.value, ast.Dict):
        for key, value in zip(node.value.keys, node.value.values, strict=True):
            name = _text_of(key, constants)
            if name and isinstance(value, ast.Constant) and isinstance(value.value, int):
                numbers[name] = (float(value.value), value.lineno)


def _index_in(node: ast.Dict, constants: Mapping[str, str], indexes: list[tuple[str, int]]) -> None:
    for key, value in zip(node.keys, node.values, strict=True):
        if _text_of(key, constants) == "IndexName":
            name = _text_of(value, constants)
            if name:
                indexes.append((name, value.lineno))


def _add(code: Code, name: str, facts: Facts) -> None:
    for variable, line, has_default in facts.reads:
        existing = code.reads.get(variable)
        if existing is None or existing.has_default > has_default:
            code.reads[variable] = Read(name, line, has_default)
    for index, line in facts.indexes:
        code.indexes.setdefault(index, (name, line))
    code.texts |= facts.texts


def _local(
    application: Application, roots: list[str], importer: str, imported: Import
) -> list[str]:
    """The files of the code's folder that an import reads."""
    if imported.level:
        base = PurePosixPath(importer).parent
        for _ in range(imported.level - 1):
            base = base.parent
        folders = [str(base)]
    else:
        folders = roots
    parts = [part for part in imported.module.split(".") if part]
    files: list[str] = []
    for folder in folders:
        names = [parts[: index + 1] for index in range(len(parts))]
        names += [[*parts, name] for name in imported.names if name != "*"]
        for steps in names or [[]]:
            files += _module_files(application, folder, steps)
        if files or _is_namespace(application, folder, parts):
            return files or [NAMESPACE]
    return files


def _local_files(
    application: Application, roots: list[str], name: str, facts: Facts
) -> list[list[str]]:
    """The files that each import of a module reads, once for all functions of a folder."""
    key = (*roots, name)
    if key not in application.imports:
        files = [_local(application, roots, name, imported) for imported in facts.imports]
        application.imports[key] = files
    return application.imports[key]


def _module_files(application: Application, folder: str, steps: list[str]) -> list[str]:
    path = "/".join([folder, *steps]).removeprefix("./").removeprefix("/")
    candidates = [f"{path}.py", f"{path}/__init__.py"]
    return [name for name in candidates if application.exists(name)]


def _is_namespace(application: Application, folder: str, parts: list[str]) -> bool:
    return bool(parts) and (application.root / folder / parts[0]).is_dir()


# Environment variables


def _variables(
    application: Application, function: WrittenFunction, code: Code
) -> Iterator[Finding]:
    stated = set(function.variables)
    for name, read in code.reads.items():
        if name in stated or RESERVED.fullmatch(name):
            continue
        near = difflib.get_close_matches(name, stated - set(code.reads), 1, 0.8)
        if near:
            yield _variable_finding(
                application,
                function,
                near[0],
                f"{near[0]} is set, and the code reads {name} ({read.file}:{read.line})",
                f"write {name}",
            )
        elif not read.has_default:
            yield Finding(
                read.file,
                read.line,
                f"it reads {name}, which {function.name} does not have",
                "add it to Environment.Variables, or read it with a default",
                "environment-unset",
            )


def _variable_finding(
    application: Application, function: WrittenFunction, name: str, message: str, fix: str
) -> Finding:
    places = [
        ("Resources", function.name, "Properties", "Environment", "Variables", name),
        ("Globals", "Function", "Environment", "Variables", name),
    ]
    lines = application.template.lines
    place = next((keys for keys in places if keys in lines), places[0])
    return application.template.finding("environment-name", place, message, fix)


def _unread(application: Application) -> Iterator[Finding]:
    """Variables that the template sets and no file of the code has the name of."""
    folders = {item.folder for item in application.functions.values() if item.folder}
    everywhere = "\n".join(application.source(folder) for folder in sorted(folders))
    reported: set[tuple[str, int]] = set()
    for function in application.functions.values():
        if function.folder is None or not (application.root / function.folder).is_dir():
            continue
        code = code_of(application, function)
        text = application.source(function.folder)
        for name in function.variables:
            if FOREIGN.fullmatch(name) or name in text:
                continue
            if name in application.shared_variables and name in everywhere:
                continue  # what all functions get, some need not read
            if code and difflib.get_close_matches(name, set(code.reads), 1, 0.8):
                continue  # a misspelling, which `_variables` reports
            finding = _variable_finding(
                application,
                function,
                name,
                f"{name} is set, and nothing in {function.folder} reads it",
                "remove it, or read it",
            )
            if (name, finding.line) not in reported:
                reported.add((name, finding.line))
                yield Finding(
                    finding.file, finding.line, finding.message, finding.fix, "environment-unread"
                )


# Packages


def _packages(application: Application, function: WrittenFunction, code: Code) -> Iterator[Finding]:
    """A module that is neither in the folder, nor in the runtime, nor in requirements.txt."""
    if function.properties.get("Layers"):
        return  # a layer may bring it
    required = _required(application, str(function.folder))
    for name, (file, line) in code.packages.items():
        if name in sys.stdlib_module_names or name in IN_RUNTIME or name == "":
            continue
        distribution = DISTRIBUTIONS.get(name, name)
        if required is not None and _normal(distribution) in required:
            continue
        if required is not None and any(_may_bring(item, name) for item in required):
            continue
        if (application.root / str(function.folder) / name).exists():
            continue
        reason = (
            "requirements.txt does not list it"
            if required is not None
            else (f"{function.folder} has no requirements.txt")
        )
        yield Finding(
            file,
            line,
            f"it imports {name}, which is not packed: {reason}",
            f"add {distribution} to {function.folder}/requirements.txt",
            "package-missing",
        )


def _may_bring(requirement: str, module: str) -> bool:
    """Whether a package's name is close enough to a module's: strands-agents-tools brings
    strands_tools, and only its files would say so."""
    name = _normal(module)
    return name in requirement or requirement.split("-")[0] == name.split("-")[0]


def _required(application: Application, folder: str) -> set[str] | None:
    """The packages that `sam build` installs; None if there is no list of them."""
    for name in REQUIREMENTS:
        path = f"{folder}/{name}".removeprefix("./")
        if application.exists(path):
            return _names_in(application.text(path))
    return None


def _names_in(text: str) -> set[str]:
    names = set()
    for line in text.splitlines():
        match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        if match and not line.lstrip().startswith(("#", "-")):
            names.add(_normal(match[1]))
    return names


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# Tables and their indexes


def _indexes(application: Application, code: Code) -> Iterator[Finding]:
    """An index that the code names is one of the template's tables'."""
    declared = _declared_indexes(application)
    if declared is None:
        return  # the table is another stack's
    used = {**code.indexes}
    for text in code.texts:
        if text.endswith(("-index", "_index", "Index")) and " " not in text and len(text) > 6:
            used.setdefault(text, _place_of(application, code, text))
    for name, (file, line) in used.items():
        # A table's index that no code mentions is what this one was, before one was renamed.
        near = difflib.get_close_matches(name, declared, 1, 0.6) or declared - code.texts
        if name not in declared and (name in code.indexes or near):
            listed = ", ".join(sorted(declared)) or "none"
            yield Finding(
                file,
                line,
                f"it names the index {name}, which no table of the template has",
                f"write one of: {listed}",
                "table-index",
            )


def _attributes(application: Application) -> Iterator[Finding]:
    """A table declares the attributes of its keys and of its indexes' keys, and no others."""
    for name, resource in application.of_type("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        properties = resource.get("Properties") or {}
        declared = _attribute_names(properties.get("AttributeDefinitions"))
        keys = _attribute_names(properties.get("KeySchema"))
        for listed in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            for index in properties.get(listed) or []:
                keys |= _attribute_names(index.get("KeySchema") if isinstance(index, dict) else ())
        for attribute in sorted(keys ^ declared) if keys and declared else ():
            what = "declares no attribute" if attribute in keys else "has no key of the attribute"
            yield application.finding(
                "table-attribute",
                name,
                "Properties",
                "AttributeDefinitions",
                message=f"{name} {what} {attribute}",
                fix="make AttributeDefinitions and the KeySchemas agree",
            )


def _attribute_names(listed: object) -> set[str]:
    items = listed if isinstance(listed, list) else ()
    return {str(item.get("AttributeName")) for item in items if isinstance(item, dict)}


def _declared_indexes(application: Application) -> set[str] | None:
    """The names of all tables' indexes; None if the template has no table."""
    tables = []
    for resource in application.resources.values():
        if resource.get("Type") in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
            tables.append(resource.get("Properties") or {})
    names: set[str] = set()
    for properties in tables:
        for key in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            listed = properties.get(key) or []
            names |= {str(item.get("IndexName")) for item in listed if isinstance(item, dict)}
    return names if tables else None


def _place_of(application: Application, code: Code, text: str) -> tuple[str, int]:
    for module in code.modules:
        for number, line in enumerate(application.text(module).splitlines(), 1):
            if f'"{text}"' in line or f"'{text}'" in line:
                return module, number
    return code.modules[0], 1


# Relative imports


def _relative(application: Application) -> Iterator[Finding]:
    """A relative import stays within a package: the folder of the code is none."""
    reported: set[tuple[str, int]] = set()
    for function in application.functions.values():
        code = code_of(application, function)
        folder = f"{function.folder}/".removeprefix("./")
        for module in code.modules if code else ():
            facts = _facts(application, module)
            depth = module.removeprefix(folder).count("/")
            for imported in facts.imports if facts else ():
                place = (module, imported.line)
                if imported.level > depth and not imported.is_optional and place not in reported:
                    reported.add(place)
                    yield Finding(
                        *place,
                        f"it imports from {'.' * imported.level}, and its package ends before that",
                        "import the module by its name, from the folder of the code",
                        "import-relative",
                    )


# Time-outs


def _timeouts(application: Application) -> Iterator[Finding]:
    """The AWS SDK gives up before the function does, retries included."""
    reported: set[tuple[str, int]] = set()
    for function in application.functions.values():
        code = code_of(application, function)
        seconds = application.environments[0].resolve(function.properties.get("Timeout", 3))
        if code is None or not str(seconds).isdecimal():
            continue
        for module in code.modules:
            facts = _facts(application, module)
            if facts is None or "read_timeout" not in facts.numbers:
                continue
            longest, line = _longest_call(facts.numbers)
            if longest >= float(str(seconds)) and (module, line) not in reported:
                reported.add((module, line))
                yield Finding(
                    module,
                    line,
                    f"a call may take {longest:g} s, and {function.name} ends after {seconds} s",
                    "give the client shorter time-outs or fewer attempts, or the function more",
                    "timeout-order",
                )


def _longest_call(numbers: Mapping[str, tuple[float, int]]) -> tuple[float, int]:
    read, line = numbers["read_timeout"]
    connect = numbers.get("connect_timeout", (0.0, line))[0]
    attempts = numbers.get("total_max_attempts", (0.0, line))[0]
    attempts = attempts or numbers.get("max_attempts", (0.0, line))[0] + 1
    return attempts * (read + connect), line


# Services


def mentioned_services(application: Application, function: WrittenFunction) -> set[str] | None:
    """The IAM services whose clients the code makes; None if its code is not here."""
    code = code_of(application, function)
    if code is None:
        return None
    services = set(WITHOUT_CLIENT) | {text.lower() for text in code.texts}
    for service, client in CLIENTS.items():
        if client in code.texts:
            services.add(service)
    return services

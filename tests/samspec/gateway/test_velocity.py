from typing import Any

import pytest
from samspec.gateway import jsonpath, velocity
from samspec.sam.errors import ProjectError

BODY = (
    '{"name": "Rex", "age": 3, "good": true, "none": null, "tags": ["a", "b"], '
    '"owner": {"name": "Ada"}}'
)
VALUE = {"a": {"b": [{"c": 1}, {"c": 2}]}, "x y": 3, "d": {"c": 4}}


def rendered(template: str) -> str:
    parameters = {"path": {"id": "7"}, "querystring": {"q": "1"}, "header": {"X-A": "yes"}}
    names = {
        "input": velocity.Input(BODY, parameters),
        "util": velocity.Util(),
        "context": velocity.wrapped({"stage": "prod", "identity": {"sourceIp": "127.0.0.1"}}),
        "stageVariables": velocity.wrapped({"colour": "red"}),
    }
    return velocity.rendered(template, lambda: names)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("$input.body", BODY),
        ("$input.json('$.tags')", '["a","b"]'),
        ("$input.json('$.name')", '"Rex"'),
        ("$input.json('$.nothing')", '""'),
        ("$input.path('$.name')", "Rex"),
        ("$input.path('$.owner')", "{name=Ada}"),
        ("$input.path('$.tags')", '["a","b"]'),
        ("$input.path('$.nothing')", ""),
        ("$input.path('$.none')", ""),
        ("$input.path('$.good')", "true"),
        ("$input.path('$').tags.size()", "2"),
        ("$input.path('$').tags[1]", "b"),
        ("$input.params('id')$input.params('q')$input.params('X-A')$input.params('no')", "71yes"),
        ("$input.params().header.get('X-A')", "yes"),
        ("$input.params('querystring').q", "1"),
        ("#foreach($key in $input.params().path.keySet())$key#end", "id"),
        ("#foreach($e in $input.path('$.owner').entrySet())$e.key=$e.value#end", "name=Ada"),
        (
            "#foreach($t in $input.path('$.tags'))$foreach.index$t#if($foreach.hasNext),#end#end",
            "0a,1b",
        ),
        ("#set($m = {})#set($x = $m.put('a', 1))$m.containsKey('a')$m.isEmpty()", "truefalse"),
        ("#if($input.path('$.age') > 2)old#{else}young#end", "old"),
        ("#if($input.path('$.nothing') == '')none#end", "none"),
        ("$context.stage $context.identity.sourceIp $stageVariables.colour", "prod 127.0.0.1 red"),
        ("${stageVariables.get('colour')}", "red"),
        ("$util.escapeJavaScript('a\"b')", 'a\\"b'),
        ("$util.base64Decode($util.base64Encode('ä'))", "ä"),
        ("$util.urlDecode($util.urlEncode('a b&'))", "a b&"),
        ("$util.parseJson('{\"a\": [1]}').a[0]", "1"),
        ("$context.stage.toUpperCase()", "PROD"),
        ("$input.path('$.name').equals('Rex')", "true"),
    ],
)  # fmt: skip
def test_a_template_is_rendered_as_api_gateway_does(template: str, text: str) -> None:
    assert rendered(template) == text


def test_a_template_that_cannot_be_parsed_is_refused() -> None:
    with pytest.raises(ProjectError, match="the mapping template cannot be read"):
        velocity.check("#if(true)")
    velocity.check("#if(true)x#end")


@pytest.mark.parametrize("template", ["$util.parseJson('zz')", "$input.path('$[?(@.a)]')"])
def test_a_template_that_meets_a_wrong_value_fails(template: str) -> None:
    with pytest.raises(velocity.TemplateFailed, match="the mapping template fails: "):
        rendered(template)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", VALUE),
        ("$.a.b[0].c", 1),
        ("$.a.b[-1].c", 2),
        ("$['x y']", 3),
        ("$.a.b[*].c", [1, 2]),
        ("$.a.b[0:1]", [{"c": 1}]),
        ("$..c", [1, 2, 4]),
        ("$.a.*", [[{"c": 1}, {"c": 2}]]),
        ("a.b[1].c", 2),
        ("$.a.nothing", jsonpath.MISSING),
        ("$.a.b[7]", jsonpath.MISSING),
        ("$.a.b.c", jsonpath.MISSING),
        ("$.nothing[*]", []),
    ],
)
def test_a_path_finds_its_value(path: str, value: Any) -> None:
    assert jsonpath.find(VALUE, path) == value


def test_a_path_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read at"):
        jsonpath.find(VALUE, "$.a[?(@.b)]")

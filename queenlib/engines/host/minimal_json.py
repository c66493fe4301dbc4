"""The smallest value that fits a JSON Schema, as far as simple schemas go."""

from __future__ import annotations

from typing import Any

from queenlib.engines.host.pattern import matching

DEEPEST = 32
"""A schema that contains itself ends here."""


def minimal(schema: Any, root: Any = None, depth: int = 0) -> Any:
    """The smallest value that fits `schema`: constants, enumerations, the types, `$ref` into itself, and the first choice.

    A text with a `pattern` is one that `matching` knows, else as if there were none.

    Args:
        schema: A JSON Schema; what it says beyond these words is not looked at.
        root: The whole schema, for `$ref`.
        depth: How deep inside it this one is.
    """
    root = schema if root is None else root
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    if "$ref" in schema:
        return minimal(_referred(root, schema["$ref"]), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return minimal(schema[choice][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "null")
    return _of_type(kind[0] if isinstance(kind, list) else kind, schema, root, depth + 1)


def _of_type(kind: str, schema: dict[str, Any], root: Any, depth: int) -> Any:
    match kind:
        case "object":
            properties = schema.get("properties", {})
            return {name: minimal(properties.get(name), root, depth) for name in schema.get("required", ())}
        case "array":
            first, others = schema.get("prefixItems", []), schema.get("items")
            kinds = (first[at] if at < len(first) else others for at in range(schema.get("minItems", 0)))
            return [minimal(kind, root, depth) for kind in kinds]
        case "string":
            least = schema.get("minLength", 0)
            found = matching(schema["pattern"], least) if "pattern" in schema else None
            return "x" * least if found is None else found
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case _:
            return None


def _referred(root: Any, reference: str) -> Any:
    found = root
    for name in reference.removeprefix("#").split("/")[1:]:
        found = found.get(name.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
    return found

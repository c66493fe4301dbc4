"""The parts of the description of the API."""

from queenlib.http.describing import answered, endpoint, parameter, ref


def test_an_endpoint_says_what_it_refuses() -> None:
    """What every endpoint may refuse stands beside its own answers and its own problems, each with the problem's form."""
    made = endpoint(
        "x", "It is x.", answered("200", ref("Thing")), [parameter("id", "path", {}, "Whose.")], {"404": "None."}
    )
    assert made["operationId"] == "x"
    assert {"200", "400", "401", "403", "404", "431", "500"} == made["responses"].keys()
    assert made["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Thing"}
    assert "application/problem+json" in made["responses"]["404"]["content"]
    assert made["parameters"] == [{"name": "id", "in": "path", "required": True, "schema": {}, "description": "Whose."}]

"""How fast something comes."""

from hypothesis import given
from hypothesis import strategies as st

from queenlib_widgets.rate import NEEDED, Rate


def test_a_steady_flow_has_its_rate() -> None:
    """Ten a second are ten a second, and what is left takes its time."""
    rate = Rate()
    for second in range(6):
        rate.look(10 * second, float(second))
    assert rate.per_s == 10
    assert rate.left_s(100) == 5
    assert rate.left_s(None) is None


def test_the_first_looks_say_nothing() -> None:
    """Before there were enough looks, and where nothing comes, nothing is said."""
    rate = Rate()
    for look in range(NEEDED - 1):
        rate.look(look, float(look))
        assert rate.per_s is None
    still = Rate()
    for look in range(9):
        still.look(5, float(look))
    assert still.per_s is None


@given(st.lists(st.tuples(st.integers(0, 10**12), st.floats(0, 1e6))))
def test_it_is_never_negative(looks: list[tuple[int, float]]) -> None:
    """Whatever is told, also backwards and twice at once."""
    rate = Rate()
    for done, at in looks:
        rate.look(done, at)
    assert rate.per_s is None or rate.per_s > 0
    assert (rate.left_s(10**13) or 0) >= 0

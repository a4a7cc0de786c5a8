"""How far work is: counts arrive in order, end at their total, and nobody need listen."""

import numpy as np
from numpy.random import default_rng

from evenfield.models.clubs import Rules, cluster
from evenfield.numerics.at_work import Count, blocks, listening, told
from evenfield.numerics.rolling.slope_break import slope_break_test
from evenfield.numerics.rolling.windows import fit_windows, sup_t_draws


def heard(work):
    """Return what work gives, and the counts that it told."""
    counts = []
    with listening(counts.append):
        return work(), counts


def test_a_loop_tells_what_is_done_before_each_step_and_its_end():
    items, counts = heard(lambda: list(told("abc", "letters")))
    assert items == ["a", "b", "c"]
    assert counts == [(Count("letters", done, 3),) for done in range(4)]


def test_draws_in_blocks_are_counted_one_by_one():
    sizes, counts = heard(lambda: list(blocks(1200, 500)))
    assert sizes == [500, 500, 200]
    assert [count.done for (count,) in counts] == [0, 500, 1000, 1200]


def test_a_loop_inside_another_tells_both_and_leaves_nothing_behind():
    def work():
        for _ in told(range(2), "windows"):
            list(blocks(2, 1))
            for _ in told(range(5), "left early"):
                break

    _, counts = heard(work)
    inner = [[*count] for count in counts if count[-1].what == "draws"]
    assert [(outer.done, one.done) for outer, one in inner] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    assert counts[-1] == (Count("windows", 2, 2),)
    assert not heard(lambda: list(told([], "nothing")))[1]


def test_a_listener_changes_no_draw_and_hears_the_end_of_each_test():
    rng = default_rng(3)
    x = rng.normal(size=(12, 9))
    y = x + rng.normal(size=x.shape)
    for work in (
        lambda: sup_t_draws(fit_windows(y, x), default_rng(1), 700).tolist(),
        lambda: slope_break_test(x, y, default_rng(1), 700).p_value,
    ):
        value, counts = heard(work)
        assert value == work()
        assert counts[-1] == (Count("draws", 700, 700),)
        done = [count[-1].done for count in counts]
        assert done == sorted(done)


def test_nobody_listens_by_default():
    y = 8 + np.cumsum(default_rng(1).normal(0, 0.01, (6, 30)), axis=1)
    assert cluster(y, Rules()).labels.shape == (6,)
    assert list(told(range(3), "steps")) == [0, 1, 2]

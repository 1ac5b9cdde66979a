"""What int8 may cost, and when that cannot be said."""

from __future__ import annotations

import pytest

from distilgliner.errors import UserError
from distilgliner.runtime.loss import check_loss


def test_a_small_loss_passes() -> None:
    check_loss({"none": 0.5, "int8": 0.4999})


@pytest.mark.parametrize(
    ("none", "int8", "message"),
    [
        (0.5, 0.4, r"int8 costs 10\.00 F1 on dev .*--force"),
        (0.0, 0.0, r"finds nothing on dev.*--force"),
    ],
)
def test_what_is_refused(none: float, int8: float, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_loss({"none": none, "int8": int8})

"""All of them."""

from bad_inputs import model_files, models, pictures, plans, studies
from bad_inputs.row import Row

ROWS: tuple[Row, ...] = (
    *model_files.ROWS,
    *models.ROWS,
    *pictures.ROWS,
    *plans.ROWS,
    *studies.ROWS,
)

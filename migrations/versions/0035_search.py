"""An index of the words in the titles of incidents"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    words = sa.text("to_tsvector('simple'::regconfig, title)")
    op.create_index("ix_incidents_title_words", "incidents", [words], postgresql_using="gin")

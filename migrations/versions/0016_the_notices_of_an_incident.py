"""An index for the notices of an incident"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_notices_incident_id", "notices", ["incident_id"])

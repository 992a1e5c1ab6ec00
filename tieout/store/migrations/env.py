"""How Alembic runs here: on the connection and inside the transaction that `tieout.store.schema` hands over."""

from alembic import context

from tieout.store.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,  # SQLite's is, when the transaction is begun by us
)
context.run_migrations()

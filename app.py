"""Tributary: the Chalice application. It registers what the packages declare; there are no routes here."""

import gc

# Importing makes a million objects that live as long as the process: looking through them for garbage meanwhile is a
# tenth of a cold start. They are set aside for good at the end.
gc.disable()

from chalice.app import Chalice

from chalicelib.api import documents
from chalicelib.auth import routes as auth
from chalicelib.billing import jobs, worker
from chalicelib.billing import routes as billing
from chalicelib.crm import import_routes as imports
from chalicelib.crm import plan_routes as plans
from chalicelib.crm import routes as crm
from chalicelib.crm import worker as crm_worker
from chalicelib.funds import routes as funds
from chalicelib.ledger import export_routes as export
from chalicelib.ledger import routes as ledger
from chalicelib.tenants import routes as tenants

# The log is configured in chalicelib.aws.log; Chalice would set its level to ERROR and print every line twice.
app = Chalice(app_name="tributary", configure_logs=False)

for module in (auth, tenants, plans, crm, imports, funds, ledger, export, billing, documents, jobs, worker, crm_worker):
    app.register_blueprint(module.bp)

gc.freeze()
gc.enable()

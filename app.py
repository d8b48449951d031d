"""Tributary: the Chalice application. It names the modules that declare routes and functions; there are none here."""

from chalicelib.api.application import Application
from chalicelib.api.slices import SLICES
from chalicelib.aws.config import config

MODULES = (
    "chalicelib.auth.routes",
    "chalicelib.auth.audit_routes",
    "chalicelib.tenants.routes",
    "chalicelib.crm.plan_routes",
    "chalicelib.crm.routes",
    "chalicelib.crm.import_routes",
    "chalicelib.funds.routes",
    "chalicelib.ledger.routes",
    "chalicelib.ledger.chart_routes",
    "chalicelib.ledger.hand.routes",
    "chalicelib.ledger.reports.routes",
    "chalicelib.ledger.hand.attachment_routes",
    "chalicelib.ledger.export_routes",
    "chalicelib.billing.routes",
    "chalicelib.billing.closing_routes",
    "chalicelib.proof.routes",
    "chalicelib.api.documents",
    "chalicelib.billing.jobs",
    "chalicelib.billing.worker",
    "chalicelib.crm.worker",
    "chalicelib.proof.jobs",
    "chalicelib.proof.worker",
)

app = Application("tributary", MODULES, SLICES, whole="chalicelib.api.documents")
if not config().is_lambda:
    app.load_all()

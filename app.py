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
    "chalicelib.billing.preview_routes",
    "chalicelib.billing.correction_routes",
    "chalicelib.partners.terms_routes",
    "chalicelib.partners.routes",
    "chalicelib.partners.commission_routes",
    "chalicelib.proof.routes",
    "chalicelib.documents.routes",
    "chalicelib.documents.look_routes",
    "chalicelib.retail.terms_routes",
    "chalicelib.retail.invoice_routes",
    "chalicelib.retail.payment_routes",
    "chalicelib.retail.dues_routes",
    "chalicelib.api.documents",
    "chalicelib.billing.jobs",
    "chalicelib.billing.worker",
    "chalicelib.crm.worker",
    "chalicelib.proof.jobs",
    "chalicelib.proof.worker",
    "chalicelib.documents.worker",
    "chalicelib.network.routes",
    "chalicelib.network.access_routes",
    "chalicelib.network.takeover_routes",
    "chalicelib.network.report_routes",
    "chalicelib.network.watch_routes",
    "chalicelib.network.live_routes",
    "chalicelib.network.undelivered_routes",
    "chalicelib.network.jobs",
    "chalicelib.network.worker",
)

app = Application("tributary", MODULES, SLICES, whole="chalicelib.api.documents")
if not config().is_lambda:
    app.load_all()

from chalice.app import Blueprint, CloudWatchEvent, Rate

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.MINUTES))
def plan_settlements(event: CloudWatchEvent) -> None:
    print(f"planned {event.detail_type}", flush=True)

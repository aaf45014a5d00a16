"""What runs tell those who watch them: figures as JSON, a text file for Prometheus, and spans for OpenTelemetry."""

from fcwork.runner.monitoring.figures import figures
from fcwork.runner.monitoring.prometheus import exposition, write_metrics

__all__ = ["exposition", "figures", "write_metrics"]

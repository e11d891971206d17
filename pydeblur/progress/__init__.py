"""What a user is told while a picture is deblurred: how far it is, and how long it will take."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "report": ["ProgressReport", "report_for"],
        "estimation_work": ["EstimationWork", "counted_work"],
        "work": ["planned_work"],
        "final_step": ["final_step_seconds"],
    },
)

"""RFT Studio: from chat records and a goal to a model that is measurably better."""

__version__ = "0.1.0"

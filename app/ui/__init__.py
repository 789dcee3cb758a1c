"""The window: the only layer that knows Qt."""

import os

os.environ["QT_API"] = "pyside6"  # what qtawesome and pyqtgraph would otherwise guess
os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"

from zoo import runtime as runtime
from zoo import verify as verify
from zoo.bundle import load_bundle as load_bundle
from zoo.errors import ZooError as ZooError
from zoo.export.api import export_model as export_model
from zoo.families import create_model as create_model
from zoo.families import load_model as load_model
from zoo.registry import get_spec as get_spec
from zoo.registry import list_models as list_models
from zoo.training import train as train
from zoo.verify.evaluating import evaluate as evaluate

__version__: str

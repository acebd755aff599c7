



from ._core import Asynchron as Asynchron
from ._core import CancellationError as CancellationError
from ._core import Error as Error
from ._core import Report as Report
from ._core import version as version
from .errors import not_cancelled as not_cancelled
from .executor import ThreadPoolExecutor as ThreadPoolExecutor
from .futures import Future as Future
from .on_demand import OnDemandFunction as OnDemandFunction
from .on_demand import OnDemandResult as OnDemandResult
from .result_set import ResultSet as ResultSet
from .seed import after as after
from .seed import bg as bg
from .seed import call_in_thread as call_in_thread
from .seed import in_thread as in_thread
from .seed import report as report

Result = Asynchron
__version__: str
__all__: list[str]
